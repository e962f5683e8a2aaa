# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The role patch_verify after an install job: before the reboot, after it, and with nothing but the job's id."""

from __future__ import annotations

import pytest

from winsim.testing import serve

FACTOR = 240.0
ROLE = {"name": "winops.patching.patch_verify"}


def update(number, **words):
    """An update of two minutes."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "revision": 200,
        "title": f"2026-11 Update {number} (KB{5000000 + number})",
        "kb": [str(5000000 + number)],
        "classification": "Security Updates",
        "run_minutes": 2,
        **words,
    }


WORKS, FAILS = update(1), update(2, result="fail:0x80070643")
WAITS, ROLLS_BACK = (
    update(3, reboot_behavior="always_requires"),
    update(4, reboot_behavior="always_requires", result="roll_back"),
)
UPDATES = [WORKS, FAILS, WAITS, ROLLS_BACK]
HOSTS = {
    "web01": {
        "os": {"build": "20348.2700", "boot_time": "2026-11-01T03:12:00Z"},
        "update_agent": {"remote": "denied", "scan_minutes": 1, "updates": UPDATES},
    },
    "dead": {"os": {}, "network": {"listen": False}},
}
PLANNED = (
    "{{ scanned | winops.patching.patch_install_plan({'no_windows': 'open'}, {'clock': 'host', 'reboot': 'never'}) }}"
)
JOB = "winops.patching.win_patch_job"
INSTALLED = [
    {"name": "scan", "winops.patching.win_patch_info": {"evidence": "return"}, "register": "scanned"},
    {
        "name": "start",
        "vars": {"made": PLANNED},
        JOB: {"operation": "start", "kind": "install", "plan": "{{ made.plan }}"},
        "register": "job",
    },
    {
        "name": "follow",
        JOB: {"operation": "read", "id": "{{ job.id }}"},
        "register": "journal",
        "until": "journal.outcome is not none",
        "retries": 90,
        "delay": 1,
    },
]
LOOKED = {"ansible.builtin.include_role": ROLE, "vars": {"patch_verify_job": "{{ job.id }}"}}


def shown(name):
    """The fact that the role has left."""
    return {"name": name, "ansible.builtin.debug": {"var": "patch_verify_result"}}


@pytest.fixture(scope="module")
def verified(once, commands):
    """Four updates are installed, looked at, rebooted for, and looked at again; a dead host is rescued."""

    def make(work):
        with serve(HOSTS, work / "sim", time_factor=FACTOR) as fleet:
            ansible = commands(work / "ansible")
            tasks = [
                *INSTALLED,
                {"name": "look", **LOOKED},
                shown("shown before the boot"),
                {
                    "name": "boot",
                    "ansible.windows.win_reboot": {"reboot_timeout": 60, "test_command": "whoami"},
                },
                {"name": "look again", **LOOKED},
                shown("shown after the boot"),
            ]
            options = {"vars": {"patch_report_dir": str(work / "report")}}
            run = ansible.play(fleet.inventory, tasks, "--limit", "web01", **options)
            dead = [
                {
                    "name": "all of it",
                    "block": [{"name": "look", "ansible.builtin.include_role": ROLE}],
                    "rescue": [
                        {"name": "rescued", "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}
                    ],
                }
            ]
            lost = ansible.play(fleet.inventory, dead, "--limit", "dead", **options)
            run.notes.update(rescued=lost.of("rescued", "dead")["msg"], code=lost.code)
            run.notes["document"] = (work / "report" / "evidence" / "web01.json").stat().st_mode & 0o777
        return run

    return once("patch-verify", make)


def states(verified, task):
    """By id, the state of every update."""
    result = verified.of(task)["patch_verify_result"]
    return {one["id"]: one["state"] for one in result["updates"]}


def test_before_the_boot_what_waits_for_it_is_pending_and_what_failed_has_its_code(verified):
    assert states(verified, "shown before the boot") == {
        WORKS["id"]: "verified",
        FAILS["id"]: "failed",
        WAITS["id"]: "pending_reboot",
        ROLLS_BACK["id"]: "pending_reboot",
    }
    (failed,) = [
        one
        for one in verified.of("shown before the boot")["patch_verify_result"]["updates"]
        if one["state"] == "failed"
    ]
    assert failed["hresult"] == "0x80070643"
    assert failed["explanation"]["name"] == "ERROR_INSTALL_FAILURE"


def test_after_the_boot_what_was_rolled_back_is_told(verified):
    result = verified.of("shown after the boot")["patch_verify_result"]
    assert states(verified, "shown after the boot") == {
        WORKS["id"]: "verified",
        FAILS["id"]: "failed",
        WAITS["id"]: "verified",
        ROLLS_BACK["id"]: "rolled_back",
    }
    assert (result["outcome"], result["machine"], result["verdict"]["reboot"]) == (
        "failed",
        "non_compliant",
        "not_required",
    )
    assert ROLLS_BACK["id"] in result["not_again"]


def test_the_proof_asks_for_the_updates_of_the_plan_that_lies_on_the_host(verified):
    proof = verified.of("shown after the boot")["patch_verify_result"]["proof"]
    assert set(proof["updates"]) == {f"kb{update['kb'][0]}" for update in UPDATES}
    assert proof["updates"]["kb5000001"]["verdict"] == "verified"


def test_the_document_is_saved_for_the_report(verified):
    assert verified.notes["document"] == 0o600


def test_a_host_that_does_not_answer_fails_and_is_not_lost(verified):
    assert verified.notes["code"] == 0
    assert "dead could not be verified" in verified.notes["rescued"]
