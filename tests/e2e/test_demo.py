# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The script behind `make demo`: what it shows before and after the patch run, what it leaves, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import demo
import demo_runs

SCRIPT = Path(demo.__file__)
ROOT = demo.ROOT
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


# host -> what the patch run made of it, its reboot afterwards, machine, and its updates
PATCHED = {
    "all-three-sources": ("patched", "not_required", "compliant", {}),
    "wu-key-only": ("pending_reboot", "required", "pending_reboot", {}),
    "rename-queue-only": ("patched", "not_required", "compliant", {}),
    "update-exe-fresh": ("unknown", "not_required", "unknown", {}),
    "join-pending": ("patched", "not_required", "compliant", {"verified": 3}),
    "renamed-host": ("failed", "not_required", "non_compliant", {"verified": 1, "failed": 1}),
    "configmgr-hard-reboot": ("patched", "not_required", "compliant", {"verified": 1}),
    "reboot-running-now": ("pending_reboot", "required", "pending_reboot", {}),
    "installer-running": ("pending_reboot", "required", "non_compliant", {"deferred": 1}),
    "clean-2022": ("nothing_to_do", "not_required", "compliant", {}),
    "false-alarms-2019": ("patched", "not_required", "compliant", {"verified": 1}),
    "agent-denies-network": ("nothing_to_do", "not_required", "compliant", {}),
    "stale-exe-flags-2022": ("nothing_to_do", "not_required", "compliant", {}),
    "rename-noise-only": ("nothing_to_do", "not_required", "compliant", {}),
    "weak-hints-only": ("patched", "not_required", "compliant", {"verified": 2}),
    "configmgr-refuses": ("unknown", "unknown", "unknown", {}),
    "denied-keys": ("unknown", "unknown", "unknown", {}),
    "filtered-token": ("stopped", "unknown", "unknown", {}),
    "dead-host": ("stopped", "unknown", "unknown", {}),
    # Its line broke once, at the look before.
    "drops-the-line": ("nothing_to_do", "not_required", "compliant", {}),
}
GHOST = "a-host-of-an-earlier-demo"


@pytest.fixture(scope="module")
def shown(once, run_type, note):
    """The script, run once, into a folder where an earlier demo has left its report."""

    def make(work: Path):
        home, out = work / "home", work / "out"
        for folder in (home, out / "evidence", out / "journal", out / "before"):
            folder.mkdir(parents=True)
        for left in ("fleet.json", f"evidence/{GHOST}.json", f"journal/{GHOST}.jsonl", "before/fleet.json"):
            (out / left).write_text(f'{{"hosts": {{"{GHOST}": {{}}}}}}', encoding="utf-8")
        environment = {**os.environ, "HOME": str(home), "ANSIBLE_STDOUT_CALLBACK": "there.is.none"}
        command = [sys.executable, str(SCRIPT), "--report-dir", str(out)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        run = note(run_type(ended.returncode, ended.stdout + ended.stderr), out / "before")
        before, evidence = run.notes["fleet"], run.notes["evidence"]
        run = note(run_type(ended.returncode, run.output, notes={"before": before, "evidence_before": evidence}), out)
        run.notes["journals"] = sorted(path.stem for path in (out / "journal").glob("*"))
        run.notes["left_in_home"] = [str(path) for path in home.rglob("*")]
        return run

    return once("demo", make)


def test_the_demo_ends_well(shown):
    assert shown.code == 0, shown.output


def test_the_demo_leaves_nothing_in_the_home_folder(shown):
    assert shown.notes["left_in_home"] == []


def test_the_demo_shows_a_row_for_every_host_twice_and_no_error_block_of_ansible(shown):
    firsts = Counter(line.partition(" ")[0] for line in shown.output.splitlines() if "  " in line)
    assert {host: firsts[host] for host in EXPECTED} == dict.fromkeys(EXPECTED, 2)
    assert "fatal:" not in shown.output
    assert "[ERROR]" not in shown.output


def test_the_demo_shows_how_far_the_patch_run_is(shown):
    told = [line for line in shown.output.splitlines() if line.startswith("   ")]
    for text in ("what fits into tonight's window?", "the jobs are started", "a fresh scan", "are rebooted"):
        assert any(text in line for line in told), text
    assert any("join-pending" in line and "finished: 3 of 3 installed" in line for line in told)


def test_the_demo_says_where_its_files_lie_and_how_to_ask_further(shown):
    for text in ("fleet.json", "evidence", "journal", "ansible.log", "before", "make sim", "win_reboot_pending_info"):
        assert text in shown.output


def test_nothing_of_an_earlier_demo_passes_for_this_one(shown):
    assert GHOST not in shown.output
    for left in (shown.fleet["hosts"], shown.notes["before"]["hosts"], shown.notes["journals"]):
        assert GHOST not in left
    assert f"{GHOST}.json" not in shown.notes["evidence"]


def test_the_expectations_are_about_the_hosts_of_the_demo_fleet():
    assert {path.stem for path in demo.FLEET.glob("*.yml")} == set(EXPECTED) == set(PATCHED)
    assert len(EXPECTED) >= 14


def test_every_host_file_of_the_demo_begins_with_its_story_and_bears_the_name_of_its_host():
    for path in demo.FLEET.glob("*.yml"):
        assert len(demo.story(path)) > 40, path
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["name"] == path.stem


@pytest.mark.parametrize("host", EXPECTED)
def test_a_demo_host_has_the_verdict_of_its_story(shown, host):
    row = shown.notes["before"]["hosts"][host]
    decisive = [entry["id"] for entry in row["unknown"] if entry["decisive"]]
    found = (row["reboot"], row["safe_to_reboot"], row["kind"], row["because"], row["hints"], decisive)
    assert found == EXPECTED[host], row["sentence"]


@pytest.mark.parametrize("host", PATCHED)
def test_the_patch_run_makes_of_a_demo_host_what_it_should(shown, host):
    row = shown.fleet["hosts"][host]
    found = (row["run"]["outcome"], row["reboot"], row["machine"], row["run"]["counts"])
    assert found == PATCHED[host], row["run"]["sentence"]


def test_the_totals_count_every_host_once(shown):
    before, after = (fleet["totals"] for fleet in (shown.notes["before"], shown.fleet))
    assert before["hosts"] == after["hosts"] == len(EXPECTED)
    assert before["reboot"] == {"required": 9, "not_required": 6, "unknown": 5}
    assert after["reboot"] == {"required": 3, "not_required": 13, "unknown": 4}
    assert before["failed"] == 2


def test_only_hosts_that_could_not_be_read_bear_an_error_before(shown):
    rows = shown.notes["before"]["hosts"]
    assert {name for name, row in rows.items() if row["error"]} == {"dead-host", "drops-the-line"}
    assert "refused" in rows["dead-host"]["error"]
    assert "closed connection" in rows["drops-the-line"]["error"]


def test_a_host_outside_its_reboot_window_is_left_as_it_is_and_told_when_its_time_comes(shown):
    row = shown.fleet["hosts"]["wu-key-only"]
    assert (row["error"], row["run"]["reboots"][0]["decision"]) == (None, "outside_window")
    assert (row["window"]["name"], row["run"]["next_window"]["name"]) == ("weekend", "weekend")


def test_an_update_that_failed_is_told_with_its_cause_and_the_next_step(shown):
    failed = [one for one in shown.fleet["hosts"]["renamed-host"]["run"]["updates"] if one["state"] == "failed"]
    assert [(one["hresult"], bool(one["cause"]), bool(one["next_step"])) for one in failed] == [
        ("0x800F0922", True, True)
    ]
    assert "CBS_E_INSTALLERS_FAILED" in shown.output


def test_the_refusal_of_the_update_agent_is_told_beside_a_no(shown):
    row = shown.notes["before"]["hosts"]["agent-denies-network"]
    assert [(entry["id"], entry["decisive"]) for entry in row["unknown"]] == [(AGENT, False)]
    assert "update agent could not be asked" in row["sentence"]


def test_a_filtered_token_is_named_as_the_one_cause(shown):
    sentence = shown.notes["before"]["hosts"]["filtered-token"]["sentence"]
    assert sentence.count("is filtered") == 1


def test_evidence_is_kept_of_every_host_that_answered_and_only_its_owner_may_read_it(shown):
    answered = set(EXPECTED) - {"dead-host", "drops-the-line"}
    assert shown.notes["evidence_before"] == {f"{host}.json": 0o600 for host in answered}
    scanned = set(EXPECTED) - {"dead-host", "filtered-token"}
    assert shown.notes["evidence"] == {f"{host}.json": 0o600 for host in scanned}
    assert shown.notes["journals"] == sorted(EXPECTED)


def test_the_simulator_is_stopped_when_the_demo_is_told_to_end(tmp_path):
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--report-dir", str(tmp_path / "out")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        log = tmp_path / "out" / "before" / "ansible.log"
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
        ({**ROWS, "c": {"reboot": "unknown", "error": None}}, 2, "are not well: none"),
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


def test_every_phase_that_the_demo_tells_of_is_a_file_of_tasks_of_its_role():
    files = {(role, file) for role, file in demo_runs.PHASES}
    assert {place for place in files if not (ROOT / "roles" / place[0] / "tasks" / f"{place[1]}.yml").exists()} == set()


HEARD = """
TASK [winops.patching.patch_run : scan | Scan the host for updates] ****
ok: [a]
TASK [winops.patching.patch_run : scan | Keep what was seen] ****
TASK [winops.patching.patch_install : sweep | Tell how far all hosts are] ****
host  phase       progress
a     installing  installing 1 of 2
15:49:21  nothing new: 1 of 4 jobs goes on: a
15:49:23  all 4 jobs are over
ok: [a -> localhost]
skipping: [b]
TASK [somebody : else | Something] ****
a     installing  of another task
"""


def test_of_the_output_a_person_sees_phases_once_and_what_has_changed():
    said = []
    telling = demo_runs.Telling(said.append, time.monotonic())
    for line in HEARD.splitlines(keepends=True):
        telling.hear(line)
    assert [" ".join(text.split()) for text in said] == [
        "0.0 s which updates do they lack, and what waits for a reboot?",
        "host phase progress",
        "a installing installing 1 of 2",
        "all 4 jobs are over",
    ]


def test_tonight_is_open_for_days_and_the_group_of_the_weekend_reboots_later(tmp_path):
    now = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
    demo_runs.write_windows(tmp_path, now)
    words = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in tmp_path.glob("group_vars/*")}
    (tonight,) = words["all"]["patch_windows"]
    assert (tonight["start"], tonight["duration"]) == ("2026-11-21T21:00:00Z", "72h")
    install, reboot = words[demo_runs.LATER]["patch_windows"]
    assert (install["for"], reboot["for"], reboot["start"]) == ("install", "reboot", "2026-11-26T22:00:00Z")
    groups = [yaml.safe_load(path.read_text(encoding="utf-8")).get("groups", []) for path in demo.FLEET.glob("*.yml")]
    assert [demo_runs.LATER] in groups
