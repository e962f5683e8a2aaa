# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The forms in which people and programs write one and the same code."""

from __future__ import annotations

import re

from .._evidence.wording import printable, type_name

_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}")
# PowerShell shows a negative number that was widened to 64 bits with eight F before it.
_HEX = re.compile(r"(?:0x|&h|#)(?:f{8})?([0-9a-f]{1,8})|(?:f{8})?(8[0-9a-f]{7})|(00[0-9a-f]{6})", re.IGNORECASE)
_LOWEST, _HIGHEST = -(1 << 31), (1 << 32) - 1
_SHOWN = 60


class CodeError(ValueError):
    """Something that is no code; the message names what was given and what a code looks like."""


def code_numbers(value: object) -> tuple[int, ...]:
    """Return the code as unsigned 32 bits, in each way that it may be read, the plain one first; raise CodeError.

    Takes whole numbers, signed or unsigned, and their text: decimal, or hexadecimal as ``0x80240017``, in any case and
    with blanks around it. Eight digits that begin with 8 or 00 may also be hexadecimal, as error pages print them.
    """
    if isinstance(value, str):
        numbers = _numbers_of_text(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        numbers = (int(value),)
    else:
        raise _no_code(type_name(value))
    if not _LOWEST <= numbers[0] <= _HIGHEST:
        raise _no_code("a number of more than 32 bits")
    return tuple(number & _HIGHEST for number in numbers)


def signed(code: int) -> int:
    """Return the code as .NET and COM show it: a signed number of 32 bits."""
    return code - (1 << 32) if code & 0x80000000 else code


def _numbers_of_text(text: str) -> tuple[int, ...]:
    plain = text.strip()
    hexadecimal = _HEX.fullmatch(plain)
    found = [int(plain)] if _DECIMAL.fullmatch(plain) else []
    if hexadecimal is not None:
        found.append(int(hexadecimal[hexadecimal.lastindex or 0], 16))
    if not found:
        raise _no_code(repr(printable(text[:_SHOWN])) if plain else "an empty text")
    return tuple(found)


def _no_code(given: str) -> CodeError:
    return CodeError(f"a code is a number such as 3010, -2145124329 or 0x80240017, not {given}")
