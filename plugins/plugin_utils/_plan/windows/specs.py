# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From one mapping of a user to a window or blackout, with every mistake named by spec and key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Any, TypeVar

from ..._evidence.wording import nearest, type_name
from . import values
from .ccm_token import Token, decode_token, split_tokens
from .days import ClampedDay, DayRule, DaySource, PatchTuesday, first_on_or_after
from .occurrences import Occurrences, Once, Recurring, Repeating, Span
from .rules import parse_rule
from .zones import UTC, seconds_of, wall_end_to_seconds, wall_to_seconds, zone_of

T = TypeVar("T")
_COMMON = ("name", "timezone", "for", "priority", "labels", "blackout")
_RECURRING = ("start", "duration", "every", "anchor")
# What makes a spec recur, and which keys go with it.
KINDS: Mapping[str, tuple[str, ...]] = {
    "patch_tuesday": _RECURRING,
    "weekly": _RECURRING,
    "monthly": _RECURRING,
    "rrule": ("start", "duration", "anchor"),
    "ccm": ("short_month",),
}
_SINGLE = ("start", "end", "duration")
_ALL_KEYS = sorted({*_COMMON, *_SINGLE, *KINDS, *(key for keys in KINDS.values() for key in keys)})
# Shorter spans would open thousands of windows a week.
_SHORTEST_SPAN = timedelta(hours=1)
_TOKENS_EACH = 64


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, in which spec, at which key (empty: the spec as a whole). With a ``warning`` it can be used."""

    spec: str
    key: str
    text: str
    warning: bool = False

    def __str__(self) -> str:
        """Return it as a line."""
        return f"{self.spec}: {self.key}: {self.text}" if self.key else f"{self.spec}: {self.text}"


@dataclass(frozen=True, slots=True)
class Spec:
    """A window or a blackout."""

    name: str
    occurrences: tuple[Occurrences, ...]
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    purposes: frozenset[str] = frozenset({"any"})
    priority: int = 0
    labels: tuple[str, ...] = ()
    blackout: bool = False
    # What the calendar has worked out of it, piece by piece.
    pieces: dict[int, tuple[Span, ...]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(slots=True)
class Reader:
    """Takes the keys of one mapping and collects what is wrong with them."""

    name: str
    given: Mapping[str, Any]
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, key: str, text: str, *, warning: bool = False) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(self.name, key, text, warning))

    def take(self, key: str, meaning: Callable[[Any], T]) -> T | None:
        """Return what a key that was given means; None where it was not given or cannot be understood."""
        if key not in self.given:
            return None
        return self.attempt(key, partial(meaning, self.given[key]))

    def attempt(self, key: str, work: Callable[[], T]) -> T | None:
        """Return what some work for a key returns; what it refuses is noted."""
        try:
            return work()
        except ValueError as error:
            self.wrong(key, str(error))
            return None

    def need(self, key: str, meaning: Callable[[Any], T], example: str) -> T | None:
        """Return what a key means that must be there."""
        if key not in self.given:
            self.wrong(key, f"is missing; such as {example}")
        return self.take(key, meaning)


def _once(reader: Reader, zone: tzinfo) -> tuple[Occurrences, ...]:
    start = reader.need("start", values.instant_or_wall, "2026-12-01T22:00:00+01:00")
    end = reader.take("end", values.instant_or_wall)
    duration = reader.take("duration", values.seconds_of_duration)
    if ("end" in reader.given) == ("duration" in reader.given):
        reader.wrong("end", "a single window needs either end or duration")
    if start is None or (end is None and duration is None):
        return ()
    opens = seconds_of(start) if start.tzinfo else wall_to_seconds(start, zone)
    if end is None:
        closes = opens + (duration or 0)
    else:
        closes = seconds_of(end) if end.tzinfo else wall_end_to_seconds(end, zone)
    if closes <= opens:
        reader.wrong("end", f"{reader.given['end']} is not after start {reader.given['start']}")
        return ()
    return (Once(opens, closes),)


def _phase(reader: Reader) -> tuple[int, date | None]:
    every = reader.take("every", lambda value: values.number_of(value, 1, values.MOST_MONTHS)) or 1
    anchor = reader.take("anchor", values.day_of)
    if every > 1 and "anchor" not in reader.given:
        reader.wrong("anchor", f"is missing: every {every} needs a day to count from, such as 2026-01-04")
    return every, anchor


def _patch_tuesday(reader: Reader) -> DaySource | None:
    every, anchor = _phase(reader)
    offset = reader.take(
        "patch_tuesday", lambda value: values.number_of(value, -values.FURTHEST_OFFSET, values.FURTHEST_OFFSET)
    )
    return None if offset is None else PatchTuesday(offset, every, anchor)


def _weekly(reader: Reader) -> DaySource | None:
    every, anchor = _phase(reader)
    days = reader.take("weekly", values.weekdays_of)
    return None if days is None else DayRule("WEEKLY", every, anchor, weekdays=days)


def _day_of_month(inner: Reader, every: int, anchor: date | None) -> DaySource | None:
    if inner.given["day"] == "last":
        return DayRule("MONTHLY", every, anchor, month_days=frozenset({-1}))
    day = inner.take("day", lambda value: values.number_of(value, 1, 31))
    short = inner.take("short_month", lambda value: values.word_of(value, values.SHORT_MONTH))
    if day is None:
        return None
    if day > 28 and "short_month" not in inner.given:
        inner.wrong("short_month", f"is missing: not every month has a day {day}; say skip or clamp")
        return None
    if short == "clamp":
        return ClampedDay(day, every, anchor)
    return DayRule("MONTHLY", every, anchor, month_days=frozenset({day}))


def _nth(value: object) -> int:
    if value == "last":
        return -1
    number = values.number_of(value, -5, 5)
    if number == 0:
        raise values.SpecError("must be 1 to 5, -1 to -5 or last")
    return number


def _weekday_of_month(inner: Reader, every: int, anchor: date | None) -> DaySource | None:
    weekday = inner.need("weekday", values.weekday_of, "tuesday")
    nth = inner.need("nth", _nth, "3")
    if weekday is None or nth is None:
        return None
    return DayRule("MONTHLY", every, anchor, weekdays=frozenset({(weekday, nth)}))


def _monthly(reader: Reader) -> DaySource | None:
    every, anchor = _phase(reader)
    given = reader.given["monthly"]
    if not isinstance(given, Mapping):
        reader.wrong("monthly", "must be a mapping such as {weekday: tuesday, nth: 3} or {day: last}")
        return None
    inner = Reader(reader.name, given)
    words = ("day", "short_month") if "day" in given else ("weekday", "nth")
    for key in given:
        if key not in words:
            inner.wrong(str(key)[:60], f"does not belong here; there are {', '.join(words)}")
    found = (_day_of_month if "day" in given else _weekday_of_month)(inner, every, anchor)
    for mistake in inner.mistakes:
        reader.wrong(f"monthly.{mistake.key}", mistake.text)
    return found


def _token_days(token: Token, short_month: str) -> DaySource:
    """Return the days a token means, counted from the first that is not before its start."""

    def days(every: int, anchor: date | None) -> DaySource:
        """Return the days for every so many weeks or months, counted from the anchor."""
        if token.kind == "weekly":
            return DayRule("WEEKLY", every, anchor, weekdays=frozenset({(token.weekday, 0)}))
        if token.kind == "monthly_weekday":
            return DayRule("MONTHLY", every, anchor, weekdays=frozenset({(token.weekday, token.order)}))
        if token.day and short_month == "clamp":
            return ClampedDay(token.day, every, anchor)
        return DayRule("MONTHLY", every, anchor, month_days=frozenset({token.day or -1}))

    first = first_on_or_after(days(1, None), token.start.date())
    return days(token.every, first)


def _token(text: str, zone: tzinfo, short_month: str) -> Occurrences:
    token = decode_token(text)
    seconds = int(token.duration.total_seconds())
    if seconds <= 0:
        raise values.SpecError(f"{text}: has no duration; a window of no length is never open")
    if token.simple:
        raise values.SpecError(f"{text}: is a simple schedule without a start of its own, which cannot be a window")
    where = UTC if token.utc else zone
    start = wall_to_seconds(token.start, where)
    if token.kind == "once":
        return Once(start, start + seconds)
    if token.kind == "interval":
        if token.span < _SHORTEST_SPAN:
            raise values.SpecError(f"{text}: repeats more often than every hour")
        return Repeating(token.start, token.span, seconds, where)
    source = _token_days(token, short_month)
    clock = time(token.start.hour, token.start.minute)
    return Recurring(source, clock, seconds, where, since=start)


def _ccm(reader: Reader, zone: tzinfo) -> tuple[Occurrences, ...]:
    short = reader.take("short_month", lambda value: values.word_of(value, values.SHORT_MONTH)) or "skip"
    tokens = reader.take("ccm", lambda value: split_tokens(values.text_of(value))) or []
    if len(tokens) > _TOKENS_EACH:
        reader.wrong("ccm", f"holds {len(tokens)} tokens; {_TOKENS_EACH} are allowed")
        return ()
    found: list[Occurrences] = []
    for token in tokens:
        window = reader.attempt("ccm", partial(_token, token, zone, short))
        found += [window] if window else []
    return tuple(found)


_DAYS: Mapping[str, Callable[[Reader], DaySource | None]] = {
    "patch_tuesday": _patch_tuesday,
    "weekly": _weekly,
    "monthly": _monthly,
}


def _recurring(reader: Reader, kind: str, zone: tzinfo) -> tuple[Occurrences, ...]:
    clock = reader.need("start", values.clock_of, '"22:00"')
    duration = reader.need("duration", values.seconds_of_duration, "4h")
    until: int | None = None
    if kind == "rrule":
        anchor = reader.take("anchor", values.day_of)
        rule = reader.take("rrule", lambda value: parse_rule(values.text_of(value), anchor))
        days, until = rule or (None, None)
    else:
        days = _DAYS[kind](reader)
    if clock is None or duration is None or days is None:
        return ()
    return (Recurring(days, clock, duration, zone, until=until),)


def _check_keys(reader: Reader, kinds: list[str]) -> None:
    allowed = {*_COMMON, *kinds, *(KINDS[kinds[0]] if kinds else _SINGLE)}
    for key in reader.given:
        if key not in _ALL_KEYS:
            reader.wrong(
                str(key)[:60], f"no such key{nearest(str(key)[:60], _ALL_KEYS)}; there are {', '.join(_ALL_KEYS)}"
            )
        elif key not in allowed:
            reader.wrong(key, f"does not go with {kinds[0] if kinds else 'a single window'}")
    if len(kinds) > 1:
        reader.wrong(kinds[1], f"a spec recurs in one way; here are {' and '.join(kinds)}")


def _warnings(reader: Reader) -> None:
    if "timezone" in reader.given or not _needs_zone(reader.given):
        return
    reader.wrong("timezone", "is missing, so UTC holds; name the zone of the people or machines", warning=True)


def _needs_zone(given: Mapping[str, Any]) -> bool:
    if any(kind in given for kind in KINDS):
        return True
    times = (str(given.get(key, "Z")) for key in ("start", "end"))
    return any(not _has_zone(text) for text in times)


def _has_zone(text: str) -> bool:
    try:
        return text == "Z" or datetime.fromisoformat(text.upper().replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return True


def parse_spec(given: object, position: int) -> tuple[Spec | None, list[Mistake]]:
    """Return the window or blackout of a mapping (None where it cannot be used) and all that is wrong with it.

    ``position`` (from 1) names a spec without a name. Times are text here: `plain.py` has made text of YAML's times.
    """
    unnamed = f"spec {position}"
    if not isinstance(given, Mapping):
        return None, [Mistake(unnamed, "", f"must be a mapping, not {type_name(given)}")]
    name = given.get("name", unnamed)
    reader = Reader(name.strip()[:200] if isinstance(name, str) and name.strip() else unnamed, given)
    reader.take("name", values.text_of)
    kinds = [kind for kind in KINDS if kind in given]
    _check_keys(reader, kinds)
    zone_name = reader.take("timezone", values.text_of) or "UTC"
    zone = reader.take("timezone", lambda value: zone_of(values.text_of(value))) if "timezone" in given else UTC
    if not kinds:
        occurrences = _once(reader, zone or UTC)
    elif kinds[0] == "ccm":
        occurrences = _ccm(reader, zone or UTC)
    else:
        occurrences = _recurring(reader, kinds[0], zone or UTC)
    spec = Spec(
        name=reader.name,
        occurrences=occurrences,
        zone=zone or UTC,
        zone_name=zone_name,
        purposes=reader.take("for", values.purposes_of) or frozenset({"any"}),
        priority=reader.take("priority", lambda value: values.number_of(value, -1000000, 1000000)) or 0,
        labels=reader.take("labels", values.labels_of) or (),
        blackout=reader.take("blackout", values.flag_of) or False,
    )
    usable = not reader.mistakes
    _warnings(reader)
    return (spec if usable else None), list(dict.fromkeys(reader.mistakes))
