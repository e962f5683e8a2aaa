# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The update agents of the demo fleet agree with the registries beside them, and some hosts are wholly healthy."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.winops.patching.tests.unit.winsim.job_texts import journal_of, result_of

import winsim
from winsim.build import build_host
from winsim.clock import HostClock
from winsim.hostfile import load_folder

FLEET = {host["name"]: host for host in load_folder(Path(winsim.__file__).parents[1] / "fleets" / "demo")}
WAITING = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
WITH_AGENT = [name for name, host in FLEET.items() if "update_agent" in host]


def updates_of(name):
    return FLEET[name].get("update_agent", {}).get("updates", [])


def test_the_updates_that_wait_are_those_that_the_registry_lists():
    listed = {
        name: host["registry"][WAITING]["values"] for name, host in FLEET.items() if WAITING in host.get("registry", {})
    }
    assert set(listed) == {"all-three-sources", "wu-key-only"}
    for name, values in listed.items():
        assert {update["id"] for update in updates_of(name) if update.get("reboot_required")} == set(values)


def test_the_healthy_group_has_everything_installed_and_waits_for_nothing():
    healthy = [name for name, host in FLEET.items() if "healthy" in host.get("groups", [])]
    assert sorted(healthy) == ["agent-denies-network", "clean-2022"]
    for name in healthy:
        assert all(update["installed"] and not update.get("reboot_required") for update in updates_of(name))
        assert updates_of(name)
        assert not FLEET[name]["update_agent"].get("reboot_required")


def test_the_fleet_shows_what_scans_can_find():
    updates = [update for name in FLEET for update in updates_of(name)]
    words = {
        word
        for update in updates
        for word in ("installed", "reboot_required", "hidden", "browse_only")
        if update.get(word)
    }
    assert words == {"installed", "reboot_required", "hidden", "browse_only"}
    assert {"Security Updates", "Upgrades", "Drivers", "Definition Updates"} <= {u["classification"] for u in updates}
    assert any(update.get("supersedes") for update in updates)
    assert len({update["id"] for update in updates}) == len(updates)
    results = [entry["result"] for name in WITH_AGENT for entry in FLEET[name]["update_agent"].get("history", [])]
    assert {"succeeded", "failed"} <= set(results)
    sources = [FLEET[name]["update_agent"].get("source", {}).get("managed") for name in WITH_AGENT]
    assert {True, False} <= set(sources)


@pytest.mark.parametrize("name", WITH_AGENT)
def test_each_agent_of_the_fleet_can_be_scanned_to_an_end(name, start, passed, wind):
    host = build_host(FLEET[name], HostClock(ticks=lambda: passed[0] / 60))
    host.elevated = True
    start(host, history=50)
    wind(host, 86_400)
    last = journal_of(host)[-1]
    assert last["outcome"] == ("failed" if name == "update-exe-fresh" else "finished"), last
    if last["outcome"] == "finished":
        replaced = {old for update in updates_of(name) for old in update.get("supersedes", [])}
        found = {line["id"] for line in result_of(host) if line["line"] == "update"}
        assert found == {update["id"] for update in updates_of(name)} - replaced
