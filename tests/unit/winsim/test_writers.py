# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The doubles of the two modules that write: they compare before they write, and touch their own keys only."""

from __future__ import annotations

import pytest

from winsim.denial import SESSION_MANAGER
from winsim.emulated.result import ModuleFailedError
from winsim.host import Access
from winsim.writers import AGENT, BACKUP, OWN, win_reboot_mark, win_rename_queue

FIRST = "PendingFileRenameOperations"
QUEUE = {SESSION_MANAGER: {"values": {FIRST: {"type": "REG_MULTI_SZ", "data": ["a", "", "b", "c"]}}}}
CHANGE = {"name": FIRST, "expected": ["a", "", "b", "c"], "wanted": ["a", ""]}


@pytest.fixture
def access(make_host):
    """The view of the network logon on a host of these words."""

    def view(**words):
        host = make_host(**words)
        return Access(host, host.identity(None))

    return view


def test_the_queue_is_written_with_its_empty_strings_and_the_old_one_is_kept(access):
    seen = access(registry=QUEUE)
    answer = win_rename_queue(seen, {"changes": [CHANGE], "stamp": "20261118T032000Z"})
    assert answer == {"changed": True, "backup": f"{BACKUP}\\20261118T032000Z"}
    assert seen.host.registry.value(SESSION_MANAGER, FIRST).data == ["a", ""]
    assert seen.host.registry.value(answer["backup"], FIRST).data == ["a", "", "b", "c"]


def test_an_empty_queue_is_removed(access):
    seen = access(registry=QUEUE)
    win_rename_queue(seen, {"changes": [{**CHANGE, "wanted": []}], "stamp": "x"})
    assert seen.host.registry.value(SESSION_MANAGER, FIRST) is None


@pytest.mark.parametrize("expected", [["a"], [], ["A", "", "b", "c"]])
def test_a_queue_that_is_not_what_was_expected_stays(access, expected):
    seen = access(registry=QUEUE)
    with pytest.raises(ModuleFailedError, match="has changed meanwhile"):
        win_rename_queue(seen, {"changes": [{**CHANGE, "expected": expected}], "stamp": "x"})
    assert seen.host.registry.value(SESSION_MANAGER, FIRST).data == ["a", "", "b", "c"]
    assert seen.host.registry.key(BACKUP) is None


@pytest.mark.parametrize("words", [{"token": {"elevated": False}}, {"denied": [SESSION_MANAGER, OWN]}])
def test_who_may_not_write_is_refused(access, words):
    seen = access(registry=QUEUE, **words)
    with pytest.raises(ModuleFailedError, match="elevated token"):
        win_rename_queue(seen, {"changes": [CHANGE], "stamp": "x"})
    with pytest.raises(ModuleFailedError, match="elevated token"):
        win_reboot_mark(seen, {"steps": [{"key": "witness", "set": {}}]})


@pytest.mark.parametrize("args", [{}, {"changes": [CHANGE]}, {"changes": 7, "stamp": "x"}])
def test_the_writer_of_the_queue_is_not_for_direct_use(access, args):
    with pytest.raises(ModuleFailedError, match="runs through its action plugin"):
        win_rename_queue(access(registry=QUEUE), args)


def test_steps_write_remove_and_drop_on_volatile_keys(access):
    seen = access()
    win_reboot_mark(seen, {"steps": [{"key": "witness", "set": {"Reason": "x", "ExitCode": -1}}]})
    key = seen.host.registry.key(f"{OWN}\\RebootWitness")
    assert key.volatile
    assert [(value.name, value.kind, value.data) for value in key.values.values()] == [
        ("Reason", "REG_SZ", "x"),
        ("ExitCode", "REG_DWORD", 0xFFFFFFFF),
    ]
    win_reboot_mark(seen, {"steps": [{"key": "witness", "set": {}, "remove": ["reason"]}]})
    assert list(key.values) == ["exitcode"]
    win_reboot_mark(seen, {"steps": [{"key": "witness", "drop": True}]})
    assert seen.host.registry.key(f"{OWN}\\RebootWitness") is None


@pytest.mark.parametrize("args", [{}, {"steps": []}, {"steps": [{"key": "HKLM\\SOFTWARE"}]}])
def test_no_other_key_can_be_named(access, args):
    with pytest.raises(ModuleFailedError, match="runs through its action plugin"):
        win_reboot_mark(access(), args)


def test_the_key_of_windows_update_needs_the_one_above_it(access):
    step = {"steps": [{"key": "update_agent", "set": {"x": 1}}]}
    with pytest.raises(ModuleFailedError, match="Windows Update is not set up here"):
        win_reboot_mark(access(), step)
    seen = access(registry={AGENT: {}})
    win_reboot_mark(seen, step)
    assert seen.host.registry.value(f"{AGENT}\\RebootRequired", "x").data == 1
