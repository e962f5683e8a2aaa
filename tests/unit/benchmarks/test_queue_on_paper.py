# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The measurement of the rename queue on paper: its queue is what it says, and its bound is that of the issue."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.winops.patching.benchmarks.measurements import queue_on_paper
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.rename import analysed


def test_the_queue_has_conflicts_downgrades_and_no_file_that_nobody_knows():
    found = analysed(*queue_on_paper.long_queue(3000), None, boot_time=None, most=None)
    assert len(found["entries"]) == 3000
    assert found["conflicts"]
    assert {entry["kind"] for entry in found["downgrades"]} == {"A", "B"}
    assert found["unknown"] == []


def test_the_row_keeps_the_bound_of_the_issue(monkeypatch):
    monkeypatch.setattr(queue_on_paper, "ENTRIES", 100)
    bench = SimpleNamespace(notes=[])
    (row,) = queue_on_paper.measure(bench)
    assert row.must == "ours <= 2"
    assert row.ours > 0
    assert bench.notes[0].startswith("rename queue on paper, min / median / max of 5: ")
