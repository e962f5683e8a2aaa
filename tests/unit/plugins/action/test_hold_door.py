# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_patch_hold: the lock of all jobs is taken by a scan that waits, and given back."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.plugins.action.win_patch_hold import ActionModule as HoldDoor
from ansible_collections.winops.patching.plugins.action.win_patch_job import ActionModule as JobDoor
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import hold_action
from ansible_collections.winops.patching.tests.unit.plugins.action.simulated import NOW, SimulatedDoor, simulated_host

from winsim.clock import HostClock
from winsim.worker.run import settle

HOLD, JOB = "winops.patching.win_patch_hold", "winops.patching.win_patch_job"
UPDATE = {"id": "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11", "revision": 1, "run_minutes": 5}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose clock moves while the action sleeps."""
    found = simulated_host(tmp_path, update_agent={"scan_minutes": 1})
    passed = [0.0]
    found.clock = HostClock(start=NOW, factor=1, ticks=lambda: passed[0])

    def sleep(seconds):
        passed[0] += seconds
        settle(found)

    monkeypatch.setattr(hold_action, "sleep", sleep)
    found.sleep = sleep
    return found


def hold(host, **options):
    return SimulatedDoor(HoldDoor, HOLD, host).run(**options)


def jobs(host):
    listed = SimulatedDoor(JobDoor, JOB, host).run(operation="list")["jobs"]
    return [(job["kind"], job["state"]) for job in listed]


def install(host):
    return SimulatedDoor(JobDoor, JOB, host).run(operation="start", kind="install", plan={"updates": [UPDATE]})


def test_while_it_is_held_no_installation_can_be_started(host):
    held = hold(host, minutes=30)
    assert (held["changed"], held["held"]) == (True, True)
    for seconds in (0, 60):
        host.sleep(seconds)
        refused = install(host)
        assert (refused["failed"], refused["reason"]) == (True, "other_job")
        assert held["id"] in refused["msg"]


def test_once_it_is_released_the_job_is_gone_and_an_installation_can_be_started(host):
    held = hold(host, minutes=30)
    host.sleep(60)
    released = hold(host, state="released", id=held["id"])
    assert (released["held"], released["kept"], released["changed"]) == (False, True, True)
    assert jobs(host) == [("scan", "stopped")]
    assert install(host)["attached"] is False


def test_a_job_that_is_there_already_is_told_with_the_remedy(host):
    first = hold(host, minutes=30)
    second = hold(host)
    assert (second["failed"], second["reason"]) == (True, "other_job")
    assert f"operation=stop id={first['id']}" in second["msg"]


def test_a_host_that_nobody_releases_is_free_again_and_tells_so(host):
    held = hold(host, minutes=1)
    for _ in range(30):
        host.sleep(15)
    assert jobs(host) == [("scan", "finished")]
    released = hold(host, state="released", id=held["id"])
    assert (released["kept"], released["changed"]) == (False, False)


def test_a_job_whose_end_nobody_has_seen_is_told_as_one_that_still_holds_the_lock(host):
    host.update_agent.scan_minutes = 30
    held = hold(host, minutes=1)
    for _ in range(6):
        host.sleep(15)
    released = hold(host, state="released", id=held["id"])
    assert (released["held"], released["kept"], released["changed"]) == (True, True, True)
    assert f"the job {held['id']} was told to stop" in released["warnings"][0]
    assert install(host)["reason"] == "other_job"


def test_in_check_mode_nothing_is_held(host):
    door = SimulatedDoor(HoldDoor, HOLD, host)
    execute = door.execute
    door.execute = lambda **call: execute(
        **{**call, "module_args": {**call["module_args"], "_ansible_check_mode": True}}
    )
    result = door.run(check_mode=True)
    assert (result["changed"], result["held"], jobs(host)) == (True, False, [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"state": "released"}, "id: goes with state=released"),
        ({"id": "scan-20261121T115900Z-0badcafe"}, "id: goes with state=released"),
        ({"state": "released", "id": "install-20261121T115900Z-0badcafe"}, "no id that state=held has returned"),
        ({"minutes": 0}, "minutes: must be a number from 1"),
        ({"minutes": 10081}, "minutes: must be a number from 1"),
    ],
)
def test_a_wrong_option_fails_before_the_host_hears_of_it(host, options, said):
    with pytest.raises(AnsibleError, match=said):
        hold(host, **options)
    assert jobs(host) == []
