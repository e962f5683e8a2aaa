# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packing updates into a window: the arithmetic of ConfigMgr 2007, our own rules, bad input, and that none is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.keys import FOREIGN_KEYS, PlanError
from ansible_collections.winops.patching.plugins.plugin_utils._plan.packing.plan import patch_plan
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import WindowError
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import parse_policy
from hypothesis import given, settings
from hypothesis import strategies as st

OPENS, CLOSES = "2026-12-01T22:00:00Z", "2026-12-02T00:00:00Z"
WINDOW = {"start": OPENS, "end": CLOSES}
OLD = {"rules": "configmgr_2007"}
NIGHTLY = {"name": "nightly", "rrule": "FREQ=DAILY", "start": "22:00", "duration": "2h", "timezone": "UTC"}
FREEZE = {"name": "freeze", "start": "2026-12-01T23:00:00Z", "end": "2026-12-03T00:00:00Z", "blackout": True}


def update(name, minutes=None, **keys):
    return {"id": name, "title": f"Update {name}", "max_run_minutes": minutes, **keys}


def plan(updates, *, now=OPENS, window=WINDOW, **policy):
    return patch_plan(updates, window, now=now, policy=policy)


def selected(found):
    return [entry["id"] for entry in found["selected"]]


def words(found):
    return {entry["id"]: entry["word"] for entry in found["deferred"]}


def minutes_before_the_end(minutes):
    return datetime(2026, 12, 2, tzinfo=UTC) - timedelta(minutes=minutes)


@pytest.mark.parametrize(("minutes", "required"), [(None, 2100), (20, 2100), (15, 1800), (5, 1200), (60, 4500)])
def test_configmgr_2007_asks_for_the_run_time_and_a_quarter_of_an_hour(minutes, required):
    found = plan([update("a", minutes)], now=CLOSES, **OLD)
    line = "No current service window available to run updates assignment with time required"
    assert found["sentence"].startswith(f"{line} = {required}.")
    assert words(found) == {"a": "closed"}


@pytest.mark.parametrize(("left", "taken"), [(120, 5), (115, 5), (114, 4), (55, 2), (35, 1), (34, 0), (0, 0)])
def test_so_many_default_updates_go_into_what_is_left_of_a_window(left, taken):
    found = plan([update(str(number)) for number in range(9)], now=minutes_before_the_end(left), **OLD)
    assert selected(found) == [str(number) for number in range(taken)]
    assert len(found["deferred"]) == 9 - taken


def test_configmgr_2007_stops_at_the_first_that_does_not_fit_and_names_it():
    given = [update("a", 30), update("b", 90), update("c", 5)]
    found = plan(given, **OLD)
    assert selected(found) == ["a"]
    assert words(found) == {"b": "does_not_fit", "c": "stopped"}
    assert found["deferred"][0]["reason"] == "time required = 6300, and 5400 seconds are left"
    assert "time required = 6300." in found["sentence"]
    assert selected(plan(given, order="shortest", **OLD)) == ["c", "a"]


def test_our_own_rules_skip_what_does_not_fit_and_try_the_next():
    found = plan([update("a", 90), update("b", 45), update("c", 10)])
    assert selected(found) == ["c", "b"]
    assert words(found) == {"a": "does_not_fit"}
    assert found["deferred"][0]["reason"] == "it needs 1 h 30 min and a reserve of 15 min; 1 h 5 min are left"
    assert found["expected_end"] == "2026-12-01T22:55:00Z"


def test_only_the_run_time_is_consumed_and_equality_fits():
    assert selected(plan([update("a", 45), update("b", 60)])) == ["a", "b"]
    assert selected(plan([update("a", 45), update("b", 60.5)])) == ["a"]


def test_a_selected_update_keeps_its_keys_and_says_when_it_runs():
    given = update("A", 12.5, severity="Low", my_own=[1])
    assert plan([given])["selected"] == [{**given, "run_minutes": 12.5, "start": OPENS, "end": "2026-12-01T22:12:30Z"}]


@pytest.mark.parametrize(
    ("keys", "minutes"),
    [
        ({}, 60),
        ({"classification": "Upgrades"}, 120),
        ({"classification_id": "3689BDC8-B205-4AF4-8D4A-A63924C5E9D5", "classification": "Upgrade"}, 120),
        ({"classification": {"id": "68c5b0a3-d1a6-4553-ae49-01d3a7827828", "name": "Servicepacks"}}, 60),
        ({"max_run_minutes": "7"}, 7),
    ],
)
def test_an_update_that_does_not_tell_takes_the_default_of_its_kind(keys, minutes):
    long = {"start": OPENS, "end": "2026-12-03T00:00:00Z"}
    assert plan([{"id": "a", **keys}], window=long)["selected"][0]["run_minutes"] == minutes


@pytest.mark.parametrize(
    ("policy", "minutes"),
    [
        ({"default_run_minutes": 10}, 10),
        ({"default_run_minutes": {"other": 11, "feature_updates": 90}}, 11),
        ({"run_minutes": {"KB5030216": 12}}, 12),
        ({"run_minutes": {"A": 14, "5030216": 12}}, 14),
        ({"rules": "configmgr_2007"}, 20),
    ],
)
def test_the_operator_may_say_how_long_updates_run(policy, minutes):
    assert plan([{"id": "a", "kb": ["5030216"]}], **policy)["selected"][0]["run_minutes"] == minutes


@pytest.mark.parametrize(
    ("reserve", "left"), [("0s", 20), ("1h", 80), (600, 30), ({"countdown": "10m"}, 40), ({"restart": "PT20M"}, 45)]
)
def test_the_reserve_is_the_operators(reserve, left):
    given = [update("a", 20)]
    assert selected(plan(given, now=minutes_before_the_end(left), reserve=reserve)) == ["a"]
    assert selected(plan(given, now=minutes_before_the_end(left - 1), reserve=reserve)) == []


ORDER = [
    update("short", 5),
    update("late", 30, deadline="2026-11-30T00:00:00Z"),
    update("stack", 20, title="2026-11 Servicing Stack Update for Windows Server 2022"),
    update("critical", 25, severity="Critical"),
    update("marked", 21, servicing_stack=True),
    update("later", 6, deadline="2026-12-24T00:00:00Z"),
]


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("shortest", ["late", "stack", "marked", "short", "later"]),
        ("severity", ["late", "stack", "marked", "critical", "short"]),
        ("servicing_stack_first", ["stack", "marked", "late", "short", "later"]),
        ("given", ["short", "late", "stack", "critical", "marked"]),
    ],
)
def test_the_order_is_the_operators(order, first):
    assert selected(plan(ORDER, order=order))[:5] == first


def test_a_deadline_never_opens_a_closed_window():
    found = plan([update("a", 5, deadline="2020-01-01T00:00:00Z")], now="2026-12-02T00:00:01Z")
    assert (selected(found), words(found)) == ([], {"a": "closed"})
    assert found["deferred"][0]["reason"] == "the window closed 2026-12-02T00:00:00Z"
    assert found["expected_end"] is None


def test_before_the_window_the_plan_is_for_the_whole_of_it():
    found = plan([update("a", 105)], now="2026-11-20T00:00:00Z")
    assert (selected(found), found["begins"], found["remaining_seconds"]) == (["a"], OPENS, 7200)
    assert found["download"] == ["a"]


def test_what_is_downloaded_need_not_be_downloaded():
    assert plan([update("a", 5, downloaded=True), update("b", 6, downloaded=None)])["download"] == ["b"]


def test_an_exclusive_update_goes_alone_and_the_others_into_the_rest_of_the_window():
    found = plan([update("a", 30), update("x", 5, impact="exclusive"), update("b", 100)], windows=[NIGHTLY])
    assert selected(found) == ["x"]
    assert words(found) == {"a": "exclusive", "b": "exclusive"}
    coming = [entry["next_window"]["start"] for entry in found["deferred"]]
    assert coming == ["2026-12-01T22:20:00Z", "2026-12-02T22:00:00Z"]


def test_an_exclusive_update_waits_where_another_comes_first():
    found = plan([update("a", 5), update("x", 30, impact="exclusive")])
    assert (selected(found), words(found)) == (["a"], {"x": "exclusive"})


def test_of_two_that_replace_the_same_file_one_waits_for_the_reboot_between():
    found = plan([update("a", 5, files=["C:/Windows/a.DLL"]), update("b", 6, files=["c:\\windows\\A.dll"])])
    assert (selected(found), words(found)) == (["a"], {"b": "same_files"})
    assert found["deferred"][0]["next_window"]["start"] == "2026-12-01T22:20:00Z"


def test_what_a_selected_update_supersedes_is_not_installed_before_it():
    chain = [update("old", 5), update("newer", 6, supersedes=["OLD"]), update("newest", 50, supersedes=["newer"])]
    found = plan(chain)
    assert (selected(found), words(found)) == (["newest"], {"old": "superseded", "newer": "superseded"})
    assert [entry["next_window"] for entry in found["deferred"]] == [None, None]
    short = plan(chain, now=minutes_before_the_end(40))
    assert (selected(short), words(short)) == (["newer"], {"old": "superseded", "newest": "does_not_fit"})


@pytest.mark.parametrize("order", ["shortest", "severity", "servicing_stack_first"])
def test_an_overdue_update_comes_first_though_one_that_replaces_it_is_too_long(order):
    overdue = update("old", 30, deadline="2026-11-01T00:00:00Z")
    found = plan([update("a", 5), overdue, update("new", 300, supersedes=["old"])], order=order)
    assert (selected(found), words(found)) == (["old", "a"], {"new": "does_not_fit"})


def test_what_replaces_an_overdue_update_takes_its_place():
    chain = [
        update("old", 5, deadline="2026-11-01T00:00:00Z"),
        update("newer", 20, supersedes=["old"]),
        update("newest", 30, supersedes=["newer"]),
    ]
    found = plan([update("a", 10), *chain])
    assert selected(found) == ["newest", "a"]
    assert words(found) == {"old": "superseded", "newer": "superseded"}


def test_what_replaces_a_servicing_stack_update_takes_its_place():
    stack = [update("old", 5, servicing_stack=True), update("new", 20, supersedes=["old"])]
    assert selected(plan([update("a", 10), *stack])) == ["new", "a"]


def test_what_replaces_a_selected_update_is_not_installed_beside_it():
    given = [update("old", 5), update("new", 6, supersedes=["old"])]
    assert words(plan(given, order="given")) == {"new": "same_files"}


def test_updates_that_supersede_each_other_end_no_search():
    found = plan([update("a", 5, supersedes=["b"]), update("b", 6, supersedes=["a"])])
    assert (selected(found), words(found)) == (["a"], {"b": "superseded"})


def test_what_waits_for_a_reboot_only_needs_the_reserve_only():
    given = [update("a", 5, reboot_required=True, installed=True), update("b", installed=True)]
    found = plan(given, now=minutes_before_the_end(15))
    assert words(found) == {"a": "needs_reboot", "b": "installed"}
    assert found["reboot"] == {"seconds": 900, "fits": True, "waiting": ["a"]}
    assert [entry["next_window"] for entry in found["deferred"]] == [{**WINDOW, "name": "the window"}, None]
    assert not plan(given, now=minutes_before_the_end(14))["reboot"]["fits"]


def test_the_next_window_is_the_first_that_is_long_enough():
    longer = {"name": "saturdays", "weekly": ["saturday"], "start": "20:00", "duration": "6h", "timezone": "UTC"}
    found = plan(
        [update("a", 100), update("b", 110), update("c", 600)],
        now=minutes_before_the_end(30),
        windows=[NIGHTLY, longer],
    )
    coming = [entry["next_window"] for entry in found["deferred"]]
    assert coming[0] == {"start": "2026-12-02T22:00:00Z", "end": "2026-12-03T00:00:00Z", "name": "nightly"}
    assert coming[1] == {"start": "2026-12-05T20:00:00Z", "end": "2026-12-06T02:00:00Z", "name": "nightly, saturdays"}
    assert coming[2] is None
    assert found["deferred"][2]["reason"].endswith("none of the next 60 windows is long enough")


def test_without_a_window_the_specs_tell_which_is_next():
    found = plan([update("a", 5)], window=None, now="2026-12-01T12:00:00Z", windows=[NIGHTLY])
    assert found["window"] == {**WINDOW, "name": "nightly"}
    assert selected(found) == ["a"]
    assert found["selected"][0]["start"] == OPENS


def test_a_blackout_wins_over_a_window():
    found = plan([update("a", 45), update("b", 50)], windows=[NIGHTLY, FREEZE])
    assert (selected(found), found["remaining_seconds"]) == (["a"], 3600)
    assert found["deferred"][0]["next_window"]["start"] == "2026-12-03T22:00:00Z"
    within = plan([update("a", 5)], windows=[NIGHTLY, FREEZE], now="2026-12-01T23:10:00Z")
    assert words(within) == {"a": "closed"}
    assert within["deferred"][0]["reason"] == "closed for install: blackout freeze until 2026-12-03T00:00:00Z"


def test_no_window_at_all_is_closed_unless_the_operator_says_otherwise():
    assert plan([update("a")], window=None)["deferred"][0]["reason"] == "no window is given"
    assert words(plan([update("a")], window=None, windows=[])) == {"a": "closed"}
    for policy in ({"no_windows": "open"}, {"windows_apply": False}):
        found = plan([update("a", 600)], window=None, **policy)
        assert (selected(found), found["remaining_seconds"]) == (["a"], None)
    assert selected(plan([update("a", 600)], windows_apply=False)) == ["a"]


def test_specs_that_cannot_be_read_close_the_window_with_the_reason():
    found = plan([update("a", 5)], windows=[NIGHTLY, {"name": "typo", "wekly": ["monday"]}])
    assert words(found) == {"a": "closed"}
    assert "typo: wekly" in found["deferred"][0]["reason"]


def test_a_window_without_end_is_never_full():
    found = plan([update(str(number), 600) for number in range(50)], window={"start": OPENS, "end": None})
    assert len(found["selected"]) == 50
    assert found["window"]["end"] is None


DAMAGED = [
    ("text", "is no mapping but str"),
    (None, "is no mapping but null"),
    ({}, "has no id"),
    ({"id": 5}, "has no id"),
    (update("a", -1), "its max_run_minutes must be a number of minutes"),
    (update("a", 0), "its max_run_minutes must be"),
    (update("a", True), "its max_run_minutes must be"),
    (update("a", "soon"), "its max_run_minutes must be"),
    (update("a", float("nan")), "its max_run_minutes must be"),
    (update("a", 10**400), "its max_run_minutes must be"),
    (update("a", files="C:\\a.dll"), "its files must be a list"),
    (update("a", files=[1]), "its files must be a list"),
]


@pytest.mark.parametrize(("entry", "reason"), DAMAGED, ids=[str(number) for number in range(len(DAMAGED))])
@pytest.mark.parametrize("rules", ["winops", "configmgr_2007"])
def test_a_damaged_entry_is_deferred_with_the_reason_and_the_others_run(entry, reason, rules):
    found = plan([entry, update("good", 5)], rules=rules)
    assert selected(found) == ["good"]
    assert [one["word"] for one in found["deferred"]] == ["damaged"]
    assert reason in found["deferred"][0]["reason"]
    assert found["deferred"][0]["next_window"] is None


def test_of_two_entries_of_one_id_the_first_counts():
    found = plan([update("a", 5), update("A", 6)])
    assert (selected(found), words(found)) == (["a"], {"A": "duplicate"})


def test_a_deadline_that_is_none_does_not_count_and_is_named():
    found = plan([update("a", 10, deadline="soon"), update("b", 5)])
    assert selected(found) == ["b", "a"]
    assert found["warnings"] == ["a: deadline is no time, so it does not count"]


def test_text_of_a_host_reaches_no_terminal_as_it_is():
    found = plan([update("a", 300, title="evil\x1b[31m\nline" + "x" * 5000), update("b\n", 300)])
    shown = [found["sentence"], *(entry["reason"] for entry in found["deferred"]), found["deferred"][0]["title"]]
    assert all(text.isprintable() for text in shown)
    assert len(found["deferred"][0]["title"]) <= 300


BAD_POLICIES = [
    ({"rules": "2007"}, "policy.rules: '2007' is not one of"),
    ({"order": "shortst"}, "did you mean shortest"),
    ({"reserve": "soon"}, "policy.reserve: "),
    ({"reserve": "2d"}, "policy.reserve: "),
    ({"reserve": {"restat": "5m"}}, "did you mean restart"),
    ({"default_run_minutes": 0}, "policy.default_run_minutes: must be a number of minutes"),
    ({"default_run_minutes": {"othr": 5}}, "did you mean other"),
    ({"run_minutes": [1]}, "policy.run_minutes: must be a mapping"),
    ({"run_minutes": {5: 5}}, "'5' is neither a KB number nor an update id"),
    ({"run_minutes": {"KB5030216": "x"}}, "policy.run_minutes: must be a number of minutes"),
    ({"purpose": "instal"}, "policy.purpose: "),
    ({"windows_apply": "no"}, "policy.windows_apply: "),
    ({"reserv": "5m"}, "policy.reserv: no such key (did you mean reserve?)"),
    ([], "policy: must be a mapping, not list"),
]


@pytest.mark.parametrize(("policy", "message"), BAD_POLICIES, ids=[str(number) for number in range(len(BAD_POLICIES))])
def test_a_mistake_in_the_policy_is_named_by_its_key(policy, message):
    with pytest.raises(PlanError) as caught:
        patch_plan([], WINDOW, now=OPENS, policy=policy)
    assert message in str(caught.value)


def test_all_mistakes_of_a_policy_are_told_at_once():
    with pytest.raises(PlanError) as caught:
        plan([], rules="x", order="y", reserv=1)
    assert len(caught.value.mistakes) == 3


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"start": OPENS}, "window.end: is missing"),
        ({"end": CLOSES}, "window.start: is missing"),
        ({"start": "22:00", "end": CLOSES}, "window.start: '22:00' is not a time"),
        ({"start": OPENS, "end": "2026-12-02T00:00:00"}, "window.end: the time"),
        ({"start": CLOSES, "end": OPENS}, "window.end: '2026-12-01T22:00:00Z' is not after start"),
        ({"start": OPENS, "end": OPENS}, "is not after start"),
        ({**WINDOW, "stat": 1}, "'stat': no such key"),
        ("tonight", "window: must be a mapping with start and end, not str"),
    ],
)
def test_a_window_that_is_none_is_an_error_that_names_the_key(window, message):
    with pytest.raises(PlanError, match="window") as caught:
        plan([], window=window)
    assert message in str(caught.value)


def test_updates_that_are_no_list_and_a_time_without_zone_are_refused():
    with pytest.raises(PlanError, match="updates: must be a list, not mapping"):
        plan({"updates": []})
    with pytest.raises(WindowError, match="now"):
        plan([], now="2026-12-01T22:00:00")


def test_what_a_template_selects_is_a_list_too():
    assert selected(plan(iter([update("a", 5), update("b", 6)]))) == ["a", "b"]


def test_no_updates_are_a_plan_too():
    found = patch_plan(None, WINDOW, now=OPENS)
    assert (found["selected"], found["deferred"], found["sentence"]) == ([], [], "No updates were given.")


def test_keys_of_the_other_policies_may_stand_in_the_same_mapping():
    assert selected(plan([update("a", 5)], **dict.fromkeys(FOREIGN_KEYS - {"order"}, "whatever"), canary=1)) == ["a"]
    verdicts = {"require": [], "strengths": {}, "ignore_signals": [], "rename_rules": [], "rename_queue": "any"}
    parse_policy({**verdicts, "weak_decides": 2, "max_scan_age": "7d", "unknown_is": "unknown"})
    assert verdicts.keys() <= FOREIGN_KEYS


IDS = st.sampled_from([f"id-{number}" for number in range(8)])
UPDATES = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"id": IDS, "title": st.just("t")},
            optional={
                "max_run_minutes": st.one_of(st.none(), st.integers(-5, 200), st.floats(0, 90)),
                "impact": st.sampled_from(["normal", "minor", "exclusive", None, 3]),
                "severity": st.sampled_from(["Critical", "Low", None]),
                "supersedes": st.lists(IDS, max_size=3),
                "files": st.lists(st.sampled_from(["a", "B", "b"]), max_size=2),
                "deadline": st.sampled_from([None, "2026-01-01T00:00:00Z", "soon"]),
                "installed": st.booleans(),
                "reboot_required": st.sampled_from([True, False, None]),
            },
        ),
        st.sampled_from([None, 5, "x", [], {}, {"id": None}]),
    ),
    max_size=12,
)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "rules": st.sampled_from(["winops", "configmgr_2007"]),
        "order": st.sampled_from(["given", "shortest", "severity", "servicing_stack_first"]),
        "reserve": st.integers(0, 3600),
        "windows": st.sampled_from([[NIGHTLY], [NIGHTLY, FREEZE], [], [{"bad": 1}]]),
        "windows_apply": st.booleans(),
    },
)
INSTANTS = st.integers(-3 * 3600, 3 * 3600).map(
    lambda gap: datetime(2026, 12, 1, 22, tzinfo=UTC) + timedelta(seconds=gap)
)
QUICK = settings(max_examples=150, deadline=None)


def moment(text):
    return datetime.fromisoformat(text)


@given(UPDATES, POLICIES, INSTANTS)
@QUICK
def test_no_update_is_lost_and_none_comes_twice(updates, policy, now):
    found = patch_plan(updates, WINDOW, now=now, policy=policy)
    assert len(found["selected"]) + len(found["deferred"]) == len(updates)
    given_ids = sorted(str(one.get("id")) if isinstance(one, dict) else "None" for one in updates)
    assert sorted(str(one["id"]) for one in [*found["selected"], *found["deferred"]]) == given_ids
    assert len(set(selected(found))) == len(selected(found))
    assert all(entry["reason"] and entry["word"] for entry in found["deferred"])


@given(UPDATES, POLICIES, INSTANTS)
@QUICK
def test_a_plan_never_leaves_its_window_and_runs_one_update_at_a_time(updates, policy, now):
    found = patch_plan(updates, WINDOW, now=now, policy=policy)
    edge = max(now, moment(OPENS)) if policy.get("windows_apply", True) else now
    for entry in found["selected"]:
        assert moment(entry["start"]) >= edge.replace(microsecond=0)
        edge = moment(entry["end"])
    if found["selected"]:
        assert found["expected_end"] == found["selected"][-1]["end"]
    if policy.get("windows_apply", True):
        assert not found["selected"] or edge + timedelta(seconds=found["reserve_seconds"]) <= moment(CLOSES)


@given(UPDATES, POLICIES, INSTANTS)
@QUICK
def test_equal_input_gives_an_equal_plan(updates, policy, now):
    first = patch_plan(updates, WINDOW, now=now, policy=policy)
    assert first == patch_plan([*updates], {**WINDOW}, now=now, policy={**policy})


@given(UPDATES, INSTANTS)
@QUICK
def test_our_own_rules_leave_nothing_that_would_have_fitted_and_mix_nothing_that_must_not(updates, now):
    found = patch_plan(updates, WINDOW, now=now, policy={"windows": [NIGHTLY]})
    exclusive = [entry for entry in found["selected"] if entry.get("impact") == "exclusive"]
    assert not exclusive or len(found["selected"]) == 1
    files = [path.casefold() for entry in found["selected"] for path in set(map(str.casefold, entry.get("files", [])))]
    assert len(files) == len(set(files))
    taken = sum(moment(entry["end"]).timestamp() - moment(entry["start"]).timestamp() for entry in found["selected"])
    free = (found["remaining_seconds"] or 0) - taken - found["reserve_seconds"]
    by_id = {one["id"]: one for one in reversed(updates) if isinstance(one, dict) and one.get("id")}
    for entry in found["deferred"]:
        if entry["word"] == "does_not_fit":
            minutes = by_id[entry["id"]].get("max_run_minutes")
            assert (60 if minutes is None else minutes) * 60 > free - 1
