# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""win_installer_activity_info and explain_error, as a play uses them against simulated hosts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from winsim.testing import serve

INFO = "winops.patching.win_installer_activity_info"
REBOOT = "winops.patching.win_reboot_pending_info"
SYSTEM = {
    "caption": "Microsoft Windows Server 2022 Datacenter",
    "build": "20348.2700",
    "boot_time": "2026-11-01T03:12:00Z",
}
CLIENT = r"root\ccm\ClientSDK"


def host(**words):
    """A host file."""
    return {"os": SYSTEM, "update_agent": {"remote": "denied"}, **words}


HOSTS = {
    "idle": host(),
    "lingering": host(processes=[{"name": "TrustedInstaller", "id": 912}, {"name": "msiexec", "id": 913}]),
    "wusa": host(
        mutexes=[r"Global\_MSIExecute"], processes=[{"name": "wusa", "id": 5344}, {"name": "msiexec", "id": 5120}]
    ),
    "servicing": host(processes=[{"name": "TiWorker", "id": 812}]),
    "agent": host(update_agent={"busy": True}),
    "configmgr": host(
        services={"CcmExec": {"state": "running", "start": "auto"}},
        cim={f"{CLIENT}:CCM_SoftwareUpdate": [{"ArticleID": "5030216", "EvaluationState": 7}, {"EvaluationState": 1}]},
    ),
    "blind": host(services={"CcmExec": {"state": "running", "start": "auto"}}, denied=[CLIENT]),
    "gone": host(network={"listen": False}),
}
BUSY = {
    "wusa": ["installer_running"],
    "servicing": ["servicing_in_progress"],
    "agent": ["agent_busy"],
    "configmgr": ["configmgr_installing"],
}
ANSWERS = {"idle": "no", "lingering": "no", **dict.fromkeys(BUSY, "yes"), "blind": "unknown"}


@pytest.fixture(scope="module")
def told(once, commands):
    """All hosts in one play: asked, asked in check mode, waited for in vain, and a code explained."""

    def make(work: Path):
        tasks = [
            {"name": "asked", INFO: {}, "register": "r", "ignore_unreachable": True},
            {"name": "checked", INFO: {}, "check_mode": True, "ignore_unreachable": True},
            {"name": "reboot", REBOOT: {}, "ignore_unreachable": True},
            {
                "name": "waited",
                INFO: {"wait": True, "timeout": 2, "interval": 1},
                "ignore_errors": True,
                "ignore_unreachable": True,
            },
            {
                "name": "explained",
                "ansible.builtin.debug": {
                    "msg": "{{ ['0x8024401C', 3010, '-2145124329'] | map('winops.patching.explain_error') }}"
                },
            },
            {
                "name": "garbage",
                "ansible.builtin.debug": {"msg": "{{ 'garbage' | winops.patching.explain_error }}"},
                "ignore_errors": True,
            },
        ]
        with serve(HOSTS, work / "sim") as fleet:
            return commands(work / "ansible").play(fleet.inventory, tasks)

    return once("activity", make)


@pytest.mark.parametrize(("name", "answer"), ANSWERS.items())
def test_every_host_says_whether_something_is_being_installed(told, name, answer):
    result = told.of("asked", name)
    assert (result["activity"], result["changed"]) == (answer, False)
    assert [work["id"] for work in result["busy"]] == BUSY.get(name, [])
    assert len(json.dumps(result)) <= 4096


def test_who_is_at_work_is_named_and_what_only_stays_is_a_hint(told):
    assert told.of("asked", "wusa")["busy"][0]["who"] == "wusa (5344), msiexec (5120)"
    assert "KB5030216" in told.of("asked", "configmgr")["busy"][0]["detail"]
    hints = told.of("asked", "lingering")["hints"]
    assert sorted(hint["who"] for hint in hints) == ["TrustedInstaller (912)", "msiexec (913)"]


def test_an_agent_that_refuses_network_logons_is_told_and_decides_nothing(told):
    unknown = told.of("asked", "idle")["unknown"]
    assert [(entry["id"], entry["decisive"]) for entry in unknown] == [("agent_busy", False)]
    assert told.of("asked", "agent")["unknown"] == []


def test_a_client_that_refuses_to_answer_leaves_no_no(told):
    result = told.of("asked", "blind")
    assert {entry["id"]: entry["decisive"] for entry in result["unknown"]} == {
        "agent_busy": False,
        "configmgr_installing": True,
    }
    assert result["warnings"]


@pytest.mark.parametrize("name", ANSWERS)
def test_check_mode_says_the_same(told, name):
    checked = told.of("checked", name)
    assert {key: checked[key] for key in ("activity", "busy")} == {
        key: told.of("asked", name)[key] for key in ("activity", "busy")
    }


def test_a_wait_fails_for_who_is_still_at_work_and_says_who(told):
    states = told.states("waited")
    assert {name for name, state in states.items() if state == "ok"} == {"idle", "lingering"}
    assert "wusa (5344)" in told.of("waited", "wusa")["msg"]
    assert "waiting makes no sense" in told.of("waited", "blind")["msg"]
    assert "[servicing] waiting for 0 of 2 seconds" in told.output


def test_an_installer_that_is_seen_here_makes_a_reboot_unsafe_there(told):
    for name in ("wusa", "servicing"):
        verdict = told.of("reboot", name)["verdict"]
        assert (verdict["busy"], verdict["safe_to_reboot"]) == (BUSY[name], "no")


def test_a_code_is_explained_in_a_play_and_garbage_fails_the_task(told):
    first, second, third = told.of("explained", "idle")["msg"]
    assert (first["name"], first["retryable"]) == ("WU_E_PT_HTTP_STATUS_REQUEST_TIMEOUT", True)
    assert (second["class"], second["reboot_may_help"]) == ("success_reboot", True)
    assert third["hex"] == "0x80240017"
    assert told.states("garbage")["idle"] == "failed"
    assert "a code is a number such as 3010" in told.output
