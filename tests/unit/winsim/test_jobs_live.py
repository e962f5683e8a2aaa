# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Jobs in a running simulator: they go on while nobody looks, a command sees them as they are, a restart ends them."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
import yaml
from ansible_collections.winops.patching.tests.contract.jobs import INSTALL_JOB, install_plan_of
from ansible_collections.winops.patching.tests.unit.winsim.job_texts import JOB, steps_of

from winsim.build import build_host
from winsim.clock import HostClock
from winsim.execution import Executor
from winsim.hostfile import load_folder
from winsim.power import Power
from winsim.simulator import Simulator
from winsim.statefile import StateFiles
from winsim.testing import Fleet, write_hosts
from winsim.ticking import Ticker
from winsim.worker import places

UPDATE = {"id": "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11"}


class NoLine:
    """The network side of a host that has none."""

    def go_down(self) -> None:
        """Nothing to cut."""

    def come_up(self) -> None:
        """Nothing to open."""


@pytest.fixture
def fleet(tmp_path):
    """`fleet(words, factor)`: a host whose clock runs, with a state file, and the view that tests have of it."""

    def make(factor: float, **words: object):
        folder = write_hosts({"web01": {"os": {}, **words}}, tmp_path / "hosts")
        (document,) = load_folder(folder)
        host = build_host(document, HostClock(factor=factor))
        host.changed = StateFiles(tmp_path / "state").write
        host.touch()
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()
        nothing = tmp_path / "nothing"
        return host, Fleet(nothing, tmp_path / "state", nothing, process, nothing)

    return make


def test_a_job_goes_on_while_nobody_looks_and_the_state_file_tells_of_it(fleet, start):
    host, seen = fleet(6000, update_agent={"updates": [UPDATE]})
    with pytest.raises(LookupError):
        seen.job("web01")
    ticker = Ticker([host])
    try:
        start(host)
        assert seen.wait_for("web01", "job", phase="done", seconds=5)["id"] == JOB
    finally:
        ticker.close()
    job = seen.job("web01")
    assert (job.id, job.kind, job.phases, job.outcome) == (JOB, "scan", ["armed", "scanning", "done"], "finished")
    assert [line["line"] for line in job.result] == ["scan", "update", "end"]
    assert [line.get("step", line["phase"]) for line in job.journal] == steps_of(host)
    assert seen.jobs("web01") == [job]


def test_an_event_that_does_not_come_with_these_facts_is_not_waited_for_for_ever(fleet, start):
    host, seen = fleet(1, update_agent={})
    start(host)
    assert seen.job("web01").outcome is None
    assert seen.wait_for("web01", "job", phase="armed")["kind"] == "scan"
    with pytest.raises(TimeoutError, match="'phase': 'done'"):
        seen.wait_for("web01", "job", phase="done", seconds=0.1)


def test_a_command_sees_a_job_as_it_is_now(fleet, start):
    host, _ = fleet(60_000, update_agent={})
    start(host)
    time.sleep(0.05)
    arguments = {"operation": "list", "_ansible_module_name": "winops.patching.win_patch_job"}
    outcome = Executor()(host, "powershell", b"x\0\0\0\0" + json.dumps({"module_args": arguments}).encode())
    assert json.loads(outcome.stdout)["jobs"][0]["state"] == "finished"
    assert outcome.tier == "served"


def test_a_restart_kills_the_job_when_the_host_goes_down(fleet, start):
    host, seen = fleet(60, update_agent={"scan_minutes": 600})
    power = Power(host, NoLine(), boot_is_the_last=False)
    start(host)
    time.sleep(0.1)
    power.boot_now("test")
    assert seen.job("web01").phases[-1] == "interrupted"
    assert seen.state("web01")["processes"] == []
    seen.wait_for("web01", "boot", seconds=5)
    power.close()
    assert places.RUNNING_JOB not in seen.state("web01")["registry"]
    assert seen.job("web01").outcome is None


def test_an_installation_reboots_the_host_and_ends_while_nobody_looks(fleet, job):
    host, seen = fleet(6000, update_agent={"updates": [{**UPDATE, "reboot_behavior": "always_requires"}]})
    power, ticker = Power(host, NoLine(), boot_is_the_last=False), Ticker([host])
    plan = install_plan_of(INSTALL_JOB, [UPDATE], reboot={"mode": "if_required"})
    try:
        with host.lock:
            job(host, "start", id=INSTALL_JOB, plan=plan)
        seen.wait_for("web01", "job", phase="done", seconds=10)
    finally:
        ticker.close()
        power.close()
    told = seen.job("web01")
    assert told.phases == ["armed", "downloading", "installing", "rebooting", "verifying", "done"]
    assert told.outcome == "finished"
    assert [entry["event"] for entry in seen.state("web01")["log"] if entry["event"] != "job"] == ["install", "boot"]
    assert [event.id for event in host.events] == [1074]


class Cable(NoLine):
    """The network side of a host that remembers what was done to it."""

    def __init__(self) -> None:
        self.up = True

    def go_down(self) -> None:
        self.up = False

    def come_up(self) -> None:
        self.up = True


@pytest.mark.parametrize(
    ("words", "network", "boots"),
    [({}, {"dies_after": UPDATE["id"]}, 0), ({"reboots_itself": True}, {}, 1)],
)
def test_an_update_may_take_the_network_or_the_whole_host_down(fleet, job, words, network, boots):
    host, seen = fleet(6000, update_agent={"updates": [{**UPDATE, **words}]}, network=network)
    cable = Cable()
    power, ticker = Power(host, cable, boot_is_the_last=False), Ticker([host])
    try:
        with host.lock:
            job(host, "start", id=INSTALL_JOB, plan=install_plan_of(INSTALL_JOB, [UPDATE]))
        seen.wait_for("web01", "job", phase="done", seconds=10)
    finally:
        ticker.close()
        power.close()
    log = seen.state("web01")["log"]
    assert [entry["result"] for entry in log if entry["event"] == "install"] == ["ok"]
    assert len([entry for entry in log if entry["event"] == "boot"]) == boots
    assert cable.up is (boots == 1)


def test_a_simulator_lets_jobs_go_on_until_it_is_closed(tmp_path, start):
    folder = write_hosts({"web01": {"os": {}, "update_agent": {}}}, tmp_path / "hosts")
    simulator = Simulator(folder, time_factor=6000, state_folder=tmp_path / "state")
    host = simulator.endpoints[0].host
    try:
        with host.lock:
            start(host)
        until = time.monotonic() + 5
        while host.workers and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        simulator.close()
    assert steps_of(host)[-1] == "done"


def test_hosts_stand_in_the_groups_they_name_and_in_windows(tmp_path):
    hosts = {"a": {"os": {}, "groups": ["healthy"]}, "b": {"os": {}, "groups": ["healthy", "web"]}, "c": {"os": {}}}
    simulator = Simulator(write_hosts(hosts, tmp_path / "hosts"))
    try:
        simulator.write_inventory(tmp_path / "inventory.yml")
    finally:
        simulator.close()
    inventory = yaml.safe_load((tmp_path / "inventory.yml").read_text(encoding="utf-8"))
    assert {group: list(words["hosts"]) for group, words in inventory.items()} == {
        "windows": ["a", "b", "c"],
        "healthy": ["a", "b"],
        "web": ["b"],
    }
    assert inventory["healthy"]["hosts"]["a"] == {}
