# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Are the planned updates there? The judged job, the proof of the host's sources, and the machine, as one answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._evidence.install_journal import planned_updates
from .._evidence.scan import Scan
from .._evidence.times import format_time
from .._evidence.wording import printable
from .._verdict.compliance.host_compliance import Compliance
from .._verdict.install.update_result import STATES
from .._verdict.persistent import PersistentSignal
from .._verdict.reboot import Verdict

MOST_UPDATES = 100
MAX_SENTENCE = 900
REBOOT_KEY = "reboot_required_key"
# What came of it, the worst first.
OUTCOMES = ("failed", "running", "pending_reboot", "unknown", "deferred", "verified")
_BY_MACHINE = {"compliant": "verified", "pending_reboot": "pending_reboot", "unknown": "unknown"}


def proof_demands(plan: object, scan: Scan | None) -> list[dict[str, Any]]:
    """Return the planned updates as win_patch_verify_info takes them, with the KB number where only one has it."""
    planned = planned_updates(plan)[:MOST_UPDATES]
    articles = {update.id: update.kb for update in scan.updates} if scan is not None else {}
    numbers = {update.id: (articles.get(update.id) or ("",))[0] for update in planned}
    often = Counter(number for number in numbers.values() if number)
    return [
        {"id": name, "kb": f"KB{number}"} if number and often[number] == 1 else {"id": name}
        for name, number in numbers.items()
    ]


def verify_report(
    judged: Mapping[str, Any] | None,
    proof: Mapping[str, Any] | None,
    *,
    compliance: Compliance,
    verdict: Verdict,
    persistent: Sequence[PersistentSignal],
    scan: Scan,
) -> dict[str, Any]:
    """Return the published answer. ``judged`` is what `install_report` says of the job, None where there was none.

    The proof takes an update's `verified` away where a source of the host contradicts it; it never gives one.
    """
    stuck = {signal.signal.id for signal in persistent}
    proved = _proved(proof)
    updates = [
        _held_against(update, proved, key_is_stuck="wu_reboot_required" in stuck)
        for update in (judged or {}).get("updates", ())
    ]
    wrong = [
        str(entry.get("sentence"))
        for entry in _mappings((proof or {}).get("predictions"))
        if entry.get("verdict") == "inconsistent"
    ]
    outcome = _outcome(judged, updates, compliance, doubtful=bool(stuck or wrong))
    counts = Counter(str(update["state"]) for update in updates)
    return {
        "updates": updates,
        "counts": {state: counts.get(state, 0) for state in STATES},
        "machine": compliance.machine,
        "reasons": [reason.as_dict() for reason in compliance.reasons],
        "verdict": verdict.as_dict(signals=False),
        "scan_at": format_time(scan.scanned_at) if scan.scanned_at is not None else None,
        "proof": _short_proof(proof),
        "persistent": [signal.as_dict() for signal in persistent],
        "not_again": dict((judged or {}).get("not_again", {})),
        "outcome": outcome,
        "sentence": _sentence(updates, compliance, wrong),
    }


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, (list, tuple)) else []


def _proved(proof: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """What was proved, by the update's id or, where it has one of its own, by its KB number."""
    found = (proof or {}).get("updates")
    return (
        {str(key).lower(): entry for key, entry in found.items() if isinstance(entry, Mapping)}
        if isinstance(found, Mapping)
        else {}
    )


def _held_against(
    update: Mapping[str, Any], proved: Mapping[str, Mapping[str, Any]], *, key_is_stuck: bool
) -> dict[str, Any]:
    shown = {key: update.get(key) for key in ("id", "revision", "title", "state", "because", "hresult", "explanation")}
    shown["reason"] = update.get("reason")
    entry = next((proved[key] for key in _keys(update) if key in proved), None)
    if entry is None or shown["state"] != "verified":
        return shown
    verdict, against = entry.get("verdict"), entry.get("disagree") or entry.get("agree") or ()
    if verdict not in ("inconsistent", "missing", "pending"):
        return shown
    if key_is_stuck and verdict == "pending" and set(against) <= {REBOOT_KEY}:
        return shown
    text = printable(f"{shown['because']}; but {entry.get('sentence')}"[:600])
    return {**shown, "state": "pending_reboot" if verdict == "pending" else "unknown", "because": text}


def _keys(update: Mapping[str, Any]) -> list[str]:
    keys = [str(update.get("id")).lower()]
    return [*keys, *(word.strip("().,;").lower() for word in str(update.get("title")).split() if "KB" in word.upper())]


def _outcome(
    judged: Mapping[str, Any] | None, updates: Sequence[Mapping[str, Any]], compliance: Compliance, *, doubtful: bool
) -> str:
    """The worst of the job, of its updates as they were proved, and of the signals that no reboot clears."""
    if judged is None:
        found = [_BY_MACHINE.get(compliance.machine, "deferred")]
    else:
        states = {update["state"] for update in updates}
        found = [str(judged.get("outcome"))]
        found += [state for state in ("pending_reboot", "unknown") if state in states]
    if doubtful:
        found.append("unknown")
    return next((word for word in OUTCOMES if word in found), "unknown")


def _short_proof(proof: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    shown = {key: proof.get(key) for key in ("verdict", "counts", "sentence", "build", "error")}
    shown["updates"] = {
        key: {word: entry.get(word) for word in ("verdict", "agree", "disagree", "unsure")}
        for key, entry in list(_proved(proof).items())[:MOST_UPDATES]
    }
    shown["predictions"] = [dict(entry) for entry in _mappings(proof.get("predictions"))[:20]]
    return shown


def _sentence(updates: Sequence[Mapping[str, Any]], compliance: Compliance, wrong: Sequence[str]) -> str:
    counts = Counter(str(update["state"]).replace("_", " ") for update in updates)
    listed = ", ".join(f"{number} {state}" for state, number in counts.items())
    parts = [f"Of {len(updates)} planned updates {listed}."] if updates else []
    parts.append(compliance.sentence)
    parts += [f"The boot did not do what was predicted: {text}." for text in wrong[:2]]
    return printable(" ".join(parts)[:MAX_SENTENCE])
