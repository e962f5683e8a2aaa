# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Accepts connections for all hosts in one thread; each connection then has a thread of its own while it lasts."""

from __future__ import annotations

import contextlib
import queue
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Protocol


class Taker(Protocol):
    def accept(self, connection: socket.socket) -> None: ...


class AcceptLoop:
    """`watch` and `unwatch` may be called from any other thread; `unwatch` returns when the socket is closed."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        self._ear.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, None)
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._running = True
        self._thread = threading.Thread(target=self._loop, daemon=True, name="winsim-accept")
        self._thread.start()

    def watch(self, listener: socket.socket, taker: Taker) -> None:
        self._call(lambda: self._register(listener, taker))

    def unwatch(self, listener: socket.socket) -> None:
        done = threading.Event()
        self._call(lambda: self._forget(listener, done))
        done.wait(timeout=5)

    def close(self) -> None:
        self._call(self._stop)
        self._thread.join(timeout=5)

    def _call(self, call: Callable[[], None]) -> None:
        self._calls.put(call)
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def _register(self, listener: socket.socket, taker: Taker) -> None:
        self._selector.register(listener, selectors.EVENT_READ, taker)

    def _forget(self, listener: socket.socket, done: threading.Event) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(listener)
        listener.close()
        done.set()

    def _stop(self) -> None:
        self._running = False

    def _loop(self) -> None:
        while self._running:
            for key, _ in self._selector.select():
                self._ready(key)
            while not self._calls.empty():
                self._calls.get()()
        self._selector.close()
        self._ear.close()
        self._bell.close()

    def _ready(self, key: selectors.SelectorKey) -> None:
        if key.data is None:
            with contextlib.suppress(OSError):
                self._ear.recv(4096)
        elif isinstance(key.fileobj, socket.socket):
            self._accept(key.fileobj, key.data)

    @staticmethod
    def _accept(listener: socket.socket, taker: Taker) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # the client gave up before it was accepted
        connection.setblocking(True)
        taker.accept(connection)
