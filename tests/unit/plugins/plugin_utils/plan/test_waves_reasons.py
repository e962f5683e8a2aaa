# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waves in their details: what exactly is said, whose windows hold how long, and that answers have one order."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.keys import PlanError
from ansible_collections.winops.patching.plugins.plugin_utils._plan.waves.plan import patch_waves

NOW = "2026-11-20T00:00:00Z"
MANY = [f"label{number}" for number in range(9)]
# A set may give some names in their order by chance, but not all of these.
NAMES = [[f"{word}{number}" for number in range(9)] for word in ("label", "rack", "site", "zone")]
ALWAYS = [{"name": "always", "rrule": "FREQ=DAILY", "start": "00:00", "duration": "24h", "timezone": "UTC"}]


def window(start, end, name="w"):
    """One window on a Saturday, by its hours in UTC."""
    return [{"name": name, "start": f"2026-11-21T{start}:00:00Z", "end": f"2026-11-21T{end}:00:00Z"}]


def waves(hosts, **policy):
    return patch_waves(hosts, now=NOW, policy=policy)


def times(found):
    """Of each wave its hosts, and the hours at which it opens and closes."""
    return [
        (wave["hosts"], *(text and text[11:13] for text in (wave["opens_at"], wave["closes_at"])))
        for wave in found["waves"]
    ]


def reasons(found):
    return {entry["host"]: entry["reason"] for entry in found["held"]}


@pytest.mark.parametrize("order", [["early", "late"], ["late", "early"]])
def test_a_wave_closes_with_the_first_window_whichever_host_came_first(order):
    hosts = {"early": {"windows": window(20, 22)}, "late": {"windows": window(21, 23)}}
    found = waves({name: hosts[name] for name in order}, host_order="given")
    assert times(found) == [(order, "21", "22")]


@pytest.mark.parametrize("order", [["always", "night"], ["night", "always"]])
def test_a_host_that_nothing_closes_leaves_the_end_to_the_others(order):
    hosts = {"always": {"windows": ALWAYS}, "night": {"windows": window(20, 22)}}
    found = waves({name: hosts[name] for name in order}, host_order="given")
    assert times(found) == [(order, "20", "22")]
    alone = waves({"always": hosts["always"]})
    assert times(alone) == [(["always"], "00", None)]


def test_windows_that_only_touch_are_two_waves():
    found = waves({"a": {"windows": window(20, 21)}, "b": {"windows": window(21, 22)}})
    assert times(found) == [(["a"], "20", "21"), (["b"], "21", "22")]


def test_where_no_windows_mean_open_a_host_without_them_goes_at_once_and_others_by_theirs():
    found = waves({"a": {"windows": []}, "b": {"windows": window(21, 22)}}, no_windows="open", batches=1)
    assert times(found) == [(["a"], "00", None), (["b"], "21", "22")]


def test_only_windows_for_the_purpose_count():
    reboots = [{**window(20, 21)[0], "for": ["reboot"]}, *window(22, 23, "all")]
    hosts = {"a": {"windows": reboots}, "b": {"windows": [{**window(20, 21)[0], "for": ["install"]}]}}
    found = waves(hosts, purpose="reboot")
    assert times(found) == [(["a"], "20", "21")]
    assert reasons(found) == {"b": "closed for reboot: no window is for that"}


@pytest.mark.parametrize(
    ("failed", "shown"),
    [(5, "h0, h1, h2, h3, h4"), (6, "h0, h1, h2, h3, h4 and 1 more"), (8, "h0, h1, h2, h3, h4 and 3 more")],
)
def test_five_hosts_are_named_and_the_others_counted(failed, shown):
    found = waves([{"name": f"h{number}", "state": "failed"} for number in range(failed)])
    said = f"{failed} of {failed} hosts failed or are unknown ({shown}); policy.max_failed allows 0"
    assert found["stopped"] == said
    assert found["sentence"] == f"Stopped: {said}. Failed: {failed}."


def test_canaries_that_are_none_of_the_hosts_are_named_in_order():
    with pytest.raises(PlanError) as caught:
        waves(["a"], canary=MANY[::-1])
    assert list(caught.value.mistakes) == [f"policy.canary: '{name}' is none of the hosts" for name in MANY]


def test_a_canary_that_cannot_start_is_named_to_those_that_wait():
    found = waves([{"name": "c", "canary": True, "windows": []}, "a"])
    assert reasons(found)["a"] == "c goes first"


@pytest.mark.parametrize("names", NAMES)
def test_of_several_canaries_that_are_not_over_the_first_by_name_is_told(names):
    found = waves([*({"name": name, "canary": True, "state": "running"} for name in names[::-1]), "a"])
    assert reasons(found) == {"a": f"{names[0]} is not done, and it goes first"}


def test_the_first_member_of_a_cluster_that_is_not_over_is_told():
    started = [{"name": name, "cluster": "sql", "state": "running"} for name in ("one", "two")]
    assert reasons(waves([*started, {"name": "a", "cluster": "sql"}])) == {"a": "cluster sql: one is not done"}


@pytest.mark.parametrize("names", NAMES)
def test_of_several_clusters_that_hold_a_host_the_first_by_name_is_told(names):
    found = waves([{"name": "one", "cluster": names, "state": "running"}, {"name": "a", "cluster": names[::-1]}])
    assert reasons(found) == {"a": f"cluster {names[0]}: one is not done"}


def test_the_clusters_of_a_wave_are_listed_by_name():
    found = waves([{"name": "one", "cluster": MANY}, {"name": "two", "cluster": MANY[::-1]}])
    assert [wave["clusters"] for wave in found["waves"]] == [MANY, MANY]
    assert list(found["waves"][1]["waits_for"]) == MANY


def test_held_hosts_are_listed_by_name_and_those_without_one_last():
    found = waves([5, {"name": "z", "clutser": 1}, None, {"name": "b", "windows": []}, {"name": "a", "order": "x"}])
    assert [entry["host"] for entry in found["held"]] == ["a", "b", "z", None, None]


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        (["a", "b"], "Waves: 1, for 2 of 2 hosts; the first has 2."),
        ([{"name": "a", "clutser": 1}, "b"], "Waves: 1, for 1 of 2 hosts; the first has 1. Held: 1."),
        (
            [
                {"name": "a", "windows": window(20, 21)},
                {"name": "b", "state": "verified"},
                {"name": "c", "state": "running"},
            ],
            "Waves: 1, for 1 of 3 hosts; the first has 1 and opens 2026-11-21T20:00:00Z. Running: 1. Verified: 1.",
        ),
        ([{"name": "a", "windows": []}], "No wave: none of 1 hosts can go now. Held: 1."),
    ],
)
def test_the_sentence_says_how_many_go_and_what_became_of_the_others(hosts, sentence):
    assert waves(hosts)["sentence"] == sentence
