# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows at their limits: size, far times, missing zone data, equal and unequal specs, and bounded work."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows import plain, zones
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.calendar import compile_windows
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.ical import to_ical
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import (
    WindowError,
    in_window,
    next_windows,
    window_state,
)
from ansible_collections.winops.patching.tests.unit.work import bounded_work

NOW = "2026-12-01T00:00:00Z"
FREEZE = {"name": "freeze", "start": "2026-12-18T00:00:00Z", "end": "2027-01-04T00:00:00Z", "blackout": True}


def spec(**keys):
    return {"name": "w", "start": "22:00", "duration": "4h", "timezone": "UTC", **keys}


@pytest.fixture
def no_zone_data(monkeypatch):
    """A controller without time-zone data, as in slim images."""

    def missing(name):
        raise ZoneInfoNotFoundError(f"No time zone found with key {name}")

    monkeypatch.setattr(zones, "ZoneInfo", missing)
    zones.zone_of.cache_clear()
    yield
    zones.zone_of.cache_clear()


def test_without_zone_data_it_is_closed_and_the_remedy_is_named(no_zone_data):
    zoned = spec(name="no data here", weekly=["monday"], timezone="Europe/Rome")
    state = window_state([zoned], now=NOW)
    assert not state["open"]
    assert (
        "no data here: timezone: this controller has no time-zone data; install the Python package tzdata"
        in state["reason"]
    )


def test_without_zone_data_utc_still_works(no_zone_data):
    assert in_window([spec(name="utc works", rrule="FREQ=DAILY")], at="2026-12-01T23:00:00Z")


def test_a_zone_that_nobody_knows_is_not_taken_for_missing_data():
    with pytest.raises(zones.ZoneError, match=r"neither a Windows nor an IANA time zone \(did you mean Europe/Berlin"):
        zones.zone_of("Europe/Berlinn")


@pytest.mark.parametrize("now", ["1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2850-01-01T00:00:00Z"])
@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=DAILY", "FREQ=YEARLY;BYYEARDAY=366;BYDAY=MO"]
)
def test_a_rule_without_end_is_answered_at_once_in_every_century(rule, now):
    with bounded_work(calls=1_500_000):
        found = next_windows([spec(rrule=rule)], now=now, count=5000)
    assert len(found) > 1
    assert found == sorted(found, key=lambda window: window["start"])


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=7"],
)
def test_a_rule_that_never_comes_true_is_closed_and_ends_its_search(rule):
    with bounded_work(calls=850_000):
        reason = window_state([spec(rrule=rule)], now=NOW)["reason"]
    assert reason == "closed for install: no window opens within 50 years"


def test_a_count_is_counted_for_a_century_and_not_longer():
    rare = spec(rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=5000", anchor="2000-01-01")
    with bounded_work(calls=300_000):
        assert len(next_windows([rare], now="2095-01-01T00:00:00Z", count=100)) == 1


@pytest.mark.parametrize(
    ("huge", "word"),
    [
        ([{"name": "x" * 10_000_000}], "a text of 10000000 characters"),
        ([{"name": "w"}] * 1001, "1001 specs; 1000 are allowed"),
        ([{"labels": ["x" * 100_000] * 100, "name": f"w{number}"} for number in range(1000)], "more than 50000 values"),
        ([{"for": ["any"] * 60_000}], "more than 50000 values"),
        ([[[[[[[[1]]]]]]]], "nested deeper"),
        ([{"start": object()}], "neither text, number, list nor mapping"),
    ],
)
def test_what_is_too_large_is_closed_and_says_how_large_it_may_be(huge, word):
    with bounded_work(calls=310_000):
        reason = window_state(huge, now=NOW)["reason"]
    assert reason.startswith("closed, a spec cannot be read: windows: ")
    assert word in reason


class Wrapped(str):
    """Text as a template engine wraps it."""

    __slots__ = ()


class Number(int):
    """A number as a template engine wraps it."""


def test_specs_that_mean_the_same_are_compiled_once_whatever_wraps_them():
    one = [spec(weekly=["monday"], priority=3)]
    other = ({Wrapped(key): Wrapped(value) if isinstance(value, str) else value for key, value in one[0].items()},)
    other[0].update(weekly=(Wrapped("monday"),), priority=Number(3))
    assert compile_windows(one) is compile_windows(other)
    assert compile_windows(compile_windows(one)) is compile_windows(one)


def test_times_of_yaml_and_their_text_mean_the_same():
    single = {"name": "w", "start": datetime(2026, 12, 1, tzinfo=UTC), "duration": "1h"}
    assert next_windows([single], now=NOW) == next_windows([{**single, "start": "2026-12-01T00:00:00+00:00"}], now=NOW)
    anchored = spec(weekly=["monday"], every=2, anchor=date(2026, 1, 5))
    assert next_windows([anchored], now=NOW) == next_windows([{**anchored, "anchor": "2026-01-05"}], now=NOW)


def test_true_and_one_are_two_things():
    assert compile_windows([spec(weekly=["monday"], blackout=True)]).mistakes == ()
    assert compile_windows([spec(weekly=["monday"], blackout=1)]).mistakes
    assert plain.plain([True]).text != plain.plain([1]).text != plain.plain([1.0]).text


def test_a_spec_of_two_lists_is_worked_out_once_and_answers_the_same():
    shared = spec(name="shared", weekly=["monday"])
    alone, together = compile_windows([shared]), compile_windows([shared, FREEZE])
    next_windows(alone, now=NOW)
    assert alone.specs[0] is together.specs[0]
    assert [window["start"] for window in next_windows(together, now="2026-12-02T00:00:00Z", count=3)] == [
        "2026-12-07T22:00:00Z",
        "2026-12-14T22:00:00Z",
        "2027-01-04T22:00:00Z",
    ]


def test_two_specs_without_a_name_are_told_apart_by_their_place():
    nameless = {"start": "22:00", "duration": "1h", "timezone": "UTC", "weekly": ["monday"]}
    assert next_windows([nameless, nameless], now=NOW, count=1)[0]["name"] == "spec 1, spec 2"


def test_a_calendar_names_blackouts_when_it_is_asked_to():
    weekly = spec(weekly=["friday"], name="fridays")
    specs = [weekly, {**FREEZE, "labels": ["holidays"]}]
    without = to_ical(specs, now=NOW, count=4)
    assert "freeze" not in without
    assert without.count("BEGIN:VEVENT") == 4
    text = to_ical(specs, now=NOW, count=4, blackouts=True)
    assert text.count("BEGIN:VEVENT") == 5
    assert "DTSTART:20261218T000000Z\r\nDTEND:20270104T000000Z\r\nSUMMARY:Blackout: freeze\r\n" in text
    assert "CATEGORIES:BLACKOUT,holidays\r\n" in text
    assert text.index("20261211T220000Z") < text.index("Blackout: freeze") < text.index("20270108T220000Z")
    assert len({line for line in text.split("\r\n") if line.startswith("UID:")}) == 5


def test_a_blackout_after_the_last_window_is_not_in_the_calendar():
    assert "freeze" not in to_ical([spec(weekly=["friday"]), FREEZE], now=NOW, count=2, blackouts=True)
    with pytest.raises(WindowError, match="blackouts: must be true or false"):
        to_ical([], now=NOW, blackouts="yes")
