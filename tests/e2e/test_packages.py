# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Packages over simulated hosts: hashes, exit codes, windows, other installers, and what earlier ones have queued."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from winsim.testing import serve

SYSTEM = {"build": "20348.2700", "boot_time": "2026-11-01T03:12:00Z"}
FACTOR = 240.0
FOLDER = "C:\\install"
MUTEX = "Global\\_MSIExecute"


def sha256(text):
    """The SHA-256 of a file of the host file."""
    return hashlib.sha256(text.encode()).hexdigest()


def package(name, **words):
    """(what the run is told, what the host has) of a package whose file holds its own name."""
    told = {key: words.pop(key) for key in ("run_minutes", "arguments", "checkpoints") if key in words}
    path, kind = f"{FOLDER}\\{name}", name.rpartition(".")[2]
    own = {key: words[key] for key in ("kb", "product_id") if key in words}
    return {"path": path, "sha256": sha256(name), **own, **told}, {"path": path, "kind": kind, **words}


AGENT = package("agent.exe", product_id="Contoso Agent", arguments="/quiet")
RUNTIME = package("runtime.msi", exit_code=3010, renames=[[f"{FOLDER}\\new.tmp", "C:\\App\\a.dll"]])
FIX = package("windows10.0-kb5030216-x64.msu", kb="5030216", exit_code=3010)
CAB = package("driver.cab", kb="5030300")
BUSY = package("late.msi", exit_code=[1618, 0])
FAILS = package("broken.msi", exit_code=1603, log="the log")
OVERWRITES = package("rude.exe", product_id="Rude", overwrites_queue=True)
LONG = package("long.exe", product_id="Long", run_minutes=4000)
NEXT = package("next.exe", product_id="Next")
CHECKPOINT = f"{FOLDER}\\windows11.0-kb5043080-x64.msu"
NEWER = package(
    "windows11.0-kb5050009-x64.msu",
    kb="5050009",
    checkpoints=[{"path": CHECKPOINT, "sha256": sha256("checkpoint")}],
)
NEWER[1]["checkpoints"] = [CHECKPOINT.rpartition("\\")[2]]


def host(*packages, files=None, build=None, **words):
    """A host on whose drive these packages lie, told to run them."""
    there = {entry["path"]: {"text": entry["path"].rpartition("\\")[2]} for _, entry in packages}
    return {
        "os": {**SYSTEM, **({"build": build} if build else {})},
        "files": {**there, "C:\\App\\a.dll": {"version": "1.0.0.0"}, **(files or {})},
        "packages": [entry for _, entry in packages],
        "update_agent": {"remote": "denied"},
        **words,
    }


HARD = {
    "services": {"CcmExec": {"state": "running"}},
    "methods": {
        "root\\ccm\\ClientSDK:CCM_ClientUtilities.DetermineIfRebootPending": {
            "ReturnValue": 0,
            "RebootPending": True,
            "IsHardRebootPending": True,
        }
    },
}
GIVEN = {
    "several": [AGENT, RUNTIME, FIX, CAB, BUSY],
    "mixed": [FAILS, LONG, NEXT],
    "overwritten": [RUNTIME, OVERWRITES, NEXT],
    "swapped": [AGENT],
    "hard": [AGENT],
    "installing": [AGENT],
    "newer": [NEWER],
}
HOSTS = {name: host(*packages) for name, packages in GIVEN.items()} | {
    "swapped": host(AGENT, files={AGENT[0]["path"]: {"text": "something else"}}),
    "hard": host(AGENT, **HARD),
    "installing": host(AGENT, mutexes=[MUTEX]),
    "newer": host(NEWER, files={CHECKPOINT: {"text": "checkpoint"}}, build="26100.2033"),
}
RUN = [
    {
        "name": "packages",
        "ansible.builtin.include_role": {"name": "winops.patching.patch_install", "tasks_from": "patch_package"},
    },
]
TOLD = [{"name": "told", "ansible.builtin.debug": {"var": "patch_install_package_result"}}]


def words(folder):
    """The variables of the play: two days of window by the hosts' clocks, and hosts that need little patience."""
    opened = datetime.now(UTC) - timedelta(minutes=10)
    return {
        "given": {name: [told for told, _ in packages] for name, packages in GIVEN.items()},
        "patch_packages": "{{ given[inventory_hostname] }}",
        "patch_windows": [{"name": "now", "start": f"{opened:%Y-%m-%dT%H:%M:%SZ}", "duration": "48h"}],
        "patch_clock": "host",
        "patch_install_package_pause_seconds": 1,
        "patch_install_package_wait_minutes": 0.1,
        "patch_install_fail": False,
        "patch_install_run_id": "night",
        "patch_install_report_dir": str(folder / "report"),
    }


@pytest.fixture(scope="module")
def ran(once, commands):
    """Check mode, a run, and a second run right after it; the log of each host after each of them."""

    def make(folder):
        with serve(HOSTS, folder / "sim", time_factor=FACTOR) as fleet:
            ansible = commands(folder / "ansible")

            def play(*options):
                run = ansible.play(fleet.inventory, [*RUN, *TOLD], *options, vars=words(folder))
                told = {e["host"]: e["result"] for e in run.results if e["task"].endswith("told")}
                results = {name: answer["patch_install_package_result"] for name, answer in told.items()}
                return run, results, {name: fleet.state(name)["log"] for name in HOSTS}

            checked, checked_results, checked_log = play("--check", "--limit", "newer:swapped")
            done, results, log = play()
            again, again_results, again_log = play("--limit", "several:swapped")
            done.notes.update(
                checked=[checked.code, checked.output, checked_results, checked_log],
                results=results,
                log=log,
                again=[again.code, again.output, again_results, again_log],
                journal=(folder / "report" / "journal" / "mixed.jsonl").read_text(encoding="utf-8"),
                changed=[e["task"] for e in again.results if e["result"].get("changed")],
            )
        return done

    return once("packages", make)


def states(ran, host):
    """The states of a host's packages."""
    assert ran.code == 0, ran.output
    return [entry["state"] for entry in ran.notes["results"][host]]


def runs(log):
    """(the file, its exit code) of each installer that has ended on a host."""
    return [(entry["package"].rpartition("\\")[2], entry["exit_code"]) for entry in log if entry["event"] == "run"]


def test_each_kind_is_run_in_its_own_way_with_one_reboot_left_for_the_end(ran):
    assert states(ran, "several")[:4] == ["installed", "pending_reboot", "pending_reboot", "installed"]
    assert [code for _, code in runs(ran.notes["log"]["several"])][:4] == [0, 3010, 3010, 0]
    assert not [entry for entry in ran.notes["log"]["several"] if entry["event"] == "boot"]


def test_check_mode_says_what_would_run_and_runs_nothing(ran):
    code, output, results, log = ran.notes["checked"]
    assert code == 0, output
    (would,) = results["newer"]
    assert (would["state"], would["reason"]) == ("deferred", "check_mode")
    assert would["sentence"].endswith("kb5050009-x64.msu would be run.")
    assert results["swapped"][0]["state"] == "refused"
    assert [entry for entries in log.values() for entry in entries] == []


def test_a_second_run_right_after_changes_nothing(ran):
    code, output, results, log = ran.notes["again"]
    assert code == 0, output
    found = [entry["state"] for entry in results["several"]]
    assert found == ["already", "pending_reboot", "pending_reboot", "already", "already"]
    assert runs(log["several"]) == runs(ran.notes["log"]["several"])
    assert ran.notes["changed"] == []


def test_a_file_with_another_hash_is_never_run(ran):
    (entry,) = ran.notes["results"]["swapped"]
    assert (entry["state"], entry["reason"]) == ("refused", "wrong_file")
    assert sha256("something else") in entry["sentence"]
    assert runs(ran.notes["log"]["swapped"]) == []


def test_windows_installer_that_is_busy_is_waited_for(ran):
    entry = ran.notes["results"]["several"][-1]
    assert (entry["state"], entry["attempts"]) == ("installed", 2)
    assert [code for name, code in runs(ran.notes["log"]["several"]) if name == "late.msi"] == [1618, 0]


def test_while_somebody_else_installs_nothing_is_run(ran):
    (entry,) = ran.notes["results"]["installing"]
    assert (entry["state"], entry["reason"]) == ("retry_exhausted", "other_installer")
    assert runs(ran.notes["log"]["installing"]) == []


def test_nothing_is_run_while_a_hard_reboot_is_due(ran):
    (entry,) = ran.notes["results"]["hard"]
    assert (entry["state"], entry["reason"]) == ("refused", "hard_reboot")
    assert runs(ran.notes["log"]["hard"]) == []


def test_an_exit_code_is_explained_and_does_not_stop_the_next_package(ran):
    failed, _, after = ran.notes["results"]["mixed"]
    assert (failed["state"], failed["exit_code"], after["state"]) == ("failed", 1603, "installed")
    assert failed["explanation"]["name"] == "ERROR_INSTALL_FAILURE"


def test_a_package_that_overwrites_the_queue_of_an_earlier_one_stops_the_rest(ran):
    first, rude, after = ran.notes["results"]["overwritten"]
    assert (first["state"], rude["state"], after["state"]) == ("pending_reboot", "unknown", "deferred")
    assert rude["queue"]["state"] == "lost"
    assert "a.dll" in rude["queue"]["lost"][0]
    assert after["reason"] == "stopped"
    assert [name for name, _ in runs(ran.notes["log"]["overwritten"])] == ["runtime.msi", "rude.exe"]


def test_what_does_not_fit_into_the_window_is_deferred_and_a_shorter_one_behind_it_is_run(ran):
    _, long, after = ran.notes["results"]["mixed"]
    assert (long["state"], long["reason"], after["state"]) == ("deferred", "does_not_fit", "installed")


def test_a_newer_windows_takes_an_msu_with_its_checkpoints_through_dism(ran):
    assert states(ran, "newer") == ["installed"]


def test_other_jobs_are_kept_off_while_packages_run_and_let_on_afterwards(ran):
    for name in ("several", "overwritten"):
        jobs = [(entry["kind"], entry["phase"]) for entry in ran.notes["log"][name] if entry["event"] == "job"]
        assert jobs == [("scan", "armed"), ("scan", "scanning"), ("scan", "done")]
    assert [entry for entry in ran.notes["log"]["swapped"] if entry["event"] == "job"] == []


def test_the_journal_of_the_host_tells_what_was_begun_and_what_came_of_it(ran):
    lines = [json.loads(line) for line in ran.notes["journal"].splitlines()]
    assert [(line["name"], line["state"], line["changed"]) for line in lines] == [
        ("broken.msi", "begun", True),
        ("broken.msi", "failed", True),
        ("long.exe", "deferred", False),
        ("next.exe", "begun", True),
        ("next.exe", "installed", True),
    ]
    assert {(line["run_id"], line["step"], line["host"]) for line in lines} == {("night", "package", "mixed")}
