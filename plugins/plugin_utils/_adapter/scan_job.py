# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A scan job on a host: found, started or attached to, and waited for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .._evidence.answers import Reading, answer_of
from .._evidence.last_scan import last_scan_probe, read_last_scan
from .._evidence.patch_job import (
    JobProgress,
    Life,
    complaint,
    job_file,
    job_kind,
    journal_probe,
    json_lines,
    life_of,
    life_probes,
    living_job,
    piece_of,
    worker_is,
    worker_probe,
)
from .._evidence.scan_question import same_question, why_not_reused
from .._evidence.times import time_or_none
from .._evidence.wording import printable
from .core import say_if_verbose
from .job_module import RefusedError, start_job, worker_script
from .modules import HostModules, LineLostError
from .reader import READER, failure_of
from .scan_request import ScanRequest
from .scan_waiting import Waiting

MAX_PLAN_BYTES = 65_536
# By the host's clock; a task that the scheduler has not begun by then never will.
STARTS_WITHIN = timedelta(minutes=5)
# A process that starts between the two readings of one look seems to be gone: once is no proof.
_LOOKS_AT_THE_DEAD = 2
_UNREADABLE_LOOKS = 3
_ROUNDS = 3


class JobGoesOnError(Exception):
    """The line to the host was lost while its job ran; the message says what to do."""


class UnreadHostError(Exception):
    """The host was reached, but it could not be read."""


@dataclass
class ScanJob:
    """One job as this task knows it. ``asked`` is None while nobody knows what it was asked.

    ``failure`` is why there will be no result, as ``{step, hresult, message}``.
    """

    id: str
    reused: bool = False
    attached: bool = False
    asked: Mapping[str, Any] | None = None
    progress: JobProgress = field(default_factory=JobProgress)
    offset: int = 0
    unreadable_looks: int = 0
    looks_without_life: int = 0
    failure: dict[str, Any] | None = None

    @property
    def as_dict(self) -> dict[str, Any]:
        """What a scan document keeps of it."""
        sha256 = self.progress.worker_sha256
        return {"id": self.id, "reused": self.reused, "attached": self.attached, "worker_sha256": sha256}

    def read(self, probes: Mapping[str, Any]) -> None:
        """Take in a reading of the journal."""
        answer = answer_of(probes, "journal")
        piece = piece_of(answer.data, self.offset) if answer.reading is Reading.FOUND else None
        if piece is None:
            self.unreadable_looks += 1
            return
        self.unreadable_looks = 0
        self.progress = self.progress.after(json_lines(piece.text)[0])
        self.offset = piece.offset

    def look(self, answer: Mapping[str, Any]) -> None:
        """Take in the answer to one look at the running job; ``failure`` is set when it is sure to have no result."""
        answers, system = _mapping(answer.get("probes")), _mapping(answer.get("system"))
        self.read(answers)
        if self.asked is None:
            self.asked = asked_of_plan(answers)
        gone = life_of(answers, self.id, self.progress) is Life.GONE
        self.looks_without_life = self.looks_without_life + 1 if gone else 0
        if self.progress.outcome is not None:
            self.failure = _failure_of_end(self.progress)
        elif self.looks_without_life >= _LOOKS_AT_THE_DEAD:
            self.failure = _failure_of_dead(self.progress, time_or_none(system.get("clock")))
        if self.progress.outcome is None and self.unreadable_looks >= _UNREADABLE_LOOKS:
            said = answer_of(answers, "journal").reason or "it is not there"
            self.failure = complaint("job", f"the journal of the job could not be read: {said}")

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.failure is not None or self.progress.outcome is not None


class ScanJobs:
    """Brings a scan about that answers the request: an earlier one, one that runs, or a new one."""

    def __init__(self, modules: HostModules, request: ScanRequest) -> None:
        self._modules = modules
        self._request = request
        self._worker_lies_there = True

    def finished(self, *, refresh: bool) -> ScanJob:
        """Return a job that is over, or whose end this task does not wait for.

        Raises RefusedError, JobGoesOnError, UnreadHostError; a host that is not reachable at the first word raises as
        with any module.
        """
        waiting = Waiting(self._request)
        job = self._first(refresh=refresh)
        for _ in range(_ROUNDS):
            if job.reused:
                return job
            self._wait(job, waiting)
            if same_question(self._request.asked, job.asked):
                return job
            if waiting.is_over:
                job.failure = job.failure or _given_up(job, self._request)
                return job
            say_if_verbose(f"{self._request.host}: {job.id} was asked something else, so a scan of our own follows")
            job = self._started()
        raise RefusedError(
            "other scans, which were asked something else, keep this host busy: find out who starts them", "other_job"
        )

    def _first(self, *, refresh: bool) -> ScanJob:
        probes = [*([] if refresh else [last_scan_probe()]), worker_probe(), *life_probes()]
        answer = self._modules.run(READER, {"probes": probes, "time_limit": 120})
        failure = failure_of(answer)
        answers = answer.get("probes")
        if failure or not isinstance(answers, Mapping):
            raise UnreadHostError(failure or "its answer is damaged")
        self._worker_lies_there = worker_is(answers, worker_script()[1])
        life, running = living_job(answers)
        if life is Life.ALIVE and running is not None and job_kind(running) == "scan":
            return ScanJob(running, attached=True)
        system = answer.get("system")
        earlier = self._earlier(answers, system if isinstance(system, Mapping) else {})
        return earlier or self._started()

    def _earlier(self, answers: Mapping[str, Any], system: Mapping[str, Any]) -> ScanJob | None:
        last, problem = read_last_scan(answers)
        if last is None:
            why = problem
        else:
            clock, boot = time_or_none(system.get("clock")), time_or_none(system.get("boot_time"))
            found = why_not_reused(last, self._request.asked, clock=clock, boot=boot, max_age=self._request.max_age)
            if found is None and job_kind(last.job) == "scan":
                return ScanJob(last.job, reused=True, asked=last.asked)
            why = f"{last.job} is not used again: {found}"
        if why:
            say_if_verbose(f"{self._request.host}: {why}")
        return None

    def _started(self) -> ScanJob:
        answer = start_job(self._modules, self._request, in_earnest=True, worker_lies_there=self._worker_lies_there)
        self._worker_lies_there = True
        job, attached = answer.get("id"), answer.get("attached") is True
        if job_kind(job) != "scan":
            raise RefusedError(f"the host names no job that it has started: {printable(str(job)[:80])!r}", "error")
        return ScanJob(str(job), attached=attached, asked=None if attached else self._request.asked)

    def _wait(self, job: ScanJob, waiting: Waiting) -> None:
        while True:
            job.look(self._look(job))
            if job.is_over:
                return
            waiting.tell(f"{job.id} {job.progress.sentence}")
            if waiting.is_over:
                job.failure = _given_up(job, self._request)
                return
            waiting.pause()

    def _look(self, job: ScanJob) -> Mapping[str, Any]:
        probes = [*life_probes(), journal_probe(job.id, job.offset)]
        if job.asked is None:
            probes.append(plan_probe(job.id))
        try:
            return self._modules.ask(probes)
        except LineLostError as error:
            raise JobGoesOnError(
                f"the host was lost while {job.id} runs on it ({error}); the job goes on, and the next run attaches"
            ) from None


def plan_probe(job: str) -> dict[str, Any]:
    """Return the probe for what a job was asked."""
    path = job_file(job, "plan.json")
    return {"id": "plan", "kind": "text_tail", "path": path, "offset": 0, "max_bytes": MAX_PLAN_BYTES}


def asked_of_plan(probes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the block ``scan`` of a job's plan, empty where it could not be read: then it is nobody's question."""
    answer = answer_of(probes, "plan")
    text = answer.data.get("text") if answer.reading is Reading.FOUND else None
    lines, _problems = json_lines(text) if isinstance(text, str) else ([], [])
    asked = lines[0].get("scan") if len(lines) == 1 else None
    return asked if isinstance(asked, Mapping) else {}


def _failure_of_end(progress: JobProgress) -> dict[str, Any] | None:
    if progress.outcome == "finished":
        return None
    if progress.outcome == "stopped":
        return complaint("job", "the job was stopped before it had finished; start it again")
    return dict(progress.error) if progress.error else complaint("job", "the job failed and does not say why")


def _failure_of_dead(progress: JobProgress, clock: datetime | None) -> dict[str, Any] | None:
    """Return why a job without a process has no result, or None while it may still be about to start."""
    if progress.phase not in (None, "armed"):
        return complaint(
            "job",
            f"the job died while {progress.sentence}: its process is gone and its journal has no end. "
            "Was the host rebooted, or the process killed? Run again",
        )
    if clock is None or progress.armed_at is None or clock - progress.armed_at < STARTS_WITHIN:
        return None
    return complaint("job", "the scheduler of the host did not start the job's task within five minutes; run again")


def _given_up(job: ScanJob, request: ScanRequest) -> dict[str, Any]:
    return complaint(
        "wait",
        f"the job had not finished after {request.timeout} (it was {job.progress.sentence}); it goes on, and the next "
        "run attaches to it",
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
