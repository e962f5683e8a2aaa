# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rows: their arithmetic, their conditions, and how they are shown."""

from __future__ import annotations

import json
import math

import pytest
from ansible_collections.winops.patching.benchmarks.rows import (
    Row,
    RowError,
    as_json,
    parse_condition,
    shown,
    table,
)


@pytest.mark.parametrize(
    ("condition", "ours", "other", "met"),
    [
        ("ours <= 90000", 90000, None, True),
        ("ours <= 90000", 90001, None, False),
        ("ours >= 8000", 7999.9, None, False),
        ("ours >= 8000", 8000, None, True),
        ("ours < 5", 5, None, False),
        ("ours > 5", 5, None, False),
        ("ours == 6", 6, 6, True),
        ("other > 1", 0, 2, True),
        ("ratio <= 0.37", 37, 100, True),
        ("ratio <= 0.37", 37.001, 100, False),
        ("ratio <= 1.0", 1, 1, True),
    ],
)
def test_a_condition_is_decided_with_the_figure_it_names(condition, ours, other, met):
    assert Row("a", "s", ours, other, condition).met is met


def test_a_row_without_a_condition_is_neither_met_nor_missed():
    assert Row("a", "s", 1.0, 2.0).met is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ours",
        "ours <=",
        "ours <= 1 2",
        "ours<=1",
        "theirs <= 1",
        "ours ~ 1",
        "ours <= many",
        "ours <= nan",
        "ours < inf",
    ],
)
def test_a_condition_that_nobody_can_decide_is_refused(text):
    with pytest.raises(RowError):
        parse_condition(text)


@pytest.mark.parametrize(
    ("ours", "other", "must"),
    [
        (math.nan, None, None),
        (math.inf, None, None),
        (-1, None, None),
        (1, math.nan, None),
        (1, None, "ratio <= 1"),
        (1, 0, "ratio <= 1"),
        (1, None, "other <= 1"),
        (1, 1, "ours << 1"),
    ],
)
def test_a_row_that_says_nothing_is_refused(ours, other, must):
    with pytest.raises(RowError):
        Row("a", "s", ours, other, must)


def test_the_ratio_is_ours_divided_by_the_other():
    assert (Row("a", "s", 1, 4).ratio, Row("a", "s", 0, 4).ratio) == (0.25, 0)


@pytest.mark.parametrize("other", [None, 0])
def test_there_is_no_ratio_to_nothing(other):
    assert Row("a", "s", 1, other).ratio is None


def test_the_file_is_a_list_of_rows_with_exactly_the_keys_that_are_promised():
    rows = [Row("a", "bytes", 1, 2, "ratio <= 0.5"), Row("b", "s", 0.5)]
    assert json.loads(as_json(rows)) == [
        {"name": "a", "unit": "bytes", "ours": 1, "other": 2, "ratio": 0.5, "must": "ratio <= 0.5"},
        {"name": "b", "unit": "s", "ours": 0.5, "other": None, "ratio": None, "must": None},
    ]


def test_the_table_has_a_line_for_each_row_and_marks_what_is_missed():
    rows = [
        Row("long name", "bytes", 89872, 251072, "ours <= 90000"),
        Row("b", "s", 9, 3, "ratio <= 1.0"),
        Row("c", "s", 1.5),
    ]
    assert table(rows).splitlines() == [
        "name       unit     ours    other  ratio  must           met?",
        "---------  -----  ------  -------  -----  -------------  ------",
        "long name  bytes  89,872  251,072  0.358  ours <= 90000  yes",
        "b          s           9        3  3.000  ratio <= 1.0   MISSED",
        "c          s       1.500        -      -  -              -",
    ]


@pytest.mark.parametrize(
    ("figure", "text"),
    [(None, "-"), (0, "0"), (6, "6"), (2.0, "2"), (0.1234, "0.123"), (12.34, "12.3"), (7035.4, "7,035")],
)
def test_figures_are_shown_with_the_digits_that_can_be_believed(figure, text):
    assert shown(figure) == text
