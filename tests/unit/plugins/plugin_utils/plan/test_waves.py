# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waves: sizes, canaries, clusters, windows in different zones, the failure budget, and asking again between them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.keys import PlanError
from ansible_collections.winops.patching.plugins.plugin_utils._plan.waves.plan import patch_waves
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import WindowError
from ansible_collections.winops.patching.tests.unit.work import bounded_work
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = "2026-11-20T00:00:00Z"
TEN = [f"h{number}" for number in range(10)]
BERLIN = [{"name": "b", "weekly": ["saturday"], "start": "22:00", "duration": "4h", "timezone": "Europe/Berlin"}]
TOKYO = [{**BERLIN[0], "name": "t", "timezone": "Asia/Tokyo"}]


def waves(hosts, now=NOW, **policy):
    return patch_waves(hosts, now=now, policy=policy)


def groups(found):
    return [wave["hosts"] for wave in found["waves"]]


def held(found):
    return {entry["host"]: entry["word"] for entry in found["held"]}


@pytest.mark.parametrize(
    ("batches", "sizes"),
    [
        (3, [3, 3, 3, 1]),
        ("3", [3, 3, 3, 1]),
        ("50%", [5, 5]),
        ("1%", [1] * 10),
        (["25%", 5], [2, 5, 3]),
        ([1, "30%", "100%"], [1, 3, 6]),
        (None, [10]),
    ],
)
def test_waves_have_the_sizes_that_were_asked_for(batches, sizes):
    found = waves(TEN, batches=batches)
    assert found["serial"] == sizes
    assert found["hosts"] == TEN
    assert [wave["number"] for wave in found["waves"]] == list(range(1, len(sizes) + 1))


@pytest.mark.parametrize(
    ("hosts", "policy"),
    [
        (TEN, {"canary": ["h7", "h3"]}),
        ([{"name": name, "canary": name in ("h3", "h7")} for name in TEN], {}),
        ({name: {"order": 0 if name in ("h3", "h7") else 1} for name in TEN}, {"canary": 2}),
    ],
)
def test_canaries_go_first_and_by_themselves(hosts, policy):
    found = waves(hosts, batches="50%", **policy)
    assert groups(found) == [["h3", "h7"], ["h0", "h1", "h2", "h4", "h5"], ["h6", "h8", "h9"]]
    assert [wave["canary"] for wave in found["waves"]] == [True, False, False]


def test_hosts_keep_their_order_and_their_own_number_comes_before_it():
    hosts = ["z", "a", {"name": "last", "order": 5}, {"name": "first", "order": -1}]
    assert waves(hosts)["hosts"] == ["first", "z", "a", "last"]
    assert waves(hosts, host_order="name")["hosts"] == ["first", "a", "z", "last"]


SQL = {"db1": {"cluster": "sql"}, "db2": {"labels": {"cluster": "sql"}}, "web": None, "db3": {"cluster": ["sql", "fs"]}}


def test_no_two_hosts_of_a_cluster_are_in_one_wave_and_each_waits_for_the_one_before():
    found = waves(SQL)
    assert groups(found) == [["db1", "web"], ["db2"], ["db3"]]
    assert [wave["waits_for"] for wave in found["waves"]] == [{}, {"sql": "db1"}, {"sql": "db2"}]
    assert [wave["clusters"] for wave in found["waves"]] == [["sql"], ["sql"], ["fs", "sql"]]


def test_the_variables_of_a_host_say_it_with_a_prefix():
    one = {
        "inventory_hostname": "db1",
        "patch_cluster": "sql",
        "ansible_host": "x",
        "windows": "not ours",
        "state": "?",
    }
    other = {"inventory_hostname": "db2", "patch_cluster": ["sql"], "patch_canary": True}
    for hosts in ([one, other], {"db1": one, "db2": other}, iter([one, other])):
        assert groups(waves(hosts)) == [["db2"], ["db1"]]


@pytest.mark.parametrize(
    ("before", "policy", "reason"),
    [
        ({"state": "verified", "ready": True}, {}, None),
        ({"state": "verified"}, {"require_ready": False}, None),
        ({"state": "verified"}, {}, "db1 is verified, but nobody knows whether it is ready"),
        ({"state": "verified", "ready": "yes"}, {}, "db1 is verified, but nobody knows whether it is ready"),
        ({"state": "verified", "ready": 1}, {}, "db1 is verified, but nobody knows whether it is ready"),
        ({"state": "verified", "ready": False}, {}, "db1 is verified, but is not ready"),
        ({"state": "running", "ready": True}, {}, "db1 is not done"),
        ({"state": "failed", "ready": True}, {}, "db1 is failed"),
        ({"state": "unknown", "ready": True}, {}, "db1 is unknown"),
        ({"state": "VERIFIED", "ready": True}, {}, "db1 is unknown"),
        ({"state": 1, "ready": True}, {}, "db1 is unknown"),
    ],
)
def test_the_next_of_a_cluster_goes_when_every_one_before_is_verified_and_ready(before, policy, reason):
    hosts = {**SQL, "db1": {"cluster": "sql", **before}}
    found = waves(hosts, max_failed="100%", **policy)
    if reason is None:
        assert groups(found) == [["db2", "web"], ["db3"]]
        return
    assert groups(found) == [["web"]]
    assert found["held"][0] == {"host": "db2", "word": "cluster", "reason": f"cluster sql: {reason}"}
    assert held(found) == {"db2": "cluster", "db3": "cluster"}


@pytest.mark.parametrize(
    ("failed", "unknown", "allowed", "stopped"),
    [
        (0, 0, None, False),
        (1, 0, None, True),
        (0, 1, None, True),
        (1, 1, 2, False),
        (2, 1, 2, True),
        (1, 0, "10%", False),
        (2, 0, "10%", True),
        (1, 0, "9%", True),
        (9, 0, "100%", False),
    ],
)
def test_more_failed_hosts_than_may_be_stop_the_waves(failed, unknown, allowed, stopped):
    states = ["failed"] * failed + ["unknown"] * unknown + ["todo"] * (10 - failed - unknown)
    found = waves([{"name": name, "state": state} for name, state in zip(TEN, states, strict=True)], max_failed=allowed)
    assert (found["stopped"] is not None) is stopped
    if stopped:
        assert (found["waves"], found["serial"], found["hosts"]) == ([], [], [])
        assert set(held(found).values()) == {"stopped"}
        assert found["sentence"].startswith("Stopped: ")
        assert f"allows {allowed or 0}" in found["stopped"]
    assert len(found["held"]) + len(found["hosts"]) == 10 - failed - unknown


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_a_canary_that_failed_stops_everything_whatever_may_fail(state):
    found = waves([{"name": "c", "canary": True, "state": state}, "a"], max_failed="100%")
    assert found["stopped"] == "c went first and failed or is unknown"


def test_the_others_wait_while_a_canary_runs_or_cannot():
    running = waves([{"name": "c", "canary": True, "state": "running"}, "a"])
    assert (running["waves"], held(running)) == ([], {"a": "canary"})
    closed = waves([{"name": "c", "canary": True, "windows": []}, "a"])
    assert held(closed) == {"c": "window", "a": "canary"}
    damaged = waves([{"name": "c", "clutser": "x"}, "a"], canary=["c"])
    assert held(damaged) == {"c": "damaged", "a": "canary"}


@pytest.mark.parametrize(
    ("ready", "policy", "reason"),
    [
        (None, {}, "c is verified, but nobody knows whether it is ready, and it goes first"),
        (False, {}, "c is verified, but is not ready, and it goes first"),
        (True, {}, None),
        (None, {"require_ready": False}, None),
    ],
)
def test_a_canary_must_be_ready_before_the_others_go(ready, policy, reason):
    found = waves([{"name": "c", "canary": True, "state": "verified", "ready": ready}, "a"], **policy)
    assert [entry["reason"] for entry in found["held"]] == ([reason] if reason else [])
    assert found["hosts"] == ([] if reason else ["a"])


def test_asked_again_the_waves_go_on_where_they_were():
    policy = {"batches": [2, 3, 5], "canary": 1}
    first = waves(TEN, **policy)
    assert first["serial"] == [1, 2, 3, 4]
    done = {
        name: {"state": "verified", "ready": True, "wave": number}
        for number, names in enumerate(groups(first)[:2], 1)
        for name in names
    }
    again = waves({name: done.get(name) for name in TEN}, **policy)
    assert groups(again) == groups(first)[2:]
    assert [wave["number"] for wave in again["waves"]] == [3, 4]
    assert again["done"] == {"running": [], "verified": ["h0", "h1", "h2"], "failed": [], "unknown": []}


def test_without_the_number_of_a_wave_the_hosts_that_are_done_are_counted():
    hosts = [{"name": name, "state": "verified"} if name in TEN[:3] else name for name in TEN]
    found = waves(hosts, batches=[1, 2, 4])
    assert found["serial"] == [4, 3]
    assert [wave["number"] for wave in found["waves"]] == [3, 4]


def test_hosts_in_different_zones_go_by_their_own_windows():
    hosts = {"b1": {"windows": BERLIN}, "t1": {"windows": TOKYO}, "b2": {"windows": BERLIN}}
    found = waves(hosts)
    assert groups(found) == [["t1"], ["b1", "b2"]]
    assert [(wave["opens_at"], wave["closes_at"]) for wave in found["waves"]] == [
        ("2026-11-21T13:00:00Z", "2026-11-21T17:00:00Z"),
        ("2026-11-21T21:00:00Z", "2026-11-22T01:00:00Z"),
    ]
    assert found["waves"][0]["windows"] == {
        "t1": {"start": "2026-11-21T13:00:00Z", "end": "2026-11-21T17:00:00Z", "name": "t"}
    }


def test_a_wave_opens_when_all_its_windows_are_open_and_closes_with_the_first():
    early = {"name": "e", "start": "2026-11-21T20:00:00Z", "end": "2026-11-21T23:00:00Z"}
    found = waves({"b": {"windows": BERLIN}, "e": {"windows": [early]}})
    assert groups(found) == [["e", "b"]]
    assert (found["waves"][0]["opens_at"], found["waves"][0]["closes_at"]) == (
        "2026-11-21T21:00:00Z",
        "2026-11-21T23:00:00Z",
    )


def test_no_wave_opens_before_the_one_before_it():
    hosts = {"b1": {"windows": BERLIN}, "t1": {"windows": TOKYO}, "b2": {"windows": BERLIN}}
    found = waves(hosts, canary=["b1"])
    assert groups(found) == [["b1"], ["b2"], ["t1"]]
    opens = [wave["opens_at"] for wave in found["waves"]]
    assert opens == ["2026-11-21T21:00:00Z", "2026-11-21T21:00:00Z", "2026-11-28T13:00:00Z"]


def test_windows_of_the_policy_hold_for_hosts_without_their_own():
    found = waves(["a", {"name": "t", "windows": TOKYO}], windows=BERLIN)
    assert groups(found) == [["t"], ["a"]]
    assert waves(["a", {"name": "t", "windows": TOKYO}], windows=BERLIN, windows_apply=False)["serial"] == [2]


@pytest.mark.parametrize(
    ("windows", "reason"),
    [
        ([], "no windows are given"),
        ([{"name": "typo", "wekly": ["monday"]}], "typo: wekly"),
        ([{"name": "past", "start": "2020-01-01T00:00:00Z", "duration": "1h"}], "no window opens within 50 years"),
        ("monday", "must be a list of specs"),
    ],
)
def test_a_host_without_a_window_is_held_with_the_reason(windows, reason):
    found = waves([{"name": "a", "windows": windows}, "b"])
    assert (found["hosts"], held(found)) == (["b"], {"a": "window"})
    assert reason in found["held"][0]["reason"]


def test_a_host_whose_only_window_passes_before_its_turn_is_held():
    once = [{"name": "once", "start": "2026-11-20T10:00:00Z", "duration": "1h"}]
    found = waves({"c": {"windows": BERLIN}, "a": {"windows": once}}, canary=["c"])
    assert (found["hosts"], held(found)) == (["c"], {"a": "window"})
    later = waves({"c": {"windows": BERLIN}, "a": {"windows": once}}, host_order="given", batches=1)
    assert (later["hosts"], held(later)) == (["c"], {"a": "window"})
    assert later["held"][0]["reason"] == "no window of it is left after the waves before it"


def test_without_a_policy_all_hosts_go_at_once():
    assert patch_waves(["a", "b"], now=NOW)["serial"] == [2]


DAMAGED = [
    ({"name": "a", "clutser": "x"}, "did you mean cluster"),
    ({"name": "a", "cluster": 5}, "cluster: must be a text or a list of texts"),
    ({"name": "a", "cluster": [""]}, "cluster: must be"),
    ({"name": "a", "labels": "x"}, "labels: must be a mapping"),
    ({"name": "a", "order": "first"}, "order: must be a whole number"),
    ({"name": "a", "canary": "yes"}, "canary: must be true or false"),
    ({"name": "a", "wave": 0}, "wave: must be a whole number"),
    ({"cluster": "x"}, "entry 1 has no name"),
    (5, "entry 1 has no name"),
    ("", "entry 1 has no name"),
    ("x" * 300, "entry 1 has no name"),
]


@pytest.mark.parametrize(("entry", "reason"), DAMAGED, ids=[str(number) for number in range(len(DAMAGED))])
def test_a_damaged_host_is_held_with_the_reason_and_the_others_go(entry, reason):
    found = waves([entry, "good"])
    assert (found["hosts"], list(held(found).values())) == (["good"], ["damaged"])
    assert reason in found["held"][0]["reason"]


def test_of_two_entries_of_one_name_the_first_counts():
    assert held(waves(["a", {"name": "a", "cluster": "x"}])) == {"a": "damaged"}
    assert waves({"a": ["x"], "b": None})["hosts"] == ["b"]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"batches": 0}, "policy.batches: must be a number from 1 on"),
        ({"batches": ["101%"]}, "policy.batches: "),
        ({"batches": []}, "policy.batches: must be 1 to 1000 sizes"),
        ({"batches": True}, "policy.batches: "),
        ({"batches": 2.5}, "policy.batches: "),
        ({"max_failed": -1}, "policy.max_failed: must be a number from 0 on"),
        ({"canary": ["nobody"]}, "policy.canary: 'nobody' is none of the hosts"),
        ({"canary": -1}, "policy.canary: must be"),
        ({"canary": [1]}, "policy.canary: must be"),
        ({"host_order": "random"}, "policy.host_order: "),
        ({"require_ready": "no"}, "policy.require_ready: "),
        ({"no_windows": "opened"}, "did you mean open"),
        ({"batchs": 1}, "did you mean batches"),
    ],
)
def test_a_mistake_in_the_policy_is_named_by_its_key(policy, message):
    with pytest.raises(PlanError, match="policy") as caught:
        waves(["a"], **policy)
    assert message in str(caught.value)


@pytest.mark.parametrize("hosts", [None, "web01", 5])
def test_what_holds_no_hosts_is_refused(hosts):
    with pytest.raises(PlanError, match="hosts: must be a list of names or mappings"):
        waves(hosts)
    with pytest.raises(PlanError, match="100000 are allowed"):
        waves(["a"] * 100_001)
    with pytest.raises(WindowError, match="now"):
        waves([], now="today")


def test_no_hosts_are_no_waves():
    found = waves([])
    assert (found["waves"], found["serial"], found["stopped"]) == ([], [], None)
    assert found["sentence"] == "No wave: none of 0 hosts can go now."


def test_keys_of_the_other_policies_may_stand_in_the_same_mapping():
    assert waves(["a"], rules="winops", order="shortest", reserve="15m", weak_decides=2, install=[])["hosts"] == ["a"]


def test_names_that_move_the_cursor_do_not():
    found = waves([{"name": "a\x1b[2J", "state": "failed"}, {"name": "b", "cl\nuster": 1}])
    shown = [found["stopped"], found["sentence"], *(entry["reason"] for entry in found["held"])]
    assert all(text.isprintable() for text in shown)


def test_ten_thousand_hosts_in_pairs_are_put_into_waves_at_once():
    hosts = [{"name": f"h{number}", "cluster": f"c{number // 2}", "windows": BERLIN} for number in range(10_000)]
    with bounded_work(calls=4_500_000):
        assert sum(waves(hosts, batches=["1%"])["serial"]) == 10_000


LABELS = st.lists(st.sampled_from(["sql", "fs", "ad"]), max_size=2)
HOSTS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"name": st.integers(0, 30).map(lambda number: f"h{number}")},
            optional={
                "cluster": LABELS,
                "state": st.sampled_from(["todo", "todo", "todo", "running", "verified", "failed", "unknown", "?"]),
                "ready": st.sampled_from([True, True, False, None, "yes"]),
                "windows": st.sampled_from([BERLIN, TOKYO, [], [{"bad": 1}]]),
                "order": st.integers(0, 2),
                "canary": st.booleans(),
                "typo": st.just(1),
            },
        ),
        st.sampled_from(["x1", "x2", None]),
    ),
    max_size=20,
)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "batches": st.lists(st.sampled_from([1, 2, 5, "20%", "100%"]), min_size=1, max_size=3),
        "max_failed": st.sampled_from([0, 1, "50%", "100%"]),
        "canary": st.integers(0, 3),
        "host_order": st.sampled_from(["window", "given", "name"]),
        "windows": st.sampled_from([BERLIN, TOKYO]),
        "require_ready": st.booleans(),
    },
)
QUICK = settings(max_examples=200, deadline=None)


def clusters_of(entry):
    return set(entry.get("cluster", [])) if isinstance(entry, dict) else set()


@given(HOSTS, POLICIES)
@QUICK
def test_no_host_is_lost_and_none_comes_twice(hosts, policy):
    found = waves(hosts, **policy)
    done = [name for names in found["done"].values() for name in names]
    everyone = [*found["hosts"], *(entry["host"] for entry in found["held"]), *done]
    named = [entry["name"] if isinstance(entry, dict) else entry for entry in hosts]
    assert sorted(map(str, everyone)) == sorted(map(str, named))
    assert [name for group in groups(found) for name in group] == found["hosts"]
    assert found["serial"] == [len(group) for group in groups(found)]
    assert found == waves(list(hosts), **policy)


@given(HOSTS, POLICIES)
@QUICK
def test_a_cluster_loses_one_member_at_a_time_and_none_while_another_is_not_well(hosts, policy):
    found = waves(hosts, **policy)
    first = {}
    for entry in hosts:
        name = entry["name"] if isinstance(entry, dict) else entry
        if not (isinstance(entry, dict) and "typo" in entry):
            first.setdefault(name, entry)
    for group in groups(found):
        labels = [label for name in group for label in clusters_of(first[name])]
        assert len(labels) == len(set(labels))
    going = {label for name in found["hosts"] for label in clusters_of(first[name])}
    for entry in first.values():
        state = entry.get("state", "todo") if isinstance(entry, dict) else "todo"
        if state != "todo" and clusters_of(entry) & going:
            assert state == "verified"
            assert entry.get("ready") is True or not policy.get("require_ready", True)


@given(HOSTS, POLICIES)
@QUICK
def test_waves_come_in_order_and_each_host_has_its_window_open_when_its_wave_opens(hosts, policy):
    found = waves(hosts, **policy)
    for before, after in pairwise(wave["opens_at"] for wave in found["waves"]):
        assert before is None or after is None or before <= after
    for wave in found["waves"]:
        for window in wave["windows"].values():
            assert window["start"] <= wave["opens_at"] < wave["closes_at"] <= window["end"]
