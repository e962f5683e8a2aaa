# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Is a host compliant? The answer for one host, from its scan and its evidence, under a policy, by a judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..._evidence.document import Evidence, EvidenceError, parse_evidence
from ..._evidence.scan import Scan, parse_scan
from ..._evidence.times import parse_time
from ..baseline.months import MonthAnswer
from ..custom_signals import CustomSignalError, parse_custom_signals
from ..finding import Finding
from ..reboot import judge_reboot
from ..update_source import source_findings, source_trust
from .host import HostView, view_host
from .judge_forerunners import machine_check_mbsa_2_0
from .judge_updates import UpdateJudge
from .judges import Judge, judge_named
from .machine_reboot import machine_reboot
from .months import answer_months, pass_over_months
from .outcome import STATES, UpdateVerdict
from .policy import CompliancePolicy, parse_compliance_policy
from .roll_up import Facts, Machine, Reason, roll_up
from .scan_trust import Doubt, doubts_of, scan_age

MAX_SENTENCE = 900
_HEADS: Mapping[str, str] = {
    "compliant": "Compliant: what counts is installed, and no reboot is required.",
    "non_compliant": "Not compliant:",
    "pending_reboot": "Waits for a reboot:",
    "unknown": "Whether it is compliant is unknown:",
}
_NO_SIGNALS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Compliance:
    """The answer for one host in the published words. ``updates`` by id; ``counts`` of all, ``counted`` of those that
    the machine's answer depends on."""

    machine: Machine
    reboot: str
    unattributed_reboot: bool
    updates: Mapping[str, UpdateVerdict]
    counts: Mapping[str, int]
    counted: Mapping[str, int]
    scan_age_seconds: int | None
    judge: str
    findings: tuple[Finding, ...]
    months: tuple[MonthAnswer, ...]
    doubts: tuple[Doubt, ...]
    machine_check: tuple[str, str] | None
    reasons: tuple[Reason, ...]
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        check = self.machine_check
        return {
            "machine": self.machine,
            "reboot": self.reboot,
            "unattributed_reboot": self.unattributed_reboot,
            "updates": {name: verdict.as_dict() for name, verdict in sorted(self.updates.items())},
            "counts": dict(self.counts),
            "counted": dict(self.counted),
            "scan_age_seconds": self.scan_age_seconds,
            "judge": self.judge,
            "findings": [finding.as_dict() for finding in self.findings],
            "months": [
                {"name": month.name, "state": month.state, "by": month.by, "reason": month.reason}
                for month in self.months
            ],
            "doubts": [{"id": doubt.id, "text": doubt.text} for doubt in self.doubts],
            "machine_check": {"state": check[0], "because": check[1]} if check else None,
            "reasons": [reason.as_dict() for reason in self.reasons],
            "sentence": self.sentence,
        }


def patch_compliance(
    scan: object, evidence: object = None, policy: object = None, judge: object = "winops", *, now: object = None
) -> Compliance:
    """Return the Compliance of one host: a scan document (or Scan) and its evidence document, if there is one.

    ``now`` is the instant at which ages and expiries are judged, by default when the evidence was collected. Without
    both, nobody knows how old the scan is: then the machine is never compliant.
    Raises ScanError, EvidenceError, PolicyError, JudgeError or TimeTextError for what cannot be judged at all.
    """
    return ComplianceJudge(policy, judge, now=now).host(scan, evidence)


class ComplianceJudge:
    """Judges many hosts under one policy: it is read once, and what hosts have in common is judged once."""

    def __init__(self, policy: object = None, judge: object = "winops", *, now: object = None) -> None:
        """Raises PolicyError, JudgeError or TimeTextError. Signals that users added are known only from evidence."""
        self._policy = policy
        self._judge = judge_named(judge)
        self._now = parse_time(now) if now is not None else None
        self._by_signals: dict[frozenset[str], UpdateJudge] = {}

    def host(self, scan: object, evidence: object = None) -> Compliance:
        """Return the answer for one host. Raises ScanError, EvidenceError or PolicyError.

        What holds a scan is taken as one: a result of win_patch_info, or a saved evidence document, which then is the
        evidence too.
        """
        if isinstance(scan, Mapping) and "updates" not in scan and isinstance(scan.get("scan"), Mapping):
            within = scan if "probes" in scan else scan.get("evidence")
            scan, evidence = scan["scan"], evidence if evidence is not None else within
        parsed = parse_scan(scan)
        read = _evidence(evidence, self._now)
        judge = self._under(_own_signals(read) if read is not None else _named_signals(self._policy))
        return _judge_host(parsed, read, judge, self._judge, self._now)

    def check(self) -> None:
        """Raise PolicyError for a policy that can be used for no host at all."""
        self._under(_named_signals(self._policy))

    def _under(self, custom: frozenset[str]) -> UpdateJudge:
        known = self._by_signals.get(custom)
        if known is None:
            policy = parse_compliance_policy(self._policy, custom=custom)
            known = self._by_signals[custom] = UpdateJudge(policy, self._judge)
        return known


def _evidence(value: object, now: datetime | None) -> Evidence | None:
    if value is None:
        return None
    if not isinstance(value, Evidence):
        return parse_evidence(value, now=now)
    return replace(value, judged_at=now) if now is not None else value


def _own_signals(evidence: Evidence) -> frozenset[str]:
    if not evidence.custom_signals:
        return _NO_SIGNALS
    try:
        return frozenset(signal.definition.id for signal in parse_custom_signals(evidence.custom_signals))
    except CustomSignalError as error:
        raise EvidenceError(f"the signals that the evidence was collected with cannot be used: {error}") from error


def _named_signals(policy: object) -> frozenset[str]:
    """Without evidence nobody knows which signals users have added: every name may be one of theirs."""
    if not isinstance(policy, Mapping):
        return _NO_SIGNALS
    named = (policy.get(key) for key in ("require", "strengths", "ignore_signals", "persistent"))
    return frozenset(
        name for names in named if isinstance(names, (list, tuple, Mapping)) for name in names if isinstance(name, str)
    )


def _judge_host(
    scan: Scan, evidence: Evidence | None, updates: UpdateJudge, judge: Judge, now: datetime | None
) -> Compliance:
    policy = updates.policy
    at = now if now is not None else (evidence.collected_at if evidence is not None else None)
    verdict = judge_reboot(evidence, policy.reboot) if evidence is not None else None
    host = view_host(scan, evidence, verdict, policy, at=at, untrusted=_untrusted(scan, policy))
    months = answer_months(host)
    found = updates.all_of(host)
    if months:
        found = pass_over_months(host, found, months)
    check = machine_check_mbsa_2_0(evidence) if judge.checks_flags else None
    reboot = machine_reboot(host, check)
    doubts = doubts_of(scan, evidence, policy, at)
    machine, reasons = roll_up(host, Facts(found, reboot, doubts, months, check))
    age = scan_age(scan, at)
    return Compliance(
        machine=machine,
        reboot=reboot.word,
        unattributed_reboot=reboot.unattributed,
        updates=found,
        counts=_counts([verdict.state for verdict in found.values()]),
        counted=_counts([verdict.state for verdict in found.values() if verdict.counted]),
        scan_age_seconds=int(age.total_seconds()) if age is not None else None,
        judge=judge.name,
        findings=tuple(_findings(host)),
        months=months,
        doubts=doubts,
        machine_check=check,
        reasons=reasons,
        sentence=_sentence(machine, reasons),
    )


def _untrusted(scan: Scan, policy: CompliancePolicy) -> str:
    """Why the scan's source is not the expected one, empty where it is, or where nothing is expected."""
    if policy.expected_source is None:
        return ""
    trust = source_trust({"source": scan.source}, policy.expected_source)
    return "" if trust.trusted else trust.reason


def _counts(states: Sequence[str]) -> dict[str, int]:
    found = Counter(states)
    return {state: found.get(state, 0) for state in STATES}


def _findings(host: HostView) -> Iterator[Finding]:
    build = host.evidence.build if host.evidence is not None else None
    if host.scan.source:
        yield from source_findings({"source": host.scan.source}, host.policy.expected_source, build=build)
    if not host.policy.rules:
        return
    ruled = {rule for update in host.scan.updates for rule in host.policy.rules.about(update)}
    for rule in host.policy.rules.rules:
        if rule not in ruled:
            name = f"KB{rule.kb}" if rule.kb else str(rule.update)
            yield Finding("rule_without_update", "check", f"A file rule is about {name}, which the scan does not show.")


def _sentence(machine: Machine, reasons: tuple[Reason, ...]) -> str:
    parts = [_HEADS[machine], *(f"{reason.text}." for reason in reasons)]
    return " ".join(parts)[:MAX_SENTENCE]
