# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which of the three answers a value holds: for the tests reboot_required, reboot_not_required and reboot_unknown."""

from __future__ import annotations

from collections.abc import Mapping

from .._evidence.wording import type_name
from .core import FilterError

ANSWERS = frozenset({"required", "not_required", "unknown"})


def reboot_answer(value: object) -> str:
    """Return ``required``, ``not_required`` or ``unknown`` of a verdict, or of what holds one.

    Takes a verdict, the registered result of win_reboot_pending_info, the fact winops_patching, or a row of the fleet
    document. A result that failed, was unreachable or was skipped is unknown; anything else is an error.
    """
    if isinstance(value, Mapping):
        inner = value.get("verdict", value)
        answer = inner.get("reboot") if isinstance(inner, Mapping) else None
        if isinstance(answer, str) and answer in ANSWERS:
            return str(answer)
        if any(value.get(word) for word in ("failed", "unreachable", "skipped")):
            return "unknown"
    raise FilterError(
        "the reboot tests take a verdict, the registered result of winops.patching.win_reboot_pending_info, the fact "
        f"winops_patching or a host of fleet.json, not {type_name(value)}"
    )
