# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Questions about windows, answered from a compiled calendar and a time that the caller gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ..._evidence.times import TimeTextError, format_time, parse_duration, parse_time
from ..._evidence.wording import nearest
from .calendar import Calendar, Window, compile_windows
from .values import PURPOSES
from .zones import instant_of, seconds_of

NO_WINDOWS = ("closed", "open")
MOST_WINDOWS = 5000
_YEARS = (1970, 2900)


class WindowError(ValueError):
    """A question that cannot be answered; the message names what is wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's fixed part: the calendar, the second, the purpose, and what holds without windows."""

    calendar: Calendar
    now: datetime
    purpose: str = "install"
    no_windows: str = "closed"
    windows_apply: bool = True

    @property
    def second(self) -> int:
        """Return the second it is asked for, rounded down."""
        return seconds_of(self.now)

    @property
    def always(self) -> bool:
        """Return whether no window was given and that means open."""
        return self.no_windows == "open" and not self.calendar.has_windows

    def is_open(self) -> bool:
        """Return whether it is open. What cannot be read is closed."""
        if not self.windows_apply:
            return True
        if self.calendar.mistakes:
            return False
        return self.calendar.is_open(self.second, self.purpose, always=self.always)

    def windows(self) -> list[Window]:
        """Return the first two windows that end later."""
        if self.calendar.mistakes:
            return []
        return list(islice(self.calendar.windows(self.second, self.purpose, always=self.always), 2))


def _word(key: str, value: object, words: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in words:
        raise WindowError(
            f"{key}: {str(value)[:40]!r} is not one of {', '.join(words)}{nearest(str(value)[:40], words)}"
        )
    return value


def ask(
    specs: object,
    *,
    now: object,
    purpose: object = "install",
    no_windows: object = "closed",
    windows_apply: object = True,
) -> Asked:
    """Return a checked question; raise WindowError for anything but the specs, which are judged when it is answered."""
    if not isinstance(windows_apply, bool):
        raise WindowError(f"windows_apply: must be true or false, not {str(windows_apply)[:40]!r}")
    try:
        moment = parse_time(now)
    except TimeTextError as error:
        raise WindowError(f"now: {error}") from None
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise WindowError(f"now: {format_time(moment)} lies outside the years {_YEARS[0]} to {_YEARS[1]}")
    return Asked(
        compile_windows(specs),
        moment,
        _word("purpose", purpose, PURPOSES),
        _word("no_windows", no_windows, NO_WINDOWS),
        windows_apply,
    )


def shown(window: Window) -> dict[str, Any]:
    """Return a window as ``{start, end, name}``, times in UTC, ``end`` None where it does not end within 50 years."""
    end = None if window.end is None else format_time(instant_of(window.end))
    return {"start": format_time(instant_of(window.start)), "end": end, "name": window.name}


def usable(calendar: Calendar) -> Calendar:
    """Return the calendar; raise WindowError with all its mistakes where it has some."""
    if calendar.mistakes:
        raise WindowError("; ".join(str(mistake) for mistake in calendar.mistakes[:20]))
    return calendar


def upcoming(asked: Asked, count: object = 12) -> list[Window]:
    """Return the windows that end after now, at most ``count``; the one that is open now comes first."""
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_WINDOWS:
        raise WindowError(f"count: must be a whole number from 1 to {MOST_WINDOWS}, not {str(count)[:40]!r}")
    return list(islice(usable(asked.calendar).windows(asked.second, asked.purpose, always=asked.always), count))


def next_windows(
    specs: object, *, count: object = 12, now: object, purpose: object = "install"
) -> list[dict[str, Any]]:
    """Return ``[{start, end, name}]`` as `shown`; raise WindowError where a spec cannot be read."""
    return [shown(window) for window in upcoming(ask(specs, now=now, purpose=purpose), count)]


def in_window(specs: object, *, at: object, **how: object) -> bool:
    """Return whether it is open at an instant; ``how`` as in `ask`. What cannot be read is closed."""
    return ask(specs, now=at, **how).is_open()


def reason_of(asked: Asked, current: Window | None, coming: Window | None) -> str:
    """Return why it is open or closed, as one sentence."""
    if not asked.windows_apply:
        return "windows do not apply: windows_apply is false"
    if asked.calendar.mistakes:
        return "closed, a spec cannot be read: " + "; ".join(str(mistake) for mistake in asked.calendar.mistakes[:5])
    if current is not None:
        return _open_reason(asked, current)
    blackouts = asked.calendar.blackouts_at(asked.second, asked.purpose)
    if blackouts:
        end, spec = blackouts[-1]
        return f"closed for {asked.purpose}: blackout {spec.name} until {format_time(instant_of(end))}"
    if not asked.calendar.has_windows:
        return f"closed for {asked.purpose}: no windows are given, and no_windows is {asked.no_windows}"
    if not asked.calendar.numbers(asked.purpose, blackout=False):
        return f"closed for {asked.purpose}: no window is for that"
    if coming is None:
        return f"closed for {asked.purpose}: no window opens within 50 years"
    return f"closed for {asked.purpose}: {coming.name} opens {format_time(instant_of(coming.start))}"


def _open_reason(asked: Asked, current: Window) -> str:
    until = "without end" if current.end is None else f"until {format_time(instant_of(current.end))}"
    if asked.always:
        return f"open for {asked.purpose} {until}: no windows are given, and no_windows is open"
    return f"open for {asked.purpose} {until}: {current.name}"


def current_and_next(asked: Asked) -> tuple[Window | None, Window | None]:
    """Return the window that is open now and the one after it."""
    found = asked.windows()
    if found and found[0].start <= asked.second:
        return found[0], (found[1] if len(found) > 1 else None)
    return None, (found[0] if found else None)


def _remaining(asked: Asked, current: Window | None) -> int | None:
    """Return the whole seconds left, rounded down; None where nothing closes it, 0 where it is closed."""
    if current is None or current.end is None:
        return None if current or not asked.windows_apply else 0
    return (instant_of(current.end) - asked.now) // timedelta(seconds=1)


def window_state(specs: object, *, now: object, **how: object) -> dict[str, Any]:
    """Return ``{open, closes_at, remaining_seconds, next, reason}``; ``how`` as in `ask`.

    ``next`` is ``{start, end, name}`` of the next window that opens later. ``remaining_seconds`` is 0 when closed and
    None when nothing closes it. A spec that cannot be read closes all of them, with the reason.
    """
    asked = ask(specs, now=now, **how)
    current, coming = current_and_next(asked) if asked.windows_apply else (None, None)
    closes = format_time(instant_of(current.end)) if current and current.end is not None else None
    return {
        "open": asked.is_open(),
        "closes_at": closes,
        "remaining_seconds": _remaining(asked, current),
        "next": shown(coming) if coming else None,
        "reason": reason_of(asked, current, coming),
    }


def _span(key: str, value: object, parse: Callable[[object], timedelta] = parse_duration) -> timedelta:
    try:
        return parse(value)
    except TimeTextError as error:
        raise WindowError(f"{key}: {error}") from None


def window_fits(specs: object, duration: object, reserve: object = "15m", *, now: object, **how: object) -> bool:
    """Return whether work of a duration and the reserve end before the window closes; equality fits.

    The reserve is 15 minutes by default, as ConfigMgr 2007 counted: 5 of countdown, 10 of restart.
    """
    needed = _span("duration", duration) + _span("reserve", reserve)
    asked = ask(specs, now=now, **how)
    if not asked.windows_apply:
        return True
    current, _ = current_and_next(asked)
    if current is None:
        return False
    return current.end is None or instant_of(current.end) - asked.now >= needed


def lint_windows(groups: object) -> dict[str, Any]:
    """Return what is wrong in the specs of all groups: ``{ok, mistakes, warnings}`` of ``{group, spec, key, text}``.

    ``groups`` maps the name of a group or host to its specs; a plain list is one group without a name.
    """
    named = dict(groups.items()) if isinstance(groups, Mapping) else {"": groups}
    found: dict[str, list[dict[str, str]]] = {"mistakes": [], "warnings": []}
    for group, specs in named.items():
        calendar = compile_windows(specs)
        for kind, notes in (("mistakes", calendar.mistakes), ("warnings", calendar.warnings)):
            found[kind] += [
                {"group": str(group), "spec": note.spec, "key": note.key, "text": note.text} for note in notes
            ]
    return {"ok": not found["mistakes"], **found}
