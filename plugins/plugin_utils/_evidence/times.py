# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times and durations as text: UTC instants with a Z, spans such as ``7d``, ``1h30m`` or ``PT1H30M``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

UTC = timezone.utc
# Windows corrects its clock, and the boot time that it tells moves with it.
SAME_BOOT = timedelta(minutes=5)
_CLOCK = r"(?:(?P<hours>[0-9]{1,9})h)?(?:(?P<minutes>[0-9]{1,9})m)?(?:(?P<seconds>[0-9]{1,9})s)?"
_DAYS = r"(?:(?P<weeks>[0-9]{1,9})w)?(?:(?P<days>[0-9]{1,9})d)?"
# In ISO 8601 an M before the T means months, which are no fixed span: hours, minutes and seconds need their T.
_SPANS = (
    re.compile(rf"\s*{_DAYS}{_CLOCK}\s*", re.IGNORECASE),
    re.compile(rf"\s*P{_DAYS}(?:T{_CLOCK})?\s*", re.IGNORECASE),
)


class TimeTextError(ValueError):
    """A text that is no time or no duration; the message names the text."""


def parse_time(text: object) -> datetime:
    """Return the aware UTC instant of an ISO 8601 text with ``Z`` or an offset; raise TimeTextError for all else."""
    if isinstance(text, datetime):
        found = text
    elif isinstance(text, str):
        plain = text.strip()
        try:
            found = datetime.fromisoformat(plain[:-1] + "+00:00" if plain[-1:] in "Zz" else plain)
        except ValueError:
            raise TimeTextError(f"{text[:60]!r} is not a time such as 2026-11-18T03:20:00Z") from None
    else:
        raise TimeTextError(f"{str(text)[:60]!r} is not a time such as 2026-11-18T03:20:00Z")
    if found.tzinfo is None:
        raise TimeTextError(f"the time {str(text)[:60]!r} names no zone: end it with Z or an offset such as +01:00")
    try:
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimeTextError(f"the time {str(text)[:60]!r} lies outside the calendar") from None


def time_or_none(text: object) -> datetime | None:
    """Return the instant, or None where the text is not one: for facts whose absence is judged by the caller."""
    try:
        return parse_time(text)
    except TimeTextError:
        return None


def format_time(instant: datetime) -> str:
    """Return ``2026-11-18T03:20:00Z``, whole seconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_duration(text: object) -> timedelta:
    """Return the span of ``7d``, ``1h30m``, ``PT1H30M`` or a number of seconds; raise TimeTextError for all else."""
    shown = str(text)[:60]
    wrong = TimeTextError(f"{shown!r} is not a duration such as 7d, 22h or 90m")
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        raise wrong
    try:
        if isinstance(text, (int, float)):
            if text < 0:
                raise wrong
            return timedelta(seconds=int(text))
        matches = (span.fullmatch(text) for span in _SPANS)
        found = next((match.groupdict() for match in matches if match is not None), {})
        parts = {name: int(value) for name, value in found.items() if value}
        if not parts:
            raise wrong
        return timedelta(**parts)
    except (OverflowError, ValueError):
        raise wrong from None
