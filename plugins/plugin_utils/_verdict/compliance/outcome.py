# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The answer for one update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..._evidence.scan import Update
from ..._evidence.wording import printable

State = Literal["installed", "needed", "not_needed", "soft_reboot", "hard_reboot", "failed", "rejected", "unknown"]
STATES: tuple[State, ...] = (
    "failed",
    "needed",
    "rejected",
    "hard_reboot",
    "soft_reboot",
    "unknown",
    "installed",
    "not_needed",
)
LACKING = frozenset({"failed", "needed"})
WAITING = frozenset({"soft_reboot", "hard_reboot"})
MAX_BECAUSE = 500


class Outcome(NamedTuple):
    """A state, and the evidence for it in words."""

    state: State
    because: str


@dataclass(frozen=True, slots=True)
class UpdateVerdict:
    """``word`` is what the judging system itself would have shown; ``counted``: the machine's answer depends on it.

    ``place`` is where the update stands against the baseline, ``place_reason`` why.
    """

    update: Update
    state: State
    because: str
    word: str
    counted: bool
    place: str
    place_reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "state": self.state,
            "because": printable(self.because[:MAX_BECAUSE]),
            "word": self.word,
            "title": self.update.title,
            "kb": list(self.update.kb),
            "revision": self.update.revision,
            "counted": self.counted,
            "place": self.place,
            "place_reason": printable(self.place_reason[:MAX_BECAUSE]),
        }
