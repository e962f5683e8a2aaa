# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The update agent's own part of an installation: what it refuses, and what it puts into the rename queue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from winsim.agent import install, rename_queue
from winsim.agent.errors import AgentError
from winsim.agent.install import RUN_ONCE
from winsim.denial import SESSION_MANAGER

ID = "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11"
NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
TEMPORARY, LIBRARY = r"C:\Windows\System32\SET1.tmp", r"C:\Windows\System32\a.dll"
QUEUED = (rf"\??\{TEMPORARY}", rf"!\??\{LIBRARY}")


@pytest.fixture
def host_with(make_host):
    """`host_with({words of the update}, {words of the agent})`: a host and its only update."""

    def make(words=None, agent=None, **host):
        found = make_host(
            update_agent={"updates": [{"id": ID, "downloaded": True, **(words or {})}], **(agent or {})}, **host
        )
        return found, found.update_agent.updates[0]

    return make


REFUSED = [
    ({}, {"busy": True}, "0x80240016"),
    ({}, {"reboot_required": True}, "0x80240016"),
    ({}, {"reboot_required_before_installation": True}, "0x80240016"),
    ({"downloaded": False}, {}, "0x80246007"),
    ({"eula_accepted": False}, {}, "0x80240023"),
]


@pytest.mark.parametrize(("words", "agent", "code"), REFUSED)
def test_an_installation_is_refused_with_the_agents_own_code(host_with, words, agent, code):
    host, update = host_with(words, agent)
    with pytest.raises(AgentError) as caught:
        install.install(host, update, NOW)
    assert (caught.value.hresult, host.installation, host.appointments) == (code, None, [])


def test_one_installation_at_a_time(host_with):
    host, update = host_with()
    install.install(host, update, NOW)
    with pytest.raises(AgentError, match="0x80240016"):
        install.install(host, update, NOW)


def test_what_is_installed_is_not_installed_again(host_with):
    host, update = host_with({"installed": True})
    outcome = install.install(host, update, NOW).answer()
    assert (outcome.result, outcome.hresult, outcome.reboot_required) == ("succeeded", "0x00240006", False)
    assert (host.log, host.update_agent.history, host.installation) == ([], [], None)


def test_an_installation_has_no_outcome_before_its_time(host_with, wind):
    host, update = host_with({"run_minutes": 2})
    found = install.install(host, update, NOW)
    wind(host, 119)
    assert (found.answer(), host.installation) == (None, found)
    wind(host, 1)
    assert (found.answer().result, host.installation, update["installed"]) == ("succeeded", None, True)


def test_terms_that_are_accepted_stay_so_and_others_are_refused(host_with):
    _host, update = host_with({"eula_accepted": False})
    install.accept_eula(update)
    assert update["eula_accepted"] is True
    with pytest.raises(AgentError, match="0x80240023"):
        install.accept_eula({"refuses_eula": True})


def test_a_rename_is_queued_as_windows_writes_it_with_the_file_that_will_take_the_place(make_host):
    host = make_host(files={LIBRARY: {"version": "10.0.1.9", "size": 77}})
    assert rename_queue.add(host, [[TEMPORARY, LIBRARY], [r"C:\gone.dll", ""]], NOW) == 2
    assert rename_queue.read(host) == [QUEUED, (r"\??\C:\gone.dll", "")]
    new = host.file(TEMPORARY)
    assert (new.version, new.length, new.modified) == ("10.0.1.10", 77, NOW)
    assert host.file(r"C:\gone.dll") is None


def test_a_file_that_is_listed_is_the_one_that_is_taken(make_host):
    host = make_host(files={TEMPORARY: {"version": "11.0.0.0"}, LIBRARY: {"version": "10.0.1.9"}})
    rename_queue.add(host, [[TEMPORARY, LIBRARY]], NOW)
    assert host.file(TEMPORARY).version == "11.0.0.0"


def test_a_text_that_is_written_as_in_the_queue_stays_as_it_is(make_host):
    host = make_host()
    marked = (rf"*1\??\{TEMPORARY}", rf"*1!\??\{LIBRARY}")
    rename_queue.add(host, [marked], NOW)
    assert (rename_queue.read(host), host.files) == ([marked], {})


def test_new_entries_follow_the_old_ones_and_only_they_are_taken_back(make_host):
    data = {"type": "REG_MULTI_SZ", "data": [r"\??\C:\x", ""]}
    values = {"PendingFileRenameOperations": data, "PendingFileRenameOperations2": {**data, "data": [r"\??\C:\odd"]}}
    host = make_host(registry={SESSION_MANAGER: {"values": values}})
    rename_queue.add(host, [[TEMPORARY, LIBRARY]], NOW)
    assert rename_queue.read(host) == [(r"\??\C:\x", ""), QUEUED, (r"\??\C:\odd", "")]
    rename_queue.remove(host, [[TEMPORARY, LIBRARY]])
    assert rename_queue.read(host) == [(r"\??\C:\x", ""), (r"\??\C:\odd", "")]
    rename_queue.clear(host)
    assert rename_queue.read(host) == []
    assert host.registry.value(SESSION_MANAGER, "PendingFileRenameOperations") is None


def test_an_update_without_renames_leaves_the_queue_alone(make_host):
    host = make_host()
    assert rename_queue.add(host, [], NOW) == 0
    assert host.registry.key(SESSION_MANAGER) is None


def test_an_installer_that_overwrites_leaves_only_its_own(host_with, wind):
    keys = {
        SESSION_MANAGER: {
            "values": {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": [r"\??\C:\x", ""]}}
        },
        RUN_ONCE: {"values": {"theirs": {"type": "REG_SZ", "data": "x"}}},
    }
    words = {"overwrites_queue": True, "overwrites_run_once": True, "renames": [[TEMPORARY, LIBRARY]]}
    host, update = host_with(words, registry=keys)
    install.install(host, update, NOW)
    wind(host, 300)
    assert (rename_queue.read(host), host.registry.value(RUN_ONCE, "theirs")) == ([QUEUED], None)
