# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Going down and coming up again: planned restarts, faults that restart a host, hosts that never return."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from . import boot
from .host import Host
from .misbehaviour import Aftermath
from .worker.run import kill_all

# A restart of a small server, in the host's seconds; never less than a client can notice, in real seconds.
DOWN_HOST_SECONDS: Final = 60.0
LEAST_DOWN_SECONDS: Final = 0.3
# The answer to `shutdown /r /t 2` must still reach its client, however fast the clock runs.
LEAST_NOTICE_SECONDS: Final = 0.4


class Line(Protocol):
    """The network side of a host."""

    def go_down(self) -> None: ...

    def come_up(self) -> None: ...


class Power:
    """The power state of one host. `boot_is_the_last`: it does not come back from its next boot."""

    def __init__(self, host: Host, line: Line, *, boot_is_the_last: bool) -> None:
        self._host = host
        self._line = line
        self._last = boot_is_the_last
        self._timer: threading.Timer | None = None
        self._scheduled = False
        self._gone = False
        self._away = False
        self._lock = threading.Lock()
        self._aftermath = Aftermath(host, self.boot_now)
        host.shut_down = self.schedule
        host.abort_shutdown = self.abort
        host.boot_now = lambda cause: self._soon(self._down, cause)
        host.cut_network = lambda: self._soon(line.go_down)

    def schedule(self, host_seconds: float, cause: str) -> bool:
        """`shutdown /r`: false when one is scheduled already."""
        with self._lock:
            if self._scheduled or self._gone:
                return False
            self._scheduled = True
            notice = max(self._host.clock.real_seconds(host_seconds), LEAST_NOTICE_SECONDS)
            self._start(notice, self._down, cause)
        with self._host.lock:
            boot.announce(self._host, cause)
            self._host.touch()
        return True

    def abort(self) -> bool:
        """`shutdown /a`: false when none was scheduled."""
        with self._lock:
            if not self._scheduled or self._timer is None:
                return False
            self._timer.cancel()
            self._scheduled = False
        with self._host.lock:
            boot.take_back(self._host)
            self._host.touch()
        return True

    def boot_now(self, cause: str) -> None:
        """A restart nobody announced."""
        self._down(cause)

    def vanish(self) -> None:
        """The host is gone for good."""
        self.close()
        self._line.go_down()

    def close(self) -> None:
        """Nothing happens to the host any more."""
        with self._lock:
            self._gone = True
            if self._timer is not None:
                self._timer.cancel()
        self._aftermath.cancel()

    def _soon(self, call: Callable[..., None], *args: object) -> None:
        """At once, but not by the thread that holds the host's lock."""
        timer = threading.Timer(0.0, call, args)
        timer.daemon = True
        timer.start()

    def _start(self, seconds: float, call: Callable[..., None], *args: object) -> None:
        self._timer = threading.Timer(seconds, call, args)
        self._timer.daemon = True
        self._timer.start()

    def _down(self, cause: str) -> None:
        with self._lock:
            if self._gone or self._away:
                return
            self._gone = self._last
            self._away = True
            if self._timer is not None:
                self._timer.cancel()
        self._line.go_down()
        self._aftermath.end()
        with self._host.lock:
            kill_all(self._host)
            self._host.touch()
        if self._last:
            return
        clock = self._host.clock
        seconds = max(clock.real_seconds(DOWN_HOST_SECONDS), LEAST_DOWN_SECONDS)
        with self._lock:
            self._scheduled = True
            # The system starts in the middle of the time it is away.
            self._start(seconds, self._up, cause, seconds / 2 * clock.factor)

    def _up(self, cause: str, ago: float) -> None:
        with self._host.lock:
            boot_time = self._host.clock.now() - timedelta(seconds=ago)
            boot.carry_out(self._host, cause, boot_time)
            self._host.touch()
        with self._lock:
            self._scheduled = self._away = False
            if self._gone:
                return
        self._aftermath.begin(cause)
        self._line.come_up()
