# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The measurement of whole patch runs: what it compares, and when it refuses to give a figure."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from ansible_collections.winops.patching.benchmarks.bench import Bench
from ansible_collections.winops.patching.benchmarks.measurements import patch_run
from ansible_collections.winops.patching.benchmarks.memory import Peak
from ansible_collections.winops.patching.benchmarks.running import Run, RunError

from winsim.hostfile import load_folder
from winsim.testing import Wire, write_hosts

IDS = [update["id"] for update in patch_run.host_words()["update_agent"]["updates"]]
WIRES = {patch_run.OTHER: Wire(requests=200, bytes_up=9000), patch_run.PLAYBOOK: Wire(requests=100, bytes_up=3000)}


class Fleet:
    """Hosts that have installed these updates, by one side or the other."""

    def __init__(self, installed):
        self.installed = installed
        self.inventory = "inventory.yml"
        self.side = patch_run.OTHER

    def state(self, host):
        """Its log."""
        return {"log": [{"event": "install", "id": one, "result": "ok"} for one in self.installed]}

    def wire(self, host):
        """What it has received."""
        return WIRES[self.side]

    def runs(self, host):
        """What was run on it."""
        return [{}] * 7


class Ansible:
    """Stands in for the command; it remembers which side has run last."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.asked = []

    def playbook(self, inventory, name, *, forks, variables):
        """Run one side."""
        self.fleet.side = patch_run.PLAYBOOK if name == patch_run.PLAYBOOK else patch_run.OTHER
        self.asked.append((name, variables))
        return Run(12.0, 1.0, Peak(), "said")


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """`measured(installed)`: the rows, the notes and what was asked; hosts have installed these updates."""

    def run(installed):
        fleet = Fleet(installed)
        served = []

        @contextmanager
        def serve(hosts, work, *, time_factor):
            served.append((sorted(hosts), time_factor))
            yield fleet

        monkeypatch.setattr(patch_run, "serve", serve)
        ansible = Ansible(fleet)
        bench = Bench(ansible=ansible, core="2.19.14", fleet=None, work=tmp_path, say=lambda text: None)
        return list(patch_run.measure(bench)), bench.notes, ansible.asked, served

    return run


def test_bytes_and_requests_of_a_host_must_be_fewer_than_those_of_the_other(measured):
    rows, notes, _asked, _served = measured(IDS)
    assert [(row.ours, row.other, row.must) for row in rows] == [
        (3000, 9000, "ratio < 1.0"),
        (100, 200, "ratio < 1.0"),
        (12.0, 12.0, None),
    ]
    assert "7.0 of ours" in notes[0]


def test_each_side_has_hosts_of_its_own_and_waits_are_shortened_for_both(measured):
    _rows, _notes, asked, served = measured(IDS)
    assert [(len(hosts), factor) for hosts, factor in served] == [(20, patch_run.FACTOR)] * 2
    (_name, other), (_playbook, ours) = asked
    assert other.items() <= ours.items()
    assert (other["ansible_winrm_operation_timeout_sec"], ours["patch_run_poll_seconds"]) == (1, 1)


@pytest.mark.parametrize("installed", [IDS[1:], [*IDS, IDS[0]], []])
def test_a_side_that_has_not_installed_every_update_once_is_no_figure(measured, installed):
    with pytest.raises(RunError, match="of 5 updates installed"):
        measured(installed)


def test_the_hosts_are_hosts_of_the_simulator(tmp_path):
    (host,) = load_folder(write_hosts({"bench-001": patch_run.host_words()}, tmp_path))
    assert len(host["update_agent"]["updates"]) == patch_run.UPDATES == 5
