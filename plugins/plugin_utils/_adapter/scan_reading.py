# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From a scan job that is over to the scan document: the result in pieces, the files of rules, policy and queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._evidence.answers import Reading, answer_of
from .._evidence.catalogue import PROBES
from .._evidence.patch_job import complaint, job_file, journal_probe
from .._evidence.probes import ProbeError, validate_probes
from .._evidence.scan_result import ScanReading, build_scan
from .._evidence.times import format_time
from .._evidence.update_policy import probes_of_update_policy, read_update_policy
from .core import ActionFail
from .modules import HostModules, LineLostError
from .scan_files import aimed_sources, files_read, plain, queue_entry, read_queue, rule_probes, source_probes
from .scan_job import JobGoesOnError, ScanJob, ScanJobs
from .scan_request import ScanRequest

# Windows PowerShell's serializer takes two million characters where nobody has raised its limit.
PIECE_BYTES = 1_500_000
MAX_RESULT_BYTES = 64 * 1024 * 1024
TIME_LIMIT = 300


@dataclass(frozen=True)
class ScanEnd:
    """What came of a scan: its document, and the reader's answer to what was asked beside it."""

    scan: dict[str, Any]
    answer: Mapping[str, Any]


class ScanHost:
    """Scans one host for a door."""

    def __init__(self, modules: HostModules, request: ScanRequest) -> None:
        self._modules = modules
        self._request = request

    def scan(self, also: Sequence[Mapping[str, Any]] = ()) -> ScanEnd:
        """Return the scan and the answers to further probes, which are asked when it is over.

        Raises RefusedError, JobGoesOnError and UnreadHostError (see scan_job); a host that is not reachable at the
        first word raises as with any module.
        """
        jobs = ScanJobs(self._modules, self._request)
        job = jobs.finished(refresh=self._request.refresh)
        end = self._end_of(job, also)
        if job.reused and not end.scan["complete"]:
            # Somebody has tidied up or damaged it: what was to be used again is no answer.
            end = self._end_of(jobs.finished(refresh=True), also)
        return end

    def _end_of(self, job: ScanJob, also: Sequence[Mapping[str, Any]]) -> ScanEnd:
        groups = rule_probes(self._request.rules)
        answer = self._ask(job, [*_first_probes(job, also), *plain(groups[0] if groups else ())])
        return ScanEnd(build_scan(self._reading(job, probes_in(answer))), answer)

    def _reading(self, job: ScanJob, answers: Mapping[str, Any]) -> ScanReading:
        if job.reused:
            job.read(answers)
        text, failure = self._result(job, answers) if job.failure is None else (None, job.failure)
        entries, queue_problem = read_queue(answers)
        files = self._files(job, answers)
        if entries is not None:
            files.update(self._sources(job, aimed_sources(entries, self._request.rules)))
        boot = job.progress.boot_time
        return ScanReading(
            host=self._request.host,
            asked=self._request.asked,
            job=job.as_dict,
            text=text,
            failures=[failure] if failure else [],
            boot_time=format_time(boot) if boot is not None else None,
            policy=read_update_policy(answers),
            files=files,
            queue=[queue_entry(entry) for entry in entries] if entries is not None else None,
            queue_problem=queue_problem,
        )

    def _result(self, job: ScanJob, answers: Mapping[str, Any]) -> tuple[str | None, dict[str, Any] | None]:
        """Return (the whole result, None) or (None, why there is none)."""
        parts: list[str] = []
        offset = 0
        while True:
            text, after, length, problem = _piece_of_result(answers)
            if problem:
                return None, complaint("result", problem)
            parts.append(text)
            if after >= length:
                return "".join(parts), None
            if after <= offset:
                return None, complaint("result", "the result could not be read on: the reader does not come further")
            offset = after
            answers = probes_in(self._ask(job, [_result_probe(job, offset)]))

    def _files(self, job: ScanJob, answers: Mapping[str, Any]) -> dict[str, Any]:
        files: dict[str, Any] = {}
        for number, group in enumerate(rule_probes(self._request.rules)):
            files.update(files_read(group, probes_in(self._ask(job, plain(group))) if number else answers))
        return files

    def _sources(self, job: ScanJob, sources: Sequence[str]) -> dict[str, Any]:
        probes, files = source_probes(sources, self._request.rules)
        if probes:
            files.update(files_read(probes, probes_in(self._ask(job, plain(probes)))))
        return files

    def _ask(self, job: ScanJob, probes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        try:
            return self._modules.ask(validate_probes([dict(probe) for probe in probes]), time_limit=TIME_LIMIT)
        except ProbeError as error:
            raise ActionFail(str(error)) from None
        except LineLostError as error:
            raise JobGoesOnError(
                f"the host was lost while the result of {job.id} was read ({error}); run again, and it is used"
            ) from None


def _first_probes(job: ScanJob, also: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    own = [{"id": "session_manager", **PROBES["session_manager"]}, *probes_of_update_policy()]
    if job.failure is None:
        own.append(_result_probe(job, 0))
    if job.reused:
        own.append(journal_probe(job.id, 0))
    asked = {str(probe["id"]) for probe in also}
    return [*(dict(probe) for probe in also), *(probe for probe in own if probe["id"] not in asked)]


def _result_probe(job: ScanJob, offset: int) -> dict[str, Any]:
    path = job_file(job.id, "result.jsonl")
    return {"id": "result", "kind": "text_tail", "path": path, "offset": offset, "max_bytes": PIECE_BYTES}


def _piece_of_result(answers: Mapping[str, Any]) -> tuple[str, int, int, str]:
    """Return (text, byte to read on from, length of the file, what is wrong)."""
    answer = answer_of(answers, "result")
    if answer.reading is not Reading.FOUND:
        return "", 0, 0, f"the result of the job could not be read: {answer.reason or 'it is not there'}"
    text, after, length = (answer.data.get(key) for key in ("text", "offset", "length"))
    if not isinstance(text, str) or not isinstance(after, int) or not isinstance(length, int):
        return "", 0, 0, "the reading of the result is damaged"
    if length > MAX_RESULT_BYTES:
        most = MAX_RESULT_BYTES // 1024 // 1024
        return "", 0, 0, f"the result has {length // 1024 // 1024} MB, and {most} are read; ask for less with criteria"
    return text, after, length, ""


def probes_in(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answers of the reader by id; a damaged answer holds none."""
    found = answer.get("probes")
    return found if isinstance(found, Mapping) else {}
