# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The values of a spec's keys: each function returns what a value means or raises ValueError with what it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from ..._evidence.times import TimeTextError, parse_duration
from ..._evidence.wording import nearest, type_name

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PURPOSES = ("install", "reboot", "any")
SHORT_MONTH = ("skip", "clamp")
LONGEST_TEXT = 4000
LONGEST_SECONDS = 366 * 86400
FURTHEST_OFFSET = 366
MOST_MONTHS = 1000
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class SpecError(ValueError):
    """A value that a key cannot have; the message says what it takes."""


def text_of(value: object) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str):
        raise SpecError(f"must be a text, not {type_name(value)}")
    if not value.strip():
        raise SpecError("must be a text, not an empty one")
    if len(value) > LONGEST_TEXT:
        raise SpecError(f"has {len(value)} characters; {LONGEST_TEXT} are allowed")
    return value.strip()


def flag_of(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise SpecError(f"must be true or false, not {str(value)[:40]!r}")
    return value


def word_of(value: object, words: tuple[str, ...]) -> str:
    """Return one of some words, whatever its case."""
    found = text_of(value).lower()
    if found not in words:
        raise SpecError(f"{found[:40]!r} is not one of {', '.join(words)}{nearest(found[:40], words)}")
    return found


def number_of(value: object, least: int, most: int) -> int:
    """Return a whole number between two."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SpecError(f"must be a whole number from {least} to {most}, not {str(value)[:40]!r}")
    return value


def list_of(value: object) -> list[Any]:
    """Return a list; a single text is a list of one."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise SpecError(f"must be a list of 1 to 100 texts, not {type_name(value)}")
    if not 1 <= len(value) <= 100:
        raise SpecError(f"must be a list of 1 to 100 texts, not of {len(value)}")
    return value


def purposes_of(value: object) -> frozenset[str]:
    """Return what a window is for."""
    return frozenset(word_of(word, PURPOSES) for word in list_of(value))


def labels_of(value: object) -> tuple[str, ...]:
    """Return labels: a list of texts, or a mapping, whose pairs become ``key=value``."""
    if isinstance(value, Mapping):
        return tuple(f"{key}={entry}"[:LONGEST_TEXT] for key, entry in sorted(value.items()))
    return tuple(text_of(label) for label in list_of(value))


def weekday_of(value: object) -> int:
    """Return a weekday as number, Monday = 0; three letters are enough."""
    found = text_of(value).lower()
    return [day[:3] for day in WEEKDAYS].index(found) if len(found) == 3 and found in _SHORT else _long_weekday(found)


_SHORT = frozenset(day[:3] for day in WEEKDAYS)


def _long_weekday(word: str) -> int:
    return WEEKDAYS.index(word_of(word, WEEKDAYS))


def weekdays_of(value: object) -> frozenset[tuple[int, int]]:
    """Return weekdays as a rule takes them."""
    return frozenset((weekday_of(day), 0) for day in list_of(value))


def seconds_of_duration(value: object) -> int:
    """Return how long a window is open, in seconds."""
    try:
        seconds = int(parse_duration(value).total_seconds())
    except TimeTextError as error:
        raise SpecError(str(error)) from None
    if seconds <= 0:
        raise SpecError("a window of no length is never open")
    if seconds > LONGEST_SECONDS:
        raise SpecError(f"{str(value)[:40]!r} is more than 366 days")
    return seconds


def clock_of(value: object) -> time:
    """Return a time on the wall such as ``22:00``."""
    if isinstance(value, int):
        # YAML 1.1 reads 22:00 without quotes as a number to the base of 60.
        raise SpecError(f'{value} is a number: put the time in quotes, such as "22:00"')
    match = _CLOCK.fullmatch(text_of(value))
    try:
        if match:
            return time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError:
        pass
    raise SpecError(f'{str(value)[:40]!r} is not a time of the day such as "22:00"')


def day_of(value: object) -> date:
    """Return a day such as ``2026-01-04``."""
    found = text_of(value)
    try:
        if _DAY.fullmatch(found):
            day = date.fromisoformat(found)
            if 1900 <= day.year <= 2900:
                return day
    except ValueError:
        pass
    raise SpecError(f"{found[:40]!r} is not a day such as 2026-01-04")


def instant_or_wall(value: object) -> datetime:
    """Return an instant with zone, or without one a time on the wall."""
    if isinstance(value, (int, float)):
        raise SpecError(f"{value} is a number; a time such as 2026-12-01T22:00:00+01:00 is needed")
    found = text_of(value)
    if _DAY.fullmatch(found) or _CLOCK.fullmatch(found):
        raise SpecError(f"{found[:40]!r}: a single window needs day and time, such as 2026-12-01T22:00:00+01:00")
    try:
        moment = datetime.fromisoformat(found[:-1] + "+00:00" if found[-1] in "Zz" else found)
    except ValueError:
        raise SpecError(f"{found[:40]!r} is not a time such as 2026-12-01T22:00:00+01:00") from None
    if not 1900 <= moment.year <= 2900:
        raise SpecError(f"{found[:40]!r} lies outside the years 1900 to 2900")
    return moment.replace(microsecond=0)
