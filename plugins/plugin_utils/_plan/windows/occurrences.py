# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""When windows are: single ones, recurring ones, and those that repeat after a fixed span."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Protocol

from .days import DaySource
from .zones import at_clock, instant_of, wall_to_seconds

Span = tuple[int, int]
# No zone is further from UTC than 14 hours; what is searched is a day wider.
_MARGIN = timedelta(days=1)


class Occurrences(Protocol):
    """Half-open intervals in seconds since 1970."""

    def spans(self, low: int, high: int) -> Iterator[Span]:
        """Return every interval that shares an instant with [low, high), whole."""


@dataclass(frozen=True, slots=True)
class Once:
    """One interval."""

    start: int
    end: int

    def spans(self, low: int, high: int) -> Iterator[Span]:
        """Return the interval where it is asked for."""
        if self.start < high and self.end > low:
            yield self.start, self.end


@dataclass(frozen=True, slots=True)
class Recurring:
    """On certain days at a time on the wall, for a fixed number of seconds.

    It belongs to the day it starts on. ``since`` and ``until`` are the first and the last instant it may start at.
    """

    days: DaySource
    clock: time
    duration: int
    zone: tzinfo
    since: int | None = None
    until: int | None = None

    def spans(self, low: int, high: int) -> Iterator[Span]:
        """Return the intervals that are asked for."""
        first = (instant_of(low - self.duration) - _MARGIN).date()
        last = (instant_of(high) + _MARGIN).date()
        for day in self.days.dates(first, last):
            start = wall_to_seconds(at_clock(day, self.clock), self.zone)
            too_early = self.since is not None and start < self.since
            too_late = self.until is not None and start > self.until
            if start < high and start + self.duration > low and not too_early and not too_late:
                yield start, start + self.duration


@dataclass(frozen=True, slots=True)
class Repeating:
    """From a first time on the wall on, again after every span on the wall."""

    first: datetime
    span: timedelta
    duration: int
    zone: tzinfo

    def spans(self, low: int, high: int) -> Iterator[Span]:
        """Return the intervals that are asked for."""
        earliest = instant_of(low - self.duration).replace(tzinfo=None) - _MARGIN
        latest = instant_of(high).replace(tzinfo=None) + _MARGIN
        wall = self.first + max(0, (earliest - self.first) // self.span) * self.span
        while wall <= latest:
            start = wall_to_seconds(wall, self.zone)
            if start < high and start + self.duration > low:
                yield start, start + self.duration
            wall += self.span
