# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""May this go on? One answer for each host, each with its reason, and one for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .._evidence.times import format_time, time_or_none

SCHEMA = "winops.patching/gate/1"
COMPLIANCE = "compliance"
REBOOT_ALLOWED = "reboot_allowed"
REBOOT_DONE = "reboot_done"
QUESTIONS = (COMPLIANCE, REBOOT_ALLOWED, REBOOT_DONE)
# Worst first: the first that is not allowed is a host's reason.
REASONS: Mapping[str, str] = {
    "unreachable": "unreachable: the host gave no answer at all",
    "failed": "failed: an update could not be installed",
    "missing": "missing: an update that the baseline asks for is not installed",
    "rejected": "rejected: an update is installed that must not be",
    "needs_reboot": "needs reboot: what was installed is not in force before the next start",
    "not_rebooted": "not rebooted: the host still runs since before",
    "busy": "busy: something is being installed or removed right now",
    "not_required": "nothing to do: no reboot is required",
    "unknown": "unknown: what would be needed for an answer could not be read",
}
# Between two readings of the same boot the time may move a little, because Windows corrects its clock.
SAME_BOOT = timedelta(minutes=2)
_SERVICING = ("cbs_reboot_in_progress", "servicing_in_progress")
_IMPLIED = {
    "non_compliant": (("failed", "missing", "rejected"), "missing"),
    "pending_reboot": (("needs_reboot",), "needs_reboot"),
    "unknown": (("unknown",), "unknown"),
}


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a host does not pass: one of REASONS, of how many updates, in a sentence."""

    reason: str
    text: str
    count: int | None = None


def compliance_objections(answer: Mapping[str, Any]) -> list[Objection]:
    """Return the objections of what patch_compliance returned; none where the machine is compliant."""
    if answer["machine"] == "compliant":
        return []
    found = [
        Objection(entry["reason"], str(entry.get("text") or _counted(entry)), entry.get("count"))
        for entry in answer.get("reasons") or ()
        if entry.get("reason") in REASONS
    ]
    named = {objection.reason for objection in found}
    sentence = f"the machine is {answer['machine']}"
    # A lenient gate must not let through what the list of reasons left out.
    group, word = _IMPLIED.get(answer["machine"], _IMPLIED["unknown"])
    if named.isdisjoint(group):
        found.append(Objection(word, sentence))
    if answer.get("reboot") == "required" and "needs_reboot" not in named and word != "needs_reboot":
        found.append(Objection("needs_reboot", "a reboot is required"))
    if answer.get("reboot") == "unknown" and "unknown" not in named and word != "unknown":
        found.append(Objection("unknown", "whether a reboot is required is unknown"))
    return found


def _counted(entry: Mapping[str, Any]) -> str:
    """What is said of a reason that came without words, as in a fact."""
    return f"{str(entry['reason']).replace('_', ' ')}: {entry.get('count')} found"


def allowed_objections(verdict: Mapping[str, Any]) -> list[Objection]:
    """Return why a host must not be rebooted now; none where a reboot is required and nothing speaks against it."""
    if verdict["reboot"] == "unknown":
        return [Objection("unknown", verdict["sentence"])]
    if verdict["reboot"] == "not_required":
        return [Objection("not_required", verdict["sentence"])]
    if verdict["safe_to_reboot"] == "no":
        return [Objection("busy", f"a reboot is required, but not now: {', '.join(verdict['busy']) or 'busy'}")]
    if verdict["safe_to_reboot"] != "yes":
        return [
            Objection("unknown", f"a reboot is required, but whether it is safe now is unknown. {verdict['sentence']}")
        ]
    return []


def done_objections(verdict: Mapping[str, Any], boot: object, before: object) -> list[Objection]:
    """Return why a reboot has not done its work; ``before`` is the boot time that an earlier reading showed, or None.

    Keys that are gone after a boot prove nothing of a planned update: only a fresh scan does.
    """
    if verdict["reboot"] == "unknown":
        return [Objection("unknown", verdict["sentence"])]
    if verdict["reboot"] == "required":
        return [Objection("needs_reboot", verdict["sentence"])]
    if servicing := [name for name in verdict["busy"] if name in _SERVICING]:
        return [Objection("busy", f"Windows is still at work on what was installed: {', '.join(servicing)}")]
    earlier, now = time_or_none(before), time_or_none(boot)
    if earlier is None:
        return []
    if now is None:
        return [Objection("unknown", f"whether the host has booted since {format_time(earlier)} is unknown")]
    if now <= earlier + SAME_BOOT:
        return [Objection("not_rebooted", f"the host has not booted since {format_time(earlier)}")]
    return []


def gate_row(
    objections: Sequence[Objection],
    allow: Collection[str],
    *,
    message: str,
    facts: Mapping[str, Any],
    read: bool = True,
) -> dict[str, Any]:
    """Return one host's row; ``message`` is for a host against which nothing speaks, ``facts`` are further keys.

    ``read`` False: nothing was read of the host in this run.
    """
    order = list(REASONS)
    sorted_ones = sorted(objections, key=lambda one: (one.reason in allow, order.index(one.reason)))
    first = sorted_ones[0] if sorted_ones else None
    row: dict[str, Any] = {
        "passed": all(one.reason in allow for one in sorted_ones),
        "reason": first.reason if first else None,
        "message": first.text if first else message,
        "reasons": [
            {"reason": one.reason, "count": one.count, "text": one.text, "allowed": one.reason in allow}
            for one in sorted_ones
        ],
        "read": read,
        "machine": None,
        "reboot": "unknown",
        "safe_to_reboot": "unknown",
        "error": None,
    }
    row.update(facts)
    return row


def gate_document(
    rows: Mapping[str, Mapping[str, Any]],
    *,
    at: datetime,
    run_id: str | None,
    question: str,
    source: str,
    allow: Sequence[str],
) -> dict[str, Any]:
    """Return the gate's document. Where not one host was read none passes, whatever is allowed."""
    hosts = {name: dict(rows[name]) for name in sorted(rows)}
    if not any(row["read"] for row in hosts.values()):
        for row in hosts.values():
            row["passed"] = False
    passed = [row["passed"] for row in hosts.values()]
    return {
        "schema": SCHEMA,
        "at": format_time(at),
        "run_id": run_id,
        "for": question,
        "from": source,
        "allow": list(allow),
        "passed": bool(passed) and all(passed),
        "hosts": hosts,
        "totals": {
            "hosts": len(hosts),
            "passed": sum(passed),
            "failed": len(passed) - sum(passed),
            "reasons": dict(Counter(row["reason"] for row in hosts.values() if not row["passed"])),
            "machine": dict(Counter(row["machine"] for row in hosts.values() if row["machine"])),
            "reboot": dict(Counter(row["reboot"] for row in hosts.values())),
        },
    }
