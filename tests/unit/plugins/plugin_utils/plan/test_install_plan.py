# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans of install jobs: never outside a window, never what is excluded, always in one order; and what is no plan."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.install.document import (
    install_document,
    parse_install_plan,
)
from ansible_collections.winops.patching.plugins.plugin_utils._plan.install.plan import build_install_plan
from ansible_collections.winops.patching.plugins.plugin_utils._plan.keys import PlanError
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import WindowError, in_window
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    patch_compliance,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st

OPENS = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
TONIGHT = {"name": "tonight", "start": "2026-11-21T22:00:00Z", "duration": "60m"}
LATER = {"name": "sunday", "start": "2026-11-22T22:00:00Z", "duration": "3h"}


def name(number):
    return f"00000000-0000-0000-0000-{number:012d}"


def update(number, **words):
    return {
        "id": name(number),
        "revision": 200 + number,
        "title": f"Update {number}",
        "classification": "Security Updates",
        "installed": False,
        "max_run_minutes": 20,
        **words,
    }


def stamp(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def scan_of(updates, **words):
    return {
        "scanned_at": stamp(OPENS - timedelta(hours=3)),
        "complete": True,
        "coverage": ["all"],
        "updates": updates,
    } | words


def plan(*updates, now=OPENS, windows=(TONIGHT,), skew=0, options=None, scan=None, **policy):
    document = scan_of(list(updates), **(scan or {}))
    whole = {"windows": list(windows), **policy}
    compliance = patch_compliance(document, None, whole, now=OPENS)
    return build_install_plan(compliance, document, now=now, policy=whole, options=options, skew_seconds=skew)


def ids(found):
    return [int(one["id"][-12:]) for one in found.plan["updates"]]


class TestUpdates:
    """Which updates stand in the list, and in which order."""

    def test_the_whole_list_goes_to_the_host_although_only_two_fit_by_their_run_times(self):
        found = plan(*[update(number) for number in range(1, 6)])
        assert ids(found) == [1, 2, 3, 4, 5]
        assert [one["word"] for one in found.forecast["deferred"]] == ["does_not_fit"] * 3

    def test_an_entry_names_the_exact_revision_and_rounds_its_minutes_up(self):
        (entry,) = plan(update(1, max_run_minutes=None), run_minutes={name(1): 12.5}).plan["updates"]
        assert entry == {"id": name(1), "revision": 201, "title": "Update 1", "run_minutes": 13, "named": False}

    @pytest.mark.parametrize(
        ("order", "expected"), [("shortest", [2, 3, 1]), ("severity", [1, 2, 3]), ("given", [1, 2, 3])]
    )
    def test_the_order_is_that_of_the_packing(self, order, expected):
        updates = [
            update(1, max_run_minutes=30, severity="Critical"),
            update(2, max_run_minutes=10, severity="Low"),
            update(3, max_run_minutes=20),
        ]
        assert ids(plan(*updates, order=order)) == expected

    @pytest.mark.parametrize(
        ("words", "word"),
        [
            ({"type": "driver"}, "excluded"),
            ({"title": "2026-11 Cumulative Update Preview"}, "excluded"),
            ({"browse_only": True}, "excluded"),
            ({"hidden": True}, "excluded"),
            ({"user_input": True}, "excluded"),
            ({"classification": "Upgrades"}, "excluded"),
            ({"revision": None}, "no_revision"),
        ],
    )
    def test_what_must_not_be_installed_is_left_out_with_its_reason(self, words, word):
        found = plan(update(1), update(2, **words))
        assert ids(found) == [1]
        assert [(one.id, one.word) for one in found.left] == [(name(2), word)]

    def test_a_baseline_that_names_an_id_brings_it_in_as_named(self):
        found = plan(update(1, type="driver"), install=[{"id": [name(1)]}])
        assert [(one["id"], one["named"]) for one in found.plan["updates"]] == [(name(1), True)]

    def test_an_update_whose_classification_is_not_known_is_not_installed_on_such_a_ground(self):
        found = plan(update(1, classification=None), update(2), install=[{"classification": ["Security Updates"]}])
        assert (ids(found), [one.word for one in found.left]) == ([2], ["unsure"])

    def test_what_this_run_has_tried_is_not_tried_again(self):
        found = plan(update(1), update(2), options={"not_again": {name(1): "it was rolled back in this run"}})
        assert ids(found) == [2]
        assert [(one.word, one.reason) for one in found.left] == [("tried", "it was rolled back in this run")]

    def test_nothing_runs_beside_an_exclusive_update_that_comes_first(self):
        found = plan(update(1, impact="exclusive"), update(2, max_run_minutes=30))
        assert ids(found) == [1]
        assert "must be installed alone" in " ".join(found.warnings)

    def test_an_exclusive_update_that_is_too_long_for_the_window_keeps_nobody_out(self):
        found = plan(update(1, impact="exclusive", max_run_minutes=90), update(2), order="given")
        assert ids(found) == [1, 2]

    def test_two_that_replace_the_same_files_never_share_a_job_even_if_the_first_leaves_time(self):
        first, second = (update(number, max_run_minutes=25, files=[r"C:\Windows\a.dll"]) for number in (2, 3))
        assert ids(plan(update(1, max_run_minutes=15), first, second)) == [1, 2]

    def test_the_rules_of_2007_stop_at_the_first_that_does_not_fit(self):
        updates = [update(1), update(2, max_run_minutes=50), update(3, max_run_minutes=5)]
        assert ids(plan(*updates, rules="configmgr_2007")) == [1]


class TestTimes:
    """When the job may begin, install and reboot."""

    def test_an_open_window_gives_its_end_and_the_latest_start(self):
        told = plan(update(1)).plan
        assert (told["not_before"], told["start_before"], told["deadline"]) == (
            None,
            "2026-11-21T22:25:00Z",
            "2026-11-21T23:00:00Z",
        )
        assert told["reserve_minutes"] == 15

    def test_times_are_told_by_the_hosts_clock(self):
        found = plan(update(1), skew=-600)
        assert found.plan["deadline"] == "2026-11-21T22:50:00Z"
        assert found.warnings == ("the host's clock is 10 min behind the controller's",)

    def test_where_the_hosts_clock_decides_nothing_is_added(self):
        found = plan(update(1), skew=86400, options={"clock": "host"})
        assert found.plan["deadline"] == "2026-11-21T23:00:00Z"
        assert found.warnings == ("the host's clock is 24 h ahead of the controller's",)

    @pytest.mark.parametrize(
        ("skew", "state"), [(3600, "planned"), (-3600, "planned"), (3601, "refused"), (None, "refused")]
    )
    def test_a_clock_that_nobody_can_trust_is_refused(self, skew, state):
        found = plan(update(1), skew=skew)
        assert found.state == state
        assert (found.plan is None) == (state == "refused")

    def test_a_window_that_cannot_be_read_is_refused_and_not_waited_for(self):
        found = plan(update(1), windows=(TONIGHT, {"start": "tomorrow"}))
        assert (found.state, found.plan) == ("refused", None)
        assert "a spec cannot be read" in found.sentence

    @pytest.mark.parametrize("skew", [None, 99999])
    def test_without_windows_the_clock_does_not_matter(self, skew):
        found = plan(update(1), windows=(), windows_apply=False, skew=skew)
        assert (found.state, found.plan["deadline"], found.plan["reboot"]["deadline"]) == ("planned", None, None)
        assert found.plan["reboot"]["mode"] == "if_required"

    @pytest.mark.parametrize(
        ("when_closed", "start", "armed"), [("defer", False, False), ("wait", True, False), ("arm", True, True)]
    )
    def test_before_the_window_the_run_defers_waits_or_arms(self, when_closed, start, armed):
        found = plan(update(1), now=OPENS - timedelta(hours=2), options={"when_closed": when_closed})
        assert (found.plan is not None, found.armed) == (start, armed)
        if start:
            assert found.plan["not_before"] == "2026-11-21T22:00:00Z"
        else:
            assert found.state == "window_closed"
            assert "2026-11-21T22:00:00Z (tonight)" in found.sentence

    def test_a_window_that_is_over_is_closed_whatever_was_asked(self):
        found = plan(update(1), now=OPENS + timedelta(hours=2), options={"when_closed": "arm"})
        assert (found.state, found.plan) == ("window_closed", None)

    def test_what_waits_for_a_window_is_listed_as_deferred_to_it(self):
        found = plan(update(1), update(2, max_run_minutes=50), now=OPENS - timedelta(hours=2)).as_dict()
        waits, long = found["deferred"]
        assert (waits["id"], waits["word"], waits["next_window"]) == (name(1), "window_closed", found["window"])
        assert "2026-11-21T22:00:00Z" in waits["reason"]
        assert long["id"] == name(2)
        assert not plan(update(1)).as_dict()["deferred"]

    def test_an_empty_plan_is_told_from_a_closed_window(self):
        closed = OPENS - timedelta(hours=2)
        assert plan(update(1, installed=True), now=closed).state == "nothing_to_do"
        assert plan(update(1), now=closed).state == "window_closed"
        assert plan(update(1, max_run_minutes=50)).state == "deferred"
        assert plan(update(1, installed=None)).state == "unknown"
        assert plan(update(1, installed=True), scan={"complete": False}).state == "unknown"

    def test_a_reboot_fits_where_the_last_update_has_left_the_reserve(self):
        block = plan(update(1)).plan["reboot"]
        assert block["reserve_minutes"] * 60 + block["warn_seconds"] == 900
        assert (block["mode"], block["not_before"], block["deadline"]) == ("if_required", None, "2026-11-21T23:00:00Z")

    def test_a_host_with_its_own_window_for_reboots_reboots_then(self):
        night = {**LATER, "for": ["reboot"]}
        found = plan(update(1), windows=({**TONIGHT, "for": ["install"]}, night))
        block = found.plan["reboot"]
        assert (block["mode"], block["not_before"]) == ("if_required", "2026-11-22T22:00:00Z")
        assert block["deadline"] == "2026-11-23T01:00:00Z"

    def test_without_a_window_for_reboots_the_job_never_reboots_and_says_so(self):
        found = plan(update(1), windows=({**TONIGHT, "for": ["install"]},))
        assert found.plan["reboot"]["mode"] == "never"
        assert any("no window for a reboot" in text for text in found.warnings)

    def test_a_run_that_leaves_reboots_to_the_controller_tells_the_job_never_to(self):
        found = plan(update(1), options={"reboot": "never"})
        assert (found.plan["reboot"]["mode"], found.warnings) == ("never", ())


class TestMistakes:
    """What cannot be planned at all."""

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"when_close": "arm"}, "did you mean when_closed"),
            ({"when_closed": "armed"}, "options.when_closed"),
            ({"max_reboots": -1}, "options.max_reboots"),
            ({"warn_seconds": 1200}, "do not fit into the reserve"),
            ({"not_again": ["a", 7]}, "options.not_again"),
            ({"message": ""}, "options.message"),
            ([], "must be a mapping"),
        ],
    )
    def test_a_wrong_option_is_named(self, options, words):
        with pytest.raises(PlanError, match=words):
            plan(update(1), options=options)

    def test_a_wrong_time_and_a_wrong_skew_are_named(self):
        with pytest.raises(WindowError, match="now:"):
            plan(update(1), now="tonight")
        with pytest.raises(PlanError, match="skew_seconds"):
            plan(update(1), skew=True)

    def test_the_source_of_the_scan_is_the_source_of_the_job(self):
        asked = {"server_selection": "service", "service_id": "7971f918-a847-4430-9279-4a52d1efe18d"}
        assert (
            plan(update(1), scan={"asked": asked}).plan["source"] | asked
            == plan(update(1), scan={"asked": asked}).plan["source"]
        )
        cab = plan(update(1), scan={"asked": {"scan_cab": r"C:\w.cab"}})
        assert cab.plan["source"]["server_selection"] == "default"
        assert "offline catalogue" in cab.warnings[0]

    def test_the_answer_is_plain_data(self):
        for found in (plan(update(1)), plan(update(1, installed=True)), plan(update(1), skew=None)):
            assert json.loads(json.dumps(found.as_dict())) == found.as_dict()


WINDOWS = st.lists(
    st.fixed_dictionaries(
        {
            "start": st.integers(-600, 600).map(lambda minutes: stamp(OPENS + timedelta(minutes=minutes))),
            "duration": st.integers(5, 400).map(lambda minutes: f"{minutes}m"),
            "for": st.sampled_from([["install"], ["reboot"], ["any"], ["install", "reboot"]]),
            "blackout": st.sampled_from([False, False, False, True]),
        }
    ),
    min_size=1,
    max_size=5,
)
UPDATES = st.lists(
    st.fixed_dictionaries(
        {
            "max_run_minutes": st.integers(1, 120),
            "type": st.sampled_from(["software", "software", "driver"]),
            "impact": st.sampled_from(["normal", "exclusive"]),
            "hidden": st.sampled_from([False, False, True]),
            "installed": st.sampled_from([False, False, False, True, None]),
            "severity": st.sampled_from(["Critical", "Low", None]),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(
    windows=WINDOWS,
    around=st.tuples(st.integers(-90, 90), st.integers(30, 300)),
    given_updates=UPDATES,
    skew=st.integers(-3600, 3600),
    when_closed=st.sampled_from(["defer", "wait", "arm"]),
    named=st.sets(st.integers(0, 5)),
    seed=st.integers(0, 99),
)
def test_no_plan_ever_leaves_its_windows_or_holds_what_is_excluded(
    windows, around, given_updates, skew, when_closed, named, seed
):
    near = {"start": stamp(OPENS + timedelta(minutes=around[0])), "duration": f"{around[1]}m", "for": ["install"]}
    specs = [{"name": str(place), **spec} for place, spec in enumerate([*windows, near])]
    updates = [update(place, **words) for place, words in enumerate(given_updates)]
    install = [{"classification": ["Security Updates"]}, {"id": [name(place) for place in named] or [name(99)]}]
    words = {"windows": specs, "skew": skew, "options": {"when_closed": when_closed}, "install": install}
    found = plan(*updates, **words)
    event(found.state)
    assert "cannot be read" not in found.sentence
    assert (found.plan is not None) == (found.state == "planned")
    if found.plan is None:
        return
    told = found.plan
    _inside(specs, told, "install", skew, begins=OPENS)
    if told["reboot"]["mode"] != "never":
        _inside(specs, told["reboot"], "reboot", skew, begins=OPENS)
    by_id = {one["id"]: one for one in updates}
    for entry in told["updates"]:
        raw = by_id[entry["id"]]
        assert raw["installed"] is False
        assert entry["revision"] == raw["revision"]
        assert entry["named"] or (raw["type"] == "software" and not raw["hidden"])
    assert parse_install_plan(told) == told
    shuffled = list(reversed(specs))
    random.Random(seed).shuffle(shuffled)
    assert [one["id"] for one in plan(*updates, **{**words, "windows": shuffled}).plan["updates"]] == [
        one["id"] for one in told["updates"]
    ]


def _inside(specs, part, purpose, skew, *, begins):
    """Every second from the first to the last, at both ends and in the middle, is one of an open window."""
    times = {key: _instant(part.get(key), skew) for key in ("not_before", "start_before", "deadline")}
    first, last = times["not_before"] or begins, times["deadline"]
    assert first < last
    middle = first + (last - first) / 2
    moments = [first, middle, last - timedelta(seconds=1)]
    moments += [times["start_before"]] if times["start_before"] else []
    for moment in moments:
        assert in_window(specs, at=moment, purpose=purpose), (moment, purpose)


def _instant(text, skew):
    return None if text is None else datetime.fromisoformat(text) - timedelta(seconds=skew)


ENTRY = {"id": "{D3B36F5D-2F4D-4CBD-9E4F-4A7E3F5A8A11}", "revision": "201", "run_minutes": "20"}


class TestDocument:
    """A plan as a task gives it."""

    def test_the_least_that_is_needed_gets_every_default(self):
        found = parse_install_plan({"updates": [ENTRY]})
        assert found["updates"] == [
            {
                "id": "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11",
                "revision": 201,
                "title": "",
                "run_minutes": 20,
                "named": False,
            }
        ]
        assert (found["phases"], found["deadline"], found["reboot"]["mode"]) == (["download", "install"], None, "never")
        assert found["source"] == {"server_selection": "default", "service_id": None, "online": "auto", "attempts": 5}

    def test_the_host_gets_it_with_its_id_and_run(self):
        found = install_document("install-20261121T120000Z-1a2b3c4d", {"updates": []}, run_id="r1")
        assert found == {
            "schema": "winops.patching/plan/1",
            "id": "install-20261121T120000Z-1a2b3c4d",
            "kind": "install",
            "run_id": "r1",
            "delay_seconds": 0,
            "updates": [],
        }

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ({"updates": []}, "1 to 1000 updates"),
            ({"updates": [{"id": "x", "revision": 1, "run_minutes": 1}]}, r"updates\[0\]\.id: 'x' is no id"),
            ({"updates": [{**ENTRY, "revision": None}]}, r"updates\[0\]\.revision: is missing"),
            ({"updates": [{**ENTRY, "run_minutes": 0}]}, r"updates\[0\]\.run_minutes"),
            ({"updates": [ENTRY, ENTRY]}, "stands in the list twice"),
            ({"deadlin": "x"}, "did you mean deadline"),
            ({"deadline": "2026-11-21 22:00"}, "names no zone"),
            ({"not_before": "2026-11-21T23:00:00Z", "deadline": "2026-11-21T22:00:00Z"}, "is before not_before"),
            ({"phases": ["reboot"]}, "plan.phases"),
            ({"reboot": {"mode": "always"}}, "reboot.mode"),
            ({"reboot": {"mode": "never", "max": 1}}, "reboot.max: no such key"),
            ({"source": {"server_selection": "service"}}, "service_id"),
        ],
    )
    def test_every_mistake_is_named_by_its_key(self, words, told):
        with pytest.raises(PlanError, match=told):
            parse_install_plan({"updates": [ENTRY], **words})

    def test_no_plan_at_all_is_told_too(self):
        with pytest.raises(PlanError, match="plan: must be a mapping, not null"):
            parse_install_plan(None)
