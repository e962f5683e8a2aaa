# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a job leaves on a host and what win_patch_job answers: one contract for the worker, its double and the brain."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.winops.patching.tests.contract import jobs
from ansible_collections.winops.patching.tests.contract.shapes import (
    JOB_LIST,
    JOB_REFUSED,
    JOB_STARTED,
    JOB_STOPPED,
    JOURNAL,
    LAST_SCAN,
    PLAN,
    RESULT,
    journal_problems,
    problems,
    result_problems,
)

from winsim.emulated.result import ModuleFailedError

HERE = Path(__file__).parent
GOLDEN = yaml.safe_load((HERE / "golden_jobs.yml").read_text(encoding="utf-8"))
BY_NAME = {case["name"]: case for case in GOLDEN}
PLUGINS = HERE.parents[1] / "plugins"
WORKER = (PLUGINS / "module_utils" / "patch_worker.ps1").read_text(encoding="utf-8")
STARTER = (PLUGINS / "modules" / "win_patch_job.ps1").read_text(encoding="utf-8")


def lines(case, name):
    return [json.loads(text) for text in case[name]]


@pytest.mark.parametrize("name", BY_NAME)
def test_the_lines_of_a_golden_job_have_the_shapes_of_the_contract(name):
    case = BY_NAME[name]
    found = [problem for line in lines(case, "journal") for problem in journal_problems(line)]
    found += [problem for line in lines(case, "result") for problem in result_problems(line)]
    found += [problem for line in lines(case, "last_scan") for problem in problems(LAST_SCAN, line)]
    assert found == []


@pytest.mark.parametrize("name", BY_NAME)
def test_the_double_leaves_the_lines_of_the_golden_job(name, tmp_path):
    case = BY_NAME[name]
    assert jobs.play(case, tmp_path) == {part: lines(case, part) for part in ("journal", "result", "last_scan")}


def test_the_golden_jobs_end_in_every_way_and_show_every_line():
    journals = [lines(case, "journal") for case in GOLDEN]
    assert {journal[-1].get("outcome") for journal in journals} == {"finished", "failed", "stopped", None}
    assert {line.get("step", line["phase"]) for journal in journals for line in journal} == set(JOURNAL)
    assert {line["line"] for case in GOLDEN for line in lines(case, "result")} == set(RESULT)
    assert len(BY_NAME) == len(GOLDEN)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_result_begins_with_its_source_counts_its_lines_and_is_there_only_when_the_job_finished(name):
    result = lines(BY_NAME[name], "result")
    assert bool(result) == (lines(BY_NAME[name], "journal")[-1].get("outcome") == "finished")
    kinds = [line["line"] for line in result]
    if result:
        assert (kinds[0], kinds[-1]) == ("scan", "end")
        assert {kind: kinds.count(kind[:-1] if kind == "updates" else kind) for kind in ("updates", "history")} == {
            kind: result[-1][kind] for kind in ("updates", "history")
        }


def test_a_plan_has_the_shape_of_the_contract():
    assert list(problems(PLAN, jobs.plan_of(jobs.JOB, 3, {}))) == []


def test_the_answers_of_the_double_have_the_shapes_of_the_contract(tmp_path):
    stage = jobs.Stage({"update_agent": {}}, tmp_path)
    assert list(problems(JOB_STARTED, stage.start())) == []
    assert list(problems(JOB_STARTED, stage.start())) == []
    assert list(problems(JOB_STOPPED, stage.call("stop", id=jobs.JOB))) == []
    assert list(problems(JOB_LIST, stage.call("list"))) == []
    stage.wait_until(jobs.LONG_ENOUGH)
    assert list(problems(JOB_LIST, stage.call("list"))) == []
    with pytest.raises(ModuleFailedError) as caught:
        stage.call("stop", id="x")
    assert list(problems(JOB_REFUSED, caught.value.as_result())) == []


@pytest.mark.parametrize("step", [step for step in JOURNAL if step not in ("armed", "done")])
def test_the_shipped_worker_writes_the_step(step):
    assert re.search(rf"\bstep = '{step}'", WORKER)


def keys_of(shape):
    return {key for key in shape if key not in ("line", "id")}


@pytest.mark.parametrize("line", ["update", "history", "end"])
def test_the_shipped_worker_names_every_key_of_a_line(line):
    assert f"line = '{line}'" in WORKER
    assert {key for key in keys_of(RESULT[line]) if not re.search(rf"\b{key} = ", WORKER)} == set()


def test_the_shipped_worker_names_every_key_of_the_first_line_and_of_the_last_scan():
    wanted = keys_of(RESULT["scan"]) | set(LAST_SCAN)
    assert {key for key in wanted if not re.search(rf"\b{key}'?\]? = ", WORKER, re.IGNORECASE)} == set()


def test_the_shipped_starter_knows_every_word_of_a_refusal():
    reasons = JOB_REFUSED["reason"] - {"error"}
    assert {reason for reason in reasons if f"-Reason '{reason}'" not in STARTER} == set()
    assert set(re.findall(r"-Reason '(\w+)'", STARTER)) == reasons


DEPARTURES = [
    ({"phase": "done"}, "is missing"),
    ({"phase": "resting"}, "there is no line"),
    ({"step": "dreaming", "phase": "scanning"}, "there is no line"),
]


@pytest.mark.parametrize(("line", "said"), DEPARTURES)
def test_a_departure_of_a_journal_is_seen(line, said):
    assert any(said in problem for problem in journal_problems(line))


def test_a_departure_of_a_result_is_seen():
    update = next(line for line in lines(GOLDEN[0], "result") if line["line"] == "update")
    for key, wrong in (("installed", "yes"), ("kb", "5068861"), ("id", "x"), ("type", "1"), ("deadline", "soon")):
        line = {**copy.deepcopy(update), key: wrong}
        assert result_problems(line), key
    assert result_problems({"line": "weather"})
    assert result_problems({key: value for key, value in update.items() if key != "title"})
