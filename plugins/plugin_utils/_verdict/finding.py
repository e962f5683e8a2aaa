# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Something about a host that a person should look at, beside what its updates say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .._evidence.wording import printable

MAX_FINDING = 400

# A combination that is known to harm, or one that may be meant.
Level = Literal["conflict", "check"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``text`` is a sentence; ``causes`` are likely ones, likeliest first; ``values`` name the policies meant."""

    id: str
    level: Level
    text: str
    causes: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "id": self.id,
            "level": self.level,
            "text": printable(self.text[:MAX_FINDING]),
            "causes": [printable(cause[:MAX_FINDING]) for cause in self.causes],
            "values": [printable(value[:MAX_FINDING]) for value in self.values],
        }
