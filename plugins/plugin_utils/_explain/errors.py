# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a code of Windows Update, of component servicing or of an installer means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .codes import agent, install, source, win32
from .entry import Entry
from .facilities import (
    FACILITIES,
    HTTP,
    KNOWN_AS,
    NTSTATUS,
    WIN32,
    WINDOWS_UPDATE,
    facility_of,
    is_error,
    part_of_agent,
    severity_of,
)
from .numbers import code_numbers, signed

UNKNOWN = "unknown"
_OF_WIN32 = 0x80070000
# Programs end with small numbers, also negative ones, of their own making.
_OWN = 0xFFFF

HRESULTS: Mapping[int, Entry] = MappingProxyType({**agent.CODES, **source.CODES, **install.CODES, **install.HRESULTS})


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code explained; ``entry`` None stands for a code that is decoded but not known."""

    code: int
    entry: Entry | None
    name: str
    cause: str
    next_step: str

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        known = self.entry
        return {
            "hex": f"0x{self.code:08X}",
            "signed": signed(self.code),
            "name": self.name,
            "class": known.kind if known else UNKNOWN,
            "retryable": known.retryable if known else UNKNOWN,
            "reboot_may_help": known.reboot_may_help if known else UNKNOWN,
            "cause": self.cause,
            "next_step": self.next_step,
        }


def explain_error(code: object) -> dict[str, Any]:
    """Return ``{hex, signed, name, class, retryable, reboot_may_help, cause, next_step}`` of a code.

    ``retryable`` and ``reboot_may_help`` are true or false for a known code and the word ``unknown`` for any other:
    nobody knows, and a null or a false would pass for a no. ``class`` is a word of CLASSES. Raises CodeError.
    """
    readings = code_numbers(code)
    return explanation(next((number for number in readings if entry_of(number) is not None), readings[0])).as_dict()


def explanation(code: int) -> Explanation:
    """Return the Explanation of a code of 32 bits, unsigned."""
    entry = entry_of(code)
    if entry is not None:
        return Explanation(code, entry, entry.name, entry.cause, entry.next_step)
    name, cause, next_step = _decoded(code)
    return Explanation(code, None, name, cause, next_step)


def entry_of(code: int) -> Entry | None:
    """Return what is known of a code: by its own number, or by the Win32 number that it carries."""
    if code in HRESULTS:
        return HRESULTS[code]
    if code & 0xFFFF0000 == _OF_WIN32:
        return win32.CODES.get(code & 0xFFFF)
    return win32.CODES.get(code)


def known_codes() -> Iterator[tuple[int, Entry]]:
    """All codes of the tables: HRESULTs in order of their number, then Win32 numbers and exit codes."""
    yield from sorted(HRESULTS.items())
    yield from sorted(win32.CODES.items())


def _decoded(code: int) -> tuple[str, str, str]:
    """(name, cause, next step) of a code that no table has."""
    if code <= _OWN or code >= (1 << 32) - _OWN:
        return _own_number(signed(code))
    if code in NTSTATUS:
        return f"NTSTATUS 0x{code:08X}", f"An NTSTATUS: {NTSTATUS[code]}.", "Start it again; read the event log."
    facility = facility_of(code)
    if facility == WIN32:
        return _win32(code)
    if facility == HTTP:
        return _http(code)
    if facility == WINDOWS_UPDATE:
        return _agent(code)
    name = FACILITIES.get(facility)
    known_as = f" ({KNOWN_AS[facility]})" if facility in KNOWN_AS else ""
    where = f"facility {name}{known_as}" if name else f"facility {facility}, which is not known here"
    cause = f"The code is not known here. Its parts say: {severity_of(code)} of {where}, number {code & 0xFFFF}."
    own = "" if is_error(code) else _NO_HRESULT
    return f"FACILITY_{name or facility} {code & 0xFFFF}", f"{cause}{own}", _SEARCH


# A program's own 100000 must not pass for "a success of facility RPC".
_NO_HRESULT = " A program that ended with it may mean something else, also a failure."
_SEARCH = "Search for the hexadecimal form together with the name of the program that answered it; read its log."


def _own_number(number: int) -> tuple[str, str, str]:
    cause = (
        f"The number {number} is none that Windows Installer, wusa, DISM or the update agent are known for. Programs "
        "end with numbers of their own too; as a number of Windows, 'net helpmsg' on the host shows its text."
    )
    return f"exit code {number}", cause, "See the documentation of the program that ended with it, and its log."


def _win32(code: int) -> tuple[str, str, str]:
    number = code & 0xFFFF
    cause = f"The code is {severity_of(code)} that carries the Win32 number {number}, which is not known here."
    return f"HRESULT_FROM_WIN32({number})", cause, f"'net helpmsg {number}' on the host shows its text."


def _http(code: int) -> tuple[str, str, str]:
    status = code & 0xFFFF
    cause = f"A server or a proxy answered HTTP {status}."
    return f"HTTP {status}", cause, "Look at the server, at the address that was asked for, and at proxies in between."


def _agent(code: int) -> tuple[str, str, str]:
    found = part_of_agent(code)
    part, next_step = found or ("a part that is not known here", _SEARCH)
    cause = (
        f"The code is not known here. Its parts say: {severity_of(code)} of the update agent, from {part}, number "
        f"0x{code & 0xFFFF:04X}."
    )
    return f"FACILITY_WINDOWSUPDATE 0x{code & 0xFFFF:04X}", cause, next_step
