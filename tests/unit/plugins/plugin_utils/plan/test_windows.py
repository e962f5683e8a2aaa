# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows in time: calendars, zones, changes of daylight saving time, purposes, blackouts and bad input."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.days import PatchTuesday, patch_tuesday
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.explain import explain_window
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.ical import folded, to_ical
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import (
    WindowError,
    in_window,
    lint_windows,
    next_windows,
    window_fits,
    window_state,
)
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.rules import parse_rule
from ansible_collections.winops.patching.tests.unit.work import bounded_work
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

NIGHT = {"name": "night", "weekly": ["sunday"], "start": "02:30", "duration": "1h", "timezone": "Europe/Berlin"}


def spec(**keys):
    return {"name": "w", "start": "22:00", "duration": "4h", "timezone": "UTC", **keys}


def single(start, end, **keys):
    return {"name": "once", "start": start, "end": end, **keys}


def starts(specs, now, count=3, purpose="install"):
    return [window["start"] for window in next_windows(specs, now=now, count=count, purpose=purpose)]


def test_patch_tuesday_is_the_second_tuesday_from_2025_to_2034():
    for year in range(2025, 2035):
        for month in range(1, 13):
            tuesdays = [date(year, month, day) for day in range(1, 29) if date(year, month, day).weekday() == 1]
            assert patch_tuesday(year, month) == tuesdays[1]


@pytest.mark.parametrize("offset", [-40, -7, -1, 0, 1, 6, 14, 25, 60])
def test_days_from_patch_tuesday_may_leave_the_month(offset):
    found = list(PatchTuesday(offset).dates(date(2025, 1, 1), date(2034, 12, 31)))
    tuesdays = {d - timedelta(days=offset) for d in found}
    assert found == sorted(found)
    assert len(found) in (119, 120, 121)
    assert all(d.weekday() == 1 and 8 <= d.day <= 14 for d in tuesdays)


def test_the_patch_tuesdays_of_2026_are_the_published_ones():
    days = [day.strftime("%m-%d") for day in PatchTuesday(0).dates(date(2026, 1, 1), date(2026, 12, 31))]
    published = "01-13 02-10 03-10 04-14 05-12 06-09 07-14 08-11 09-08 10-13 11-10 12-08"
    assert " ".join(days) == published


def test_a_start_that_does_not_exist_moves_forward_by_the_gap():
    found = next_windows([NIGHT], now="2026-03-28T00:00:00Z", count=1)
    assert found == [{"start": "2026-03-29T01:30:00Z", "end": "2026-03-29T02:30:00Z", "name": "night"}]


def test_a_start_that_comes_twice_is_the_first():
    found = next_windows([NIGHT], now="2026-10-24T00:00:00Z", count=1)
    assert found == [{"start": "2026-10-25T00:30:00Z", "end": "2026-10-25T01:30:00Z", "name": "night"}]


def test_a_duration_is_that_long_on_the_day_the_clock_changes():
    early = {**NIGHT, "start": "01:00", "duration": "4h"}
    assert next_windows([early], now="2026-03-28T12:00:00Z", count=1)[0]["end"] == "2026-03-29T04:00:00Z"


def test_an_end_that_comes_twice_is_the_second():
    specs = [single("2026-10-25 01:00", "2026-10-25 02:30", timezone="Europe/Berlin")]
    assert next_windows(specs, now="2026-10-01T00:00:00Z")[0]["end"] == "2026-10-25T01:30:00Z"


def test_a_window_over_midnight_and_new_year_belongs_to_the_day_it_starts():
    specs = [spec(monthly={"day": 31, "short_month": "skip"})]
    assert in_window(specs, at="2027-01-01T01:59:59Z")
    assert not in_window(specs, at="2027-01-01T02:00:00Z")


def test_the_29th_of_february_comes_in_leap_years_only():
    specs = [spec(rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")]
    assert starts(specs, "2025-01-01T00:00:00Z", 2) == ["2028-02-29T22:00:00Z", "2032-02-29T22:00:00Z"]


@pytest.mark.parametrize(
    ("monthly", "expected"),
    [
        ({"day": 31, "short_month": "skip"}, ["2026-03-31T22:00:00Z", "2026-05-31T22:00:00Z"]),
        ({"day": 31, "short_month": "clamp"}, ["2026-02-28T22:00:00Z", "2026-03-31T22:00:00Z"]),
        ({"day": "last"}, ["2026-02-28T22:00:00Z", "2026-03-31T22:00:00Z"]),
        ({"weekday": "tuesday", "nth": 3}, ["2026-02-17T22:00:00Z", "2026-03-17T22:00:00Z"]),
        ({"weekday": "fri", "nth": "last"}, ["2026-02-27T22:00:00Z", "2026-03-27T22:00:00Z"]),
    ],
)
def test_monthly_days(monthly, expected):
    assert starts([spec(monthly=monthly)], "2026-02-10T00:00:00Z", 2) == expected


def test_every_second_week_counts_from_the_anchor():
    specs = [spec(weekly=["sunday"], every=2, anchor="2026-01-04")]
    assert starts(specs, "2026-01-01T00:00:00Z", 2) == ["2026-01-04T22:00:00Z", "2026-01-18T22:00:00Z"]


def test_windows_and_iana_names_mean_the_same():
    named = spec(weekly=["monday"], timezone="w. europe standard time")
    assert starts([named], "2026-07-01T00:00:00Z") == starts(
        [{**named, "timezone": "Europe/Berlin"}], "2026-07-01T00:00:00Z"
    )


def test_overlapping_and_touching_windows_are_one():
    specs = [
        single("2026-01-01T06:00:00Z", "2026-01-01T07:00:00Z"),
        single("2026-01-01T06:30:00Z", "2026-01-01T07:30:00Z", priority=5) | {"name": "more"},
        single("2026-01-01T07:30:00Z", "2026-01-01T08:00:00Z"),
    ]
    assert next_windows(specs, now="2026-01-01T00:00:00Z") == [
        {"start": "2026-01-01T06:00:00Z", "end": "2026-01-01T08:00:00Z", "name": "more, once"}
    ]


def test_a_window_longer_than_a_piece_of_the_calendar_keeps_its_edges():
    specs = [single("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    expected = [{"start": "2025-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z", "name": "once"}]
    assert next_windows(specs, now="2026-05-05T00:00:00Z") == expected


def test_a_window_counts_for_its_purposes_only():
    specs = [spec(weekly=["monday"], **{"for": ["reboot"]})]
    monday = "2026-01-05T23:00:00Z"
    assert in_window(specs, at=monday, purpose="reboot")
    assert not in_window(specs, at=monday)
    assert not in_window(specs, at=monday, purpose="any")
    assert "no window is for that" in window_state(specs, now=monday)["reason"]


def test_a_blackout_wins_and_is_the_reason():
    freeze = single("2026-12-18T00:00:00Z", "2027-01-04T00:00:00Z", blackout=True) | {"name": "freeze"}
    state = window_state([spec(weekly=["saturday"]), freeze], now="2026-12-19T23:00:00Z")
    assert state == {
        "open": False,
        "closes_at": None,
        "remaining_seconds": 0,
        "next": {"start": "2027-01-09T22:00:00Z", "end": "2027-01-10T02:00:00Z", "name": "w"},
        "reason": "closed for install: blackout freeze until 2027-01-04T00:00:00Z",
    }
    assert not in_window([freeze], at="2026-12-19T00:00:00Z", no_windows="open")
    assert window_state([freeze], now="2026-12-17T00:00:00Z", no_windows="open")["closes_at"] == "2026-12-18T00:00:00Z"


def test_no_spec_at_all_is_what_no_windows_says():
    now = "2026-01-01T00:00:00Z"
    assert not window_state([], now=now)["open"]
    assert not window_state(None, now=now)["open"]
    state = window_state([], now=now, no_windows="open")
    assert (state["open"], state["closes_at"], state["remaining_seconds"], state["next"]) == (True, None, None, None)


def test_windows_can_be_left_out_of_account_on_purpose():
    assert window_state([{"bad": 1}], now="2026-01-01T00:00:00Z", windows_apply=False)["open"]
    assert window_fits([], "5h", now="2026-01-01T00:00:00Z", windows_apply=False)


def test_an_open_window_says_how_long_it_is_open():
    state = window_state([spec(weekly=["monday"])], now="2026-01-05T23:00:00.5Z".replace(".5", ".500"))
    assert (state["open"], state["closes_at"], state["remaining_seconds"]) == (True, "2026-01-06T02:00:00Z", 10799)
    assert state["next"]["start"] == "2026-01-12T22:00:00Z"


@pytest.mark.parametrize(("duration", "fits"), [("165m", True), (9900, True), (9901, False), ("3h", False)])
def test_work_fits_when_it_and_the_reserve_end_in_time(duration, fits):
    assert window_fits([spec(weekly=["monday"])], duration, now="2026-01-05T23:00:00Z") is fits


def test_work_does_not_fit_a_closed_window():
    assert not window_fits([spec(weekly=["monday"])], "1m", now="2026-01-06T23:00:00Z")


BAD = [
    (spec(weekly=["monday"], timezone="Mars/Olympus"), "w: timezone: "),
    (spec(weekly=["monday"], timezone="../etc/passwd"), "w: timezone: "),
    (spec(weekly=["monday"], timezone="Europe"), "w: timezone: "),
    (spec(weekly=["mondai"]), "did you mean monday"),
    (spec(weekly=["monday"], duration=0), "w: duration: "),
    (spec(weekly=["monday"], duration="4 hours"), "w: duration: "),
    (spec(weekly=["monday"], start=1320), "quotes"),
    (spec(weekly=["monday"], start="25:00"), "w: start: "),
    (spec(weekly=["monday"], every=2), "w: anchor: "),
    (spec(weekly=["monday"], patch_tuesday=1), "recurs in one way"),
    (spec(weekly=["monday"], blackot=True), "did you mean blackout"),
    (spec(weekly=["monday"], blackout="yes"), "w: blackout: "),
    (spec(weekly=["monday"], end="04:00"), "does not go with weekly"),
    (spec(weekly=["monday"], **{"for": ["instal"]}), "did you mean install"),
    (spec(monthly={"day": 31}), "w: monthly.short_month: "),
    (spec(monthly={"day": 32}), "w: monthly.day: "),
    (spec(monthly={"weekday": "monday", "nth": 0}), "w: monthly.nth: "),
    (spec(monthly=3), "w: monthly: "),
    (spec(patch_tuesday=True), "w: patch_tuesday: "),
    (spec(patch_tuesday=100000), "w: patch_tuesday: "),
    (spec(rrule="FREQ=WEEKLY;BYDAY=SA;UNTIL=20271231T230000"), "UNTIL"),
    (spec(rrule="FREQ=WEEKLY;BYDAY=SA;UNTIL=20271231"), "UNTIL"),
    (spec(rrule="FREQ=SECONDLY"), "FREQ"),
    (spec(rrule="BYDAY=SA"), "FREQ is missing"),
    (spec(rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=SA"), "anchor"),
    (spec(rrule="FREQ=WEEKLY;INTERVAL=0;BYDAY=SA"), "INTERVAL"),
    (spec(rrule="FREQ=DAILY;BYHOUR=3"), "start"),
    (spec(rrule="FREQ=DAILY;X=3"), "no part of a rule"),
    (single("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"), "once: end: "),
    (single("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), "once: end: "),
    (single("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", duration="1h"), "either end or duration"),
    (single("soon", "2026-01-02T00:00:00Z"), "once: start: "),
    ("monday", "must be a mapping"),
    (None, "must be a mapping"),
    (spec(rrule="FREQ=DAILY;INTERVAL=1000000"), "INTERVAL=1000000: 1000000 is not from 1 to 1000"),
    (spec(weekly=["monday"], timezone=""), "w: timezone: must be a text, not an empty one"),
    (spec(weekly=[]), "w: weekly: must be a list of 1 to 100 texts, not of 0"),
    (spec(weekly=["monday"] * 101), "w: weekly: must be a list of 1 to 100 texts, not of 101"),
]


@pytest.mark.parametrize(("bad", "word"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_a_spec_that_cannot_be_read_closes_everything_and_names_spec_and_key(bad, word):
    specs = [spec(rrule="FREQ=DAILY") | {"name": "good"}, bad]
    state = window_state(specs, now="2026-01-05T23:00:00Z", no_windows="open")
    assert not state["open"]
    assert word in state["reason"]
    assert not in_window(specs, at="2026-01-05T23:00:00Z")
    with pytest.raises(WindowError, match=r"spec|:"):
        next_windows(specs, now="2026-01-05T23:00:00Z")


@pytest.mark.parametrize("huge", [["x" * 10_000_000], [{"name": "w"}] * 200_000, [[[[[[[[[1]]]]]]]]], 7, {1, 2}])
def test_specs_of_any_size_and_shape_are_answered_at_once(huge):
    with bounded_work(calls=350):
        assert not window_state(huge, now="2026-01-05T23:00:00Z")["open"]


def test_a_rule_that_never_comes_true_ends_its_search():
    with bounded_work(calls=450_000):
        assert next_windows([spec(rrule="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")], now="2026-01-01T00:00:00Z") == []


@pytest.mark.parametrize("question", [{"now": "2026-01-01T00:00:00"}, {"now": 5}, {"now": "9999-01-01T00:00:00Z"}])
def test_a_time_without_zone_or_out_of_bounds_is_refused(question):
    with pytest.raises(WindowError, match="now"):
        window_state([], **question)


@pytest.mark.parametrize("count", [0, -1, True, "3", 10**9])
def test_a_count_out_of_bounds_is_refused(count):
    with pytest.raises(WindowError, match="count"):
        next_windows([], now="2026-01-01T00:00:00Z", count=count)


def test_lint_names_the_mistakes_of_all_groups_and_warns_without_a_zone():
    zoneless = {"name": "z", "weekly": ["monday"], "start": "22:00", "duration": "1h"}
    found = lint_windows({"web": [BAD[0][0]], "db": [BAD[4][0], zoneless]})
    assert not found["ok"]
    assert [(note["group"], note["key"]) for note in found["mistakes"]] == [("web", "timezone"), ("db", "duration")]
    assert [(note["group"], note["spec"], note["key"]) for note in found["warnings"]] == [("db", "z", "timezone")]
    assert lint_windows([zoneless])["ok"]


def test_the_sentence_names_the_persons_zone_and_utc():
    monthly = spec(patch_tuesday=5, timezone="Europe/Berlin", name="monthly")
    assert explain_window([monthly], now="2026-01-01T00:00:00Z") == (
        "Closed for install. The next window, monthly, opens Sunday 2026-01-18 22:00 Europe/Berlin (21:00 UTC) for 4 h."
    )
    assert explain_window([monthly], now="2026-01-18T23:30:00Z", timezone="Tokyo Standard Time").startswith(
        "Open for install (monthly) until Monday 2026-01-19 10:00 Tokyo Standard Time (01:00 UTC), 1 h 30 min from now."
    )
    assert explain_window([], now="2026-01-01T00:00:00Z").startswith("Closed for install: no windows are given")


def test_the_calendar_is_escaped_folded_and_the_same_every_time():
    named = spec(weekly=["monday"], name="a;b,c\\d " + "ü" * 60, labels={"site": "x,y"})
    text = to_ical([named], now="2026-01-01T00:00:00Z", count=2)
    assert text == to_ical([named], now="2026-01-01T00:00:00Z", count=2)
    assert text.count("BEGIN:VEVENT\r\n") == 2
    assert "DTSTART:20260105T220000Z\r\nDTEND:20260106T020000Z\r\n" in text
    assert "SUMMARY:a\\;b\\,c\\\\d " in text
    assert "CATEGORIES:site=x\\,y\r\n" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_folding_loses_nothing(line):
    parts = list(folded(line))
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line
    assert all(len(part.encode()) <= 75 for part in parts)


RULES = st.builds(
    lambda freq, interval, by: ";".join([f"FREQ={freq[0]}", f"INTERVAL={interval}", *freq[1:], *by]),
    st.sampled_from(
        [
            ("DAILY",),
            ("WEEKLY", "BYDAY=MO,SA"),
            ("WEEKLY", "BYDAY=TU,SU", "WKST=SU"),
            ("WEEKLY",),
            ("MONTHLY", "BYDAY=2TU,-1FR"),
            ("MONTHLY", "BYMONTHDAY=31,-2"),
            ("MONTHLY", "BYDAY=MO,TU,WE,TH,FR", "BYSETPOS=-1,3"),
            ("MONTHLY",),
            ("YEARLY",),
            ("YEARLY", "BYDAY=20MO"),
            ("YEARLY", "BYYEARDAY=1,-1"),
        ]
    ),
    st.integers(1, 5),
    st.sampled_from([(), ("COUNT=7",)]),
)


@given(RULES, st.dates(date(1999, 1, 1), date(2040, 12, 31)))
@settings(max_examples=150, deadline=None)
def test_rules_give_the_days_that_dateutil_gives(rule, anchor):
    last = anchor + timedelta(days=3000)
    theirs = rrulestr(rule, dtstart=datetime.combine(anchor, datetime.min.time()))
    expected = [
        day.date()
        for day in theirs.between(
            datetime.combine(date(1990, 1, 1), datetime.min.time()),
            datetime.combine(last, datetime.min.time()),
            inc=True,
        )
    ]
    assert list(parse_rule(rule, anchor)[0].dates(date(1990, 1, 1), last)) == expected


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Pacific Standard Time", "Australia/Lord_Howe", "Asia/Kathmandu"])
LENGTHS = st.integers(10, 3000).map(lambda minutes: f"{minutes}m")
CLOCKS = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30]))
KINDS = st.one_of(
    st.fixed_dictionaries({"patch_tuesday": st.integers(-20, 20)}),
    st.fixed_dictionaries({"weekly": st.lists(st.sampled_from(["monday", "saturday", "sunday"]), min_size=1)}),
    st.fixed_dictionaries({"monthly": st.sampled_from([{"day": "last"}, {"day": 30, "short_month": "clamp"}])}),
)
SPECS = st.builds(
    lambda kind, clock, length, zone, words: {
        **kind,
        "start": clock,
        "duration": length,
        "timezone": zone,
        "for": words,
    },
    KINDS,
    CLOCKS,
    LENGTHS,
    ZONES,
    st.sampled_from([["any"], ["install"], ["reboot"], ["install", "reboot"]]),
)
LISTS = st.lists(SPECS, min_size=1, max_size=3)
INSTANTS = st.datetimes(
    datetime.combine(date(2025, 1, 1), datetime.min.time()), datetime.combine(date(2028, 1, 1), datetime.min.time())
).map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))
QUICK = settings(max_examples=60, deadline=None)


@given(LISTS, LISTS, INSTANTS)
@QUICK
def test_an_instant_in_a_blackout_is_never_open_and_every_other_is_as_open_as_without(windows, blackouts, moment):
    black = in_window(blackouts, at=moment)
    specs = [*windows, *({**one, "blackout": True} for one in blackouts)]
    assert in_window(specs, at=moment) == (in_window(windows, at=moment) and not black)


@given(LISTS, INSTANTS)
@QUICK
def test_merging_does_not_change_openness(windows, moment):
    assert in_window(windows, at=moment) == any(in_window([one], at=moment) for one in windows)


@given(LISTS, st.lists(SPECS, max_size=2), INSTANTS)
@QUICK
def test_next_windows_is_sorted_and_agrees_with_in_window_at_its_edges(windows, blackouts, moment):
    specs = [*windows, *({**one, "blackout": True} for one in blackouts)]
    found = next_windows(specs, now=moment, count=5)
    assert found == next_windows(specs, now=moment, count=5)
    edges = [datetime.fromisoformat(window[key]) for window in found for key in ("start", "end")]
    assert edges == sorted(set(edges))
    second = timedelta(seconds=1)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        open_at = [in_window(specs, at=at) for at in (start - second, start, end - second, end)]
        assert open_at == [False, True, True, False]
    assert in_window(specs, at=moment) == (bool(edges) and edges[0] <= moment)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["name", "start", "weekly", "monthly", "rrule", "ccm", "end", "for", "every"]),
            st.one_of(
                st.none(),
                st.text(max_size=8),
                st.integers(),
                st.lists(st.integers(), max_size=2),
                st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
            ),
        ),
        max_size=3,
    )
)
@QUICK
def test_nothing_a_user_writes_opens_a_window_by_accident_or_breaks_the_question(specs):
    state = window_state(specs, now="2026-01-01T00:00:00Z")
    assert state["open"] is False
    assert state["reason"]
