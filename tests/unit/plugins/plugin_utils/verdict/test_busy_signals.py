# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is at work on the host, and whether it is about to go down."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import BUSY_SIGNALS
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    AFTER_BOOT,
    BEFORE_BOOT,
    LEFT_OUT,
    announcement,
    document,
    everything,
    judged,
    ok,
    refused,
    running,
    text,
    value,
    verdict,
    with_present,
)


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (value(0), "absent"),
        (value(1), "absent"),
        (value(2), "present"),
        (value(3), "present"),
        (value(-1), "present"),
        (value(None), "unknown"),
        (text("x"), "unknown"),
    ],
)
def test_servicing_works_when_its_number_is_above_one(number, state):
    found = judged("servicing_in_progress", {"cbs_interface": ok(values={"ServicingInProgress": number})})
    assert found["state"] == state


@pytest.mark.parametrize("interface", [ABSENT, ok(values={})])
def test_a_missing_servicing_number_means_idle(interface):
    assert judged("servicing_in_progress", {"cbs_interface": interface})["state"] == "absent"


@pytest.mark.parametrize(
    ("processes", "state"),
    [
        (running(("TiWorker", 1)), "present"),
        (running(("tiworker", 1)), "present"),
        (running(("TrustedInstaller", 1)), "absent"),
        (running(("wusa", 1)), "absent"),
        (running(("powershell", 1)), "absent"),
        (ok(running=[]), "absent"),
    ],
)
def test_servicing_works_while_tiworker_runs_and_trustedinstaller_alone_says_nothing(processes, state):
    assert judged("servicing_in_progress", {"processes": processes})["state"] == state


@pytest.mark.parametrize(
    ("mutex", "processes", "state"),
    [
        (ABSENT, ABSENT, "absent"),
        (ok(exists=True), ABSENT, "present"),
        (ok(exists=True), refused(), "present"),
        (ABSENT, running(("wusa", 1)), "present"),
        (refused(), running(("WUSA", 1)), "present"),
        (ABSENT, running(("TiWorker", 1)), "absent"),
        (refused(), ABSENT, "unknown"),
        (ABSENT, refused(), "unknown"),
        (ok(exists=False), ABSENT, "unknown"),
        (ok(), ABSENT, "unknown"),
        (LEFT_OUT, ABSENT, "unknown"),
    ],
)
def test_an_installer_runs_when_its_mutex_exists_or_wusa_does(mutex, processes, state):
    assert judged("installer_running", {"msi_mutex": mutex, "processes": processes})["state"] == state


@pytest.mark.parametrize("name", ["servicing_in_progress", "installer_running"])
@pytest.mark.parametrize("entry", [{}, {"id": 1}, {"name": None, "id": 1}, {"name": 7, "id": 1}])
def test_a_process_without_a_name_is_damage_and_not_another_program(name, entry):
    evidence = document({"processes": ok(running=[entry])})
    assert name in [found["id"] for found in verdict(evidence)["unknown"]]
    assert verdict(evidence)["safe_to_reboot"] == "unknown"


MARK = ok(values={"Id": text("j1"), "Kind": text("install"), "ProcessId": value(4711), "StartedAt": text(AFTER_BOOT)})


@pytest.mark.parametrize(
    ("mark", "processes", "state"),
    [
        (ABSENT, running(("powershell", 4711)), "absent"),
        (ABSENT, refused(), "absent"),
        (MARK, running(("powershell", 4711)), "present"),
        (MARK, running(("powershell", 1), ("PowerShell", 4711)), "present"),
        (MARK, running(("powershell", 4712)), "absent"),
        (MARK, running(("TiWorker", 4711)), "absent"),
        (MARK, ABSENT, "absent"),
        (MARK, refused(), "unknown"),
        (MARK, refused("timeout"), "unknown"),
        (MARK, LEFT_OUT, "unknown"),
        (MARK, ok(running=None), "unknown"),
        (MARK, ok(running=[{"name": "powershell", "id": None}]), "unknown"),
        (ok(values={}), ABSENT, "unknown"),
        (ok(values={"ProcessId": text("x")}), running(("powershell", 4711)), "unknown"),
        (refused(), running(("powershell", 4711)), "unknown"),
    ],
)
def test_a_patch_job_runs_while_the_process_of_its_mark_does(mark, processes, state):
    assert judged("patch_job_running", {"running_job": mark, "processes": processes})["state"] == state


def events(*entries):
    return {"shutdown_events": ok(events=list(entries))}


LATER = "2026-11-17T22:41:00Z"


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ([], "absent"),
        ([announcement(1074, AFTER_BOOT)], "present"),
        ([announcement(1074, BEFORE_BOOT)], "absent"),
        ([announcement(1075, AFTER_BOOT)], "absent"),
        ([announcement(1075, LATER), announcement(1074, AFTER_BOOT)], "absent"),
        ([announcement(1074, LATER), announcement(1075, AFTER_BOOT)], "present"),
        ([announcement(1074, AFTER_BOOT), announcement(1075, LATER)], "absent"),
        ([announcement(1075, AFTER_BOOT), announcement(1074, AFTER_BOOT)], "absent"),
        ([announcement(1074, AFTER_BOOT), announcement(1075, AFTER_BOOT)], "present"),
        ([announcement(1074, AFTER_BOOT), announcement(1075, BEFORE_BOOT)], "present"),
        ([announcement(1074, "2026-11-17T23:40:30+01:00"), announcement(1075, "2026-11-17T22:41:00Z")], "absent"),
        ([announcement(1074, None)], "unknown"),
        ([announcement(1074, "soon")], "unknown"),
    ],
)
def test_a_shutdown_is_announced_when_the_newest_event_since_the_boot_says_so(entries, state):
    assert judged("shutdown_scheduled", events(*entries))["state"] == state


def test_without_a_boot_time_an_announcement_may_be_an_old_one():
    assert judged("shutdown_scheduled", events(announcement(1074, AFTER_BOOT)), boot_time=None)["state"] == "unknown"
    assert judged("shutdown_scheduled", events(), boot_time=None)["state"] == "absent"


@pytest.mark.parametrize("name", BUSY_SIGNALS)
def test_the_host_is_not_safe_to_reboot_while_anything_is_at_work(name):
    found = verdict(with_present(name))
    assert (found["safe_to_reboot"], found["busy"]) == ("no", [name])
    assert "Not now:" in found["sentence"]


def test_everything_at_work_is_told_in_one_order():
    assert verdict(everything())["busy"] == list(BUSY_SIGNALS)
    assert verdict(document())["safe_to_reboot"] == "yes"
    assert verdict(document())["busy"] == []


@pytest.mark.parametrize("probe", ["cbs_reboot_in_progress", "cbs_interface", "processes", "msi_mutex", "running_job"])
@pytest.mark.parametrize("answer", [refused(), refused("timeout"), None, "damaged", LEFT_OUT])
def test_whether_it_is_safe_is_unknown_when_one_of_the_four_could_not_be_read(probe, answer):
    found = verdict(document({probe: answer}))
    assert (found["safe_to_reboot"], found["busy"], found["reboot"]) == ("unknown", [], "not_required")


def test_something_at_work_weighs_more_than_something_unreadable():
    found = verdict(document({"msi_mutex": ok(exists=True), "running_job": refused()}))
    assert (found["safe_to_reboot"], found["busy"]) == ("no", ["installer_running"])


@pytest.mark.parametrize("probe", ["system_info", "dsc_lcm", "session_manager", "shutdown_events"])
def test_what_is_none_of_the_four_does_not_make_it_unsafe(probe):
    assert verdict(document({probe: refused()}))["safe_to_reboot"] == "yes"


def test_a_shutdown_that_somebody_announced_is_no_work_in_progress():
    assert verdict(with_present("shutdown_scheduled"))["safe_to_reboot"] == "yes"


@pytest.mark.parametrize("name", BUSY_SIGNALS)
def test_a_policy_cannot_make_a_busy_host_safe(name):
    for policy in ({"ignore_signals": [name]}, {"strengths": {name: "informational"}}, {"require": []}):
        assert verdict(with_present(name), policy)["safe_to_reboot"] == "no"
