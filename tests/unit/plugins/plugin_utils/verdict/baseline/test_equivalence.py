# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which update stands in for which, and whether a host holds a month."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.baseline import (
    Build,
    parse_baseline,
    parse_build,
    superseded_by,
)
from hypothesis import given
from hypothesis import strategies as st


def superseded(supersedes, *, installed=(), wanted=True):
    """`supersedes` {id: ids below it}; the ids that are superseded, with who stands in."""
    scan = {
        "updates": [
            {"id": name, "supersedes": below, "installed": name in installed} for name, below in supersedes.items()
        ]
    }
    updates = parse_scan(scan).updates
    return superseded_by(updates, lambda update: wanted if isinstance(wanted, bool) else update.id in wanted)


def test_an_update_that_another_wanted_one_supersedes_does_not_count():
    assert superseded({"new": ["old"], "old": []}) == {"old": "new"}


def test_what_nobody_will_install_stands_in_for_nothing():
    assert superseded({"preview": ["security"], "security": []}, wanted=["security"]) == {}


def test_an_installed_update_stands_in_whether_it_is_asked_for_or_not():
    assert superseded({"other": ["old"]}, installed=["other"], wanted=False) == {"old": "other"}


def test_a_chain_is_followed_to_its_end():
    assert superseded({"c": ["b"], "b": ["a"], "a": []}) == {"b": "c", "a": "b"}


def test_a_link_that_nobody_wants_breaks_the_chain():
    assert superseded({"c": ["b"], "b": ["a"], "a": []}, wanted=["c", "a"]) == {"b": "c"}


def test_updates_that_name_each_other_in_a_circle_stand_in_for_nothing():
    assert superseded({"a": ["b"], "b": ["a"]}) == {}
    assert superseded({"a": ["a"]}) == {}


def test_a_circle_below_an_update_ends():
    assert superseded({"top": ["a"], "a": ["b"], "b": ["a"]}) == {"a": "top", "b": "a"}


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=4), max_size=6), st.sets(NAMES), st.sets(NAMES))
def test_something_that_counts_always_stands_at_the_top(supersedes, installed, wanted):
    found = superseded(supersedes, installed=installed, wanted=wanted)
    for name in found:
        above, seen = name, set()
        while above in found and above not in installed:
            assert above not in seen, "nothing stands in for a circle"
            seen.add(above)
            above = found[above]
        assert above in installed or above in wanted


def month(*any_of):
    return parse_baseline({"months": [{"name": "2026-11", "any_of": list(any_of)}]}).months[0]


LCU, HOTPATCH, BUILD = {"kb": "KB5068861"}, {"kb": "5068840"}, {"build": "20348.4405"}
OLDER, SAME, LATER, OTHER_LINE = (
    parse_build(text) for text in ("20348.4404", "10.0.20348.4405", "20348.5000", "17763.9999")
)


@pytest.mark.parametrize(
    ("any_of", "installed", "needed", "build", "state"),
    [
        ([LCU, HOTPATCH], ["5068840"], ["5068861"], None, "satisfied"),
        ([LCU, HOTPATCH], ["5068861"], [], None, "satisfied"),
        ([LCU], [], ["5068861"], None, "missing"),
        ([LCU], [], [], None, "unknown"),
        ([LCU], ["1111111"], ["2222222"], SAME, "unknown"),
        ([LCU, BUILD], [], [], SAME, "satisfied"),
        ([LCU, BUILD], [], [], LATER, "satisfied"),
        ([LCU, BUILD], [], ["5068861"], LATER, "satisfied"),
        ([LCU, BUILD], [], [], OLDER, "missing"),
        ([LCU, BUILD], [], ["5068861"], OTHER_LINE, "missing"),
        ([LCU, BUILD], [], [], OTHER_LINE, "unknown"),
        ([LCU, BUILD], [], [], None, "unknown"),
        ([BUILD, {"build": "20348.5000"}], [], [], SAME, "satisfied"),
        ([BUILD, {"build": "17763.9999"}], [], [], OTHER_LINE, "satisfied"),
    ],
)
def test_any_one_alternative_holds_the_month(any_of, installed, needed, build, state):
    answer = month(*any_of).answer(installed, needed, build)
    assert answer.state == state
    assert answer.reason.startswith("2026-11: ")
    assert (answer.by is None) == (state == "unknown")


@pytest.mark.parametrize("text", ["20348", "20348.", "10.0.20348", "x", "", None, 20348.4405, "1.2"])
def test_a_build_without_its_revision_is_no_build(text):
    assert parse_build(text) is None


def test_a_build_is_read_with_and_without_the_version_before_it():
    assert parse_build(" 10.0.26100.7171 ") == parse_build("26100.7171") == Build(26100, 7171)
    assert str(Build(26100, 7171)) == "26100.7171"
