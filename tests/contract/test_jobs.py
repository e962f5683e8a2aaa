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
    INSTALL_JOURNAL,
    INSTALL_PLAN,
    JOB_LIST,
    JOB_REFUSED,
    JOB_STARTED,
    JOB_STOPPED,
    JOB_WANTS_WORKER,
    JOURNAL,
    LAST_SCAN,
    PHASES,
    PLAN,
    RESULT,
    install_problems,
    journal_problems,
    problems,
    result_problems,
)

from winsim.emulated.result import ModuleFailedError

HERE = Path(__file__).parent
GOLDEN = yaml.safe_load((HERE / "golden_jobs.yml").read_text(encoding="utf-8"))
BY_NAME = {case["name"]: case for case in GOLDEN}
INSTALLS = yaml.safe_load((HERE / "golden_installs.yml").read_text(encoding="utf-8"))
INSTALLS_BY_NAME = {case["name"]: case for case in INSTALLS}
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


@pytest.mark.parametrize("name", INSTALLS_BY_NAME)
def test_the_lines_of_a_golden_installation_have_the_shapes_of_the_contract(name):
    found = [problem for line in lines(INSTALLS_BY_NAME[name], "journal") for problem in install_problems(line)]
    assert found == []


@pytest.mark.parametrize("name", INSTALLS_BY_NAME)
def test_the_double_leaves_the_lines_of_the_golden_installation(name, tmp_path):
    case = INSTALLS_BY_NAME[name]
    assert jobs.play(case, tmp_path) == {part: lines(case, part) for part in ("journal", "result", "last_scan")}


def test_the_golden_installations_end_in_every_way_and_show_every_line():
    journals = [lines(case, "journal") for case in INSTALLS]
    assert {journal[-1].get("outcome") for journal in journals} == {"finished", "failed", "stopped", "expired"}
    shown = {f"{line['phase']}/{line['step']}" if "step" in line else line["phase"] for j in journals for line in j}
    assert set(INSTALL_JOURNAL) - shown == {
        "rebooting/failed",
        *(f"{p}/clock_jump" for p in PHASES if p != "installing"),
    }
    assert shown <= set(INSTALL_JOURNAL)
    assert len(INSTALLS_BY_NAME) == len(INSTALLS)


@pytest.mark.parametrize("name", [name for name, case in INSTALLS_BY_NAME.items() if "boot_after" not in case])
def test_every_update_of_a_plan_is_begun_or_has_a_reason_why_not(name):
    case = INSTALLS_BY_NAME[name]
    told = [
        line["id"]
        for line in lines(case, "journal")
        if (line["phase"], line.get("step")) in {("installing", "begin"), ("installing", "skipped")}
    ]
    assert sorted(told) == sorted(update["id"] for update in case["install"]["updates"])


def test_a_plan_of_an_installation_has_the_shape_of_the_contract():
    plan = jobs.install_plan_of(jobs.INSTALL_JOB, INSTALLS[0]["install"]["updates"], reboot={"mode": "if_required"})
    assert list(problems(INSTALL_PLAN, plan)) == []


def test_a_plan_has_the_shape_of_the_contract():
    assert list(problems(PLAN, jobs.plan_of(jobs.JOB, 3, {}))) == []


def test_the_answers_of_the_double_have_the_shapes_of_the_contract(tmp_path):
    stage = jobs.Stage({"update_agent": {}}, tmp_path)
    wanted = stage.call("start", id=jobs.JOB, plan=jobs.plan_of(jobs.JOB, 0, {}), worker_sha256="0" * 64)
    assert list(problems(JOB_WANTS_WORKER, wanted)) == []
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


INSTALL_STEPS = sorted({name.partition("/")[2] for name in INSTALL_JOURNAL if "/" in name})


@pytest.mark.parametrize("step", INSTALL_STEPS)
def test_the_shipped_worker_writes_the_step_of_an_installation(step):
    assert re.search(rf"\bstep = '{step}'", WORKER)


@pytest.mark.parametrize("name", [name for name in INSTALL_JOURNAL if "/" in name])
def test_the_shipped_worker_names_every_key_of_a_line_of_an_installation(name):
    wanted = {key.removesuffix("?") for key in INSTALL_JOURNAL[name]} - {"at", "phase", "step"}
    assert {key for key in wanted if not re.search(rf"\b{key}'?\]? = ", WORKER)} == set()


@pytest.mark.parametrize("name", ["installing/skipped", "rebooting/skipped"])
def test_the_shipped_worker_gives_the_same_reasons_for_what_it_skips(name):
    given = set(re.findall(r"-Reason '(\w+)'", WORKER))
    assert INSTALL_JOURNAL[name]["reason"] <= given
    assert given <= INSTALL_JOURNAL["installing/skipped"]["reason"] | INSTALL_JOURNAL["rebooting/skipped"]["reason"]


@pytest.mark.parametrize("step", ["skipped"])
def test_the_double_says_what_the_shipped_worker_says_when_it_skips(step):
    shown = [line["text"] for case in INSTALLS for line in lines(case, "journal") if line.get("step") == step]
    said = {re.sub(r"[\d:].*|Exception from.*", "", text).rstrip() for text in shown}
    assert {text for text in said if text not in WORKER} == set()


def keys_of(shape):
    return {key for key in shape if key not in ("line", "id")}


@pytest.mark.parametrize("line", ["update", "history", "end"])
def test_the_shipped_worker_names_every_key_of_a_line(line):
    assert f"line = '{line}'" in WORKER
    assert {key for key in keys_of(RESULT[line]) if not re.search(rf"\b{key} = ", WORKER)} == set()


def test_the_shipped_worker_names_every_key_of_the_first_line_and_of_the_last_scan():
    wanted = keys_of(RESULT["scan"]) | set(LAST_SCAN)
    assert {key for key in wanted if not re.search(rf"\b{key}'?\]? = ", WORKER, re.IGNORECASE)} == set()


def test_the_shipped_starter_names_every_key_of_the_answer_that_wants_the_worker():
    assert all(f"{key} = " in STARTER for key in JOB_WANTS_WORKER)


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


@pytest.mark.parametrize(("line", "said"), DEPARTURES)
def test_a_departure_of_an_installation_is_seen(line, said):
    assert any(said in problem for problem in install_problems(line))


def test_a_departure_of_a_result_is_seen():
    update = next(line for line in lines(GOLDEN[0], "result") if line["line"] == "update")
    for key, wrong in (("installed", "yes"), ("kb", "5068861"), ("id", "x"), ("type", "1"), ("deadline", "soon")):
        line = {**copy.deepcopy(update), key: wrong}
        assert result_problems(line), key
    assert result_problems({"line": "weather"})
    assert result_problems({key: value for key, value in update.items() if key != "title"})
