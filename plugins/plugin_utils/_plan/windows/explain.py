# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A sentence a person understands: whether it is open, why, and when that changes, in their zone and in UTC."""

from __future__ import annotations

from datetime import tzinfo

from .calendar import Window
from .questions import Asked, WindowError, ask, current_and_next, reason_of
from .values import WEEKDAYS
from .zones import UTC, ZoneError, instant_of, zone_of

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def spoken_length(seconds: int) -> str:
    """Return a length of time such as ``1 d 2 h 30 min``."""
    left, parts = seconds, []
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s")):
        count, left = divmod(left, size)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts) or "0 s"


def _spoken(second: int, zone: tzinfo, zone_name: str) -> str:
    utc = instant_of(second)
    if zone is UTC:
        return f"{WEEKDAYS[utc.weekday()].capitalize()} {utc:%Y-%m-%d %H:%M} UTC"
    wall = utc.astimezone(zone)
    short = f"{utc:%H:%M}" if wall.date() == utc.date() else f"{utc:%Y-%m-%d %H:%M}"
    return f"{WEEKDAYS[wall.weekday()].capitalize()} {wall:%Y-%m-%d %H:%M} {zone_name} ({short} UTC)"


def _zone(asked: Asked, window: Window | None, name: str | None) -> tuple[tzinfo, str]:
    if name is not None:
        try:
            return zone_of(name), name
        except ZoneError as error:
            raise WindowError(f"timezone: {error}") from None
    own = window.names[0] if window and window.names else None
    found = next((spec for spec in asked.calendar.specs if spec.name == own), None)
    return (found.zone, found.zone_name) if found else (UTC, "UTC")


def explain_window(specs: object, *, now: object, timezone: str | None = None, **how: object) -> str:
    """Return the sentence. ``timezone`` is the reader's; without it the window's own. ``how`` as in `ask`."""
    asked = ask(specs, now=now, **how)
    if timezone is not None and not isinstance(timezone, str):
        raise WindowError("timezone: must be the name of a zone")
    current, coming = current_and_next(asked) if asked.windows_apply else (None, None)
    zone, zone_name = _zone(asked, current or coming, timezone)
    if not asked.windows_apply or asked.calendar.mistakes:
        reason = reason_of(asked, current, coming)
        return f"{reason[0].upper()}{reason[1:]}."
    said = [_now(asked, current, zone, zone_name)]
    if coming is not None:
        which = f"The next window{' after that' if current else ''}, {coming.name or 'without a name'},"
        length = "" if coming.end is None else f" for {spoken_length(coming.end - coming.start)}"
        said.append(f"{which} opens {_spoken(coming.start, zone, zone_name)}{length}.")
    return " ".join(said)


def _now(asked: Asked, current: Window | None, zone: tzinfo, zone_name: str) -> str:
    if current is not None:
        why = current.name or "no windows are given, and no_windows is open"
        if current.end is None:
            return f"Open for {asked.purpose} ({why}), without end."
        left = spoken_length(current.end - asked.second)
        return f"Open for {asked.purpose} ({why}) until {_spoken(current.end, zone, zone_name)}, {left} from now."
    blackouts = asked.calendar.blackouts_at(asked.second, asked.purpose)
    if blackouts:
        end, spec = blackouts[-1]
        return f"Closed for {asked.purpose}: blackout {spec.name} holds until {_spoken(end, zone, zone_name)}."
    reason = reason_of(asked, None, None)
    if asked.windows():
        return f"Closed for {asked.purpose}."
    return f"{reason[0].upper()}{reason[1:]}."
