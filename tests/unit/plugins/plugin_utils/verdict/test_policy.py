# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy is checked key by key before it judges anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import Policy, PolicyError, parse_policy
from hypothesis import given
from hypothesis import strategies as st

KEYS = [
    "ignore_signals",
    "max_scan_age",
    "rename_queue",
    "rename_rules",
    "require",
    "strengths",
    "unknown_is",
    "weak_decides",
]


def mistakes_of(policy):
    with pytest.raises(PolicyError) as caught:
        parse_policy(policy)
    return caught.value.mistakes


def test_nothing_and_an_empty_policy_are_the_default():
    assert parse_policy(None) == parse_policy({}) == Policy()
    default = Policy()
    assert (default.require, default.weak_decides, default.unknown_is) == (None, None, "unknown")
    assert (default.rename_queue, default.max_scan_age) == ("significant", timedelta(days=7))
    assert (default.strengths, default.ignore_signals) == ({}, frozenset())
    assert default.rename_rules


def test_each_key_is_read():
    policy = parse_policy(
        {
            "require": ["hostname_rename"],
            "strengths": {"domain_join": "weak"},
            "ignore_signals": ["dvd_reboot_signal"],
            "rename_rules": ["no_shipped_rules"],
            "rename_queue": "any",
            "weak_decides": 2,
            "max_scan_age": "12h",
            "unknown_is": "required",
        }
    )
    assert policy == Policy(
        require=frozenset({"hostname_rename"}),
        strengths={"domain_join": "weak"},
        ignore_signals=frozenset({"dvd_reboot_signal"}),
        rename_rules=(),
        rename_queue="any",
        weak_decides=2,
        max_scan_age=timedelta(hours=12),
        unknown_is="required",
    )
    assert parse_policy(policy) is policy


WRONG = [
    ("require", "wu_reboot_required"),
    ("require", None),
    ("require", [5]),
    ("require", ["wu_reboot"]),
    ("require", {"wu_reboot_required": True}),
    ("ignore_signals", "wu_reboot_required"),
    ("ignore_signals", [["x"]]),
    ("ignore_signals", ["nothing"]),
    ("strengths", ["domain_join"]),
    ("strengths", None),
    ("strengths", {"domain_joined": "weak"}),
    ("strengths", {"domain_join": "heavy"}),
    ("strengths", {"domain_join": None}),
    ("strengths", {"domain_join": ["weak"]}),
    ("strengths", {5: "weak"}),
    ("rename_rules", "temp_deletions"),
    ("rename_rules", [{"match": "(", "reason": "r"}]),
    ("rename_queue", "none"),
    ("rename_queue", None),
    ("rename_queue", ["any"]),
    ("weak_decides", -1),
    ("weak_decides", "2"),
    ("weak_decides", True),
    ("weak_decides", 1.5),
    ("max_scan_age", "a week"),
    ("max_scan_age", None),
    ("max_scan_age", -5),
    ("max_scan_age", float("nan")),
    ("max_scan_age", float("inf")),
    ("max_scan_age", True),
    ("unknown_is", "fail"),
    ("unknown_is", "not_required"),
    ("unknown_is", None),
    ("unknown_is", True),
]


@pytest.mark.parametrize(("key", "wrong"), WRONG)
def test_a_wrong_value_is_named_by_its_key(key, wrong):
    found = mistakes_of({key: wrong})
    assert found
    assert all(text.startswith(f"policy.{key}") for text in found)


def test_every_key_has_wrong_values_in_the_table():
    assert {key for key, _ in WRONG} == set(KEYS)


def test_an_unknown_key_is_named_with_the_nearest_and_with_all_there_are():
    (found,) = mistakes_of({"ignore_signal": []})
    assert found.startswith("policy.ignore_signal: no such key (did you mean ignore_signals?)")
    assert all(key in found for key in KEYS)
    assert mistakes_of({5: 1})[0].startswith("policy.5: no such key")


def test_an_unknown_signal_gets_the_nearest_name():
    (found,) = mistakes_of({"require": ["wu_reboot_requird"]})
    assert "did you mean wu_reboot_required?" in found


def test_every_mistake_is_told_at_once():
    found = mistakes_of({"require": ["a", "b"], "unknown_is": "no", "colour": 1, "rename_rules": [5, 6]})
    assert len(found) == 6
    assert str(PolicyError(found)) == "; ".join(found)


@pytest.mark.parametrize("policy", ["strict", [], 7, True, ["require"]])
def test_a_policy_is_a_mapping(policy):
    assert mistakes_of(policy)[0].startswith("policy: must be a mapping")


@pytest.mark.parametrize("off", [None, 0])
def test_weak_signals_decide_nothing_when_their_number_is_zero_or_null(off):
    assert parse_policy({"weak_decides": off}).weak_decides is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_no_policy_whatever_raises_anything_but_its_mistakes(policy):
    try:
        parse_policy(policy)
    except PolicyError as error:
        mistakes = error.mistakes
    else:
        mistakes = ("none",)
    assert mistakes
