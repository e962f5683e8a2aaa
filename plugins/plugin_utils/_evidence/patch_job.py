# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A job on a host: its id, where it keeps its files, what its journal says, and whether it lives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from .answers import Reading, answer_of, number_of, value_of
from .catalogue import PROBES
from .times import UTC, time_or_none
from .wording import printable

PLACE = "%ProgramFiles%\\winops.patching"
KINDS = ("scan", "install")
OUTCOMES = frozenset({"finished", "failed", "stopped", "expired"})
MAX_JOURNAL_BYTES = 65_536
MAX_WORD = 60
MAX_MESSAGE = 500
# A process writes the mark after its own start, so one that started later is another with the same number.
_MARK_DELAY = timedelta(minutes=1)
_JOB_ID = re.compile(r"(?P<kind>scan|install)-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
_HRESULT = re.compile(r"0x[0-9A-Fa-f]{1,8}")


def new_job_id(kind: str, now: datetime, token: str) -> str:
    """Return ``scan-20261121T120000Z-1a2b3c4d``; ``token`` is eight hexadecimal digits."""
    return f"{kind}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token}"


def job_kind(job: object) -> str | None:
    """Return the kind that an id names, or None for what is no id of a job: only ids become part of a path."""
    found = _JOB_ID.fullmatch(job) if isinstance(job, str) else None
    return found["kind"] if found else None


def job_file(job: str, name: str) -> str:
    """Return the path of one of a job's files, as the reader takes it; raise ValueError for what is no id."""
    if job_kind(job) is None:
        raise ValueError(f"{job[:80]!r} is no id of a job")
    return f"{PLACE}\\jobs\\{job}\\{name}"


def life_probes() -> list[dict[str, Any]]:
    """Return the probes that tell which job is alive; the journal is read after them, so that an end is not missed."""
    processes = {**PROBES["processes"], "names": ["powershell"]}
    return [{"id": "running_job", **PROBES["running_job"]}, {"id": "processes", **processes}]


def worker_probe() -> dict[str, Any]:
    """Return the probe that tells which worker lies on the host."""
    return {"id": "worker", "kind": "file", "path": f"{PLACE}\\patch_worker.ps1", "hash": True}


def worker_is(probes: Mapping[str, Any], sha256: str) -> bool:
    """Return whether this worker lies on the host, as far as is known: only what is sure is a no."""
    answer = answer_of(probes, "worker")
    if answer.reading is Reading.ABSENT:
        return False
    found = answer.data.get("sha256") if answer.reading is Reading.FOUND else None
    return not isinstance(found, str) or found.lower() == sha256


def journal_probe(job: str, offset: int) -> dict[str, Any]:
    """Return the probe that reads a journal on from a byte."""
    return {
        "id": "journal",
        "kind": "text_tail",
        "path": job_file(job, "journal.jsonl"),
        "offset": offset,
        "max_bytes": MAX_JOURNAL_BYTES,
    }


class Life(Enum):
    """Whether a job's process runs."""

    ALIVE = "alive"
    GONE = "gone"
    UNKNOWN = "unknown"


def living_job(probes: Mapping[str, Any]) -> tuple[Life, str | None]:
    """Return (whether a job is alive, its id) of the answers to ``life_probes``; without readable answers UNKNOWN."""
    mark = answer_of(probes, "running_job")
    if mark.reading is Reading.ABSENT:
        return Life.GONE, None
    if mark.reading is not Reading.FOUND:
        return Life.UNKNOWN, None
    job = value_of(mark.data, "Id")[2]
    number = number_of(value_of(mark.data, "ProcessId")[2])
    if job_kind(job) is None or number is None:
        return Life.UNKNOWN, None
    written = time_or_none(value_of(mark.data, "StartedAt")[2])
    return _process_lives(probes, number, written), str(job)


def life_of(probes: Mapping[str, Any], job: str, progress: JobProgress) -> Life:
    """Return whether one job is alive: by its mark, else by the process that its journal names."""
    life, found = living_job(probes)
    if life is Life.ALIVE and found is not None and found.lower() == job.lower():
        return Life.ALIVE
    if progress.process_id is not None:
        return _process_lives(probes, progress.process_id, progress.started_at)
    return Life.UNKNOWN if life is Life.UNKNOWN else Life.GONE


def _process_lives(probes: Mapping[str, Any], number: int, written: datetime | None) -> Life:
    answer = answer_of(probes, "processes")
    if answer.reading is Reading.ABSENT:
        return Life.GONE
    running = answer.data.get("running") if answer.reading is Reading.FOUND else None
    if not isinstance(running, list) or not all(isinstance(entry, Mapping) for entry in running):
        return Life.UNKNOWN
    for entry in running:
        if number_of(entry.get("id")) == number and str(entry.get("name")).lower() == "powershell":
            started = time_or_none(entry.get("started"))
            later = started is not None and written is not None and started - written > _MARK_DELAY
            return Life.GONE if later else Life.ALIVE
    return Life.GONE


@dataclass(frozen=True, slots=True)
class TextPiece:
    """What one reading of a growing file gave: its whole lines, the byte to read on from, and what is left to read.

    ``at_end`` is False while the file goes on beyond this piece.
    """

    text: str
    offset: int
    at_end: bool


def piece_of(data: Mapping[str, Any], offset: int) -> TextPiece | None:
    """Return the whole lines of a ``text_tail`` answer that was read from ``offset`` on, or None where it is damaged.

    A last line that is still being written stays for the next time.
    """
    text, after, length = data.get("text"), _count(data.get("offset")), _count(data.get("length"))
    if not isinstance(text, str) or after is None or length is None:
        return None
    whole = text[: text.rfind("\n") + 1]
    if len(whole) == len(text):
        return TextPiece(text, after, after >= length)
    # Bytes that are no UTF-8 became signs of another length: then only the reader knows how far it has come.
    read = after if "\ufffd" in whole else min(offset, length) + len(whole.encode("utf-8", "replace"))
    return TextPiece(whole, read, after >= length)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def json_lines(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Return (the mappings of JSON lines, what is wrong with the others); empty lines are nothing."""
    lines, problems = [], []
    for place, line in enumerate(text.lstrip("\ufeff").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict):
            lines.append(entry)
        else:
            problems.append(f"line {place} is damaged: {printable(line[:MAX_WORD])}")
    return lines, problems


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job has come by its journal. Times are aware UTC instants or None.

    ``phase`` and ``step`` are the words of the last line, ``outcome`` (a word of OUTCOMES) is None until the last line
    of the journal is there; an outcome that is none of these words counts as failed.
    """

    phase: str | None = None
    step: str | None = None
    outcome: str | None = None
    error: Mapping[str, Any] | None = None
    detail: str = ""
    armed_at: datetime | None = None
    started_at: datetime | None = None
    process_id: int | None = None
    boot_time: datetime | None = None
    worker_sha256: str | None = None
    last_at: datetime | None = None
    lines: int = 0

    def after(self, lines: Iterable[Mapping[str, Any]]) -> JobProgress:
        """Return the progress with further lines of the journal."""
        progress = self
        for line in lines:
            progress = _after_line(progress, line)
        return progress

    @property
    def sentence(self) -> str:
        """What the job does, for people: ``searching, attempt 2``."""
        word = self.step if self.phase == "scanning" and self.step else self.phase
        return f"{word or 'not begun'}{self.detail}"


def _after_line(progress: JobProgress, line: Mapping[str, Any]) -> JobProgress:
    phase, step = word_of(line.get("phase")), word_of(line.get("step"))
    changes: dict[str, Any] = {"phase": phase, "step": step, "detail": _detail(line), "lines": progress.lines + 1}
    changes["last_at"] = time_or_none(line.get("at")) or progress.last_at
    if phase == "armed":
        changes["armed_at"] = time_or_none(line.get("at"))
    if step == "started":
        changes["started_at"] = time_or_none(line.get("at"))
        changes["process_id"] = number_of(line.get("process_id"))
        changes["boot_time"] = time_or_none(line.get("boot_time"))
        changes["worker_sha256"] = word_of(line.get("worker_sha256"), 64)
    if phase == "done":
        outcome = line.get("outcome")
        changes["outcome"] = outcome if isinstance(outcome, str) and outcome in OUTCOMES else "failed"
        changes["error"] = complaint_of(line.get("error"))
    return replace(progress, **changes)


def _detail(line: Mapping[str, Any]) -> str:
    shown = []
    for key, text in (("attempt", "attempt {}"), ("seconds", "for {} s"), ("updates", "{} updates")):
        value = line.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
            shown.append(text.format(value))
    hresult = word_of(line.get("hresult"))
    return "".join(f", {part}" for part in [*shown, *([hresult] if hresult else [])])


def word_of(value: object, most: int = MAX_WORD) -> str | None:
    """Return a short text of a host as it may be shown, or None where it is none."""
    return (printable(value[:most]).strip() or None) if isinstance(value, str) else None


def complaint_of(value: object) -> dict[str, Any] | None:
    """Return ``{step, hresult, message}`` of a host's complaint, bounded; None where there is none."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return complaint("job", str(value))
    hresult = value.get("hresult")
    code = hresult if isinstance(hresult, str) and _HRESULT.fullmatch(hresult) else None
    return complaint(word_of(value.get("step")) or "job", str(value.get("message") or "no message"), code)


def complaint(step: str, message: str, hresult: str | None = None) -> dict[str, Any]:
    """Return one entry of a scan's ``errors``."""
    return {"step": step, "hresult": hresult, "message": printable(" ".join(message[:MAX_MESSAGE].split()))}
