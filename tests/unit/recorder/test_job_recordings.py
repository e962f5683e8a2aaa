# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Jobs are recorded as well: what the worker leaves is judged, kept, and replayed through its double.

No PowerShell runs here: the place of the worker is taken by what its double leaves.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recorder import engine, golden, job_recording, jobs
from recorder.__main__ import main
from recorder.replay import problems, replay

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CASES = jobs.cases()
FOUND = engine.Engine("pwsh", "Core", "7.5.2", "Testix 1.0")


@pytest.fixture
def worker(monkeypatch):
    """`worker(change)`: the worker leaves what its double leaves, but for `change`."""

    def put(change=lambda _traces: None):
        def play(_found, _script, _arguments, _agent, *options):
            job = Path(options[options.index("-Job") + 1])
            plan = json.loads((job / "plan.json").read_text(encoding="utf-8"))
            case = next(case for case in CASES.values() if case.plan["scan"] == plan["scan"])
            left = copy.deepcopy(jobs.run_double(case, NOW)[0])
            change(left)
            write(job / "journal.jsonl", left.journal)
            if left.result:
                write(job / "result.jsonl", left.result)
                write(job.parent.parent / "last_scan.json", [left.last_scan])
            return {"calls": []}

        monkeypatch.setattr(engine, "run_script", play)
        monkeypatch.setattr(engine, "find", lambda _name=None: FOUND)

    return put


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_faithful_worker_is_recorded_and_replayed_without_a_difference(worker, name, tmp_path):
    worker()
    recording = job_recording.record(FOUND, CASES[name], NOW)
    golden.write(recording, tmp_path)
    (read,) = golden.read_all(tmp_path)
    assert read.name == f"job-{name}.core-7.5"
    assert problems(read) == []
    assert replay(read) == ""


def test_the_recorder_takes_jobs_by_their_names(worker, tmp_path, capsys):
    worker()
    assert main(["job-wsus", "job-refused", "--golden", str(tmp_path)]) == 0
    assert "2 recorded under Core 7.5.2, 0 not" in capsys.readouterr().out
    assert [recording.script for recording in golden.read_all(tmp_path)] == [jobs.WORKER] * 2


def impatient(traces):
    del traces.journal[3]


def unrolled(traces):
    traces.result[1]["kb"] = "5030216"


def never(traces):
    traces.result[2]["reboot_required"] = False


def forgotten(traces):
    traces.last_scan["updates_pending_reboot"] = []


@pytest.mark.parametrize(
    ("name", "change"), [("patience", impatient), ("wsus", unrolled), ("wsus", never), ("wsus", forgotten)]
)
def test_a_worker_that_leaves_something_else_is_shown_as_a_diff(worker, tmp_path, capsys, name, change):
    worker(change)
    assert main([f"job-{name}", "--golden", str(tmp_path)]) == 0
    assert "the simulator answers otherwise" in capsys.readouterr().out
    (recording,) = golden.read_all(tmp_path)
    assert replay(recording).startswith("--- left by the double\n+++ left by the worker\n")


def no_end(traces):
    traces.journal.pop()


def twice(traces):
    traces.journal.append(traces.journal[-1])


def no_time(traces):
    traces.journal[1]["at"] = "12:00"


def out_of_order(traces):
    traces.result.insert(0, traces.result.pop())


def cut_off(traces):
    del traces.result[2]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (no_end, "journal: must begin armed and end done"),
        (twice, "journal: must be done once"),
        (no_time, "journal line 2: has no time"),
        (out_of_order, "result: must be scan, updates, history and end"),
        (cut_off, "result: the last line counts otherwise"),
    ],
)
def test_what_breaks_the_contract_of_a_job_is_named_and_not_kept(worker, tmp_path, capsys, change, complaint):
    worker(change)
    assert main(["job-wsus", "--golden", str(tmp_path)]) == 1
    assert complaint in capsys.readouterr().err
    assert golden.read_all(tmp_path) == []


@pytest.mark.parametrize("output", [{}, {"journal": {}, "result": [], "last_scan": {}}])
def test_an_output_of_another_shape_is_said_at_once(output):
    assert len(job_recording.problems(output)) == 1
