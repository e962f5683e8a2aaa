# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The measurement of progress polls: what it counts, and when it refuses to give a figure."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.winops.patching.benchmarks.bench import Bench
from ansible_collections.winops.patching.benchmarks.measurements import poll_bytes
from ansible_collections.winops.patching.benchmarks.memory import Peak
from ansible_collections.winops.patching.benchmarks.running import Run, RunError

from winsim.testing import Wire


class Fleet:
    """One host that counts what it receives: so many bytes for each run of a module."""

    def __init__(self):
        self.bytes_up = 0
        self.log = []

    def wire(self, host):
        """What it has received."""
        return Wire(requests=len(self.log), bytes_up=self.bytes_up)

    def runs(self, host):
        """What it has run."""
        return list(self.log)

    def received(self, module, size):
        """One run."""
        self.log.append({"name": module, "host": poll_bytes.HOST})
        self.bytes_up += size


class Ansible:
    """Stands in for the commands: a search of the other is three calls, a look of ours one."""

    def __init__(self, fleet, *, looks=1, other=None, phases=("armed", "scanning")):
        self.fleet, self.looks, self.other = fleet, looks, other or {"found_update_count": 0}
        self.phases = list(phases)
        self.asked = []

    def ad_hoc(self, inventory, host, module, *options):
        """Run one task."""
        arguments = json.loads(options[options.index("-a") + 1])
        self.asked.append(arguments)
        if module == poll_bytes.OTHER:
            for size in (400, 500, 600):
                self.fleet.received(module, size)
            answer = self.other
        elif arguments["operation"] == "start":
            self.fleet.received(module, 300)
            answer = {"id": "scan-1", "attached": False}
        else:
            for _ in range(self.looks):
                self.fleet.received(poll_bytes.READER, 40 + len(self.asked))
            phase = self.phases.pop(0) if len(self.phases) > 1 else self.phases[0]
            answer = {"phase": phase, "id": arguments["id"]}
        return Run(1.0, 1.0, Peak(), f"{host} | SUCCESS => {json.dumps(answer)}\n")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(Bench, "inventory", lambda self, count: Path(tmp_path / "hosts.yml"))

    def make(**words):
        fleet = Fleet()
        ansible = Ansible(fleet, **words)
        made = Bench(ansible=ansible, core="2.19.14", fleet=fleet, work=tmp_path, say=lambda text: None)
        return SimpleNamespace(bench=made, ansible=ansible)

    return make


def test_a_look_is_compared_with_the_mean_call_of_the_other(bench):
    (row,) = poll_bytes.measure(bench().bench)
    assert (row.ours, row.other, row.must, row.met) == (44, 500, "ratio <= 0.2", True)


def test_the_bound_is_that_of_the_design():
    assert poll_bytes.MOST_RATIO == 0.2


def test_the_job_that_was_started_is_looked_at(bench):
    made = bench()
    list(poll_bytes.measure(made.bench))
    assert [asked.get("operation") for asked in made.ansible.asked] == [None, "start", "read", "read"]
    assert made.ansible.asked[-1]["id"] == "scan-1"


@pytest.mark.parametrize(
    "words", [{"looks": 2}, {"looks": 0}, {"phases": ["armed"]}, {"phases": [None]}, {"other": {"failed": True}}]
)
def test_a_look_that_is_none_is_no_figure(bench, words):
    with pytest.raises(RunError):
        list(poll_bytes.measure(bench(**words).bench))
