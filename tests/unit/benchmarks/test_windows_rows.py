# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The measurement of maintenance windows: its fleet is what it says, and its bounds are those of the design."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.winops.patching.benchmarks.measurements import windows
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.calendar import compile_windows


def test_the_fleet_has_fifty_specs_that_all_can_be_read_and_none_of_another_turn():
    hosts = windows.fleet_windows(1)
    names = {entry["name"] for entries in hosts for entry in entries[:2]}
    assert (len(hosts), len(names)) == (10_000, 50)
    assert all(not compile_windows(entries).mistakes for entries in hosts[:50])
    assert not names & {entry["name"] for entries in windows.fleet_windows(2) for entry in entries[:2]}


def test_the_rows_keep_the_bounds_of_the_design(monkeypatch):
    monkeypatch.setattr(windows, "HOSTS", 100)
    bench = SimpleNamespace(notes=[])
    rows = list(windows.measure(bench))
    assert [row.must for row in rows] == ["ours <= 5", "ours <= 20", None]
    assert all(row.ours > 0 for row in rows)
    assert bench.notes[0].startswith("next windows, min / median / max of 5: ")
