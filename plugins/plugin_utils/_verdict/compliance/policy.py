# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One policy mapping, read for all questions: what must be installed, how it is judged, what a reboot means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ..._evidence.wording import nearest, printable, type_name
from ..baseline.baseline import Baseline, parse_baseline
from ..expected_source import ExpectedSource, ExpectedSourceError, parse_expected_source
from ..policy import COMPLIANCE_KEYS, PLAN_KEYS, POLICY_KEYS, Policy, PolicyError, parse_policy
from .catalog import Catalog, parse_catalog
from .file_rules import FileRule, RuleBook, parse_file_rules

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class CompliancePolicy:
    """What compliance is judged by. ``reboot`` is what reboot_verdict takes; ``max_scan_age`` stands there too."""

    reboot: Policy
    baseline: Baseline
    rules: RuleBook
    catalog: Catalog | None = None
    expected_source: ExpectedSource | None = None


def parse_compliance_policy(value: object, *, custom: frozenset[str] = frozenset()) -> CompliancePolicy:
    """Return the policy of a mapping (None and {} are the default); raise PolicyError with every mistake by key.

    ``custom`` are the ids of the user's own signals, which the policy may name too.
    """
    if isinstance(value, CompliancePolicy):
        return value
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        raise PolicyError([f"policy: must be a mapping, not {type_name(value)}"])
    given: Mapping[str, object] = value
    mistakes = _unknown_keys(given)
    verdict = {key: given[key] for key in POLICY_KEYS if key in given}

    def read(reader: Callable[[], _Read], default: _Read) -> _Read:
        """Return what a reader finds, or note its mistakes."""
        try:
            return reader()
        except PolicyError as error:
            mistakes.extend(error.mistakes)
            return default

    policy = CompliancePolicy(
        reboot=read(lambda: parse_policy(verdict, custom=custom), Policy()),
        baseline=read(lambda: parse_baseline(given), Baseline()),
        rules=RuleBook(read(lambda: _file_rules(given.get("file_rules")), ())),
        catalog=read(lambda: _catalog(given.get("catalog")), None),
        expected_source=read(lambda: _expected_source(given.get("expected_source")), None),
    )
    if mistakes:
        raise PolicyError(mistakes)
    return policy


def _unknown_keys(given: Mapping[str, object]) -> list[str]:
    words = sorted({*POLICY_KEYS, *COMPLIANCE_KEYS})
    return [
        f"policy.{printable(str(key)[:60])}: no such key{nearest(str(key)[:60], words)}; there are {', '.join(words)}"
        for key in given
        if key not in words and key not in PLAN_KEYS
    ]


def _file_rules(value: object) -> tuple[FileRule, ...]:
    return () if value is None else parse_file_rules(value)


def _catalog(value: object) -> Catalog | None:
    return None if value is None else parse_catalog(value)


def _expected_source(value: object) -> ExpectedSource | None:
    if value is None:
        return None
    try:
        return parse_expected_source(value)
    except ExpectedSourceError as error:
        raise PolicyError([f"policy.expected_source: {error}"]) from None
