# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One host on the network: its port, its open connections, and what a request on them meets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Final

from ..faults import Effects, FaultPlan
from ..host import Host
from ..power import Power
from . import soap
from .auth import Account, Gate
from .http import BadRequestError, Request, Response, read_request
from .winrs import Hurdles, Outcome, ShellService

LOOPBACK: Final = "127.0.0.1"
IDLE_SECONDS: Final = 900.0
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class CannotListenError(Exception):
    """A port that this simulator needs is not to be had."""


class Port:
    """A port on the loopback interface that stays ours while nothing listens on it.

    The reserving socket is bound and never listens: connections are refused, and no other process takes the port.
    """

    def __init__(self, number: int = 0) -> None:
        self._reserved = self._bind(number)
        self.number: int = self._reserved.getsockname()[1]

    def listen(self) -> socket.socket:
        """A new listening socket. Raises CannotListenError."""
        listener = self._bind(self.number)
        listener.listen(128)
        listener.setblocking(False)
        return listener

    def close(self) -> None:
        self._reserved.close()

    @staticmethod
    def _bind(number: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((LOOPBACK, number))
        except (OSError, OverflowError) as error:
            made.close()
            raise CannotListenError(f"cannot use {LOOPBACK}:{number}: {error}") from error
        return made


class Endpoint:
    """Serves one host's WinRM. `watch` and `unwatch` belong to the loop that accepts connections for all hosts."""

    def __init__(
        self,
        host: Host,
        account: Account,
        port: Port,
        run: Callable[[Host, str, bytes], Outcome],
        watch: Callable[[socket.socket, Endpoint], None],
        unwatch: Callable[[socket.socket], None],
    ) -> None:
        self.host = host
        self.account = account
        self.port = port
        self._watch = watch
        self._unwatch = unwatch
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._shells = ShellService(lambda line, stdin: run(host, line, stdin))
        self.faults = FaultPlan(host.network.faults)
        self.power = Power(host, self, boot_is_the_last=self.faults.boot_is_the_last)
        self.tls: ssl.SSLContext | None = None  # set: the port speaks HTTPS
        self.came: Callable[[Request], None] = lambda _: None  # told of every request before it is answered

    def come_up(self) -> None:
        """Listens, unless the host file says that this host never does."""
        if not self.host.network.listen:
            return
        with self._lock:
            if self._listener is None:
                self._listener = self.port.listen()
                self._watch(self._listener, self)

    def go_down(self) -> None:
        """Cuts all connections; new ones are refused."""
        with self._lock:
            listener, self._listener = self._listener, None
            connections, self._open = self._open, set()
        if listener is not None:
            self._unwatch(listener)
        self._shells.drop_all()
        for connection in connections:
            _cut(connection)

    def close(self) -> None:
        self.power.close()
        self.go_down()
        self.port.close()

    def accept(self, connection: socket.socket) -> None:
        """Takes over a new connection; returns at once."""
        with self._lock:
            if self._listener is None:
                connection.close()
                return
            self._open.add(connection)
        threading.Thread(target=self._serve, args=(connection,), daemon=True, name=f"winsim-{self.host.name}").start()

    def _serve(self, connection: socket.socket) -> None:
        gate = Gate(self.account, self.host.network.auth)
        try:
            connection.settimeout(IDLE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._secured(connection)
            with connection.makefile("rb") as stream:
                self._converse(connection, gate, lambda: read_request(stream))
        except BadRequestError as error:
            with contextlib.suppress(OSError):
                connection.sendall(Response(400, str(error).encode(), "text/plain").wire())
        except OSError:
            return  # the client went away, or the host went down
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _secured(self, connection: socket.socket) -> socket.socket:
        """The connection with TLS around it, where this host has it. Raises OSError for a client that does not."""
        if self.tls is None:
            return connection
        with self._lock:
            # The new socket takes the place of the old one, so that a host that goes down cuts it.
            if connection not in self._open:
                raise ConnectionAbortedError
            wrapped = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._open.discard(connection)
            self._open.add(wrapped)
        try:
            wrapped.do_handshake()
        except OSError:
            with self._lock:
                self._open.discard(wrapped)
            wrapped.close()
            raise
        return wrapped

    def _converse(self, connection: socket.socket, gate: Gate, following: Callable[[], Request | None]) -> None:
        while request := following():
            self.came(request)
            effects = self.faults.next_request()
            if not self._still_there(effects):
                _cut(connection)
                return
            time.sleep(self.host.network.latency_ms / 1000)
            response = self._answer(request, gate, effects)
            connection.sendall(response.wire())
            if request.headers.get("connection", "").lower() == "close":
                return

    def _still_there(self, effects: Effects) -> bool:
        """Whether the host goes on after the faults that end the connection."""
        if effects.vanish:
            self.power.vanish()
        elif effects.boot:
            self.power.boot_now(f"fault at request {self.faults.requests}")
        return not (effects.vanish or effects.boot or effects.cut)

    def _answer(self, request: Request, gate: Gate, effects: Effects) -> Response:
        if request.method != "POST":
            return Response(405, b"", "text/plain")
        if request.path.partition("?")[0] != "/wsman":
            return Response(404, b"", "text/plain")
        refusal = gate.admit(request)
        # Opened in any case: the sealing keys move on with every message.
        data = gate.open(request) if refusal is None else None
        if effects.error_500:
            return Response(500, b"The WinRM service is out of order (a fault of winsim).", "text/plain")
        if refusal is not None:
            return refusal
        if data is None:
            return Response(400, b"The message is sealed with keys of another connection.", "text/plain")
        try:
            message = soap.parse(data)
        except soap.NotSoapError as error:
            return Response(400, str(error).encode(), "text/plain")
        return gate.seal(request, self._perform(message, effects))

    def _perform(self, message: soap.Message, effects: Effects) -> Response:
        receiving = message.operation == "Receive"
        hurdles = Hurdles(cut_output=receiving and self.faults.truncates(), hold=effects.hold if receiving else 0.0)
        if effects.hold and not receiving:
            time.sleep(effects.hold)
        reply = self._shells.answer(message, hurdles)
        if hurdles.cut_output and reply.status == 200:
            self.faults.truncated()
        headers = [("X-Winsim-Tier", reply.tier)] if reply.tier else []
        return Response(reply.status, reply.body, headers=headers)


def _cut(connection: socket.socket) -> None:
    """Ends a connection as a dying host does: a reset, no farewell. Its own thread closes it."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        connection.shutdown(socket.SHUT_RDWR)
