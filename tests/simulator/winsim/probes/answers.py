# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a probe may come to besides data: absent, denied, or an error with its type and code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..host import Access

E_ACCESSDENIED: Final = "0x80070005"
# The code of .NET's SecurityException, which the registry answers with.
E_SECURITY: Final = "0x8013150A"
WBEM_E_ACCESS_DENIED: Final = "0x80041003"
E_INVALIDARG: Final = "0x80070057"


class AbsentError(Exception):
    """The thing asked for is not there: an answer, not a failure."""


class ProbeError(Exception):
    """A reading that failed; `state` is `denied`, `timeout` or `error`."""

    def __init__(self, state: str, kind: str, hresult: str, message: str) -> None:
        super().__init__(message)
        self.state = state
        self.kind = kind
        self.hresult = hresult

    def as_error(self) -> dict[str, str]:
        return {"type": self.kind, "hresult": self.hresult, "message": str(self)}


def key_denied() -> ProbeError:
    return ProbeError(
        "denied", "System.Security.SecurityException", E_SECURITY, "Requested registry access is not allowed."
    )


def denied(message: str = "Access is denied.") -> ProbeError:
    return ProbeError("denied", "System.UnauthorizedAccessException", E_ACCESSDENIED, message)


def cim_denied() -> ProbeError:
    kind = "Microsoft.Management.Infrastructure.CimException"
    return ProbeError("denied", kind, WBEM_E_ACCESS_DENIED, "Access denied")


def failed(message: str, *, kind: str, hresult: str) -> ProbeError:
    return ProbeError("error", kind, hresult, message)


def invalid(message: str) -> ProbeError:
    """The probe itself is wrong."""
    return ProbeError("error", "System.ArgumentException", E_INVALIDARG, message)


Ask = Mapping[str, Any]
Read = Callable[[Access, Ask], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a probe: the Python type its JSON value has, and whether it must be given."""

    types: tuple[type, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class ProbeKind:
    """A kind of probe: how it reads, what it may be asked, and how long a real host takes for it."""

    read: Read
    options: Mapping[str, Option]
    ms: int


TEXT: Final = (str,)
NAMES: Final = (list,)
NUMBER: Final = (int,)
FLAG: Final = (bool,)
