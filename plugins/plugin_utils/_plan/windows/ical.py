# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A calendar that people can subscribe to (RFC 5545), one event a window: merged, with blackouts cut out or named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from .calendar import Window
from .questions import MOST_WINDOWS, Asked, WindowError, ask, upcoming
from .zones import instant_of

LONGEST_LINE = 75
_ESCAPES = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}


def escaped(text: str) -> str:
    """Return a text as iCalendar writes it; control characters, which it does not allow, are left out."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_ESCAPES.get(sign, sign) for sign in lines if sign in "\n\t" or sign.isprintable())


def folded(line: str) -> Iterator[str]:
    """Return a line as lines of at most 75 octets; no character is cut in two."""
    taken, size = "", 0
    for sign in line:
        length = len(sign.encode("utf-8", "replace"))
        if size + length > LONGEST_LINE:
            yield taken
            taken, size = " ", 1
        taken, size = taken + sign, size + length
    yield taken


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


@dataclass(frozen=True, slots=True)
class _Event:
    """What stands in the calendar: a window, or a blackout."""

    start: int
    end: int | None
    name: str
    about: str
    labels: tuple[str, ...]
    kind: str = ""

    def lines(self, asked: Asked) -> Iterator[str]:
        """Return its lines; equal events have equal UIDs from file to file."""
        identity = f"{self.start} {self.name} {asked.purpose}{self.kind}".encode("utf-8", "replace")
        yield "BEGIN:VEVENT"
        yield f"UID:{hashlib.sha256(identity).hexdigest()[:32]}@winops.patching"
        yield f"DTSTAMP:{_stamp(asked.now)}"
        yield f"DTSTART:{_stamp(instant_of(self.start))}"
        if self.end is not None:
            yield f"DTEND:{_stamp(instant_of(self.end))}"
        yield f"SUMMARY:{escaped(self.name)}"
        yield f"DESCRIPTION:{escaped(self.about)}"
        if self.labels:
            yield f"CATEGORIES:{','.join(escaped(label) for label in self.labels)}"
        yield "TRANSP:TRANSPARENT"
        yield "END:VEVENT"


def _window_event(asked: Asked, window: Window) -> _Event:
    labels = [label for spec in asked.calendar.specs if spec.name in window.names for label in spec.labels]
    about = f"Maintenance window for {asked.purpose}"
    return _Event(window.start, window.end, window.name, about, tuple(dict.fromkeys(labels)))


def _blackout_events(asked: Asked, windows: Sequence[Window]) -> Iterator[_Event]:
    """Return the blackouts from now to the end of the last window, each as it was given."""
    ends = [window.start if window.end is None else window.end for window in windows]
    specs = asked.calendar.specs
    spans = asked.calendar.spans(
        asked.calendar.numbers(asked.purpose, blackout=True), asked.second, max([*ends, asked.second + 1])
    )
    for start, end, number in sorted(spans)[:MOST_WINDOWS]:
        about = f"No maintenance for {asked.purpose}: blackout"
        labels = ("BLACKOUT", *specs[number].labels)
        yield _Event(start, end, f"Blackout: {specs[number].name}", about, labels, " blackout")


def to_ical(
    specs: object,
    *,
    now: object,
    count: object = 52,
    purpose: object = "install",
    title: object = "Maintenance windows",
    blackouts: object = False,
) -> str:
    """Return the next windows as the text of an .ics file; raise WindowError where a spec cannot be read.

    ``blackouts`` puts those in too that hold until the last of the windows is over. ``now`` is the stamp of every
    event, so equal input gives an equal file; a window keeps its UID from file to file.
    """
    if not isinstance(title, str):
        raise WindowError("title: must be a text")
    if not isinstance(blackouts, bool):
        raise WindowError("blackouts: must be true or false")
    asked = ask(specs, now=now, purpose=purpose)
    windows = upcoming(asked, count)
    events = [_window_event(asked, window) for window in windows]
    if blackouts:
        events = sorted([*events, *_blackout_events(asked, windows)], key=lambda event: (event.start, event.kind))
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//winops.patching//windows//EN", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{escaped(title)}")
    lines += [line for event in events for line in event.lines(asked)]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))
