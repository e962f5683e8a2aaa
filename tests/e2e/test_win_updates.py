# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The real action plugin of `ansible.windows.win_updates` installs on simulated hosts: it finds the shapes it reads."""

from __future__ import annotations

import pytest

from winsim.testing import serve

TASK = "ansible.windows.win_updates"


def update(number, **words):
    """An update of two minutes."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "title": f"2026-11 Update {number} (KB{5000000 + number})",
        "kb": [str(5000000 + number)],
        "classification": "Security Updates",
        "run_minutes": 2,
        **words,
    }


def agent(*updates):
    """A host whose agent refuses a network logon, as real ones do."""
    return {"os": {}, "update_agent": {"remote": "denied", "scan_minutes": 1, "updates": list(updates)}}


REBOOTS = update(1, reboot_behavior="always_requires")
FAILS = update(3, result="fail:0x80070643")
HOSTS = {"reboots": agent(REBOOTS, update(2), update(9, classification="Drivers")), "fails": agent(FAILS, update(4))}


@pytest.fixture(scope="module")
def patched(once, commands):
    """Both hosts, one with a reboot and one without."""

    def make(folder):
        with serve(HOSTS, folder / "sim", time_factor=120) as fleet:
            words = {"reboot": "{{ inventory_hostname == 'reboots' }}"}
            run = commands(folder / "ansible").play(fleet.inventory, [{"name": "patch", TASK: words}])
            run.notes["log"] = {host: fleet.state(host)["log"] for host in HOSTS}
        return run

    return once("win-updates", make)


def test_win_updates_installs_reboots_and_looks_again(patched):
    result = patched.of("patch", "reboots")
    assert (result["rebooted"], result["reboot_required"], result["installed_update_count"]) == (True, False, 2)
    assert (result["found_update_count"], result["failed_update_count"]) == (2, 0)
    assert {one["installed"] for one in result["updates"].values()} == {True}
    assert [one["filtered_reasons"] for one in result["filtered_updates"].values()] == [["category_names"]]
    log = [(entry["event"], entry.get("id", "")[-1:]) for entry in patched.notes["log"]["reboots"]]
    assert log == [("install", "1"), ("install", "2"), ("boot", "")]


def test_win_updates_tells_the_code_of_what_failed_and_installs_the_rest(patched):
    assert patched.states("patch")["fails"] == "failed"
    result = patched.of("patch", "fails")
    failed = result["updates"][FAILS["id"]]
    assert (failed["installed"], failed["failure_hresult_code"]) == (False, 0x80070643)
    assert (result["installed_update_count"], result["failed_update_count"]) == (1, 1)
    assert [entry["result"] for entry in patched.notes["log"]["fails"]] == ["fail:0x80070643", "ok"]
