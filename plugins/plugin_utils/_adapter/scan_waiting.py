# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Waiting for a job: how often it is looked at, how long, and what the person who waits is told."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic, sleep

from .core import say, say_if_verbose
from .scan_request import ScanRequest

_FIRST_PAUSE, _LONGEST_PAUSE = 2, 15


class Waiting:
    """One task's patience; the seconds are the controller's own."""

    def __init__(self, request: ScanRequest) -> None:
        self._who = request.host
        self._begun = monotonic()
        self._minutes_said = 0
        self._until = self._begun + request.timeout.total_seconds()
        self._pauses = _pauses(request.poll)
        self._said = ""

    @property
    def is_over(self) -> bool:
        """Whether the time that the task has is used up."""
        return monotonic() >= self._until

    def tell(self, sentence: str) -> None:
        """Print one line a change for whom wants it, and one a minute for everybody."""
        if sentence != self._said:
            self._said = sentence
            say_if_verbose(f"{self._who}: {sentence}")
        minutes = int((monotonic() - self._begun) // 60)
        if minutes > self._minutes_said:
            self._minutes_said = minutes
            say(f"{self._who}: {sentence}, {minutes} min")

    def pause(self) -> None:
        """Wait until the next look, but not beyond the end."""
        sleep(max(0.0, min(next(self._pauses), self._until - monotonic())))


def _pauses(poll: int | None) -> Iterator[int]:
    pause = poll or _FIRST_PAUSE
    while True:
        yield pause
        pause = poll or min(pause + 1, _LONGEST_PAUSE)
