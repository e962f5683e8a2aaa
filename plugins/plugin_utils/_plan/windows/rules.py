# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Recurrence rules as text (RFC 5545): the parts that speak of days, and how long they hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from itertools import islice
from typing import Any

from ..._evidence.wording import nearest
from .days import LONGEST_COUNT_YEARS, DayRule, DaySource, ListedDays
from .zones import seconds_of

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST_TEXT = 1000
LARGEST_COUNT = 5000
LARGEST_INTERVAL = 1000
_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")
_UNTIL = re.compile(r"[0-9]{8}T[0-9]{6}Z")


class RuleError(ValueError):
    """A rule that cannot be used; the message names the part."""


def _numbers(part: str, text: str, least: int, most: int) -> tuple[int, ...]:
    found = text.split(",")
    if not all(_NUMBER.fullmatch(number) for number in found):
        raise RuleError(f"{part}={text[:40]}: must be whole numbers with commas between them")
    numbers = tuple(int(number) for number in found)
    for number in numbers:
        if number == 0 or not least <= number <= most:
            raise RuleError(f"{part}={text[:40]}: {number} is not from {least} to {most}, without 0")
    return numbers


def _days(text: str) -> frozenset[tuple[int, int]]:
    matches = [_DAY.fullmatch(day) for day in text.split(",")]
    found = {(WEEKDAYS.index(match[2]), int(match[1] or 0)) for match in matches if match}
    if None in matches or any(not -53 <= nth <= 53 for _, nth in found):
        raise RuleError(f"BYDAY={text[:40]}: must be days such as SA, 2TU or -1FR with commas between them")
    return frozenset(found)


def _until(text: str) -> int:
    if not _UNTIL.fullmatch(text):
        raise RuleError(f"UNTIL={text[:40]}: must name its zone: a time in UTC such as 20271231T230000Z")
    try:
        return seconds_of(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc))
    except ValueError:
        raise RuleError(f"UNTIL={text[:40]}: is no time of the calendar") from None


def _one_of(part: str, text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise RuleError(f"{part}={text[:40]}: is not one of {', '.join(words)}")
    return text


_PARTS: Mapping[str, Callable[[str], Any]] = {
    "FREQ": lambda text: _one_of("FREQ", text, FREQUENCIES),
    "INTERVAL": lambda text: _numbers("INTERVAL", text, 1, LARGEST_INTERVAL)[0],
    "COUNT": lambda text: _numbers("COUNT", text, 1, LARGEST_COUNT)[0],
    "UNTIL": _until,
    "WKST": lambda text: WEEKDAYS.index(_one_of("WKST", text, WEEKDAYS)),
    "BYDAY": _days,
    "BYMONTH": lambda text: frozenset(_numbers("BYMONTH", text, 1, 12)),
    "BYMONTHDAY": lambda text: frozenset(_numbers("BYMONTHDAY", text, -31, 31)),
    "BYYEARDAY": lambda text: frozenset(_numbers("BYYEARDAY", text, -366, 366)),
    "BYSETPOS": lambda text: _numbers("BYSETPOS", text, -366, 366),
}
_CLOCK_PARTS = ("BYHOUR", "BYMINUTE", "BYSECOND")


def _split(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_TEXT:
        raise RuleError(f"has {len(text)} characters; {LONGEST_TEXT} are allowed")
    found: dict[str, Any] = {}
    for piece in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        part, _, value = piece.partition("=")
        if part in _CLOCK_PARTS:
            raise RuleError(f"{part}: the time of the day stands in start, not in the rule")
        if part not in _PARTS:
            raise RuleError(
                f"{part[:40]!r} is no part of a rule{nearest(part, list(_PARTS))}; there are {', '.join(_PARTS)}"
            )
        if part in found:
            raise RuleError(f"{part}: given twice")
        found[part] = _PARTS[part](value)
    return found


def _check(parts: Mapping[str, Any], anchor: date | None) -> None:
    if "FREQ" not in parts:
        raise RuleError("FREQ is missing")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleError("COUNT and UNTIL: give one of them")
    ordinals = any(nth for _, nth in parts.get("BYDAY", ()))
    if ordinals and parts["FREQ"] not in ("MONTHLY", "YEARLY"):
        raise RuleError("BYDAY: a day with a number needs FREQ=MONTHLY or YEARLY")
    if "BYYEARDAY" in parts and parts["FREQ"] != "YEARLY":
        raise RuleError("BYYEARDAY: needs FREQ=YEARLY")
    if "BYMONTHDAY" in parts and parts["FREQ"] == "WEEKLY":
        raise RuleError("BYMONTHDAY: does not go with FREQ=WEEKLY")
    implicit = parts["FREQ"] != "DAILY" and not any(part in parts for part in ("BYDAY", "BYMONTHDAY", "BYYEARDAY"))
    if anchor is None and (implicit or "COUNT" in parts or parts.get("INTERVAL", 1) > 1):
        raise RuleError("anchor: this rule counts from a first day; give that day as anchor")


def _with_implied(parts: dict[str, Any], anchor: date | None) -> dict[str, Any]:
    """Return the parts with what the rule takes from its first day, as RFC 5545 says."""
    if anchor is None or any(part in parts for part in ("BYDAY", "BYMONTHDAY", "BYYEARDAY")):
        return parts
    if parts["FREQ"] == "WEEKLY":
        return {"BYDAY": frozenset({(anchor.weekday(), 0)}), **parts}
    if parts["FREQ"] in ("MONTHLY", "YEARLY"):
        months = {"BYMONTH": frozenset({anchor.month})} if parts["FREQ"] == "YEARLY" else {}
        return {**months, "BYMONTHDAY": frozenset({anchor.day}), **parts}
    return parts


def parse_rule(text: str, anchor: date | None) -> tuple[DaySource, int | None]:
    """Return the days of a rule and, as seconds since 1970, the last instant it may start at; raise RuleError.

    ``anchor`` is the rule's DTSTART: nothing is before it, and it is no occurrence unless the rule says so. COUNT is
    counted for at most a century.
    """
    parts = _split(text)
    _check(parts, anchor)
    parts = _with_implied(parts, anchor)
    rule = DayRule(
        frequency=parts["FREQ"],
        interval=parts.get("INTERVAL", 1),
        anchor=anchor,
        begins=anchor,
        months=parts.get("BYMONTH", frozenset()),
        month_days=parts.get("BYMONTHDAY", frozenset()),
        year_days=parts.get("BYYEARDAY", frozenset()),
        weekdays=parts.get("BYDAY", frozenset()),
        positions=parts.get("BYSETPOS", ()),
        week_start=parts.get("WKST", 0),
    )
    if "COUNT" not in parts or anchor is None:
        return rule, parts.get("UNTIL")
    last = date(anchor.year + LONGEST_COUNT_YEARS, 12, 31)
    return ListedDays(tuple(islice(rule.dates(anchor, last), parts["COUNT"]))), None
