# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The catalogue of faults, how cases are put together, what is written, and that docs/faults.md is current."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ansible_process import ROOT
from campaign import batches, catalogue, checks, page, plants, replaying, results
from campaign.__main__ import selected
from campaign.batches import Batch, Done
from campaign.faults_controller import steps
from campaign.fleets import is_quiet, variables_of
from campaign.hosts import BAIT_IDS, wanted_of
from campaign.model import Measured, Violation
from campaign.playbook import Kill, Playing, RunError
from winsim.hostfile import load_folder

TASKS = tuple(f"task {number}" for number in range(50))
MEASURED = Measured({"idle": 30, "quiet": 75, "reboots": 110}, {"idle": 0, "quiet": 17, "reboots": 22}, TASKS)


@pytest.fixture(scope="module")
def cases():
    return list(catalogue.cases(MEASURED))


def test_there_are_at_least_five_hundred_cases_with_names_of_their_own(cases):
    assert len({case.name for case in cases}) == len(cases) >= 500


def test_every_host_of_the_campaign_is_a_host_file_without_a_mistake(cases, tmp_path):
    for case in cases:
        text = yaml.safe_dump({"name": case.name, **case.words}, allow_unicode=True)
        (tmp_path / f"{case.name}.yml").write_text(text, encoding="utf-8")
    assert len(load_folder(tmp_path)) == len(cases)


def test_the_line_is_cut_at_every_request_of_a_short_run(cases):
    cut = {case.request for case in cases if case.fault == "line_cut" and "quiet" in case.detail}
    assert cut == set(range(1, 76))


def test_the_power_goes_at_every_line_that_a_job_may_write(cases):
    lines = [case.words["power_cut"]["at_line"] for case in cases if case.fault == "power_cut"]
    assert sorted(lines) == sorted([*range(2, 18), *range(2, 23)])


def test_every_host_is_offered_what_nobody_wants(cases):
    for case in cases:
        offered = {update["id"] for update in case.words["update_agent"]["updates"]}
        assert offered >= BAIT_IDS
        assert not wanted_of(case.words) & BAIT_IDS


def test_kills_are_spread_over_all_tasks_of_a_run_each_with_its_number():
    assert steps(("a", "b", "a"), 30) == [("a", 1), ("b", 1), ("a", 2)]
    spread = steps(TASKS, 30)
    assert len(spread) == len(set(spread)) == 30
    assert (spread[0][0], spread[-1][0]) == (TASKS[0], TASKS[-1])


def test_cases_of_one_kind_share_runs_and_faults_are_mixed(cases):
    found = batches.batches(cases, most=40)
    assert sorted(case.name for batch in found for case in batch.cases) == sorted(case.name for case in cases)
    assert all(len(batch.cases) <= 40 and {case.how for case in batch.cases} == {batch.how} for batch in found)
    assert len({case.fault for case in found[0].cases}) > 5


def test_only_what_is_asked_for_is_run_and_a_fault_that_does_not_exist_is_named(cases):
    assert {case.fault for case in selected(cases, "line_cut,none", None)} == {"line_cut", "none"}
    assert len(selected(cases, "line_cut", 7)) <= 7
    assert selected(cases, "none,none", None) == selected(cases, "none", None)
    with pytest.raises(RunError, match="there is no fault line_cutt; there are: none, "):
        selected(cases, "line_cutt", None)


def test_windows_are_told_to_ansible_as_times_and_what_is_ours_is_not(cases, good):
    kill = next(case for case in cases if case.fault == "controller_killed")
    told = variables_of(kill, good.started)
    assert list(told) == ["patch_windows"]
    assert told["patch_windows"][0]["for"] == ["install", "reboot"]
    assert told["patch_windows"][0]["start"] == "2026-11-21T19:00:00Z"


def test_a_job_that_waits_for_its_boot_is_not_quiet(good):
    assert is_quiet(good.final)
    (path,) = [path for path in good.final["files"] if path.endswith("journal.jsonl")]
    line = json.dumps({"at": "2026-11-21T20:20:00Z", "phase": "rebooting", "step": "begin"})
    good.final["files"][path]["text"] = line + "\n"
    assert not is_quiet(good.final)


@pytest.fixture
def outcome(good):
    missed = replace(good.case, name="missed", words={"network": {"faults": [{"at_request": 999, "do": "drop"}]}})
    batch = Batch("runs-1", "runs", (good.case,))
    violation = Violation("none-001", "exit_code", "run 1 ended with 0 and has a host that failed")
    return results.Outcome((Done(batch, (good, replace(good, case=missed)), (violation,), 1.0),))


def test_the_document_counts_executed_and_double_apart_and_leaves_out_what_never_happened(outcome, good):
    document = results.document(outcome)
    assert document["worker"] == {"executed": 0, "double": 1}
    assert [case["name"] for case in document["cases"]] == ["none-001"]
    assert [case["name"] for case in document["not_reached"]] == ["missed"]
    assert document["violations"][0]["check"] == "exit_code"
    assert document["cases"][0]["host"] == {
        "jobs": 1,
        "interrupted": 0,
        "installed": 2,
        "failed": 0,
        "rolled_back": 0,
        "our_boots": 1,
        "other_boots": 0,
    }
    executed = results.Outcome((replace(outcome.dones[0], stories=(replace(good, worker="executed"),)),))
    assert results.document(executed)["worker"] == {"executed": 1, "double": 0}


def test_the_headline_says_what_is_unproven(outcome):
    said = results.headline(outcome, 754).splitlines()
    assert said[0] == "faults: 1 cases in 12 min 34 s, 1 violations"
    assert said[1] == "faults: the shipped worker ran in 0 cases; in 1 only its double did: unproven"
    assert said[-1] == "faults: 1 more hosts never met their fault, and are not counted"


def test_each_case_is_written_so_that_its_jobs_can_be_played_again(outcome, good, tmp_path):
    results.write(outcome, tmp_path)
    folder = tmp_path / "faults" / "none-001"
    assert yaml.safe_load((folder / "host.yml").read_text(encoding="utf-8"))["name"] == "none-001"
    (path,) = folder.glob("*/replay.json")
    replay = json.loads(path.read_text(encoding="utf-8"))
    searches = [
        {u["Identity"]["UpdateID"]: u["IsInstalled"] for u in s["found"]["Updates"]}
        for s in replay["agent"]["searches"]
    ]
    wanted = wanted_of(good.case.words)
    assert [{searches[n][name] for name in wanted} for n in (0, 1)] == [{False}, {True}]
    assert replay["expected"][0]["phase"] == "armed"


def test_a_replay_compares_line_by_line_and_only_up_to_the_first_boot(outcome, tmp_path):
    results.write(outcome, tmp_path)
    (path,) = (tmp_path / "faults" / "none-001").glob("*/replay.json")
    lines = json.loads(path.read_text(encoding="utf-8"))["expected"]

    def writes(*more):
        def run(_agent, folder):
            with (folder / "journal.jsonl").open("a", encoding="utf-8") as stream:
                stream.writelines(json.dumps(line) + "\n" for line in more)

        return run

    assert replaying.replayed(path, writes(*lines[1:])) == []
    assert replaying.replayed(path, writes(*lines[1:-1])) == ["the worker wrote 5 lines, its double 6"]
    other = {**lines[1], "id": "other"}
    (said,) = replaying.replayed(path, writes(other, *lines[2:]))
    assert said.startswith("line 2 is ")
    cut = [*lines[:3], {"phase": "verifying", "step": "started"}]
    assert replaying.first_life(cut) == (lines[:3], True)


def test_the_page_has_a_row_for_every_fault_and_forgets_what_an_earlier_run_said(outcome):
    text = page.written(
        f"before\n{page.BEGIN}\nfrom long ago\n{page.END}\nafter\n", results.document(outcome), "* 1 cases"
    )
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "from long ago" not in text
    assert page.faults_of(text) == [page.named(fault) for fault in catalogue.FAULTS.values()]
    assert "first run: patched 1; next run: nothing_to_do 1" in text
    with pytest.raises(ValueError, match="the page lacks"):
        page.written("no marks", results.document(outcome), "")


def test_the_page_of_the_faults_is_current_with_the_catalogue():
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert page.faults_of(text) == [page.named(fault) for fault in catalogue.FAULTS.values()], "run make faults"


def test_every_promise_is_explained_on_the_page():
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert [name for name in (*checks.CHECKS, checks.EXIT_CODE, batches.RUN_ENDS) if f"| `{name}` |" not in text] == []


def test_sentences_are_general_where_runs_differ():
    said = "install-20261121T201000Z-1a2b3c4d began 00000001-0000-4000-8000-000000000001 at 2026-11-21T20:10:00Z"
    assert page.general(said) == "install-JOB began UPDATE at TIME"


def test_a_report_that_drops_a_host_is_planted_in_the_report_itself(tmp_path):
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps({"hosts": {"b": {}, "a": {}}}), encoding="utf-8")
    plants.SPOILS["drops_host"](tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["hosts"] == {"b": {}}


FAKE = """
import signal, sys, time
print("PLAY [x] ***", flush=True)
print("TASK [role : first] *****", flush=True)
print("TASK [role : second] *****", flush=True)
time.sleep(float(sys.argv[1]))
print("PLAY RECAP ****\\nweb01    : ok=3    changed=0    unreachable=0    failed=1    skipped=2", flush=True)
sys.exit(2)
"""


@pytest.fixture
def playing(tmp_path, monkeypatch):
    """A program in the place of ansible-playbook that waits as long as it is told to."""

    def make(seconds, most=10.0):
        program = tmp_path / "ansible-playbook"
        script = tmp_path / "fake.py"
        script.write_text(FAKE, encoding="utf-8")
        program.write_text(f"#!/bin/sh\nexec {sys.executable} {script} {seconds}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
        return Playing((tmp_path / "inventory.yml",), tmp_path / "report", tmp_path, most)

    return make


def test_a_run_is_told_by_its_exit_code_its_recap_and_its_tasks(playing, tmp_path):
    played = playing(0).play(tmp_path / "log")
    assert (played.code, played.tasks) == (2, ("role : first", "role : second"))
    assert played.recap["web01"]["failed"] == 1
    assert "PLAY RECAP" in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_is_killed_at_its_task_and_has_no_exit_code(playing, tmp_path, number):
    played = playing(30).play(tmp_path / "log", kill=Kill("role : second", 1, number))
    assert (played.code, played.recap) == (None, {})
    assert played.tasks == ("role : first", "role : second")


def test_a_run_that_never_ends_is_no_result(playing, tmp_path):
    with pytest.raises(RunError, match="took more than"):
        playing(30, most=0.5).play(tmp_path / "log")


def test_the_folder_of_the_campaign_is_found():
    assert (ROOT / "tests" / "simulator" / "campaign" / Path(catalogue.__file__).name).exists()
