# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The script behind `make demo`: what it shows, what it leaves, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import demo

SCRIPT = Path(demo.__file__)
AGENT = "agent_reboot_required"
# host -> reboot, safe to reboot, kind, because, hints, decisive unknown signals
EXPECTED = {
    "all-three-sources": (
        "required",
        "yes",
        "soft",
        ["wu_reboot_required", "cbs_reboot_pending", "pending_file_rename", "update_exe_volatile"],
        ["cbs_packages_pending", "winsxs_pending_xml"],
        [],
    ),
    "wu-key-only": ("required", "yes", "soft", ["wu_reboot_required"], [], []),
    "rename-queue-only": ("required", "yes", "soft", ["pending_file_rename", "pending_file_rename_2"], [], []),
    "update-exe-fresh": ("required", "yes", "soft", ["update_exe_volatile"], [], []),
    "join-pending": ("required", "yes", "soft", ["computer_rename", "domain_join"], [], []),
    "renamed-host": ("required", "yes", "soft", ["hostname_rename"], [], []),
    "configmgr-hard-reboot": ("required", "yes", "hard", ["ccm_reboot_pending"], [], []),
    "reboot-running-now": (
        "required",
        "no",
        "in_progress",
        ["cbs_reboot_pending", "cbs_reboot_in_progress"],
        [],
        [],
    ),
    "installer-running": ("required", "no", "soft", ["cbs_reboot_pending"], [], []),
    "clean-2022": ("not_required", "yes", "none", [], [], []),
    "false-alarms-2019": ("not_required", "yes", "none", [], [], []),
    "agent-denies-network": ("not_required", "yes", "none", [], [], []),
    "stale-exe-flags-2022": ("not_required", "yes", "none", [], [], []),
    "rename-noise-only": ("not_required", "yes", "none", [], ["pending_file_rename"], []),
    "weak-hints-only": ("not_required", "yes", "none", [], ["server_manager_attempts", "winsxs_pending_xml"], []),
    "configmgr-refuses": ("unknown", "yes", "none", [], [], ["ccm_reboot_pending"]),
    "denied-keys": (
        "unknown",
        "unknown",
        "none",
        [],
        [],
        ["cbs_reboot_pending", "pending_file_rename", "pending_file_rename_2"],
    ),
    "filtered-token": (
        "unknown",
        "unknown",
        "none",
        [],
        [],
        ["cbs_reboot_pending", "pending_file_rename", "pending_file_rename_2"],
    ),
    "dead-host": ("unknown", "unknown", "none", [], [], []),
    "drops-the-line": ("unknown", "unknown", "none", [], [], []),
}


@pytest.fixture(scope="module")
def shown(once, run_type, note):
    """The script, run twice into one folder: the second must not trip over the first."""

    def make(work: Path):
        home = work / "home"
        home.mkdir(parents=True)
        environment = {**os.environ, "HOME": str(home), "ANSIBLE_STDOUT_CALLBACK": "there.is.none"}
        command = [sys.executable, str(SCRIPT), "--report-dir", str(work / "out")]
        ended = [subprocess.run(command, capture_output=True, text=True, check=False, env=environment) for _ in "12"]
        run = note(run_type(ended[1].returncode, ended[1].stdout + ended[1].stderr), work / "out")
        run.notes["first"] = [ended[0].returncode, ended[0].stdout + ended[0].stderr]
        run.notes["left_in_home"] = [str(path) for path in home.rglob("*")]
        return run

    return once("demo", make)


def test_the_demo_ends_well_on_the_first_and_on_the_second_run(shown):
    assert shown.notes["first"][0] == 0, shown.notes["first"][1]
    assert shown.code == 0, shown.output


def test_the_demo_leaves_nothing_in_the_home_folder(shown):
    assert shown.notes["left_in_home"] == []


def test_the_demo_shows_a_row_for_every_host_and_no_error_block_of_ansible(shown):
    firsts = {line.partition(" ")[0] for line in shown.output.splitlines()}
    assert set(EXPECTED) <= firsts
    assert "fatal:" not in shown.output
    assert "[ERROR]" not in shown.output


def test_the_demo_says_where_its_files_lie_and_how_to_ask_further(shown):
    for text in ("fleet.json", "evidence", "ansible.log", "make sim", "win_reboot_pending_info"):
        assert text in shown.output


def test_the_expectations_are_about_the_hosts_of_the_demo_fleet():
    assert {path.stem for path in demo.FLEET.glob("*.yml")} == set(EXPECTED)
    assert len(EXPECTED) >= 14


def test_every_host_file_of_the_demo_begins_with_its_story_and_bears_the_name_of_its_host():
    for path in demo.FLEET.glob("*.yml"):
        assert len(demo.story(path)) > 40, path
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["name"] == path.stem


@pytest.mark.parametrize("host", EXPECTED)
def test_a_demo_host_has_the_verdict_of_its_story(shown, host):
    row = shown.fleet["hosts"][host]
    decisive = [entry["id"] for entry in row["unknown"] if entry["decisive"]]
    found = (row["reboot"], row["safe_to_reboot"], row["kind"], row["because"], row["hints"], decisive)
    assert found == EXPECTED[host], row["sentence"]


def test_the_totals_count_every_host_once(shown):
    totals = shown.fleet["totals"]
    assert totals["hosts"] == len(EXPECTED)
    assert totals["reboot"] == {"required": 9, "not_required": 6, "unknown": 5}
    assert totals["failed"] == 2


def test_only_hosts_that_could_not_be_read_bear_an_error(shown):
    rows = shown.fleet["hosts"]
    assert {name for name, row in rows.items() if row["error"]} == {"dead-host", "drops-the-line"}
    assert "refused" in rows["dead-host"]["error"]
    assert "closed connection" in rows["drops-the-line"]["error"]


def test_the_refusal_of_the_update_agent_is_told_beside_a_no(shown):
    row = shown.fleet["hosts"]["agent-denies-network"]
    assert [(entry["id"], entry["decisive"]) for entry in row["unknown"]] == [(AGENT, False)]
    assert "update agent could not be asked" in row["sentence"]


def test_a_filtered_token_is_named_as_the_one_cause(shown):
    sentence = shown.fleet["hosts"]["filtered-token"]["sentence"]
    assert sentence.count("is filtered") == 1


def test_evidence_is_kept_of_every_host_that_answered_and_only_its_owner_may_read_it(shown):
    answered = set(EXPECTED) - {"dead-host", "drops-the-line"}
    assert shown.notes["evidence"] == {f"{host}.json": 0o600 for host in answered}


def test_the_simulator_is_stopped_when_the_demo_is_told_to_end(tmp_path):
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--report-dir", str(tmp_path / "out")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        log = tmp_path / "out" / "ansible.log"
        until = time.monotonic() + 60
        while not log.exists() and time.monotonic() < until:
            time.sleep(0.05)
        [inventory] = tmp_path.glob("winsim-*/inventory.yml")
        hosts = yaml.safe_load(inventory.read_text(encoding="utf-8"))["windows"]["hosts"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.wait()
    for words in hosts.values():
        with socket.socket() as client:
            assert client.connect_ex((words["ansible_host"], words["ansible_port"])) != 0
    assert list(tmp_path.glob("winsim-*")) == []


STORIES = {"a": "", "b": "", "c": ""}
ROWS = {
    "a": {"reboot": "required", "error": None},
    "b": {"reboot": "not_required", "error": None},
    "c": {"reboot": "unknown", "error": "unreachable"},
}


@pytest.mark.parametrize(
    ("rows", "code", "complaint"),
    [
        ({name: ROWS[name] for name in "bc"}, 2, "fleet.json lacks a"),
        ({**ROWS, "b": ROWS["a"]}, 2, "no host of fleet.json is not_required"),
        (ROWS, 0, "ended with 0"),
        ({**ROWS, "c": {"reboot": "unknown", "error": None}}, 2, "could not be read: none"),
    ],
)
def test_the_demo_fails_when_the_report_does_not_show_what_it_promises(rows, code, complaint):
    with pytest.raises(demo.DemoError, match=complaint):
        demo.check({"hosts": rows}, STORIES, code)


def test_the_demo_accepts_a_report_that_shows_all_of_it():
    assert demo.check({"hosts": ROWS}, STORIES, 2) == ["c"]


def test_the_demo_fails_with_a_sentence_when_there_is_no_table():
    with pytest.raises(demo.DemoError, match="printed no table"):
        demo.table_of("PLAY [x]\nhost  reboot\n")


def test_the_demo_fails_with_a_sentence_when_its_folder_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    command = [sys.executable, str(SCRIPT), "--report-dir", str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "demo: " in done.stderr
    assert "Traceback" not in done.stderr
