# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ConfigMgr's tokens: published ones decode as published, and broken ones say how they are broken."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.ccm_token import TokenError, decode_token
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import (
    WindowError,
    next_windows,
    window_state,
)

MONDAY, TUESDAY, WEDNESDAY, SATURDAY = 0, 1, 2, 5


@pytest.mark.parametrize(
    ("text", "start", "duration", "said"),
    [
        ("00011A8500080000", "2012-01-01 00:00", {"minutes": 5}, {"kind": "once"}),
        ("02811A8040100018", "2012-01-01 20:00", {"hours": 8}, {"kind": "interval", "span": timedelta(days=3)}),
        ("02811A80401F6000", "2012-01-01 20:00", {"hours": 8}, {"kind": "weekly", "weekday": SATURDAY, "every": 3}),
        ("02811A8040288800", "2012-01-01 20:00", {"hours": 8}, {"kind": "monthly_date", "day": 2, "every": 2}),
        ("02811A80402FC400", "2012-01-01 20:00", {"hours": 8}, {"kind": "monthly_date", "day": 31, "every": 1}),
        ("02811A8040280400", "2012-01-01 20:00", {"hours": 8}, {"kind": "monthly_date", "day": 0, "every": 1}),
        (
            "00811A9E08221600",
            "2012-01-01 04:00",
            {"hours": 1, "minutes": 30},
            {"kind": "monthly_weekday", "weekday": MONDAY, "order": 3, "every": 1},
        ),
        (
            "02811A8040241000",
            "2012-01-01 20:00",
            {"hours": 8},
            {"kind": "monthly_weekday", "weekday": WEDNESDAY, "order": -1},
        ),
        ("00811A9E081A2000", "2012-01-01 04:00", {"hours": 1, "minutes": 30}, {"kind": "weekly", "weekday": MONDAY}),
        ("0034394008100008", "2007-03-20 01:00", {"hours": 1}, {"kind": "interval", "span": timedelta(days=1)}),
        ("0034394008284400", "2007-03-20 01:00", {"hours": 1}, {"kind": "monthly_date", "day": 1, "every": 1}),
        ("7913788000080000", "2004-07-19 08:30", {}, {"kind": "once"}),
        ("55147880001B2000", "2004-07-20 08:21", {}, {"kind": "weekly", "weekday": TUESDAY, "every": 1}),
        (
            "1033BC7B10100010",
            "2019-11-19 01:04",
            {"hours": 2, "minutes": 59},
            {"kind": "interval", "span": timedelta(days=2)},
        ),
    ],
)
def test_a_published_token_decodes_as_published(text, start, duration, said):
    token = decode_token(text)
    assert token.start == datetime.fromisoformat(start)
    assert token.duration == timedelta(**duration)
    assert {key: getattr(token, key) for key in said} == said
    assert not token.utc


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("00011A85", "16"),
        ("", "16"),
        ("00011A850008000Z", "hexadecimal"),
        ("00011A8500300000", "type 6"),
        ("00011A8500000000", "type 0"),
        ("00011A8500380000", "type 7"),
        ("00010A8500080000", "no date"),
        ("02811A8040100000", "every 0"),
        ("02811A80401F0000", "every 0"),
        ("02811A8040186000", "no day"),
    ],
)
def test_a_broken_token_says_how(text, word):
    with pytest.raises(TokenError, match=word):
        decode_token(text)


def starts(token, now, count=3, **keys):
    return [window["start"] for window in next_windows([{"name": "t", "ccm": token, **keys}], now=now, count=count)]


def test_every_third_saturday_counts_from_the_first_one_after_the_start():
    assert starts("02811A80401F6000", "2012-01-01T00:00:00Z") == [
        "2012-01-07T20:00:00Z",
        "2012-01-28T20:00:00Z",
        "2012-02-18T20:00:00Z",
    ]


def test_a_start_that_is_no_occurrence_only_begins_the_counting():
    assert starts("0034394008284400", "2007-01-01T00:00:00Z", 2) == ["2007-04-01T01:00:00Z", "2007-05-01T01:00:00Z"]


def test_the_third_monday_is_in_the_zone_of_the_spec_unless_the_token_says_utc():
    assert starts("00811A9E08221600", "2026-07-01T00:00:00Z", 1, timezone="Europe/Berlin") == ["2026-07-20T02:00:00Z"]
    assert starts("00811A9E08221601", "2026-07-01T00:00:00Z", 1, timezone="Europe/Berlin") == ["2026-07-20T04:00:00Z"]


def test_day_31_is_skipped_in_short_months_unless_clamped():
    assert starts("02811A80402FC400", "2026-04-01T12:00:00Z", 2) == ["2026-05-31T20:00:00Z", "2026-07-31T20:00:00Z"]
    assert starts("02811A80402FC400", "2026-04-01T12:00:00Z", 1, short_month="clamp") == ["2026-04-30T20:00:00Z"]


def test_every_two_days_keeps_its_time_on_the_wall():
    assert starts("1033BC7B10100010", "2019-11-19T00:00:00Z") == [
        "2019-11-19T01:04:00Z",
        "2019-11-21T01:04:00Z",
        "2019-11-23T01:04:00Z",
    ]


def test_several_tokens_stand_in_one_text():
    joined = "00811A9E08221600" + "00011A8500080000"
    assert starts(joined, "2012-01-01T00:00:00Z", 2) == ["2012-01-01T00:00:00Z", "2012-01-16T04:00:00Z"]


@pytest.mark.parametrize("token", ["7913788000080000", "00811A9E08300000", "123", "0001200008100008"])
def test_a_token_that_is_no_window_closes_with_the_reason(token):
    specs = [{"name": "site", "ccm": token}]
    state = window_state(specs, now="2026-01-01T00:00:00Z")
    assert not state["open"]
    assert "site: ccm: " in state["reason"]
    with pytest.raises(WindowError, match="site: ccm"):
        next_windows(specs, now="2026-01-01T00:00:00Z")
