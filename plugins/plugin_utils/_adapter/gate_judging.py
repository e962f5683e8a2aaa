# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From what is known of a host to its row at the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .._evidence.document import EvidenceError
from .._evidence.scan import SCAN_SCHEMA, ScanError
from .._evidence.times import TimeTextError, format_time, time_or_none
from .._evidence.wording import printable
from .._report.gate import (
    COMPLIANCE,
    REBOOT_ALLOWED,
    Objection,
    allowed_objections,
    compliance_objections,
    done_objections,
    gate_row,
)
from .._verdict.compliance.host_compliance import ComplianceJudge
from .._verdict.compliance.judges import JudgeError
from .._verdict.policy import PolicyError
from .._verdict.reboot import reboot_verdict

_MAX_TEXT = 400
_VERDICT_KEYS = ("reboot", "kind", "safe_to_reboot", "because", "busy")
_NO_SCAN = "its evidence holds no scan, so nothing is known of its updates; win_patch_info makes one"
_PASSES = {
    COMPLIANCE: "compliant: what counts is installed, and no reboot is required",
    REBOOT_ALLOWED: "a reboot is required, and nothing speaks against it now",
}
_DONE = "no reboot is required"
_PROVES = "; that proves nothing of planned updates, which only a fresh scan shows"

# What one host's document, policy or time may be wrong with; the gate goes on with the others.
_COMPLAINTS = (EvidenceError, ScanError, PolicyError, TimeTextError, JudgeError)


@dataclass(frozen=True)
class Gate:
    """What the gate asks, and what it is lenient about.

    ``question`` is compliance, reboot_allowed or reboot_done; ``at`` the controller's time; ``now`` the instant at
    which ages and expiries are judged, None for the time at which each document was collected; ``max_age`` how old a
    document may be, None for any age; ``before`` the boot times of before the reboot, by host.
    """

    question: str
    policy: Mapping[str, Any]
    at: datetime
    judge: str = "winops"
    allow: Sequence[str] = ()
    now: str | None = None
    max_age: timedelta | None = None
    before: Mapping[str, str] = field(default_factory=dict)

    def judge_of_updates(self) -> ComplianceJudge:
        """Return the judge for all hosts. Raises PolicyError, JudgeError or TimeTextError."""
        judge = ComplianceJudge(self.policy, self.judge, now=self.now)
        judge.check()
        return judge

    def unread(self, reason: str) -> dict[str, Any]:
        """Return the row of a host of which nothing was read; a reason that begins so makes it unreachable."""
        word, _, text = reason.partition(": ")
        objection = Objection("unreachable", text) if word == "unreachable" else Objection("unknown", reason)
        return gate_row([objection], self.allow, message="", facts={"error": reason}, read=False)

    def of_document(
        self, host: str, document: Mapping[str, Any], judge: ComplianceJudge, missing: str = ""
    ) -> dict[str, Any]:
        """Return the row of a host's evidence (or bare scan); ``missing`` is why there is no scan in it, if known."""
        scan, evidence = document.get("scan"), document
        if document.get("schema") == SCAN_SCHEMA:
            scan, evidence = document, {}
        facts: dict[str, Any] = {
            "boot_time": _time(document.get("boot_time")),
            "collected_at": _time(document.get("collected_at") or document.get("scanned_at")),
            "scanned_at": _time(scan.get("scanned_at")) if isinstance(scan, Mapping) else None,
        }
        try:
            if self.question != COMPLIANCE:
                if not evidence:
                    raise EvidenceError("a scan says nothing of the other signals; the gate needs the evidence")
                verdict = reboot_verdict(evidence, self.policy, now=self.now).as_dict(signals=False)
                return self.of_verdict(host, verdict, facts)
            return self._compliance(scan, evidence, judge, facts, missing)
        except _COMPLAINTS as error:
            text = printable(str(error)[:_MAX_TEXT])
            return self._row([Objection("unknown", text)], "", {**facts, "error": text})

    def of_verdict(self, host: str, verdict: Mapping[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
        """Return the row of a reboot verdict, for the two questions about reboots."""
        facts = {**facts, **{key: verdict[key] for key in _VERDICT_KEYS}}
        if self.question == REBOOT_ALLOWED:
            return self._row(allowed_objections(verdict), _PASSES[REBOOT_ALLOWED], facts)
        before = self.before.get(host)
        facts["boot_time_before"] = before
        since = f", and the host has booted since {before}" if before else "; no earlier boot time is known"
        return self._row(done_objections(verdict, facts["boot_time"], before), f"{_DONE}{since}{_PROVES}", facts)

    def of_compliance(self, answer: Mapping[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
        """Return the row of what patch_compliance returns, or of the fact that holds the same keys."""
        known = {key: answer[key] for key in ("machine", "reboot", "counts", "counted") if key in answer}
        return self._row(compliance_objections(answer), _PASSES[COMPLIANCE], {**facts, **known})

    def without_updates(self, verdict: Mapping[str, Any], why: str, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the row of a host of whose updates nothing is known, but perhaps that it waits for a reboot."""
        objections = [Objection("unknown", why)]
        machine = "unknown"
        if verdict["reboot"] == "required":
            objections.append(Objection("needs_reboot", str(verdict["sentence"])))
            machine = "pending_reboot"
        known = {key: verdict[key] for key in _VERDICT_KEYS if key in verdict}
        return self._row(objections, "", {**facts, **known, "machine": machine})

    def _compliance(
        self, scan: object, evidence: Mapping[str, Any], judge: ComplianceJudge, facts: dict[str, Any], missing: str
    ) -> dict[str, Any]:
        verdict = reboot_verdict(evidence, self.policy, now=self.now).as_dict(signals=False) if evidence else None
        if verdict is not None:
            facts.update({key: verdict[key] for key in _VERDICT_KEYS})
        if scan is None:
            return self.without_updates(verdict or {"reboot": "unknown"}, missing or _NO_SCAN, facts)
        return self.of_compliance(judge.host(scan, evidence or None).as_dict(), facts)

    def _row(self, objections: Sequence[Objection], message: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        return gate_row(
            [*objections, *self._too_old(facts.get("collected_at"))], self.allow, message=message, facts=facts
        )

    def _too_old(self, collected_at: str | None) -> list[Objection]:
        if self.max_age is None:
            return []
        collected = time_or_none(collected_at)
        if collected is None:
            return [Objection("unknown", "when it was read is unknown, so it may be too old")]
        if self.at - collected <= self.max_age:
            return []
        days = f"{(self.at - collected).total_seconds() / 86400:.1f}"
        return [Objection("unknown", f"it was read {days} days ago ({collected_at}), which is too long; read it again")]


def _time(text: object) -> str | None:
    found = time_or_none(text)
    return format_time(found) if found is not None else None
