# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The hosts of a gate, and where what is known of each comes from: this run, the fact cache, or saved evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .._evidence.wording import type_name
from .._report.gate import COMPLIANCE, REBOOT_ALLOWED, REBOOT_DONE
from .core import ActionFail
from .files import host_file_name, previous, read_json
from .gate_judging import Gate
from .run import document_of_run, failure_of, registered_result
from .saved_documents import saved_documents

Rows = dict[str, dict[str, Any]]

_FACT = "winops_patching"
_NO_FACT = (
    "the fact cache holds no winops_patching of it: run winops.patching.win_patch_facts with cacheable facts, or judge "
    "live hosts"
)
_NO_COMPLIANCE = (
    "its fact winops_patching says nothing of updates; run winops.patching.win_patch_facts with update_agent=scan, or "
    "judge live hosts or saved evidence"
)
_READ_AGAIN = "run winops.patching.win_patch_facts again"
_ANSWERS = ("yes", "no", "unknown")
_VERDICTS = ("required", "not_required", "unknown")
_MACHINES = (None, "compliant", "non_compliant", "pending_reboot", "unknown")
# A fact that is not of this form must not pass for an answer: anybody can set a fact.
_SOUND: Mapping[str, Callable[[Any], bool]] = {
    "reboot": lambda value: value in _VERDICTS,
    "safe_to_reboot": lambda value: value in _ANSWERS,
    "busy": lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
    "sentence": lambda value: isinstance(value, str),
    "machine": lambda value: value in _MACHINES,
    "reasons": lambda value: value is None or (isinstance(value, list) and all(map(_is_reason, value))),
}
_NEVER_SAVED = "the folder of evidence holds no document of it"


def rows_of_this_run(
    gate: Gate,
    variables: Mapping[str, Any],
    *,
    hosts: Sequence[str],
    evidence_dir: Path,
    run_id: str,
    registered_as: str,
    named: bool,
) -> Rows:
    """Return a row for every host, from its document of this run.

    ``named``: somebody gave the run its id, so that a document of an earlier run may bear it; then a document counts
    only where the host's task has succeeded now.
    """
    judge = gate.judge_of_updates()
    rows: Rows = {}
    for host in hosts:
        document, missing = document_of_run(evidence_dir / f"{host_file_name(host)}.json", host, run_id)
        task = None
        if document is None or named or (gate.question == COMPLIANCE and document.get("scan") is None):
            # Looking into a host's variables is slow in large inventories: only those in doubt pay for it.
            task = registered_result(variables, host, registered_as)
        failure = failure_of(task)
        if document is not None and named and (task is None or failure):
            document, missing = None, "the host gave no evidence in this run: it was never reached"
        if document is None:
            rows[host] = gate.unread(failure or missing)
        else:
            rows[host] = gate.of_document(host, document, judge, failure or "")
    return rows


def rows_of_folder(gate: Gate, folder: Path, *, hosts: Sequence[str]) -> Rows:
    """Return a row for every host of a folder of saved evidence.

    Where ``hosts`` are given and the folder knows one of them, they are the hosts of the gate: the others of the folder
    are not looked at, and one that the folder does not know is unknown.
    """
    judge = gate.judge_of_updates()
    rows: Rows = {}
    for saved in saved_documents(folder):
        if saved.host in rows:
            rows[saved.host] = gate.unread(f"several files of {folder.name} are of {saved.host[:80]!r}; keep one")
        elif saved.document is None:
            rows[saved.host] = gate.unread(saved.problem)
        else:
            rows[saved.host] = gate.of_document(saved.host, saved.document, judge)
    if not any(host in rows for host in hosts):
        return rows
    return {host: rows[host] if host in rows else gate.unread(_NEVER_SAVED) for host in hosts}


def rows_of_facts(gate: Gate, variables: Mapping[str, Any], *, hosts: Sequence[str]) -> Rows:
    """Return a row for every host, from the fact that win_patch_facts has left in the fact cache."""
    gate.judge_of_updates()
    return {host: _row_of_fact(gate, host, _fact(variables, host)) for host in hosts}


def boot_times_before(path: Path | None, report: Path) -> dict[str, str]:
    """Return the boot times of before a reboot, by host: of a folder of evidence or a gate.json.

    Without a path the ``report`` of an earlier gate is taken, if it was one about this reboot: the one that this run
    has set aside, and, for later batches, what this run has written of it.
    """
    if path is None or path.resolve() == report.resolve():
        files = [_boot_times(_report(file), only_of_this_reboot=path is None) for file in (previous(report), report)]
        return {**files[0], **files[1]}
    if path.is_dir():
        documents = (saved for saved in saved_documents(path) if saved.document is not None)
        return _texts((saved.host, (saved.document or {}).get("boot_time")) for saved in documents)
    found = _report(path)
    if found is None:
        raise ActionFail(f"before: {path} is neither a folder of evidence nor the gate.json of an earlier gate")
    return _boot_times(found, only_of_this_reboot=False)


def _fact(variables: Mapping[str, Any], host: str) -> object:
    facts = registered_result(variables, host, "ansible_facts") or {}
    return facts.get(_FACT) or registered_result(variables, host, _FACT)


def _is_reason(entry: object) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("reason"), str)


def _row_of_fact(gate: Gate, host: str, fact: object) -> dict[str, Any]:
    if fact is None:
        return gate.unread(_NO_FACT)
    if not isinstance(fact, Mapping):
        return gate.unread(f"its fact winops_patching is damaged ({type_name(fact)}); {_READ_AGAIN}")
    if wrong := [key for key, is_sound in _SOUND.items() if not is_sound(fact.get(key))]:
        return gate.unread(f"its fact winops_patching is damaged ({', '.join(wrong)}); {_READ_AGAIN}")
    facts = {"boot_time": fact.get("boot_time"), "collected_at": fact.get("collected_at"), "scanned_at": None}
    if gate.question != COMPLIANCE:
        return gate.of_verdict(host, {"kind": "none", "because": [], **fact}, facts)
    if fact.get("machine") is None:
        return gate.without_updates(fact, _NO_COMPLIANCE, facts)
    return gate.of_compliance(fact, facts)


def _report(path: Path) -> Mapping[str, Any] | None:
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, Mapping) and isinstance(found.get("hosts"), Mapping) else None


def _boot_times(report: Mapping[str, Any] | None, *, only_of_this_reboot: bool) -> dict[str, str]:
    """A host that was not let through was not to be rebooted, so nobody asks whether it was."""
    if report is None:
        return {}
    question = report.get("for")
    rows = {name: row for name, row in report["hosts"].items() if isinstance(row, Mapping)}
    if question == REBOOT_DONE:
        return _texts((name, row.get("boot_time_before")) for name, row in rows.items())
    if not only_of_this_reboot:
        return _texts((name, row.get("boot_time")) for name, row in rows.items())
    if question != REBOOT_ALLOWED:
        return {}
    return _texts((name, row.get("boot_time")) for name, row in rows.items() if row.get("reason") is None)


def _texts(pairs: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    return {str(name): text for name, text in pairs if isinstance(text, str) and text}
