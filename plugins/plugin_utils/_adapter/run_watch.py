# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One look at a job that a run follows: what is new goes into the journal, each line once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .._evidence.patch_job import MAX_JOURNAL_BYTES
from .._evidence.times import format_time, time_or_none
from .._report.run_known import known_job
from .._report.run_lines import run_line
from .job_module import RefusedError
from .job_reading import read_job
from .modules import HostModules
from .run_journal import append_new, journal_path

# A journal is read in pieces; a host that gives new ones without an end is read on at the next look.
MOST_PIECES = 40
_SHORT_PIECE = MAX_JOURNAL_BYTES // 2


@dataclass(frozen=True)
class Watch:
    """What is followed, how far it was followed already, and for how long at most. Times are the controller's."""

    job: str
    host: str
    run_id: str
    report_dir: Path
    earlier: Mapping[str, Any]
    follow: timedelta
    lost: timedelta
    reboot_wait: timedelta

    @property
    def offset(self) -> int:
        """The byte of the host's journal to read on from."""
        return _count(self.earlier.get("offset"))

    @property
    def lines(self) -> int:
        """How many lines were read before."""
        return _count(self.earlier.get("lines_read"))


_KEPT = (
    "id offset lines_read at began lost lost_since phase outcome error running interrupted progress current counts "
    "gave_up parked_until over"
).split()


def earlier_look(given: object, job: str) -> dict[str, Any]:
    """Return an earlier result of the same watch of the same job, an empty mapping for anything else."""
    if not isinstance(given, Mapping) or given.get("id") != job or "offset" not in given:
        return {}
    return {key: given[key] for key in _KEPT if key in given}


def look(modules: HostModules, watch: Watch) -> dict[str, Any]:
    """Return how the job stands, also where the host does not answer. Raises ActionFail where nobody can write."""
    now = datetime.now(timezone.utc)
    lines, answer = _read(modules, watch)
    died = answer.get("interrupted") is True
    if lines or died:
        _write_down(watch, lines, now, died=died)
    lost = bool(answer.get("lost"))
    result = {
        "id": watch.job,
        "offset": answer["offset"],
        "lines_read": watch.lines + len(lines),
        "at": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
        "began": watch.earlier.get("began") or format_time(now),
        "lost": _count(watch.earlier.get("lost")) + 1 if lost else 0,
        "lost_since": (watch.earlier.get("lost_since") or format_time(now)) if lost else None,
        "phase": answer.get("phase") or watch.earlier.get("phase"),
        **{key: answer.get(key) for key in ("outcome", "error", "running", "interrupted", "progress")},
        **{key: answer.get(key) or watch.earlier.get(key) for key in ("current", "counts")},
    }
    gave_up = answer.get("gone") or _gave_up(watch, result, now)
    parked = _parked_until(watch, lines) if answer.get("running") else None
    if gave_up or parked:
        result["progress"] = (
            gave_up or f"waits until {parked} to reboot the host by itself; a later run tells how it ended"
        )
    ended = result["outcome"] is not None or died
    ways = {"gave_up": bool(gave_up), "parked_until": parked}
    return {**result, **ways, "over": ended or bool(gave_up or parked)}


def _read(modules: HostModules, watch: Watch) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
    """(the new lines, the last answer); an answer that could not be understood is none."""
    lines: list[dict[str, Any]] = []
    offset = watch.offset
    answer: Mapping[str, Any] = {}
    for _piece in range(MOST_PIECES):
        try:
            answer = read_job(modules, watch.job, offset, report_lost=True)
        except RefusedError as refusal:
            gone = f"given up: {refusal}" if refusal.reason == "no_job" else None
            return lines, {"offset": offset, "lost": True, "progress": str(refusal), "gone": gone}
        lines += answer["lines"]
        before, offset = offset, answer["offset"]
        if offset - before < _SHORT_PIECE:
            return lines, answer
    # What is not read yet may hold the end: until then the job is not over.
    return lines, {**answer, "outcome": None, "interrupted": None}


def _write_down(watch: Watch, lines: Sequence[Mapping[str, Any]], now: datetime, *, died: bool) -> None:
    def written(step: str, **data: Any) -> dict[str, Any]:
        """Return a line about the job."""
        return run_line(format_time(now), watch.run_id, watch.host, step, {"job": watch.job, **data})

    def news(known_lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the lines that the journal lacks; another controller may have written them down meanwhile."""
        known = known_job(known_lines, watch.job)
        numbered = enumerate(lines, start=watch.lines + 1)
        fresh = [written("job", number=number, line=line) for number, line in numbered if number not in known.lines]
        end = watch.lines + len(lines)
        # A job that died has no last line that says so.
        over = [written("job_over", interrupted=True, lines=end)] if died and known.died != end else []
        return [*fresh, *over]

    append_new(journal_path(watch.report_dir, watch.host), news)


def _gave_up(watch: Watch, result: Mapping[str, Any], now: datetime) -> str | None:
    """Return why nobody looks any more, None while somebody does; the job itself goes on by its own rules."""
    lost_since, began = time_or_none(result["lost_since"]), time_or_none(result["began"])
    if lost_since is not None and now - lost_since >= watch.lost:
        since = format_time(lost_since)
        return f"given up: the host has not answered since {since}; a later run finds the job and tells how it ended"
    if began is not None and now - began >= watch.follow and result["outcome"] is None:
        return f"given up: followed since {format_time(began)}; the job goes on, a later run attaches to it"
    return None


def _parked_until(watch: Watch, lines: Sequence[Mapping[str, Any]]) -> str | None:
    """Return when a job that only waits for its window for reboots goes on, None where that is soon, or it does more.

    It may be weeks, and all other hosts of a play would wait with it.
    """
    line = lines[-1] if lines else {}
    if (line.get("phase"), line.get("step"), line.get("reason")) != ("rebooting", "waiting", "not_before"):
        return None
    since, until = time_or_none(line.get("at")), time_or_none(line.get("until"))
    if since is None or until is None or until - since <= watch.reboot_wait:
        return None
    return format_time(until)


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
