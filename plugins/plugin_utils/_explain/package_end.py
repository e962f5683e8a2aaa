# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the end of an installer means: its exit code, where there is one, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .._evidence.wording import printable
from .._plan.packages.host_state import failure_text, mapping_of
from .._plan.packages.package import Package, signed_code
from .errors import explain_error

EndState = Literal["installed", "already", "pending_reboot", "failed", "refused", "retry", "unknown"]
ALREADY_INSTALLED = 0x00240006
REBOOT_STARTED = 1641
_TRANSIENT = ("busy", "transient")


@dataclass(frozen=True, slots=True)
class End:
    """``state`` ``retry``: it did nothing and may be started again. ``reboot``: it asks for one: a mark is kept."""

    state: EndState
    reason: str
    text: str
    code: int | None = None
    explanation: Mapping[str, Any] | None = None
    reboot: bool = False

    @property
    def goes_down(self) -> bool:
        """Return whether the installer has begun to reboot the host by itself."""
        return self.code == REBOOT_STARTED


def end_of_run(package: Package, run: object) -> End:
    """Return what the result of ansible.windows.win_package says.

    That module answers ``rc: 0`` with a message, too, where it has refused before it started anything, so a message
    without another exit code is a failure.
    """
    result = mapping_of(run)
    why = failure_text(result) if result.get("unreachable") or not result else ""
    if why:
        return End("unknown", "line_lost", f"how it ended is not known: {why}")
    message = printable(" ".join(str(result.get("msg") or "").split())[:300])
    try:
        code = signed_code(result["rc"]) if result.get("rc") is not None else None
    except ValueError:
        code = None
    if code is None or (code == 0 and message):
        word = "wrong_file" if "checksum" in message.lower() else "not_started"
        return End("refused" if word == "wrong_file" else "failed", word, message or "it was not started")
    if code == 0 and result.get("changed") is False:
        return End("already", "installed", "it is installed already", code)
    return meaning_of(code, package)


def meaning_of(code: int, package: Package) -> End:
    """Return what an exit code of an installer that ran means."""
    explained = explain_error(code)
    kind, name = explained["class"], explained["name"]
    text = f"{name}: {explained['cause']}"
    if code & 0xFFFFFFFF == ALREADY_INSTALLED:
        return End("already", "installed", text, code, explained)
    if kind == "success_reboot":
        return End("pending_reboot", "exit_code", text, code, explained, reboot=True)
    if code in package.expected or kind == "success":
        return End("installed", "exit_code", text, code, explained)
    if kind in _TRANSIENT and explained["retryable"] is True:
        return End("retry", kind, text, code, explained)
    if kind == "not_applicable":
        return End("refused", kind, text, code, explained)
    return End("failed", kind, text, code, explained, reboot=kind == "reboot")
