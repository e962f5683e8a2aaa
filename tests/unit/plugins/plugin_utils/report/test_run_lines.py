# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may stand in a line of a journal: plain, printable and bounded, whatever a host has said."""

from __future__ import annotations

import json
from datetime import date

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_lines import (
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_TEXT,
    bounded,
    bounded_text,
    run_line,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (0.5, 0.5),
        (float("nan"), None),
        (float("inf"), None),
        (10**30, None),
        ("plain", "plain"),
        ("a\x1b[2J\nb", "a [2J b"),
        (date(2026, 11, 21), "2026-11-21"),
        ((1, "x"), [1, "x"]),
        ({1: {"a": ("b",)}}, {"1": {"a": ["b"]}}),
        (b"bytes", "b'bytes'"),
    ],
)
def test_plain_values_are_kept_and_everything_else_becomes_one(value, kept):
    assert bounded(value) == kept


def test_what_is_cut_off_says_so():
    assert bounded_text("x" * (MAX_TEXT + 1)).endswith("(cut off)")
    assert bounded_text("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert bounded(list(range(MAX_ENTRIES + 3)))[-1].endswith("3 more")
    assert len(bounded(list(range(MAX_ENTRIES)))) == MAX_ENTRIES
    assert bounded({str(number): 1 for number in range(MAX_ENTRIES + 2)})["cut_off"] == 2
    deep: object = "end"
    for _level in range(MAX_DEPTH + 1):
        deep = [deep]
    assert "end" not in json.dumps(bounded(deep))


def test_a_line_says_when_for_whom_and_what():
    assert run_line("2026-11-21T22:00:00Z", "r1", "web01", "plan", {"state": "planned"}) == {
        "at": "2026-11-21T22:00:00Z",
        "run_id": "r1",
        "host": "web01",
        "step": "plan",
        "state": "planned",
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_whatever_is_kept_is_one_line_of_json_and_stays_as_it_is(value):
    kept = bounded(value)
    text = json.dumps(kept, ensure_ascii=False)
    assert not set("\n\r\x1b\x85\u2028\u202e") & set(text)
    assert bounded(kept) == kept
