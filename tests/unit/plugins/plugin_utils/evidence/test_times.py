# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times and durations as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import (
    TimeTextError,
    format_time,
    parse_duration,
    parse_time,
    time_or_none,
)
from hypothesis import given
from hypothesis import strategies as st

INSTANT = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-18T03:20:00Z",
        "2026-11-18T03:20:00z",
        " 2026-11-18T03:20:00Z\n",
        "2026-11-18T04:20:00+01:00",
        "2026-11-17T22:20:00-05:00",
        "2026-11-18 03:20:00+00:00",
        INSTANT,
        datetime(2026, 11, 18, 4, 20, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_a_time_with_a_zone_is_one_instant_in_utc(written):
    assert parse_time(written) == INSTANT
    assert parse_time(written).utcoffset() == timedelta(0)
    assert time_or_none(written) == INSTANT


NO_TIMES = [
    None,
    "",
    "Z",
    "yesterday",
    "2026-11-18T03:20:00",
    "2026-11-18",
    "2026-13-18T03:20:00Z",
    1793502720,
    True,
    ["2026-11-18T03:20:00Z"],
    datetime(2026, 11, 18, 3, 20, tzinfo=UTC).replace(tzinfo=None),
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
]


@pytest.mark.parametrize("written", NO_TIMES)
def test_what_is_no_instant_is_an_error_and_none_where_that_is_asked(written):
    with pytest.raises(TimeTextError):
        parse_time(written)
    assert time_or_none(written) is None


def test_the_error_names_the_text_shortened_and_the_remedy():
    with pytest.raises(TimeTextError, match="names no zone: end it with Z"):
        parse_time("2026-11-18T03:20:00")
    with pytest.raises(TimeTextError) as caught:
        parse_time("x" * 5000)
    assert len(str(caught.value)) < 200


@given(st.floats(0, 7_000_000_000))
def test_a_formatted_time_reads_back_as_the_same_second(seconds):
    instant = datetime.fromtimestamp(seconds, UTC)
    assert parse_time(format_time(instant)) == instant.replace(microsecond=0)


@given(st.text() | st.binary() | st.floats() | st.integers())
def test_no_text_whatever_raises_anything_else(junk):
    assert time_or_none(junk) is None or isinstance(junk, str)


def test_a_time_of_another_zone_is_formatted_in_utc():
    assert format_time(datetime(2026, 11, 18, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-17T23:30:00Z"


@pytest.mark.parametrize(
    ("written", "span"),
    [
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("1h30m", timedelta(minutes=90)),
        ("90m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P1DT2H", timedelta(days=1, hours=2)),
        (" 22H ", timedelta(hours=22)),
        (3600, timedelta(hours=1)),
        (0, timedelta(0)),
    ],
)
def test_a_duration_is_read_in_the_short_and_the_iso_form(written, span):
    assert parse_duration(written) == span


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "P",
        "PT",
        "T",
        "7",
        "7 days",
        "-1d",
        -5,
        "1.5h",
        True,
        ["7d"],
        "99999999999d",
        "9" * 5000 + "d",
        10**400,
        float("nan"),
        float("inf"),
    ],
)
def test_what_is_no_duration_is_an_error(written):
    with pytest.raises(TimeTextError):
        parse_duration(written)


def test_an_iso_month_is_not_read_as_a_minute():
    with pytest.raises(TimeTextError):
        parse_duration("P1M")
