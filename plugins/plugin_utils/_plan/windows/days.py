# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which days a recurring window starts on. Every source answers for a range of days, so nothing runs for ever."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

# How far a COUNT is counted, and a first day is looked for.
LONGEST_COUNT_YEARS = 100
TUESDAY = 1


class DaySource(Protocol):
    """Something that knows its days."""

    def dates(self, first: date, last: date) -> Iterator[date]:
        """Return the days from first to last, both included, in order."""


def month_number(day: date) -> int:
    """Return the months since year 0, so that months can be counted."""
    return day.year * 12 + day.month - 1


def month_length(year: int, month: int) -> int:
    """Return the number of days of a month."""
    return monthrange(year, month)[1]


def patch_tuesday(year: int, month: int) -> date:
    """Return the second Tuesday of a month: when Microsoft publishes."""
    first = date(year, month, 1)
    return first + timedelta(days=(TUESDAY - first.weekday()) % 7 + 7)


@dataclass(frozen=True, slots=True)
class PatchTuesday:
    """So many days after (before: negative) the second Tuesday of every month, or of every so many months."""

    offset: int
    every: int = 1
    anchor: date | None = None

    def dates(self, first: date, last: date) -> Iterator[date]:
        """Return the days from first to last."""
        shift = timedelta(days=self.offset)
        phase = month_number(self.anchor) if self.anchor else 0
        for number in range(month_number(first - shift), month_number(last - shift) + 1):
            day = patch_tuesday(number // 12, number % 12 + 1) + shift
            if (number - phase) % self.every == 0 and first <= day <= last:
                yield day


@dataclass(frozen=True, slots=True)
class ClampedDay:
    """A day of the month, in a shorter month its last day."""

    day: int
    every: int = 1
    anchor: date | None = None

    def dates(self, first: date, last: date) -> Iterator[date]:
        """Return the days from first to last."""
        phase = month_number(self.anchor) if self.anchor else 0
        for number in range(month_number(first), month_number(last) + 1):
            year, month = number // 12, number % 12 + 1
            day = date(year, month, min(self.day, month_length(year, month)))
            if (number - phase) % self.every == 0 and first <= day <= last:
                yield day


@dataclass(frozen=True, slots=True)
class ListedDays:
    """Days that were counted out beforehand."""

    days: tuple[date, ...]

    def dates(self, first: date, last: date) -> Iterator[date]:
        """Return the days from first to last."""
        return (day for day in self.days if first <= day <= last)


@dataclass(frozen=True, slots=True)
class DayRule:
    """A recurrence rule of RFC 5545, as far as it speaks of days.

    ``weekdays`` are pairs of weekday (Monday = 0) and ordinal (0: every one); ``anchor`` gives the phase of an
    interval above one; nothing is before ``begins``.
    """

    frequency: str
    interval: int = 1
    anchor: date | None = None
    begins: date | None = None
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    positions: tuple[int, ...] = ()
    week_start: int = 0

    def dates(self, first: date, last: date) -> Iterator[date]:
        """Return the days from first to last."""
        phase = self._number(self.anchor) if self.anchor else 0
        for number in range(self._number(first), self._number(last) + 1):
            if (number - phase) % self.interval:
                continue
            for day in self._chosen([day for day in self._days(number) if self._matches(day)]):
                if first <= day <= last and (self.begins is None or day >= self.begins):
                    yield day

    def _number(self, day: date) -> int:
        if self.frequency == "DAILY":
            return day.toordinal()
        if self.frequency == "WEEKLY":
            # Day 1 of the calendar is a Monday.
            return (day.toordinal() - 1 - self.week_start) // 7
        return month_number(day) if self.frequency == "MONTHLY" else day.year

    def _days(self, number: int) -> Iterator[date]:
        if self.frequency == "DAILY":
            first, length = date.fromordinal(number), 1
        elif self.frequency == "WEEKLY":
            first, length = date.fromordinal(number * 7 + 1 + self.week_start), 7
        elif self.frequency == "MONTHLY":
            first = date(number // 12, number % 12 + 1, 1)
            length = month_length(first.year, first.month)
        else:
            first = date(number, 1, 1)
            length = (date(number + 1, 1, 1) - first).days
        return (first + timedelta(days=place) for place in range(length))

    def _matches(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        if self.month_days:
            length = month_length(day.year, day.month)
            if day.day not in self.month_days and day.day - length - 1 not in self.month_days:
                return False
        if self.year_days:
            length = date(day.year, 12, 31).timetuple().tm_yday
            number = day.timetuple().tm_yday
            if number not in self.year_days and number - length - 1 not in self.year_days:
                return False
        return not self.weekdays or self._weekday_matches(day)

    def _weekday_matches(self, day: date) -> bool:
        if (day.weekday(), 0) in self.weekdays:
            return True
        if self.frequency == "YEARLY" and not self.months:
            place = day.timetuple().tm_yday
            length = date(day.year, 12, 31).timetuple().tm_yday
        else:
            place, length = day.day, month_length(day.year, day.month)
        from_start, from_end = (place - 1) // 7 + 1, -((length - place) // 7 + 1)
        return (day.weekday(), from_start) in self.weekdays or (day.weekday(), from_end) in self.weekdays

    def _chosen(self, days: Sequence[date]) -> Sequence[date]:
        if not self.positions:
            return days
        places = {place - 1 if place > 0 else len(days) + place for place in self.positions}
        return [days[place] for place in sorted(places) if 0 <= place < len(days)]


def first_on_or_after(source: DaySource, start: date) -> date | None:
    """Return the first day of a source, None where a century has none."""
    return next(source.dates(start, start.replace(year=start.year + LONGEST_COUNT_YEARS, day=1)), None)
