# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filters rename_queue, installer_snapshot and lost_entries: untrusted text, bounded lists, clear complaints."""

from __future__ import annotations

import gc

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.winops.patching.plugins.filter.installer_snapshot import FilterModule as SnapshotFilters
from ansible_collections.winops.patching.plugins.filter.lost_entries import FilterModule as LostFilters
from ansible_collections.winops.patching.plugins.filter.rename_queue import FilterModule as QueueFilters
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import rename
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.analysis import analyse
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import BOOT
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.renames import move, versions
from ansible_collections.winops.patching.tests.unit.work import not_forever

FILTERS = {**QueueFilters().filters(), **SnapshotFilters().filters(), **LostFilters().filters()}
rename_queue, installer_snapshot, lost_entries = (
    FILTERS[name] for name in ("rename_queue", "installer_snapshot", "lost_entries")
)
SEED_004 = [*move(r"C:\a", r"C:\t"), *move(r"C:\b", r"C:\t")]


def test_seed_004_through_the_filter():
    found = rename_queue(SEED_004, versions(a="0.3", b="0.2", t="0.1"))
    assert (found["state"], found["targets"][r"C:\t"]["final_version"]) == ("risky", "0.2")


def test_lists_are_cut_at_a_thousand_unless_all_is_asked_for():
    queue = [text for number in range(1500) for text in move(rf"C:\s{number}", rf"C:\t{number}")]
    assert (len(rename_queue(queue)["entries"]), rename_queue(queue)["entries_more"]) == (1000, 500)
    assert len(rename_queue(queue, most=None)["entries"]) == 1500
    assert len(rename_queue(queue, most=2)["unknown"]) == 2


@pytest.mark.parametrize("most", [0, -1, True, "many"])
def test_a_limit_that_makes_no_sense_is_named(most):
    with pytest.raises(AnsibleFilterError, match="rename_queue: most must be"):
        rename_queue([], most=most)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rename_queue([], boot_time="soon"), "rename_queue: boot_time: 'soon' is not a time"),
        (lambda: installer_snapshot([], boot_time="soon"), "installer_snapshot: boot_time"),
        (lambda: installer_snapshot([], taken_at="soon"), "installer_snapshot: taken_at"),
    ],
)
def test_a_time_that_is_none_is_named(call, words):
    with pytest.raises(AnsibleFilterError, match=words):
        call()


@pytest.mark.parametrize("queue", [None, 7, {}, {"state": "denied"}, [1], "text"])
def test_a_queue_that_cannot_be_read_is_unknown_and_no_error(queue):
    assert rename_queue(queue)["state"] == "unknown"


def test_snapshots_go_through_the_filters():
    before = installer_snapshot(SEED_004, boot_time=BOOT)
    after = installer_snapshot(SEED_004[2:], boot_time=BOOT)
    assert [entry["source"] for entry in lost_entries(before, after)["lost"]] == [r"C:\a"]
    assert rename_queue(SEED_004[2:], snapshot=before, boot_time=BOOT)["lost"]


def test_the_collector_is_off_while_the_queue_is_carried_out_and_on_again_afterwards(monkeypatch):
    was_on = []
    monkeypatch.setattr(
        rename, "analyse", lambda *given, **how: was_on.append(gc.isenabled()) or analyse(*given, **how)
    )
    assert gc.isenabled()
    rename_queue(SEED_004)
    assert was_on == [False]
    assert gc.isenabled()


def test_a_hundred_thousand_entries_are_no_trouble():
    queue, files = [], {}
    for number in range(100_000):
        queue += move(rf"C:\Windows\System32\SET{number}.tmp", rf"C:\Windows\System32\f{number % 70_000}.dll")
        files[rf"C:\Windows\System32\SET{number}.tmp"] = {"version": f"10.0.{number % 9}.1"}
    # How many seconds that takes, `make bench` measures.
    with not_forever():
        found = rename_queue(queue, files)
    assert found["entries_more"] == 99_000
