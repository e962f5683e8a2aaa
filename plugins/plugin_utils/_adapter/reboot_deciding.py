# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The doors' way to decisions about reboots: from documents to the published answers, one kind of error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .._evidence.catalogue import SIGNALS
from .._evidence.document import Evidence, EvidenceError, parse_evidence
from .._evidence.persistent import marks_of
from .._evidence.times import TimeTextError
from .._evidence.wording import type_name
from .._plan.reboot.decision import decide_reboot
from .._plan.reboot.outcome import reboot_outcome
from .._plan.windows.questions import WindowError
from .._verdict.custom_signals import CustomSignalError, parse_custom_signals
from .._verdict.policy import POLICY_KEYS, PolicyError, parse_policy
from .._verdict.reboot import Verdict, judge_reboot, reboot_verdict
from .core import FilterError

_COMPLAINTS = (EvidenceError, PolicyError, TimeTextError, WindowError, CustomSignalError)


def decision_of_host(
    given: object,
    *,
    policy: object,
    options: object,
    now: object,
    skew_seconds: object,
    queue: object,
    count: object,
    persistent: object,
) -> dict[str, Any]:
    """Return the published decision about a host's document, or about a door's result that holds one.

    With ``options.clock: host`` the time is that at which the document was collected, unless ``now`` is given.
    """
    try:
        document = document_of(given)
        merged = _judged_by(document, policy)
        host_decides = isinstance(options, Mapping) and options.get("clock") == "host"
        at = now if now is not None else document.get("collected_at") if host_decides else datetime.now(timezone.utc)
        return decide_reboot(
            reboot_verdict(document, _verdict_keys(merged)),
            now=at,
            policy=merged,
            options=options,
            skew_seconds=skew_seconds,
            queue=queue,
            count=count,
            persistent=persistent,
        ).as_dict()
    except _COMPLAINTS as complaint:
        raise FilterError(f"patch_reboot_decision: {complaint}") from complaint


def outcome_of_reboot(after: object, before: object, *, policy: object) -> dict[str, Any]:
    """Return whether a host has booted between two documents, and what the boot did not clear."""
    try:
        later, earlier = document_of(after), document_of(before)
        first, first_verdict = _judged(earlier, policy)
        second, second_verdict = _judged(later, policy)
        known, _problem = marks_of(second.probes, [*SIGNALS, *_own(second)])
        return reboot_outcome(first, second, first_verdict, second_verdict, known).as_dict()
    except _COMPLAINTS as complaint:
        raise FilterError(f"patch_reboot_outcome: {complaint}") from complaint


def document_of(given: object) -> Mapping[str, Any]:
    """Return an evidence document, or the one that a door's result holds."""
    if not isinstance(given, Mapping):
        raise EvidenceError(f"needs an evidence document, not {type_name(given)}")
    held = given if "probes" in given else given.get("evidence")
    if not isinstance(held, Mapping):
        raise EvidenceError("holds no evidence document: read the host with evidence=return")
    return held


def _judged(document: Mapping[str, Any], policy: object) -> tuple[Evidence, Verdict]:
    """A verdict under no marks: what a reboot did not clear is told by comparing, not by what was known before."""
    evidence = parse_evidence(document)
    keys = {key: value for key, value in _verdict_keys(_judged_by(document, policy)).items() if key != "persistent"}
    return evidence, judge_reboot(evidence, parse_policy(keys, custom=frozenset(_own(evidence))))


def _own(evidence: Evidence) -> list[str]:
    return [signal.definition.id for signal in parse_custom_signals(evidence.custom_signals)]


def _judged_by(document: Mapping[str, Any], policy: object) -> dict[str, Any]:
    """The document's own policy, whose keys those that are given here replace."""
    held = document.get("policy")
    if policy is not None and not isinstance(policy, Mapping):
        raise PolicyError([f"policy: must be a mapping, not {type_name(policy)}"])
    return {**(held if isinstance(held, Mapping) else {}), **(policy or {})}


def _verdict_keys(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Misspelt keys are told by the reader of the whole policy."""
    return {key: value for key, value in policy.items() if key in POLICY_KEYS}
