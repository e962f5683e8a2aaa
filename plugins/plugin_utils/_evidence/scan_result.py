# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From what a scan job left on a host to the scan document. A list that may be short is no list: it is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .patch_job import MAX_MESSAGE, complaint, complaint_of, json_lines, word_of
from .scan import SCAN_SCHEMA
from .scan_criteria import covers
from .scan_lines import LineReader, history_of_line, update_of_line
from .wording import printable

MAX_COMPLAINTS = 20
MAX_HOST_COMPLAINTS = 100
# Succeeded, and succeeded with errors, which is usual: the agent's complaints are the warnings.
_SUCCESS = (2, 3)
# UpdateExceptionContext, uecSearchIncomplete (Microsoft, Windows Update Agent API).
_SEARCH_INCOMPLETE = "4"


@dataclass(frozen=True, slots=True)
class ScanReading:
    """What was read of one scan. ``text`` is the whole result file, None where there is none to read.

    ``failures`` are why there is no result, or why what was read is not all, as ``{step, hresult, message}``.
    ``job`` is ``{id, reused, attached, worker_sha256}``, ``policy`` what ``read_update_policy`` returns. ``queue`` is
    None where the rename queue could not be read, for the reason ``queue_problem``.
    """

    host: str
    asked: Mapping[str, Any]
    job: Mapping[str, Any]
    text: str | None = None
    failures: Sequence[Mapping[str, Any]] = ()
    boot_time: str | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)
    queue: Sequence[Mapping[str, Any]] | None = None
    queue_problem: str = ""


@dataclass(frozen=True, slots=True)
class _Lines:
    """The decoded result: ``header`` and lists, and what is wrong with it."""

    header: Mapping[str, Any]
    updates: list[dict[str, Any]]
    history: list[dict[str, Any]]
    problems: list[str]


_NOTHING = _Lines({}, [], [], [])


def build_scan(reading: ScanReading) -> dict[str, Any]:
    """Return the document of schema scan/1.

    ``complete`` is true only where the agent's whole answer is there and undamaged. A result that was cut off, or holds
    a line that cannot be read, gives no updates at all; a damaged property is null, and named in ``errors``.
    """
    lines = _decoded(reading.text) if reading.text is not None else _NOTHING
    header = LineReader(lines.header)
    document: dict[str, Any] = {
        "schema": SCAN_SCHEMA,
        "host": reading.host,
        "scanned_at": header.time("scanned_at"),
        "catalog_date": header.time("catalog_date"),
        "catalog_file_date": header.time("catalog_file_date"),
        "complete": False,
        "boot_time": reading.boot_time,
        "source": _source(header, reading),
        "coverage": covers(reading.asked),
        "asked": dict(reading.asked),
        "job": dict(reading.job),
        "agent_version": header.text("agent_version"),
        "files": dict(reading.files),
        "queue": list(reading.queue) if reading.queue is not None else None,
        "updates": lines.updates,
        "reboot_required_updates": [update["id"] for update in lines.updates if update["reboot_required"] is True],
        "reboot_required": header.flag("reboot_required"),
        "busy": header.flag("busy"),
        "reboot_required_before_installation": header.flag("reboot_required_before_installation"),
        "history": lines.history,
        "errors": [dict(failure) for failure in reading.failures],
        "warnings": _told(lines.header.get("warnings")),
    }
    if reading.text is not None:
        document["errors"] += _errors_of(lines, header, document["scanned_at"])
        document["complete"] = not document["errors"]
    if reading.queue is None:
        document["errors"].append(complaint("queue", reading.queue_problem or "the rename queue was not read"))
    return document


def _source(header: LineReader, reading: ScanReading) -> dict[str, Any]:
    return {
        "server_selection": header.text("server_selection") or word_of(reading.asked.get("server_selection")),
        "service_id": header.text("service_id"),
        "service_name": header.text("service_name"),
        "managed": header.flag("service_managed"),
        "server": header.text("service_server"),
        "online": header.flag("online"),
        "scan_cab": reading.asked.get("scan_cab"),
        "policy": dict(reading.policy.get("policy") or {}),
        "policy_state": reading.policy.get("policy_state") or "error",
    }


def _errors_of(lines: _Lines, header: LineReader, scanned_at: str | None) -> list[dict[str, Any]]:
    """What the worker told, what is damaged, and what is no success; ``header`` has been read already."""
    errors = _told(lines.header.get("errors"))
    errors += [complaint("result", problem) for problem in _few(lines.problems)]
    result_code = header.number("result_code")
    errors += [complaint("result", f"first line: {problem}") for problem in _few(header.problems)]
    if lines.header and result_code not in _SUCCESS:
        errors.append(
            complaint("search", f"the agent answered with the result code {result_code}, which is no success")
        )
    errors += [
        complaint("search", f"the agent says that its search was incomplete: {told['message']}", told["hresult"])
        for told in _told(lines.header.get("warnings"))
        if told.get("context") == _SEARCH_INCOMPLETE
    ]
    if lines.header and scanned_at is None:
        errors.append(complaint("result", "the scan does not say when it was made"))
    return errors


def _decoded(text: str) -> _Lines:
    lines, problems = json_lines(text)
    kinds: dict[str, list[dict[str, Any]]] = {"scan": [], "update": [], "history": [], "end": []}
    for line in lines:
        kind = line.get("line")
        if isinstance(kind, str) and kind in kinds:
            kinds[kind].append(line)
        else:
            problems.append(f"a line is of the kind {printable(str(kind)[:40])!r}, which is not known")
    problems += _shape_problems(lines, kinds)
    header = kinds["scan"][0] if len(kinds["scan"]) == 1 else {}
    updates, damage = _updates(kinds["update"])
    if problems or len(updates) != len(kinds["update"]):
        return _Lines(header, [], [], [*problems, *damage])
    history = [history_of_line(line) for line in kinds["history"]]
    damage += [problem for _entry, found in history for problem in found]
    return _Lines(header, updates, [entry for entry, _found in history], damage)


def _updates(lines: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    updates, damage = [], []
    for line in lines:
        update, problems = update_of_line(line)
        damage += problems
        if update is not None:
            updates.append(update)
    return updates, damage


def _shape_problems(lines: Sequence[Mapping[str, Any]], kinds: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Return what shows that the result is not as its worker wrote it."""
    if len(kinds["scan"]) != 1 or lines[0].get("line") != "scan":
        return ["the result does not begin with its one line about the scan"]
    if len(kinds["end"]) != 1 or lines[-1].get("line") != "end":
        return ["the result was cut off: its last line is missing, so what it lists is not all"]
    problems = []
    for key, kind in (("updates", "update"), ("history", "history")):
        said, there = kinds["end"][0].get(key), len(kinds[kind])
        if isinstance(said, bool) or said != there:
            problems.append(f"the result should hold {printable(str(said)[:20])} {key} and holds {there}")
    return problems


def _few(problems: Sequence[str]) -> list[str]:
    shown = list(problems[:MAX_COMPLAINTS])
    if len(problems) > MAX_COMPLAINTS:
        shown.append(f"{len(problems) - MAX_COMPLAINTS} more of this kind")
    return shown


def _told(value: object) -> list[dict[str, Any]]:
    """Return the complaints that the worker wrote down, bounded; what is no list is one complaint."""
    if value is None:
        return []
    entries = value if isinstance(value, list) else [value]
    found = []
    for entry in entries[:MAX_HOST_COMPLAINTS]:
        told = complaint_of(entry) or complaint("search", "a complaint without words")
        context = entry.get("context") if isinstance(entry, Mapping) else None
        found.append({**told, "context": printable(str(context)[:MAX_MESSAGE])} if context is not None else told)
    if len(entries) > MAX_HOST_COMPLAINTS:
        found.append(complaint("search", f"{len(entries) - MAX_HOST_COMPLAINTS} more of this kind"))
    return found
