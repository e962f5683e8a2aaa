# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the journal of a host on the controller knows: of one job, and which job somebody still has to tell of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .._evidence.patch_job import job_kind, word_of
from .._evidence.times import time_or_none
from .._evidence.wording import printable

# A job that this journal has never heard of is of another report folder: news only while it is young.
FIRST_HEARD_WITHIN = timedelta(days=30)
_GOING_ON = ("armed", "running")


@dataclass(frozen=True, slots=True)
class KnownJob:
    """What the journal of a host knows of one job: its lines by number, from 1 on, and the last time it was read.

    ``read_at`` is the controller's time at which its newest line was written down. ``died`` says that it was seen dead
    after that many lines. ``reported`` is what was known of it when a run whose report was written named it in its
    result: what was read, or even judged, by a controller that was lost before its report has been told to nobody.
    """

    lines: Mapping[int, Mapping[str, Any]]
    read_at: str | None = None
    died: int | None = None
    reported: KnownJob | None = None

    @property
    def in_order(self) -> list[Mapping[str, Any]]:
        """The lines of the job in their order."""
        return [self.lines[number] for number in sorted(self.lines)]

    @property
    def whole(self) -> bool:
        """Whether no line before the newest is missing."""
        return len(self.lines) == max(self.lines, default=0)

    @property
    def ended(self) -> bool:
        """Whether the journal knows how the job ended, and all that came before."""
        done = any(line.get("phase") == "done" for line in self.lines.values())
        return self.whole and (done or (self.died is not None and self.died >= len(self.lines)))

    @property
    def is_told(self) -> bool:
        """Whether a run has reported its end."""
        return self.ended and self.reported is not None and self.reported.ended

    @property
    def told_until(self) -> str | None:
        """The host's time up to which a run has reported on it; None where none has."""
        return self.reported.last_at if self.reported is not None else None

    @property
    def last_at(self) -> str | None:
        """The host's time of the newest line that tells one."""
        times = [line.get("at") for line in self.in_order]
        return next((at for at in reversed(times) if isinstance(at, str) and time_or_none(at)), None)


def known_job(lines: Iterable[Mapping[str, Any]], job: str) -> KnownJob:
    """Return what the lines of a host's journal know of a job."""
    found: dict[int, Mapping[str, Any]] = {}
    read_at: str | None = None
    died: int | None = None
    results: dict[str, KnownJob] = {}
    reported: KnownJob | None = None
    for line in lines:
        if line.get("step") == "result" and job in _list(line.get("jobs")):
            results[str(line.get("run_id"))] = KnownJob(dict(found), read_at, died)
        elif line.get("step") == "reported":
            reported = results.get(str(line.get("run_id")), reported)
        if line.get("job") != job:
            continue
        number, told = _count(line.get("number")), line.get("line")
        if line.get("step") == "job" and number and isinstance(told, Mapping):
            found.setdefault(number, told)
            read_at = str(line["at"]) if line.get("at") else read_at
        elif line.get("step") == "job_over" and line.get("interrupted") is True:
            died = _count(line.get("lines"))
    return KnownJob(found, read_at, died, reported)


def changed_at(lines: Iterable[Mapping[str, Any]]) -> datetime | None:
    """Return the controller's time at which it knew last that its run had changed the host; None where it has not.

    ``lines`` are those of one run. A note that says ``changed: true`` counts too.
    """
    times = [time_or_none(line.get("at")) for line in lines if _tells_a_change(line)]
    return max((time for time in times if time is not None), default=None)


def _tells_a_change(line: Mapping[str, Any]) -> bool:
    told = line.get("line")
    if line.get("step") == "job" and isinstance(told, Mapping):
        return told.get("phase") in ("installing", "rebooting") and told.get("step") in ("begin", "end")
    return line.get("changed") is True


def lost_entries(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return which installations lost entries of the rename queue, each with the host's time at which it was over.

    They are lost until somebody has looked, or the host has booted: a run that comes later must know of them too.
    """
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        told = line.get("line") if line.get("step") == "job" else None
        if not isinstance(told, Mapping) or not _lost(told.get("queue")):
            continue
        update = printable(str(told.get("id") or "an update without an id")[:80])
        text = f"the installation of {update} lost entries of the queue for the next boot"
        found[text] = {"at": str(told.get("at") or ""), "text": text}
    return list(found.values())


def _lost(queue: object) -> bool:
    return isinstance(queue, Mapping) and bool(queue.get("lost"))


def hooks_open(lines: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether a run began with hooks and nobody wrote down that it ended them: its controller was lost.

    A result alone closes nothing: a run that found them open may have been in check mode, or not have reached the host.
    """
    told = [line["open"] for line in lines if line.get("step") == "hooks" and isinstance(line.get("open"), bool)]
    return bool(told) and bool(told[-1])


@dataclass(frozen=True, slots=True)
class Untold:
    """The install job of a host that somebody has to look at, with what is known of it; ``job`` None: there is none."""

    job: str | None
    state: str | None
    known: KnownJob
    sentence: str


def named_job(job: str, lines: Sequence[Mapping[str, Any]]) -> Untold:
    """Return what the journal knows of one job, whatever its state on the host is."""
    known = known_job(lines, job)
    end = "its end is known" if known.ended else "its end is not known"
    return Untold(job, None, known, f"{len(known.lines)} lines of {job[:80]} are known, {end}")


def untold_job(jobs: object, lines: Sequence[Mapping[str, Any]], *, now: datetime) -> Untold:
    """Return the newest install job that goes on, or whose end no run has reported.

    ``jobs`` is the list of win_patch_job, newest first. Of a job that the journal has never heard of only the last
    thirty days are news.
    """
    given = [entry for entry in jobs if isinstance(entry, Mapping)] if isinstance(jobs, (list, tuple)) else []
    installs = [entry for entry in given if job_kind(entry.get("id")) == "install"]
    for entry in sorted(installs, key=lambda entry: entry.get("state") not in _GOING_ON):
        job, state = str(entry["id"]), word_of(entry.get("state")) or "unknown"
        known = known_job(lines, job)
        if state in _GOING_ON or (not known.is_told and (known.lines or _is_young(entry, now))):
            return Untold(job, state, known, _sentence(job, state, known))
    return Untold(None, None, KnownJob({}), "the journal tells how every install job of the host ended")


def _is_young(entry: Mapping[str, Any], now: datetime) -> bool:
    started = time_or_none(entry.get("started_at"))
    return started is None or now - started < FIRST_HEARD_WITHIN


def _sentence(job: str, state: str, known: KnownJob) -> str:
    if state == "armed":
        return f"{job} waits on the host for its time"
    if state == "running":
        return f"{job} goes on on the host"
    if not known.lines:
        return f"{job} is {state}, and this journal has not heard of it yet"
    if known.ended:
        return f"{job} is {state}, and no run has reported it yet"
    return f"{job} is {state}; the journal knows it until {known.last_at or 'an unknown time'}"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
