# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run over many hosts: its id, what its tasks registered, and its documents on disk."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._evidence.document import EvidenceError
from .._evidence.times import format_time
from .._evidence.wording import printable
from .._report.fleet import fleet_row, unread_row
from .._verdict.policy import PolicyError
from .._verdict.reboot import reboot_verdict
from .files import host_file_name, read_json

_MAX_REASON = 400


def new_run_id() -> str:
    """Return an id that sorts by time and that no other run has."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def now_text() -> str:
    """Return the controller's time."""
    return format_time(datetime.now(timezone.utc))


def registered_result(variables: Mapping[str, Any], host: str, name: str) -> Mapping[str, Any] | None:
    """Return what a task registered for a host under a name, or None."""
    hosts = variables.get("hostvars") or {}
    found = hosts[host].get(name) if host in hosts else None
    return found if isinstance(found, Mapping) else None


def collect_rows(
    variables: Mapping[str, Any],
    *,
    hosts: Sequence[str],
    evidence_dir: Path,
    run_id: str,
    registered_as: str,
    named: bool = False,
) -> dict[str, dict[str, Any]]:
    """Return a row for every host: from its document of this run, else unknown with what its task said.

    ``named`` says that somebody gave the run its id: then an earlier run may have had the same, and a document counts
    only where the host's task has succeeded now.
    """
    rows = {}
    for host in hosts:
        missing = _not_read_now(variables, host, registered_as) if named else None
        rows[host] = unread_row(missing) if missing else _row(variables, host, evidence_dir, run_id, registered_as)
    return rows


def _not_read_now(variables: Mapping[str, Any], host: str, registered_as: str) -> str | None:
    task = registered_result(variables, host, registered_as)
    if task is None:
        return "the host gave no evidence in this run: it was never reached"
    return failure_of(task) if task.get("verdict") is None else None


def _row(
    variables: Mapping[str, Any], host: str, evidence_dir: Path, run_id: str, registered_as: str
) -> dict[str, Any]:
    document, missing = document_of_run(evidence_dir / f"{host_file_name(host)}.json", host, run_id)
    if document is None:
        # Looking into a host's variables is slow in large inventories: only those without a document pay for it.
        return unread_row(failure_of(registered_result(variables, host, registered_as)) or missing)
    try:
        verdict = reboot_verdict(document, document.get("policy"))
    except (EvidenceError, PolicyError) as error:
        return unread_row(str(error)[:_MAX_REASON])
    failure = document.get("error")
    return fleet_row(verdict.as_dict(signals=False), error=one_line(failure) if failure else None)


def failure_of(task: Mapping[str, Any] | None) -> str | None:
    """Return why a host's task gave nothing, as one line that begins with ``unreachable:`` for such a host, or None."""
    if task is None:
        return None
    if task.get("unreachable"):
        return f"unreachable: {one_line(task.get('msg'))}"
    if task.get("failed") or task.get("error"):
        return one_line(task.get("error") or task.get("msg"))
    if task.get("skipped"):
        return "the task that reads the host was skipped"
    return one_line(task["msg"]) if task.get("verdict") is None and task.get("msg") else None


def one_line(text: object) -> str:
    """Return the words of a message on one line, bounded, without what moves a cursor."""
    words = " ".join(str(text or "no message").split())
    return printable(words.removeprefix("Task failed: ")[:_MAX_REASON])


def document_of_run(path: Path, host: str, run_id: str) -> tuple[Mapping[str, Any] | None, str]:
    """Return (a host's document of this run, "") or (None, why there is none)."""
    try:
        document = read_json(path)
    except FileNotFoundError:
        return None, "the host gave no evidence in this run: it was never reached"
    except (OSError, ValueError) as error:
        return None, f"its evidence file {path.name} cannot be read: {error}"[:_MAX_REASON]
    if not isinstance(document, Mapping) or document.get("run_id") != run_id:
        return None, "the host gave no evidence in this run; the file that is there is of an earlier one"
    if document.get("host") != host:
        return None, f"its evidence file {path.name} is of the host {str(document.get('host'))[:80]!r}"
    return document, ""
