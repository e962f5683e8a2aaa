# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The measurement of a whole fleet: its hosts are what it says, all are judged, its bounds are the design's."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import pytest
from ansible_collections.winops.patching.benchmarks import judged_fleet
from ansible_collections.winops.patching.benchmarks.documents import document_mix
from ansible_collections.winops.patching.benchmarks.measurements import fleet_judging
from ansible_collections.winops.patching.benchmarks.running import RunError
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan


def test_the_hosts_of_the_fleet_are_different_and_undamaged():
    scans = [parse_scan(judged_fleet.scan_of(host, "2026-11-18T00:00:00Z")) for host in range(50)]
    assert {len({update.id for update in scan.updates}) for scan in scans} == {judged_fleet.UPDATES}
    assert [problem for scan in scans for problem in scan.problems] == []
    lacking = Counter(any(update.installed is False for update in scan.updates) for scan in scans)
    assert lacking[True] == lacking[False] == 25


def test_documents_share_nothing(tmp_path):
    held = judged_fleet.documents(document_mix(2, tmp_path))
    assert len(held) == judged_fleet.HELD
    texts = [update["title"] for scan, _evidence in held[:20] for update in scan["updates"]]
    assert len({id(text) for text in texts}) == len(texts)


def test_every_host_is_judged_and_the_bounds_are_those_of_the_design(tmp_path, monkeypatch):
    monkeypatch.setattr(fleet_judging, "HOSTS", 40)
    monkeypatch.setattr(fleet_judging, "DOCUMENTS", 10)
    bench = SimpleNamespace(notes=[], work=tmp_path)
    rows = list(fleet_judging.measure(bench))
    assert [row.must for row in rows] == ["ours <= 60", "ours <= 1000"]
    assert all(row.ours > 0 for row in rows)
    told = json.loads(bench.notes[0].partition(": ")[2].replace("'", '"'))
    assert sum(told.values()) == 40
    assert len([word for word, count in told.items() if count]) > 1


def test_a_program_that_fails_says_why(tmp_path):
    with pytest.raises(RunError, match="could not be judged"):
        fleet_judging.judge_fleet(tmp_path / "none.json")
