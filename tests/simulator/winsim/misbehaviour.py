# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Boots that do not go by the book: what a host does after it has come up again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from .host import Host
from .mishaps import SERVICING_VALUE, begin_servicing

BOOTS_TWICE: Final = "boots_twice"
SERVICES_AFTER_BOOT: Final = "services_after_boot"
KEEPS_UPDATE_PENDING: Final = "keeps_update_pending"
SHIFTS_BOOT_TIME: Final = "shifts_boot_time"

# In the host's seconds, counted from the moment it listens again.
SECOND_BOOT_AFTER: Final = 90.0
SERVICING_LASTS: Final = 300.0
TIME_SYNC_AFTER: Final = 300.0
TIME_SYNC_SHIFT: Final = 150.0
SECOND_BOOT_CAUSE: Final = "second boot of its own"

MISBEHAVIOURS: Final[Mapping[str, str]] = {
    BOOTS_TWICE: f"{SECOND_BOOT_AFTER:g} seconds after it has come up it boots once more by itself, without event 1074",
    SERVICES_AFTER_BOOT: f"it answers while servicing still runs: for {SERVICING_LASTS:g} seconds there is a process "
    f"TiWorker, and `{SERVICING_VALUE}` is 2",
    KEEPS_UPDATE_PENDING: "the keys are gone, but `update_agent.reboot_required` and that of every update stay true",
    SHIFTS_BOOT_TIME: f"{TIME_SYNC_AFTER:g} seconds after it has come up its boot time is {TIME_SYNC_SHIFT:g} seconds "
    "later, as after a correction of its clock (which itself stays)",
}


class Aftermath:
    """What follows the boots of one host. `boot_again` boots it without notice."""

    def __init__(self, host: Host, boot_again: Callable[[str], None]) -> None:
        self._host = host
        self._boot_again = boot_again
        self._timers: list[threading.Timer] = []
        self._take_back: Callable[[], None] | None = None

    def begin(self, cause: str) -> None:
        """The host is about to listen again; `cause` is that of its boot."""
        if SERVICES_AFTER_BOOT in self._host.misbehaves:
            self._start_servicing()
            self._later(SERVICING_LASTS, self._end_servicing)
        if SHIFTS_BOOT_TIME in self._host.misbehaves:
            self._later(TIME_SYNC_AFTER, self._shift_boot_time)
        if BOOTS_TWICE in self._host.misbehaves and cause != SECOND_BOOT_CAUSE:
            self._later(SECOND_BOOT_AFTER, lambda: self._boot_again(SECOND_BOOT_CAUSE))

    def cancel(self) -> None:
        """What has not happened yet does not happen."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def end(self) -> None:
        """The host goes down, and what runs on it ends."""
        self.cancel()
        self._end_servicing()

    def _later(self, host_seconds: float, call: Callable[[], None]) -> None:
        timer = threading.Timer(self._host.clock.real_seconds(host_seconds), call)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _shift_boot_time(self) -> None:
        with self._host.lock:
            self._host.os.boot_time += timedelta(seconds=TIME_SYNC_SHIFT)
            self._host.touch()

    def _start_servicing(self) -> None:
        with self._host.lock:
            self._take_back = begin_servicing(self._host)
            self._host.touch()

    def _end_servicing(self) -> None:
        with self._host.lock:
            take_back, self._take_back = self._take_back, None
            if take_back is not None:
                take_back()
                self._host.touch()


def table() -> str:
    """The words as a Markdown table, for the README."""
    lines = ["| `misbehaves` | after each boot |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{word}` | {meaning} |" for word, meaning in MISBEHAVIOURS.items())])
