# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From the name of a time zone, Windows or IANA, to the zone; from a time on the wall to the instant."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from ..._evidence.wording import nearest
from .zone_names import IANA_OF_WINDOWS

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_FOLDED = {name.casefold(): zone for name, zone in IANA_OF_WINDOWS.items()}
_KNOWN = sorted({*IANA_OF_WINDOWS, *IANA_OF_WINDOWS.values()})


class ZoneError(ValueError):
    """A zone that is not known here; the message names it."""


@lru_cache(maxsize=512)
def zone_of(name: str) -> tzinfo:
    """Return the zone of a Windows name (``W. Europe Standard Time``, any case) or an IANA name; raise ZoneError.

    Windows names are mapped by CLDR's windowsZones, territory 001. The rules come from the controller's zone data,
    which Debian's slim images lack; the package tzdata brings it.
    """
    if name in ("UTC", "Z"):
        return UTC
    wanted = _FOLDED.get(name.casefold(), name)
    try:
        return ZoneInfo(wanted)
    except (KeyError, ValueError, OSError):
        pass
    try:
        ZoneInfo("Europe/Berlin")
    except (KeyError, ValueError, OSError):
        raise ZoneError("this controller has no time-zone data; install the Python package tzdata") from None
    raise ZoneError(f"{name[:60]!r} is neither a Windows nor an IANA time zone{nearest(name[:60], _KNOWN)}")


def seconds_of(instant: datetime) -> int:
    """Return the whole seconds since 1970 of an aware instant, rounded down."""
    return (instant - EPOCH) // _SECOND


def instant_of(seconds: int) -> datetime:
    """Return the aware UTC instant of seconds since 1970."""
    return EPOCH + timedelta(seconds=seconds)


def wall_to_seconds(wall: datetime, zone: tzinfo) -> int:
    """Return the instant at which the clock on the wall shows this, as seconds since 1970.

    A time that does not exist moves forward by the gap; of a time that comes twice it is the first.
    """
    return seconds_of(wall.replace(tzinfo=zone, fold=0))


def wall_end_to_seconds(wall: datetime, zone: tzinfo) -> int:
    """Return the instant of an end on the wall: of a time that comes twice the second."""
    return max(wall_to_seconds(wall, zone), seconds_of(wall.replace(tzinfo=zone, fold=1)))


def at_clock(day: date, clock: time) -> datetime:
    """Return the time on the wall of a day, without zone."""
    return datetime.combine(day, clock)
