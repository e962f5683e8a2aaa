# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The keys of a plan's policy: every mistake is collected and named by its key, and then they are told together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from .._evidence.times import TimeTextError, parse_duration
from .._evidence.wording import nearest, printable, type_name
from .._verdict.policy import COMPLIANCE_KEYS
from .windows.questions import WindowError

T = TypeVar("T")
# What each key takes; what it cannot take is a ValueError.
Meanings = Mapping[str, Callable[[Any], Any]]

# One mapping may serve every door: these keys belong to the policies of the verdict, of compliance and of a baseline.
_VERDICT_KEYS = ("require", "strengths", "ignore_signals", "rename_rules", "rename_queue", "weak_decides", "persistent")
FOREIGN_KEYS = frozenset({*_VERDICT_KEYS, "max_scan_age", "unknown_is", *COMPLIANCE_KEYS})
PACKING_KEYS = ("rules", "reserve", "order", "default_run_minutes", "run_minutes")
WINDOW_KEYS = ("windows", "purpose", "no_windows", "windows_apply")
WAVE_KEYS = ("batches", "canary", "host_order", "max_failed", "require_ready")
REBOOT_KEYS = ("reboot_always", "reboot_despite")
_LONGEST_NAME = 60


class PlanError(WindowError):
    """A plan that cannot be made as it was asked for; ``mistakes`` names every key and what it takes."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes[:20]))
        self.mistakes = tuple(mistakes)


def short(value: object) -> str:
    """Return a value of a user or a host as it may stand in a message."""
    return repr(printable(str(value)[:_LONGEST_NAME]))


@dataclass(slots=True)
class PolicyReader:
    """Takes the keys of one mapping and collects what is wrong with them."""

    given: Mapping[str, Any]
    mistakes: list[str] = field(default_factory=list)

    def take(self, key: str, meaning: Callable[[Any], T], default: T) -> T:
        """Return what a key means, or its default where it was not given, is null or cannot be understood."""
        value = self.given.get(key)
        if value is None:
            return default
        try:
            return meaning(value)
        except ValueError as error:
            self.mistakes.append(f"policy.{key}: {error}")
            return default

    def finish(self) -> None:
        """Raise PlanError where something was wrong."""
        if self.mistakes:
            raise PlanError(self.mistakes)


def policy_reader(policy: object, own: Sequence[str], others: Sequence[str]) -> PolicyReader:
    """Return the reader of a policy (None: no key at all); ``others`` are keys of other doors, which are left alone."""
    if policy is None:
        policy = {}
    if not isinstance(policy, Mapping):
        raise PlanError([f"policy: must be a mapping, not {type_name(policy)}"])
    reader = PolicyReader(policy)
    allowed = sorted(own)
    for key in policy:
        if key not in own and key not in others and key not in FOREIGN_KEYS:
            meant = nearest(str(key)[:_LONGEST_NAME], allowed)
            reader.mistakes.append(f"policy.{printable(str(key)[:60])}: no such key{meant}; there are {', '.join(own)}")
    return reader


def read_options(given: object, meanings: Meanings) -> dict[str, Any]:
    """Return the options of a mapping (None: no key at all), each as its meaning has it; null is not given.

    Raises PlanError with every mistake by key.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise PlanError([f"options: must be a mapping, not {type_name(given)}"])
    keys = tuple(meanings)
    mistakes = []
    for key in given:
        if key not in meanings:
            name = str(key)[:_LONGEST_NAME]
            mistakes.append(f"options.{printable(name)}: no such key{nearest(name, keys)}; there are {', '.join(keys)}")
    found = read_values(given, meanings, "options", mistakes)
    if mistakes:
        raise PlanError(mistakes)
    return found


def read_values(given: Mapping[Any, Any], meanings: Meanings, where: str, mistakes: list[str]) -> dict[str, Any]:
    """Return what the keys of a mapping mean, those that are given; what cannot be understood is a mistake more."""
    found: dict[str, Any] = {}
    for key, meaning in meanings.items():
        if given.get(key) is None:
            continue
        try:
            found[key] = meaning(given[key])
        except ValueError as error:
            mistakes.append(f"{where}.{key}: {error}")
    return found


def one_of(words: Sequence[str]) -> Callable[[Any], str]:
    """Return what takes one of some words."""

    def meaning(value: Any) -> str:
        """Return the word."""
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"{short(value)} is not one of {', '.join(words)}{nearest(str(value)[:60], words)}")
        return value

    return meaning


def true_or_false(value: Any) -> bool:
    """Return a flag."""
    if value is True or value is False:
        return bool(value)
    raise ValueError(f"must be true or false, not {short(value)}")


def span_of(value: Any) -> timedelta:
    """Return a duration."""
    try:
        return parse_duration(value)
    except TimeTextError as error:
        raise ValueError(str(error)) from None


def number_or_none(value: object) -> float | None:
    """Return a number, also from its text (templates make text of numbers); None where it is none."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def entries_of(value: object, what: str) -> Iterator[Any]:
    """Return the entries of a list; raise PlanError where it is none. None is an empty list."""
    if value is None:
        return iter(())
    if not isinstance(value, (list, tuple, Iterator)):
        raise PlanError([f"{what}: must be a list, not {type_name(value)}"])
    return iter(value)
