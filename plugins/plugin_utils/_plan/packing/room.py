# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The stretch of time that is packed: from when to when it is open, or why it is not; and the windows after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ..._evidence.times import TimeTextError, format_time, parse_time
from ..._evidence.wording import printable, type_name
from ..keys import PlanError, short
from ..windows.calendar import HORIZON, Calendar, Window
from ..windows.occurrences import Once
from ..windows.questions import Asked, ask, reason_of, shown
from ..windows.specs import Spec
from ..windows.zones import instant_of, seconds_of
from .policy import PackingPolicy

# So many windows ahead a place is looked for.
MOST_LATER = 60
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Room:
    """Time for updates: from ``begins`` to ``ends`` (None: without end). ``closed`` is the reason where there is none.

    ``window`` is None where no window was needed or none is there. ``unreadable``: it is closed because a spec cannot
    be read, so nobody knows when it opens.
    """

    begins: datetime
    ends: datetime | None = None
    window: Window | None = None
    closed: str | None = None
    calendar: Calendar | None = None
    purpose: str = "install"
    unreadable: bool = False

    @property
    def seconds(self) -> int | None:
        """Return the whole seconds it holds, rounded down; None: without end."""
        return None if self.ends is None else (self.ends - self.begins) // _SECOND

    def holds(self, seconds: int, after: int = 0) -> bool:
        """Return whether so many seconds fit after so many others; equality fits."""
        return not self.closed and (self.seconds is None or after + seconds <= self.seconds)

    def later(self) -> list[Window]:
        """Return the next windows after this one, as far as specs tell."""
        if self.calendar is None or self.calendar.mistakes or (self.ends is None and not self.closed):
            return []
        second = seconds_of(self.begins if self.ends is None else self.ends)
        found = islice(self.calendar.windows(second, self.purpose), MOST_LATER)
        return [Window(max(window.start, second), window.end, window.names) for window in found]


def room_of(window: object, *, now: object, policy: PackingPolicy) -> Room:
    """Return the room of a window ``{start, end}``, or without one of the policy's specs; raise PlanError, WindowError.

    Before the window opens it is the whole window; once it is over there is none. Blackouts win over a window.
    """
    asked = ask(policy.windows, now=now, purpose=policy.purpose, no_windows=policy.no_windows)
    given = _given(window)
    if not policy.windows_apply:
        return Room(asked.now)
    if given is None and policy.windows is None and policy.no_windows == "closed":
        return Room(asked.now, closed="no window is given")
    if given is None or asked.calendar.mistakes:
        return _room(asked, asked.calendar)
    blackouts = tuple(spec for spec in asked.calendar.specs if spec.blackout)
    only = Calendar((given, *blackouts))
    return _room(Asked(only, asked.now, asked.purpose), asked.calendar)


def _room(asked: Asked, calendar: Calendar) -> Room:
    found = next(iter(asked.windows()), None)
    later = calendar if calendar.has_windows else None
    if found is None:
        unreadable = bool(asked.calendar.mistakes)
        return Room(asked.now, None, None, _why_closed(asked), later, asked.purpose, unreadable)
    begins = max(asked.now, instant_of(found.start))
    if asked.always:
        # Where it is open without any window it has been so for ever: that is no start to tell people.
        found = Window(seconds_of(begins), found.end, found.names)
    ends = None if found.end is None else instant_of(found.end)
    return Room(begins, ends, found, calendar=later, purpose=asked.purpose)


def _why_closed(asked: Asked) -> str:
    single = [spec.occurrences[0] for spec in asked.calendar.specs if not spec.blackout]
    if len(single) == 1 and isinstance(single[0], Once) and single[0].end <= asked.second:
        return f"the window closed {format_time(instant_of(single[0].end))}"
    return reason_of(asked, None, None)


def _given(window: object) -> Spec | None:
    """Return a window as a spec of its own."""
    if window is None:
        return None
    if not isinstance(window, Mapping):
        raise PlanError([f"window: must be a mapping with start and end, not {type_name(window)}"])
    mistakes = [f"window.{short(key)}: no such key; there are start, end, name" for key in window if key not in _KEYS]
    start, wrong = _instant(window, "start")
    end, also_wrong = _instant(window, "end")
    mistakes += wrong + (also_wrong if window.get("end") is not None or "end" not in window else [])
    if mistakes or start is None:
        raise PlanError(mistakes)
    closes = start + 2 * HORIZON if end is None else end
    if closes <= start:
        raise PlanError([f"window.end: {short(window['end'])} is not after start {short(window['start'])}"])
    name = window.get("name")
    return Spec(printable(name[:200]) if isinstance(name, str) and name else "the window", (Once(start, closes),))


_KEYS = ("start", "end", "name")


def _instant(window: Mapping[str, Any], key: str) -> tuple[int | None, list[str]]:
    if key not in window:
        return None, [f"window.{key}: is missing"]
    try:
        return seconds_of(parse_time(window[key])), []
    except TimeTextError as error:
        return None, [f"window.{key}: {error}"]


def window_dict(window: Window | None) -> dict[str, Any] | None:
    """Return a window as people and roles get it."""
    return None if window is None else shown(window)
