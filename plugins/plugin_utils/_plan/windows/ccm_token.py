# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""ConfigMgr's schedule tokens: 16 hexadecimal digits, several of them joined in one text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

TOKEN_LENGTH = 16
_HEX = re.compile(r"[0-9A-Fa-f]*")
# What clients write where a schedule has no start of its own: 1970-02-01 00:00.
_NO_START = date(1970, 2, 1)


class TokenError(ValueError):
    """A text that is no schedule token; the message names what is wrong."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token. ``start`` is wall-clock time of UTC where ``utc``, else of the client.

    ``kind`` is once, interval, weekly, monthly_weekday or monthly_date; ``every`` counts weeks or months, ``span`` is
    the interval's; ``weekday`` counts from Monday = 0; ``order`` is 1 to 4 or -1 for the last; ``day`` 0 is the last.
    """

    start: datetime
    duration: timedelta
    kind: str
    utc: bool
    simple: bool = False
    every: int = 1
    span: timedelta = timedelta()
    weekday: int = 0
    order: int = 0
    day: int = 0


def split_tokens(text: str) -> list[str]:
    """Return the tokens of a text; raise TokenError unless it is 16 hexadecimal digits, once or several times."""
    plain = "".join(text.split())
    if not plain or len(plain) % TOKEN_LENGTH:
        raise TokenError(f"{text[:40]!r} has {len(plain)} characters; a schedule token has {TOKEN_LENGTH}")
    if not _HEX.fullmatch(plain):
        raise TokenError(f"{text[:40]!r} holds other characters than hexadecimal digits")
    return [plain[place : place + TOKEN_LENGTH] for place in range(0, len(plain), TOKEN_LENGTH)]


def _bits(word: int, high: int, low: int) -> int:
    return (word >> low) & ((1 << (high - low + 1)) - 1)


def _recurrence(text: str, low: int) -> dict[str, Any]:
    kind = _bits(low, 21, 19)
    if kind == 1:
        return {"kind": "once"}
    if kind == 2:
        span = timedelta(minutes=_bits(low, 18, 13), hours=_bits(low, 12, 8), days=_bits(low, 7, 3))
        return {"kind": "interval", "span": span}
    weekday = (_bits(low, 18, 16) + 5) % 7
    if kind in (3, 4) and not _bits(low, 18, 16):
        raise TokenError(f"{text}: names no day of the week")
    if kind == 3:
        return {"kind": "weekly", "weekday": weekday, "every": _bits(low, 15, 13)}
    if kind == 4:
        order = _bits(low, 11, 9)
        if order > 4:
            raise TokenError(f"{text}: week {order} of the month; there are 0 (last) to 4")
        return {"kind": "monthly_weekday", "weekday": weekday, "every": _bits(low, 15, 12), "order": order or -1}
    if kind == 5:
        return {"kind": "monthly_date", "day": _bits(low, 18, 14), "every": _bits(low, 13, 10)}
    if kind == 6:
        raise TokenError(
            f"{text}: recurrence type 6 (monthly by weekday with an offset) is refused: the place of its offset is not "
            f"published and will not be guessed (low half {low:08X}); say patch_tuesday or monthly instead"
        )
    raise TokenError(f"{text}: recurrence type {kind} is not known")


def decode_token(text: str) -> Token:
    """Return what a token of 16 hexadecimal digits says; raise TokenError.

    Layout: SMS_ScheduleToken in memdocs, verified against 20 published tokens. Duration days and all six bits of the
    start minute are read, which two widely copied decoders do not.
    """
    (token,) = split_tokens(text)
    high, low = int(token[:8], 16), int(token[8:], 16)
    try:
        day = date(1970 + _bits(high, 11, 6), _bits(high, 15, 12), _bits(high, 20, 16))
        start = datetime.combine(day, time(_bits(high, 25, 21), _bits(high, 31, 26)))
    except ValueError:
        raise TokenError(f"{token}: its start is no date") from None
    duration = timedelta(minutes=_bits(high, 5, 0), hours=_bits(low, 31, 27), days=_bits(low, 26, 22))
    found = _recurrence(token, low)
    if found.get("every") == 0 or found.get("span") == timedelta():
        raise TokenError(f"{token}: repeats every 0")
    return Token(start=start, duration=duration, utc=bool(low & 1), simple=day == _NO_START, **found)
