# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What does the worker leave under a real PowerShell, and does its double leave the same?"""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from recorder import engine, jobs
from recorder.fixtures import host_of, state_of
from recorder.golden import Recording, sha256_of

PREFIX: Final = "job-"
NOT_RUN: Final = (
    {"what": "the date of a catalog", "why": "read by a static call; another test shows it on a cabinet of its own"},
    {"what": "volatile keys", "why": "written by static calls; what they were asked is looked at by another test"},
    {"what": "COM", "why": "the agent's objects are played by FakeAgent.psm1"},
)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def execute(
    found: engine.Engine, case: jobs.Case, at: datetime, folder: Path
) -> tuple[jobs.Traces, jobs.Traces, list[dict[str, Any]]]:
    """(what the worker left in `folder`, what its double leaves, what the agent was asked). Raises EngineError."""
    double, agent = jobs.run_double(case, at)
    job = jobs.prepared(folder, case, double)
    answer = engine.run_script(found, jobs.WORKER, {}, agent, "-Fake", "FakeAgent.psm1", "-Job", str(job))
    return jobs.left_in(job), double, answer["calls"]


def record(found: engine.Engine, case: jobs.Case, now: datetime) -> Recording:
    """A recording of one case. Raises EngineError."""
    with tempfile.TemporaryDirectory(prefix="record-") as work:
        left, _double, _calls = execute(found, case, now, Path(work))
    return Recording(
        name=f"{PREFIX}{case.name}.{found.label}",
        recorded_at=now.isoformat(),
        engine=found.as_document(),
        script=jobs.WORKER,
        script_sha256=sha256_of(jobs.WORKER),
        state=state_of(host_of(case.host, now)),
        arguments=case.plan,
        output={"journal": list(left.journal), "result": list(left.result), "last_scan": dict(left.last_scan)},
        not_run=NOT_RUN,
    )


def traces_of(output: Mapping[str, Any]) -> jobs.Traces:
    """The traces in a recording's output."""
    return jobs.Traces(output["journal"], output["result"], output["last_scan"])


def replay(recording: Recording, at: datetime) -> str:
    """The diff between a recorded job and what the double leaves now; empty when they agree."""
    plan = recording.arguments
    case = jobs.Case(recording.name, recording.state or {}, plan["scan"], plan["delay_seconds"], "")
    double, _agent = jobs.run_double(case, at)
    before, after = _lines(double), _lines(traces_of(recording.output))
    diff = difflib.unified_diff(before, after, "left by the double", "left by the worker", lineterm="", n=6)
    return "\n".join(diff)


def _lines(traces: jobs.Traces) -> list[str]:
    return json.dumps(jobs.comparable(traces), indent=1, sort_keys=True, ensure_ascii=False).splitlines()


def problems(output: Mapping[str, Any]) -> list[str]:
    """Every place where what a job left breaks the contract (docs/patch_job.md); empty when it is kept."""
    if set(output) != {"journal", "result", "last_scan"}:
        return ["output: must hold exactly journal, result and last_scan"]
    if not isinstance(output["journal"], list) or not isinstance(output["result"], list):
        return ["output: journal and result must be lists"]
    return [*_journal(output["journal"]), *_result(output["result"])]


def _journal(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    phases = [line.get("phase") for line in lines]
    if phases[:1] != ["armed"] or phases[-1:] != ["done"]:
        yield "journal: must begin armed and end done"
    if phases.count("done") != 1:
        yield "journal: must be done once"
    for number, line in enumerate(lines, start=1):
        if not isinstance(line.get("at"), str) or not _TIME.fullmatch(line["at"]):
            yield f"journal line {number}: has no time"


def _result(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not lines:
        return
    kinds = [line.get("line") for line in lines]
    updates, history = kinds.count("update"), kinds.count("history")
    if kinds != ["scan", *["update"] * updates, *["history"] * history, "end"]:
        yield "result: must be scan, updates, history and end, in this order"
    elif (lines[-1].get("updates"), lines[-1].get("history")) != (updates, history):
        yield "result: the last line counts otherwise"
