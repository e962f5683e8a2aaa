# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A calendar that people can subscribe to (RFC 5545), one event a window: merged, and without blackouts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from .calendar import Window
from .questions import Asked, WindowError, ask, upcoming
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


def _event(asked: Asked, window: Window) -> Iterator[str]:
    identity = f"{window.start} {window.name} {asked.purpose}".encode("utf-8", "replace")
    labels = [label for spec in asked.calendar.specs if spec.name in window.names for label in spec.labels]
    yield "BEGIN:VEVENT"
    yield f"UID:{hashlib.sha256(identity).hexdigest()[:32]}@winops.patching"
    yield f"DTSTAMP:{_stamp(asked.now)}"
    yield f"DTSTART:{_stamp(instant_of(window.start))}"
    if window.end is not None:
        yield f"DTEND:{_stamp(instant_of(window.end))}"
    yield f"SUMMARY:{escaped(window.name)}"
    yield f"DESCRIPTION:{escaped(f'Maintenance window for {asked.purpose}')}"
    if labels:
        yield f"CATEGORIES:{','.join(escaped(label) for label in dict.fromkeys(labels))}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def to_ical(
    specs: object,
    *,
    now: object,
    count: object = 52,
    purpose: object = "install",
    title: object = "Maintenance windows",
) -> str:
    """Return the next windows as the text of an .ics file; raise WindowError where a spec cannot be read.

    ``now`` is the stamp of every event, so equal input gives an equal file; a window keeps its UID from file to file.
    """
    if not isinstance(title, str):
        raise WindowError("title: must be a text")
    asked = ask(specs, now=now, purpose=purpose)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//winops.patching//windows//EN", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{escaped(title)}")
    for window in upcoming(asked, count):
        lines += _event(asked, window)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))
