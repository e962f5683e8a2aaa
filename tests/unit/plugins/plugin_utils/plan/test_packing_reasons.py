# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packing in its details: what exactly is said of each update, ties and bounds, and windows that are given by name."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.packing.plan import patch_plan

OPENS, CLOSES = "2026-12-01T22:00:00Z", "2026-12-02T00:00:00Z"
WINDOW = {"start": OPENS, "end": CLOSES}
NIGHTLY = {"name": "nightly", "rrule": "FREQ=DAILY", "start": "22:00", "duration": "2h", "timezone": "UTC"}
FREEZE = {"name": "freeze", "start": "2026-12-01T23:00:00Z", "end": "2026-12-03T00:00:00Z", "blackout": True}


def update(name, minutes=5, **keys):
    return {"id": name, "title": f"Update {name}", "max_run_minutes": minutes, **keys}


def plan(updates, *, now=OPENS, window=WINDOW, **policy):
    return patch_plan(updates, window, now=now, policy=policy)


def selected(found):
    return [entry["id"] for entry in found["selected"]]


def reasons(found):
    return {entry["id"]: entry["reason"] for entry in found["deferred"]}


def coming(found):
    return {entry["id"]: entry["next_window"] and entry["next_window"]["start"] for entry in found["deferred"]}


@pytest.mark.parametrize(
    ("title", "shown"), [("Security update", "Security update"), ("", "x"), ("long " * 20, "long " * 16)]
)
def test_a_reason_names_the_other_update_by_its_title_or_else_its_id(title, shown):
    found = plan([update("x", impact="exclusive", title=title), update("b", 6)])
    assert reasons(found) == {"b": f"{shown} must be installed alone"}


def test_what_must_be_alone_is_named_also_where_another_came_first():
    assert reasons(plan([update("a"), update("x", 6, impact="exclusive")])) == {"x": "Update x must be installed alone"}


@pytest.mark.parametrize(
    ("own", "minutes"),
    [({"5030216": 12, "5030217": 14}, 14), ({"5030216": 14, "5030217": 12}, 14), ({"a": 8, "5030216": 12}, 8)],
)
def test_of_the_operators_times_that_of_the_id_counts_and_else_the_longest(own, minutes):
    given = update("a", kb=["5030216", "5030217"])
    assert plan([given], run_minutes=own)["selected"][0]["run_minutes"] == minutes


@pytest.mark.parametrize(("count", "runs"), [(10_000, True), (10_001, False)])
def test_so_many_files_are_looked_at(count, runs):
    given = update("a", files=[f"C:\\{number}.dll" for number in range(count)])
    assert selected(plan([given])) == (["a"] if runs else [])


def test_one_file_that_is_no_path_makes_the_update_damaged():
    assert reasons(plan([update("a", files=["C:\\a.dll", 1])])) == {"a": "its files must be a list of paths"}


def test_an_entry_without_id_or_title_is_shown_without_them():
    found = plan(["text", {"id": 5, "title": 7}, {"title": "Nameless"}])
    assert [(entry["id"], entry["title"]) for entry in found["deferred"]] == [
        (None, ""),
        (None, ""),
        (None, "Nameless"),
    ]


def test_an_id_is_cut_like_other_text_of_hosts():
    assert len(plan([update("x" * 5000, installed=True)])["deferred"][0]["id"]) == 300


def test_severity_goes_from_critical_to_none_at_all():
    words = ["Critical", "important", "Moderate", "LOW", None]
    given = [update(str(word), 20 - place, severity=word) for place, word in enumerate(words)]
    assert selected(plan(given[::-1], order="severity")) == [str(word) for word in words]


@pytest.mark.parametrize(("deadline", "first"), [(OPENS, "due"), ("2026-12-01T22:00:01Z", "short")])
def test_a_deadline_is_over_from_its_own_second_on(deadline, first):
    assert selected(plan([update("short"), update("due", 20, deadline=deadline)]))[0] == first


def test_what_supersedes_itself_or_an_update_that_is_not_there_stays_in_its_place():
    given = [update("b", 10), update("a", 5, supersedes=["a", "gone"])]
    assert selected(plan(given)) == ["a", "b"]


def test_a_circle_of_updates_that_one_supersedes_ends_no_search():
    given = [update("c", 5, supersedes=["a"]), update("a", 6, supersedes=["b"]), update("b", 7, supersedes=["a"])]
    found = plan(given)
    assert selected(found) == ["c"]
    assert set(reasons(found).values()) == {"Update c replaces it and is selected"}


def test_the_update_that_is_named_is_the_first_that_replaces_it():
    given = [update("old", 1), update("one", 5, supersedes=["old"]), update("two", 6, supersedes=["old"])]
    assert reasons(plan(given)) == {"old": "Update one replaces it and is selected"}


def test_what_is_replaced_by_a_selected_update_waits_for_no_window():
    found = plan([update("old", 500), update("new", supersedes=["old"])], windows=[NIGHTLY])
    assert reasons(found) == {"old": "Update new replaces it and is selected"}
    assert coming(found) == {"old": None}
    assert "may run from" not in found["sentence"]


def test_of_several_shared_files_the_first_by_name_tells_who_has_it():
    given = [update(f"u{number}", files=[f"C:\\{number}.dll"]) for number in range(9)]
    last = update("last", 6, files=[f"C:\\{number}.dll" for number in range(9)])
    assert reasons(plan([*given, last]))["last"].startswith("Update u0 is selected and replaces the same files")


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ("configmgr_2007", "time required = 1200, and 0 seconds are left"),
        ("winops", "it needs 5 min and a reserve of 15 min; 0 s are left"),
    ],
)
def test_less_than_a_second_is_nothing(rules, reason):
    assert reasons(plan([update("a")], now="2026-12-01T23:59:59.500Z", rules=rules)) == {"a": reason}


def test_no_reboot_fits_where_it_is_closed():
    found = plan([update("a")], window=None)
    assert (found["reboot"]["fits"], found["remaining_seconds"], found["begins"]) == (False, 0, None)


def test_what_finds_it_closed_is_told_the_next_window():
    found = plan([update("a")], windows=[NIGHTLY, FREEZE], now="2026-12-01T23:10:00Z")
    assert coming(found) == {"a": "2026-12-03T22:00:00Z"}


def test_specs_that_cannot_be_read_give_no_next_window():
    assert coming(plan([update("a")], windows=[NIGHTLY, {"name": "typo", "wekly": ["monday"]}])) == {"a": None}


def test_only_windows_for_the_purpose_are_packed():
    reboots = {**NIGHTLY, "name": "reboots", "start": "03:00", "for": ["reboot"]}
    installs = {**NIGHTLY, "for": ["install"]}
    found = plan([update("a")], window=None, windows=[installs, reboots], purpose="reboot")
    assert found["window"] == {"start": "2026-12-02T03:00:00Z", "end": "2026-12-02T05:00:00Z", "name": "reboots"}


@pytest.mark.parametrize("windows", [None, [NIGHTLY], [NIGHTLY, FREEZE]])
@pytest.mark.parametrize("now", [CLOSES, "2026-12-02T00:00:01Z"])
def test_a_window_that_is_over_says_when_it_closed(windows, now):
    assert reasons(plan([update("a")], now=now, windows=windows)) == {"a": f"the window closed {CLOSES}"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [("tonight", "tonight"), ("", "the window"), (None, "the window"), (5, "the window"), ("x" * 500, "x" * 200)],
)
def test_a_window_may_have_a_name(name, shown):
    assert plan([], window={**WINDOW, "name": name})["window"]["name"] == shown
