# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From the options of a task to what a host is asked for its signals, and the policy that judges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .._evidence.catalogue import SIGNALS
from .._evidence.persistent import marks_of
from .._verdict.compliance.policy import parse_compliance_policy
from .._verdict.policy import PolicyError
from .._verdict.reboot import Verdict
from .core import ActionFail
from .files import host_file_name, write_json
from .judging import merged_policy
from .reader import SignalQuestion, chosen_signals
from .rule_files import Find, load_custom_signals, load_rename_rules

# What every door that reads signals takes.
SIGNAL_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "signals": {"type": "list", "elements": "str"},
        "skip": {"type": "list", "elements": "str"},
        "custom_signals": {"type": "list", "elements": "raw"},
        "rename_rules": {"type": "list", "elements": "raw"},
        "policy": {"type": "dict"},
        "evidence": {"type": "str", "choices": ["none", "return", "file", "both"], "default": "none"},
        "evidence_dir": {"type": "path"},
        "since": {"type": "bool", "default": False},
        "run_id": {"type": "str"},
        "persistent": {"type": "str", "choices": ["ignore", "read"], "default": "ignore"},
    }
)


@dataclass(frozen=True)
class Judging:
    """What a host is asked, and the policy (as the document keeps it) under which its answer is judged."""

    question: SignalQuestion
    policy: dict[str, Any]

    def policy_for(self, document: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return (the policy with the marks that the host holds of signals, warnings)."""
        if not self.question.persistent:
            return self.policy, []
        own = [str(entry["id"]) for entry in self.question.custom_signals]
        marks, problem = marks_of(document["probes"], [*SIGNALS, *own])
        return ({**self.policy, "persistent": marks} if marks else self.policy), [problem] if problem else []


def judging_of(options: Mapping[str, Any], host: str, find: Find, *, unknown_is: str | None = None) -> Judging:
    """Return the question and the policy of a task's options; the task fails with every mistake by its option."""
    if options["evidence"] in ("file", "both") and not options["evidence_dir"]:
        raise ActionFail(f"evidence_dir: evidence={options['evidence']} needs the folder to write to")
    own, parsed = load_custom_signals(options["custom_signals"], find)
    names = [signal.definition.id for signal in parsed]
    agent, marks = options["update_agent"], options["persistent"] == "read"
    if marks and "persistent" in (options["policy"] or {}):
        raise ActionFail("persistent: given as an option and inside policy; keep one of them")
    signals = chosen_signals(options["signals"], options["skip"], agent, custom=names)
    policy = merged_policy(
        options["policy"],
        error=ActionFail,
        custom=frozenset(names),
        rename_rules=load_rename_rules(options["rename_rules"], find),
        unknown_is=unknown_is,
    )
    if agent == "scan":
        _check_compliance(policy, frozenset(names))
    question = SignalQuestion(
        host, signals, options["since"], options["run_id"], own, update_agent=agent != "skip", persistent=marks
    )
    return Judging(question, policy)


def _check_compliance(policy: Mapping[str, Any], custom: frozenset[str]) -> None:
    """A mistake that would show only when the scan is judged is told before it is made."""
    try:
        parse_compliance_policy(policy, custom=custom)
    except PolicyError as error:
        raise ActionFail(str(error)) from None


def keep_evidence(document: Mapping[str, Any], options: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """Return what a task says of its evidence: the document itself, the file that it was saved to, or nothing."""
    kept: dict[str, Any] = {}
    if options["evidence"] in ("return", "both"):
        kept.update(evidence=document, signals=[signal.as_dict() for signal in verdict.signals])
    if options["evidence"] in ("file", "both"):
        path = Path(options["evidence_dir"]) / f"{host_file_name(str(document['host']))}.json"
        write_json(path, document)
        kept["evidence_file"] = str(path)
    return kept
