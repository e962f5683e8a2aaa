# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the operator says about waves: how large they are, who goes first, and how many may fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..keys import PACKING_KEYS, REBOOT_KEYS, WAVE_KEYS, WINDOW_KEYS, one_of, policy_reader, short, true_or_false
from ..windows.questions import NO_WINDOWS
from ..windows.values import PURPOSES

HOST_ORDERS = ("window", "given", "name")
_PERCENT = re.compile(r"([0-9]{1,3})\s*%")
_NUMBER = re.compile(r"[0-9]{1,6}")
_MOST_BATCHES = 1000


@dataclass(frozen=True, slots=True)
class Share:
    """A number of hosts, or a percentage of all of them."""

    number: int
    percent: bool = False

    def of(self, total: int) -> int:
        """Return the number of hosts, rounded down."""
        return total * self.number // 100 if self.percent else self.number

    def __str__(self) -> str:
        """Return it as it was written."""
        return f"{self.number}{'%' if self.percent else ''}"


@dataclass(frozen=True, slots=True)
class WavePolicy:
    """A checked policy; ``canary`` is a number of hosts or their names, ``windows`` as given (None: not given)."""

    batches: tuple[Share, ...] = (Share(100, percent=True),)
    canary: int = 0
    canary_names: frozenset[str] = field(default_factory=frozenset)
    host_order: str = "window"
    max_failed: Share = Share(0)
    require_ready: bool = True
    windows: object = None
    purpose: str = "install"
    no_windows: str = "closed"
    windows_apply: bool = True

    def sizes(self, total: int, skip: int = 0) -> Iterator[int]:
        """Return the sizes of all waves of so many hosts without the first ones; the last size is that of the rest."""
        for batch in self.batches[skip:]:
            yield max(1, batch.of(total))
        while True:
            yield max(1, self.batches[-1].of(total))

    def batches_over(self, total: int, done: int) -> int:
        """Return how many batches so many hosts have used up."""
        used = 0
        for number, size in enumerate(self.sizes(total)):
            if used >= done:
                return number
            used += size
        return 0


def parse_wave_policy(policy: object) -> WavePolicy:
    """Return the policy of a mapping (None: the default); raise PlanError with every mistake by key."""
    reader = policy_reader(policy, (*WAVE_KEYS, *WINDOW_KEYS), (*PACKING_KEYS, *REBOOT_KEYS))
    number, names = reader.take("canary", _canary, (0, frozenset[str]()))
    found = WavePolicy(
        batches=reader.take("batches", _batches, (Share(100, percent=True),)),
        canary=number,
        canary_names=names,
        host_order=reader.take("host_order", one_of(HOST_ORDERS), "window"),
        max_failed=reader.take("max_failed", lambda value: _share(value, 0), Share(0)),
        require_ready=reader.take("require_ready", true_or_false, True),
        windows=reader.given.get("windows"),
        purpose=reader.take("purpose", one_of(PURPOSES), "install"),
        no_windows=reader.take("no_windows", one_of(NO_WINDOWS), "closed"),
        windows_apply=reader.take("windows_apply", true_or_false, True),
    )
    reader.finish()
    return found


def _share(value: Any, least: int) -> Share:
    text = value.strip() if isinstance(value, str) else str(value)
    percent = _PERCENT.fullmatch(text)
    if percent and least <= int(percent[1]) <= 100:
        return Share(int(percent[1]), percent=True)
    if isinstance(value, (int, str)) and not isinstance(value, bool) and _NUMBER.fullmatch(text) and int(text) >= least:
        return Share(int(text))
    raise ValueError(f"must be a number from {least} on or a percentage such as 25%, not {short(value)}")


def _batches(value: Any) -> tuple[Share, ...]:
    given = value if isinstance(value, (list, tuple)) else [value]
    if not 1 <= len(given) <= _MOST_BATCHES:
        raise ValueError(f"must be 1 to {_MOST_BATCHES} sizes, not {len(given)}")
    return tuple(_share(size, 1) for size in given)


def _canary(value: Any) -> tuple[int, frozenset[str]]:
    if isinstance(value, (list, tuple)):
        if not all(isinstance(name, str) and name for name in value):
            raise ValueError("must be a number of hosts or a list of their names")
        return 0, frozenset(str(name) for name in value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"must be a number of hosts or a list of their names, not {short(value)}")
    return value, frozenset()
