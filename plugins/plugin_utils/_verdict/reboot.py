# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Does this host wait for a reboot, why, and may it be rebooted now?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .._evidence.activity import AGENT_BUSY
from .._evidence.answers import Reading, answer_of
from .._evidence.catalogue import BUSY_SIGNALS, DECIDING, REQUIRED_SIGNALS
from .._evidence.document import Evidence, EvidenceError, parse_evidence
from .._evidence.times import format_time, parse_time
from .._evidence.wording import printable
from .custom_signals import CustomSignalError, parse_custom_signals
from .judge_updates import FIRST_VISTA_BUILD, valid_scan
from .persistent import RULE as PERSISTENT_RULE
from .persistent import is_persistent
from .policy import Policy, parse_policy
from .sentence import sentence_of
from .signal import Signal
from .signals import judge_signals


@dataclass(frozen=True, slots=True)
class UnknownSignal:
    """A signal without an answer; ``decisive`` where no "no" is possible without it."""

    id: str
    reason: str
    decisive: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one host, in the published words."""

    reboot: str
    kind: str
    because: tuple[str, ...]
    hints: tuple[str, ...]
    informational: tuple[str, ...]
    unknown: tuple[UnknownSignal, ...]
    ignored: tuple[tuple[str, str], ...]
    safe_to_reboot: str
    busy: tuple[str, ...]
    update_agent: str
    since: str | None
    limits: tuple[tuple[str, str], ...]
    sentence: str
    signals: tuple[Signal, ...]

    @property
    def persistent(self) -> tuple[str, ...]:
        """The ids of signals that are passed over because a reboot did not clear them."""
        return tuple(name for name, rule in self.ignored if rule == PERSISTENT_RULE)

    def as_dict(self, *, signals: bool = True) -> dict[str, Any]:
        """Return the published shape; without ``signals`` it stays small."""
        shape: dict[str, Any] = {
            "reboot": self.reboot,
            "kind": self.kind,
            "because": list(self.because),
            "hints": list(self.hints),
            "informational": list(self.informational),
            "unknown": [{"id": entry.id, "reason": entry.reason, "decisive": entry.decisive} for entry in self.unknown],
            "ignored": [{"id": name, "rule": rule} for name, rule in self.ignored],
            "safe_to_reboot": self.safe_to_reboot,
            "busy": list(self.busy),
            "update_agent": self.update_agent,
            "since": self.since,
            "limits": [{"id": name, "reason": reason} for name, reason in self.limits],
            "sentence": self.sentence,
        }
        if signals:
            shape["signals"] = [signal.as_dict() for signal in self.signals]
        return shape


def reboot_verdict(evidence: object, policy: object = None, *, now: object = None) -> Verdict:
    """Return the Verdict of an evidence document (or parsed Evidence) under a policy.

    ``now`` is the instant at which ages and expiries are judged, by default when the evidence was collected.
    Raises EvidenceError, PolicyError or TimeTextError for what cannot be judged at all.
    """
    instant = parse_time(now) if now is not None else None
    parsed = evidence if isinstance(evidence, Evidence) else parse_evidence(evidence)
    if instant is not None:
        parsed = replace(parsed, judged_at=instant)
    try:
        own = frozenset(signal.definition.id for signal in parse_custom_signals(parsed.custom_signals))
    except CustomSignalError as error:
        raise EvidenceError(f"the signals that the evidence was collected with cannot be used: {error}") from error
    return judge_reboot(parsed, parse_policy(policy, custom=own))


def judge_reboot(evidence: Evidence, policy: Policy) -> Verdict:
    """Return the Verdict of parsed evidence."""
    signals = judge_signals(evidence, policy)
    required = _required(evidence, policy, signals)
    deciding, weak, informational, ignored = _sort_present(signals, policy)
    missing = _sort_unknown(signals, required, policy)
    if policy.weak_decides and len({signal.definition.source for signal in weak}) >= policy.weak_decides:
        deciding, weak = [*deciding, *weak], []
    reboot = _decide(deciding, missing, policy)
    busy, safe = _busy(evidence, signals)
    limits = limits_of(evidence)
    kind = _kind(deciding) if reboot == "required" else "none"
    agent = _update_agent(evidence, policy)
    return Verdict(
        reboot=reboot,
        kind=kind,
        because=tuple(signal.id for signal in deciding),
        hints=tuple(signal.id for signal in weak),
        informational=tuple(signal.id for signal in informational),
        unknown=missing,
        ignored=ignored,
        safe_to_reboot=safe,
        busy=busy,
        update_agent=agent,
        since=_since(evidence, deciding),
        limits=limits,
        sentence=sentence_of(
            reboot,
            kind,
            deciding,
            weak,
            [(entry.id, entry.reason, entry.decisive) for entry in missing],
            busy=busy,
            limits=limits,
            persistent=[name for name, rule in ignored if rule == PERSISTENT_RULE],
        ),
        signals=signals,
    )


def _required(evidence: Evidence, policy: Policy, signals: Sequence[Signal]) -> frozenset[str]:
    if policy.require is not None:
        return policy.require - policy.ignore_signals
    names = set(REQUIRED_SIGNALS)
    if evidence.build is not None and evidence.build < FIRST_VISTA_BUILD:
        names.add("update_exe_volatile")
    names.update(signal.id for signal in signals if signal.required_by_product)
    return frozenset(names) - policy.ignore_signals


def _sort_present(
    signals: Sequence[Signal], policy: Policy
) -> tuple[list[Signal], list[Signal], list[Signal], tuple[tuple[str, str], ...]]:
    deciding: list[Signal] = []
    weak: list[Signal] = []
    informational: list[Signal] = []
    ignored: list[tuple[str, str]] = []
    for signal in signals:
        if signal.state in ("absent", "not_asked"):
            continue
        if signal.id in policy.ignore_signals:
            ignored.append((signal.id, "ignore_signals"))
        elif signal.state != "present":
            continue
        elif signal.ignored_by:
            ignored.extend((signal.id, rule) for rule in signal.ignored_by)
        elif policy.persistent and is_persistent(signal, policy.persistent):
            ignored.append((signal.id, PERSISTENT_RULE))
        elif signal.strength in DECIDING:
            deciding.append(signal)
        elif signal.strength == "weak":
            weak.append(signal)
        else:
            informational.append(signal)
    return deciding, weak, informational, tuple(ignored)


def _sort_unknown(signals: Sequence[Signal], required: frozenset[str], policy: Policy) -> tuple[UnknownSignal, ...]:
    """Unknown signals, and required ones that were not asked: a "no" must not rest on a question nobody put."""
    return tuple(
        UnknownSignal(signal.id, signal.detail, signal.id in required)
        for signal in signals
        if (signal.state == "unknown" or (signal.state == "not_asked" and signal.id in required))
        and signal.id not in policy.ignore_signals
    )


def _decide(deciding: Sequence[Signal], missing: Sequence[UnknownSignal], policy: Policy) -> str:
    if deciding:
        return "required"
    if any(entry.decisive for entry in missing):
        return policy.unknown_is
    return "not_required"


def _busy(evidence: Evidence, signals: Sequence[Signal]) -> tuple[tuple[str, ...], str]:
    """What is at work. The update agent counts when it says so; its refusal of network logons leaves nothing open."""
    states = {signal.id: signal.state for signal in signals if signal.id in BUSY_SIGNALS}
    busy = tuple(name for name in BUSY_SIGNALS if states[name] == "present")
    if answer_of(evidence.probes, AGENT_BUSY).data.get("value") is True:
        busy = (*busy, AGENT_BUSY)
    if busy:
        return busy, "no"
    return busy, "yes" if all(state == "absent" for state in states.values()) else "unknown"


def _kind(deciding: Sequence[Signal]) -> str:
    kinds = {signal.kind for signal in deciding}
    return next((kind for kind in ("in_progress", "hard") if kind in kinds), "soft")


def _update_agent(evidence: Evidence, policy: Policy) -> str:
    if valid_scan(evidence, policy)[0] is not None:
        return "read"
    answer = answer_of(evidence.probes, "system_info")
    if answer.reading is Reading.NOT_ASKED:
        return "not_asked"
    if answer.reading is Reading.UNKNOWN:
        return "denied" if answer.reason.startswith("access denied") else "error"
    return "read" if answer.reading is Reading.ABSENT or isinstance(answer.data.get("value"), bool) else "error"


def _since(evidence: Evidence, deciding: Sequence[Signal]) -> str | None:
    if not evidence.since_asked:
        return None
    times: list[datetime] = [signal.written_at for signal in deciding if signal.written_at is not None]
    return format_time(min(times)) if times else None


def limits_of(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """What keeps the reader from reading as a whole: said once, instead of once for each signal."""
    limits = []
    if evidence.system.get("elevated") is False:
        user = printable(str(evidence.system.get("user") or "the account")[:80])
        limits.append(
            (
                "not_elevated",
                f"the token of {user} is filtered: connect as a local administrator with an elevated token",
            )
        )
    if str(evidence.system.get("language_mode") or "FullLanguage") != "FullLanguage":
        remedy = "let the host's application control policy allow the scripts of this collection"
        limits.append(("constrained_language", f"PowerShell runs in constrained language mode: {remedy}"))
    return tuple(limits)
