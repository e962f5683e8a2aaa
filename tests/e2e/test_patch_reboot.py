# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The role patch_reboot on simulated hosts: who is rebooted, who is not, and what is known afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from winsim.testing import serve

INFO = "winops.patching.win_reboot_pending_info"
REBOOT_REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
PERSISTENT = r"HKLM\SOFTWARE\winops.patching\PersistentSignals"
FACTOR = 120.0
SYSTEM = {"build": "20348.2700", "boot_time": "2026-10-01T03:12:00Z"}
AGENT = {"remote": "denied", "scan_minutes": 1, "updates": []}
KEY = {
    REBOOT_REQUIRED: {
        "volatile": True,
        "values": {"d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11": {"type": "REG_DWORD", "data": 1}},
    }
}


def host(**words):
    """A host that waits for a reboot."""
    return {"os": SYSTEM, "registry": KEY, "update_agent": AGENT, **words}


def queued(*strings):
    """The registry of a host whose next boot has these operations to do."""
    value = {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": list(strings)}}
    return {**KEY, SESSION_MANAGER: {"values": value}}


NEW, OLD = r"\??\C:\Windows\System32\new.tmp", r"!\??\C:\Windows\System32\a.dll"
FILES = {r"C:\Windows\System32\a.dll": {"version": "2.0.0.0"}}
HOSTS = {
    "waits": host(registry=queued(NEW, OLD), files={**FILES, r"C:\Windows\System32\new.tmp": {"version": "3.0.0.0"}}),
    "stuck": host(survives_reboot=[REBOOT_REQUIRED]),
    "calm": {"os": SYSTEM, "update_agent": AGENT},
    "secretive": host(registry={}, denied=[SESSION_MANAGER]),
    "closed": host(),
    "older": host(registry=queued(NEW, OLD), files={**FILES, r"C:\Windows\System32\new.tmp": {"version": "1.0.0.0"}}),
    "fileless": host(registry=queued(NEW, OLD), files=FILES),
    "serviced": host(servicing_after_boot_minutes=60),
    "at-work": host(mutexes=[r"Global\_MSIExecute"]),
    "gone": host(network={"faults": [{"do": "never_return"}]}),
}
QUICK = {
    "patch_reboot_poll_seconds": 1,
    "patch_reboot_warn_seconds": 10,
    "patch_reboot_timeout": 15,
    "patch_reboot_busy_retries": 2,
}
ROLE = {"name": "role", "ansible.builtin.include_role": {"name": "winops.patching.patch_reboot"}}
TOLD = [
    {
        "name": "all of it",
        "block": [ROLE],
        "rescue": [{"name": "rescued", "ansible.builtin.debug": {"msg": "it is still in the play"}}],
        "always": [{"name": "the result it leaves", "ansible.builtin.debug": {"var": "patch_reboot_result"}}],
    }
]


def window(start, **words):
    """An hour that opens at an instant."""
    return [{"name": "tonight", "start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "duration": "60m", **words}]


def words(**more):
    """Variables of the plays: by the controller's clock every host but one has a window that is open now."""
    now = datetime.now(UTC)
    chosen = "{{ later if inventory_hostname == 'closed' else tonight }}"
    times = {"tonight": window(now - timedelta(minutes=5)), "later": window(now + timedelta(hours=5))}
    return {**QUICK, **times, "patch_windows": chosen, **more}


def results(run):
    """By host, the fact that the role has left."""
    shown = [entry for entry in run.results if entry["task"].endswith("the result it leaves")]
    return {entry["host"]: entry["result"]["patch_reboot_result"] for entry in shown}


@pytest.fixture(scope="module")
def rebooted(once, commands):
    """In check mode, in earnest, and once more; after that everybody is asked as `patch_assess` asks."""

    def make(work: Path):
        with serve(HOSTS, work / "sim", time_factor=FACTOR) as fleet:
            ansible = commands(work / "ansible")
            checked = ansible.play(fleet.inventory, TOLD, "--check", vars=words())
            untouched = {name: fleet.state(name)["log"] for name in HOSTS}
            run = ansible.play(fleet.inventory, TOLD, vars=words())
            boots = {name: len([one for one in fleet.state(name)["log"] if one["event"] == "boot"]) for name in HOSTS}
            again = ansible.play(fleet.inventory, TOLD, "--limit", "stuck,waits,calm", vars=words())
            asked = ansible.play(
                fleet.inventory,
                [{"name": "as assess", INFO: {}}, {"name": "as a run", INFO: {"persistent": "read"}}],
                "--limit",
                "stuck",
            )
            run.notes.update(
                checked=results(checked),
                changed_in_check_mode=[entry for entry in checked.results if entry["result"].get("changed")],
                untouched=untouched,
                told=results(run),
                boots=boots,
                again=results(again),
                changed_again=sorted({entry["host"] for entry in again.results if entry["result"].get("changed")}),
                boots_again={name: len(fleet.state(name)["log"]) for name in HOSTS},
                assessed=asked.of("as assess", "stuck"),
                asked=asked.of("as a run", "stuck"),
                stuck=fleet.state("stuck")["registry"],
            )
        return run

    return once("patch-reboot", make)


def test_who_requires_it_and_may_have_it_is_rebooted_once(rebooted):
    assert rebooted.notes["boots"] == {
        **dict.fromkeys(HOSTS, 0),
        **dict.fromkeys(["waits", "stuck", "serviced"], 1),
    } | {"gone": 0}
    told = rebooted.notes["told"]["waits"]
    assert (told["state"], told["reboots"], told["persistent"]) == ("rebooted", 1, [])
    assert told["queue"]["targets"], "what the rename queue was to do is kept for the proof"


@pytest.mark.parametrize(
    ("name", "state", "decision"),
    [
        ("calm", "not_required", "not_required"),
        ("secretive", "refused", "unknown"),
        ("closed", "refused", "outside_window"),
        ("older", "refused", "queue"),
        ("fileless", "refused", "queue"),
        ("at-work", "refused", "busy"),
    ],
)
def test_who_may_not_is_refused_with_the_reason(rebooted, name, state, decision):
    told = rebooted.notes["told"][name]
    assert (told["state"], told["decision"]["state"], told["reboots"]) == (state, decision, 0)


def test_outside_its_window_a_host_is_told_its_next_one(rebooted):
    decision = rebooted.notes["told"]["closed"]["decision"]
    assert decision["next_window"]["name"] == "tonight"
    assert decision["next_window"]["start"] in rebooted.notes["told"]["closed"]["sentence"]


def test_a_queue_that_harms_is_named(rebooted):
    told = rebooted.notes["told"]
    assert list(told["older"]["decision"]["harms"]) == ["downgrade"]
    assert list(told["fileless"]["decision"]["harms"]) == ["missing_source"]


def test_after_the_boot_it_is_waited_until_servicing_is_idle(rebooted):
    attempts = rebooted.of("carry_out | Wait until the host answers and nobody is at work", "serviced")["attempts"]
    assert attempts > 1
    assert rebooted.notes["told"]["serviced"]["state"] == "rebooted"


def test_a_host_that_never_comes_back_fails_and_is_not_lost(rebooted):
    told = rebooted.notes["told"]["gone"]
    assert (told["state"], told["reboots"]) == ("failed", 1)
    assert "is not back after 15 seconds" in told["sentence"]
    assert rebooted.states("rescued") == {"gone": "ok"}
    assert "unreachable" not in set(rebooted.states("the result it leaves").values())


def test_a_signal_that_survives_the_reboot_is_reported_with_its_hash_and_remembered(rebooted):
    (found,) = rebooted.notes["told"]["stuck"]["persistent"]
    assert (found["id"], len(found["hash"])) == ("wu_reboot_required", 64)
    values = next(
        words["values"] for path, words in rebooted.notes["stuck"].items() if path.endswith("PersistentSignals")
    )
    assert values["wu_reboot_required"]["data"] == found["hash"]


def test_the_next_run_does_not_reboot_for_it_and_changes_nothing(rebooted):
    again = rebooted.notes["again"]["stuck"]
    assert (again["state"], again["decision"]["state"]) == ("not_required", "persistent")
    assert rebooted.notes["changed_again"] == []
    assert rebooted.notes["boots_again"] == {name: rebooted.notes["boots"][name] for name in HOSTS}


def test_who_assesses_is_still_told_that_it_is_required(rebooted):
    assert rebooted.notes["assessed"]["verdict"]["because"] == ["wu_reboot_required"]
    verdict = rebooted.notes["asked"]["verdict"]
    assert (verdict["reboot"], verdict["ignored"]) == (
        "not_required",
        [{"id": "wu_reboot_required", "rule": "persistent"}],
    )


def test_in_check_mode_it_is_told_and_nothing_is_changed(rebooted):
    checked = rebooted.notes["checked"]
    assert rebooted.notes["changed_in_check_mode"] == []
    assert set(map(len, rebooted.notes["untouched"].values())) == {0}
    assert (checked["waits"]["state"], checked["waits"]["reboots"]) == ("planned", 0)
    assert checked["waits"]["sentence"].startswith("Check mode: ")
    assert (checked["closed"]["state"], checked["calm"]["state"]) == ("refused", "not_required")


def test_only_what_a_host_says_right_before_it_is_a_reason_for_a_reboot(ansible, tmp_path):
    """A document is old for one host; the hooks of the other have done what it waited for."""
    hook = tmp_path / "reboots.yml"
    hook.write_text("- name: hook\n  ansible.windows.win_reboot: {reboot_timeout: 15}\n", encoding="utf-8")
    own = "{{ {'pre_reboot': '" + str(hook) + "'} if inventory_hostname == 'hooked' else {} }}"
    tasks = [
        {"name": "before", INFO: {"evidence": "return"}, "register": "before"},
        {
            "name": "meanwhile",
            "ansible.windows.win_reboot": {"reboot_timeout": 15},
            "when": "inventory_hostname == 'asked'",
        },
        *TOLD,
    ]
    with serve({"asked": host(), "hooked": host()}, tmp_path / "sim", time_factor=FACTOR) as fleet:
        more = {"patch_reboot_document": "{{ before }}", "patch_reboot_hooks": own}
        run = ansible.play(fleet.inventory, tasks, vars=words(**more))
        boots = {name: [one["event"] for one in fleet.state(name)["log"]] for name in ("asked", "hooked")}
    told = results(run)
    assert boots == {"asked": ["boot"], "hooked": ["boot"]}, run.output
    assert (told["asked"]["state"], told["asked"]["decision"]["state"]) == ("not_required", "not_required")
    assert told["hooked"]["state"] == "failed"
    assert told["hooked"]["sentence"].startswith(
        "the hooks before the reboot have run, and the host was not rebooted: "
    )
