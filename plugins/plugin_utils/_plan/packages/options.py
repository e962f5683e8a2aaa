# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How packages are run: whose clock counts, how often and how long a busy host is waited for, what came before."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..._evidence.wording import printable, type_name
from ..install.options import CLOCKS
from ..keys import Meanings, number_or_none, one_of, read_options, short

# Sixteen times the first pause is as long as one gets.
_DOUBLINGS = 4
_LONGEST = 7 * 86_400


@dataclass(frozen=True, slots=True)
class PackageOptions:
    """Checked options. ``stopped`` is why nothing more is begun on this host, or empty."""

    clock: str = "controller"
    attempt: int = 1
    waited_seconds: float = 0
    busy_wait_minutes: float = 30
    pause_seconds: float = 60
    stopped: str = ""

    @property
    def next_pause(self) -> float:
        """Return how long to wait before the next attempt: twice as long each time."""
        return float(self.pause_seconds * 2 ** min(self.attempt - 1, _DOUBLINGS))

    @property
    def patience_is_over(self) -> bool:
        """Return whether one more pause would be longer than what was allowed in all."""
        return self.waited_seconds + self.next_pause > self.busy_wait_minutes * 60


def parse_package_options(given: object) -> PackageOptions:
    """Return the options of a mapping (None: the defaults); raise PlanError with every mistake by key."""
    return PackageOptions(**read_options(given, _MEANINGS))


def _number(value: Any) -> float:
    number = number_or_none(value)
    if number is None or not 0 <= number <= _LONGEST:
        raise ValueError(f"must be a number from 0 to {_LONGEST}, not {short(value)}")
    return number


def _attempt(value: Any) -> int:
    return max(1, int(_number(value)))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return printable(value)
    raise ValueError(f"must be a text, not {type_name(value)}")


_MEANINGS: Meanings = MappingProxyType(
    {
        "clock": one_of(CLOCKS),
        "attempt": _attempt,
        "waited_seconds": _number,
        "busy_wait_minutes": _number,
        "pause_seconds": _number,
        "stopped": _text,
    }
)
