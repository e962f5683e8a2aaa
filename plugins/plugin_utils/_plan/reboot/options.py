# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a patch run wants to hold about reboots: how many, by whose clock, and despite what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..._evidence.wording import printable, type_name
from ..install.options import CLOCKS, whole
from ..keys import Meanings, PlanError, one_of, read_options, read_values, short, true_or_false

# What the next boot would harm, by the analysis of the rename queue and by what installations have lost.
DESPITE = ("downgrade", "missing_source", "lost_entries")
MOST_LOST = 50


@dataclass(frozen=True, slots=True)
class RebootOptions:
    """Checked options. ``lost_entries`` are sentences about entries that vanished from the queue without a boot."""

    clock: str = "controller"
    max_reboots: int = 2
    lost_entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RebootPolicy:
    """``always``: a host is rebooted although nothing asks for it. ``despite`` are words that stop nothing."""

    always: bool = False
    despite: frozenset[str] = frozenset()


def parse_reboot_options(given: object) -> RebootOptions:
    """Return the options of a mapping (None: the defaults); raise PlanError with every mistake by key."""
    return RebootOptions(**read_options(given, _OPTIONS))


def parse_reboot_policy(policy: object) -> RebootPolicy:
    """Return what the one mapping of all policies says about reboots; raise PlanError with every mistake by key."""
    if not isinstance(policy, Mapping):
        return RebootPolicy()
    mistakes: list[str] = []
    found = read_values(policy, _POLICY, "policy", mistakes)
    if mistakes:
        raise PlanError(mistakes)
    return RebootPolicy(always=found.get("reboot_always", False), despite=found.get("reboot_despite", frozenset()))


def _despite(value: Any) -> frozenset[str]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or any(word not in DESPITE for word in words):
        raise ValueError(f"must be a list of {', '.join(DESPITE)}, not {short(value)}")
    return frozenset(words)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise PlanError([f"must be a list of texts, not {type_name(value)}"])
    return tuple(printable(str(text)[:300]) for text in value[:MOST_LOST])


_OPTIONS: Meanings = MappingProxyType({"clock": one_of(CLOCKS), "max_reboots": whole(0, 10), "lost_entries": _texts})
_POLICY: Meanings = MappingProxyType({"reboot_always": true_or_false, "reboot_despite": _despite})
