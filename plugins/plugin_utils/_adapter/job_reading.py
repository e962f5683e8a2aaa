# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One reading of a job's journal on its host: what is new in it, and whether the job lives."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .._evidence.answers import Reading, answer_of
from .._evidence.patch_job import (
    JobProgress,
    Life,
    job_kind,
    journal_probe,
    json_lines,
    life_of,
    life_probes,
    piece_of,
)
from .core import line_losses
from .install_reading import install_progress, interrupted, lost_reading
from .job_module import RefusedError
from .modules import HostModules
from .reader import READER, failure_of
from .scan_job import plan_probe

_NEWEST_BYTES = 8192
_RUNNING = MappingProxyType({Life.ALIVE: True, Life.GONE: False, Life.UNKNOWN: None})


def read_job(modules: HostModules, job: str, offset: int, *, report_lost: bool = False) -> dict[str, Any]:
    """Return the journal from an offset on, and whether the job lives; all in one run of the reader.

    A host that does not answer is ``lost`` with ``report_lost``, else it raises as with any module. Raises RefusedError
    for a job that is not there, and for a host that could not be read.
    """
    try:
        answer = _ask(modules, job, offset)
    except line_losses() as error:
        if not report_lost:
            raise
        return lost_reading(job, offset, error)
    answers = answer.get("probes")
    failure = failure_of(answer)
    if failure or not isinstance(answers, Mapping):
        raise RefusedError(f"the host was reached, but it could not be read: {failure or 'damaged answer'}", "error")
    journal = answer_of(answers, "journal")
    if journal.reading is Reading.ABSENT:
        raise RefusedError(f"there is no job {job} on this host; operation=list shows those that are", "no_job")
    piece = piece_of(journal.data, offset) if journal.reading is Reading.FOUND else None
    if piece is None:
        said = journal.reason or "the answer is damaged"
        raise RefusedError(f"the journal of {job} could not be read: {said}", "error")
    lines, problems = json_lines(piece.text)
    progress = JobProgress().after([*_newest_lines(answers), *lines] if offset else lines)
    life = _life(answers, job, progress)
    told: dict[str, Any] = {"warnings": [f"the journal of {job}: {problems[0]}"]} if problems else {}
    if job_kind(job) == "install":
        told.update(install_progress(answers, lines if not offset else None))
    return {
        "changed": False,
        "id": job,
        "offset": piece.offset,
        "lines": lines,
        "phase": progress.phase,
        "outcome": progress.outcome,
        "error": progress.error,
        "running": False if progress.outcome is not None else _RUNNING[life],
        "interrupted": interrupted(progress, life, answer.get("system")),
        **told,
    }


def _ask(modules: HostModules, job: str, offset: int) -> Mapping[str, Any]:
    """Return the reader's answer. A reboot takes the shell of the line with it, and install jobs reboot: try again."""
    arguments = {"probes": _read_probes(job, offset), "time_limit": 120}
    if job_kind(job) != "install":
        return modules.run(READER, arguments)
    try:
        return modules.run(READER, arguments)
    except line_losses():
        modules.reconnect()
        return modules.run(READER, arguments)


def _read_probes(job: str, offset: int) -> list[dict[str, Any]]:
    """A process that starts while the journal is read must not seem dead, so the living are looked at twice."""
    after = [{**probe, "id": f"{probe['id']}_after"} for probe in life_probes()]
    newest = {key: value for key, value in journal_probe(job, 0).items() if key != "offset"}
    install = job_kind(job) == "install"
    tail = [{**newest, "id": "newest", **({} if install else {"max_bytes": _NEWEST_BYTES})}] if offset else []
    plan = [plan_probe(job)] if install else []
    return [*life_probes(), *tail, *plan, journal_probe(job, offset), *after]


def _newest_lines(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the last lines of the journal: what stands before an offset counts too. Half a line is left out."""
    answer = answer_of(answers, "newest")
    text = answer.data.get("text") if answer.reading is Reading.FOUND else None
    return json_lines(text)[0] if isinstance(text, str) else []


def _life(answers: Mapping[str, Any], job: str, progress: JobProgress) -> Life:
    after = {name: answers.get(f"{name}_after") for name in ("running_job", "processes")}
    seen = {life_of(probes, job, progress) for probes in (answers, after)}
    return next((life for life in (Life.ALIVE, Life.UNKNOWN) if life in seen), Life.GONE)
