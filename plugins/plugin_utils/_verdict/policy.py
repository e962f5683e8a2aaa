# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the operator wants to hold: which signals must be answered, how much they weigh, what is ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from .._evidence.catalogue import SIGNALS, STRENGTHS
from .._evidence.persistent import MOST_MARKS, is_mark
from .._evidence.times import TimeTextError, parse_duration
from .._evidence.wording import nearest, type_name
from .rename_rules import RenameRule, RenameRuleError, parse_rename_rules

RENAME_QUEUE_WORDS = ("significant", "any", "ignore")
UNKNOWN_WORDS = ("unknown", "required")
# One policy serves every question: these keys are about updates, and compliance/policy.py reads them.
COMPLIANCE_KEYS = (
    "name",
    "install",
    "approve_after",
    "rejected",
    "ignore_updates",
    "months",
    "order",
    "file_rules",
    "catalog",
    "expected_source",
)
# And these are about plans: _plan/keys.py reads them.
PLAN_KEYS = (
    "rules",
    "reserve",
    "default_run_minutes",
    "run_minutes",
    "windows",
    "purpose",
    "no_windows",
    "windows_apply",
    "batches",
    "canary",
    "host_order",
    "max_failed",
    "require_ready",
    "reboot_always",
    "reboot_despite",
)
_FOREIGN = frozenset({*COMPLIANCE_KEYS, *PLAN_KEYS})


class PolicyError(ValueError):
    """A policy that cannot be used; ``mistakes`` names every key and what it takes."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


@lru_cache(maxsize=1)
def _shipped_rules() -> tuple[RenameRule, ...]:
    return parse_rename_rules(None)


@dataclass(frozen=True, slots=True)
class Policy:
    """How evidence is judged. ``require`` None stands for the default, which depends on the host.

    ``persistent`` are the marks of signals that a reboot did not clear, by id (persistent.py).
    """

    require: frozenset[str] | None = None
    strengths: Mapping[str, str] = field(default_factory=dict)
    ignore_signals: frozenset[str] = frozenset()
    rename_rules: tuple[RenameRule, ...] = field(default_factory=_shipped_rules)
    rename_queue: str = "significant"
    weak_decides: int | None = None
    max_scan_age: timedelta = timedelta(days=7)
    unknown_is: str = "unknown"
    persistent: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def _default_policy() -> Policy:
    return Policy()


def _signal_names(key: str, value: object, custom: frozenset[str]) -> frozenset[str]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise PolicyError([f"policy.{key}: must be a list of signal ids"])
    mistakes = [
        f"policy.{key}: {name!r} is no signal{nearest(name, list(SIGNALS))}; docs/signals.md lists them"
        for name in value
        if name not in SIGNALS and name not in custom
    ]
    if mistakes:
        raise PolicyError(mistakes)
    return frozenset(value)


def _one_of(key: str, value: object, words: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise PolicyError([f"policy.{key}: {str(value)[:60]!r} is not one of {', '.join(words)}"])
    return value


def _strengths(key: str, value: object, custom: frozenset[str]) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise PolicyError([f"policy.{key}: must be a mapping of signal id to strength"])
    _signal_names(key, list(value), custom)
    return {str(name): _one_of(f"{key}.{name}", strength, STRENGTHS) for name, strength in value.items()}


def _persistent(key: str, value: object, custom: frozenset[str]) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or len(value) > MOST_MARKS:
        raise PolicyError([f"policy.{key}: must be a mapping of signal id to its mark, at most {MOST_MARKS}"])
    _signal_names(key, list(value), custom)
    mistakes = [
        f"policy.{key}.{name}: {str(mark)[:20]!r} is no mark: a SHA-256 of 64 digits, as a patch run reports it"
        for name, mark in value.items()
        if not is_mark(mark)
    ]
    if mistakes:
        raise PolicyError(mistakes)
    return {str(name): str(mark) for name, mark in value.items()}


def _count_or_none(key: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PolicyError([f"policy.{key}: must be a whole number: how many weak signals of different sources decide"])
    return value or None


def _duration(key: str, value: object) -> timedelta:
    try:
        return parse_duration(value)
    except TimeTextError as error:
        raise PolicyError([f"policy.{key}: {error}"]) from None


def _rename_rules(key: str, value: object) -> tuple[RenameRule, ...]:
    try:
        return parse_rename_rules(value)
    except RenameRuleError as error:
        raise PolicyError([f"policy.{mistake}" for mistake in error.mistakes]) from None


_NAMING_KEYS: Mapping[str, Callable[[str, object, frozenset[str]], Any]] = {
    "require": _signal_names,
    "strengths": _strengths,
    "ignore_signals": _signal_names,
    "persistent": _persistent,
}
_KEYS: Mapping[str, Callable[[str, object], Any]] = {
    "rename_rules": _rename_rules,
    "rename_queue": lambda key, value: _one_of(key, value, RENAME_QUEUE_WORDS),
    "weak_decides": _count_or_none,
    "max_scan_age": _duration,
    "unknown_is": lambda key, value: _one_of(key, value, UNKNOWN_WORDS),
}
POLICY_KEYS = tuple(sorted([*_KEYS, *_NAMING_KEYS]))


def parse_policy(value: object, *, custom: frozenset[str] = frozenset()) -> Policy:
    """Return the Policy of a mapping (None and {} are the default); raise PolicyError with every mistake by key.

    ``custom`` are the ids of the user's own signals, which the policy may name too. The keys of other
    questions, COMPLIANCE_KEYS and PLAN_KEYS, are passed over.
    """
    if isinstance(value, Policy):
        return value
    if value is None or value == {}:
        return _default_policy()
    if not isinstance(value, Mapping):
        raise PolicyError([f"policy: must be a mapping, not {type_name(value)}"])
    known: dict[str, Any] = {}
    mistakes: list[str] = []
    for key, entry in value.items():
        if isinstance(key, str) and key in _FOREIGN:
            continue
        found, wrong = _parse_key(key, entry, custom)
        known[key] = found
        mistakes.extend(wrong)
    if mistakes:
        raise PolicyError(mistakes)
    return Policy(**known)


def _parse_key(key: object, entry: object, custom: frozenset[str]) -> tuple[Any, Sequence[str]]:
    if not isinstance(key, str) or (key not in _KEYS and key not in _NAMING_KEYS):
        near = nearest(str(key), [*POLICY_KEYS, *sorted(_FOREIGN)])
        return None, [f"policy.{key}: no such key{near}; there are {', '.join(POLICY_KEYS)}"]
    try:
        return (_NAMING_KEYS[key](key, entry, custom) if key in _NAMING_KEYS else _KEYS[key](key, entry)), []
    except PolicyError as error:
        return None, error.mistakes
