# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a user's own signal is present: three values, and no condition that is understood only by half."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.answers import answer_of
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.condition import (
    MAX_DEPTH,
    ConditionError,
    parse_condition,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    ok,
    refused,
    text,
    value,
)
from hypothesis import given
from hypothesis import strategies as st

KEY = ok(
    values={
        "Flags": value(3),
        "Big": value(-1),
        "Word": text("Pending Reboot"),
        "Blank": text(""),
        "List": value(["a", "B", ""], "REG_MULTI_SZ"),
        "Blanks": value(["", ""], "REG_MULTI_SZ"),
        "Broken": None,
    },
    subkeys=["One", "Two"],
)
TREE = ok(instances=[{"State": 8, "Busy": True, "Names": ["x"]}], Word="on", Nothing=None)

# condition -> what it says of KEY
OF_VALUES = [
    ({"value": "Flags", "above": 2}, True),
    ({"value": "FLAGS", "above": 3}, False),
    ({"value": "Flags", "equals": 3}, True),
    ({"value": "Flags", "equals": 4}, False),
    ({"value": "Flags", "not_equals": 4}, True),
    ({"value": "Flags", "not_equals": 3}, False),
    ({"value": "Big", "equals": 0xFFFFFFFF}, True),
    ({"value": "Flags", "equals": "3"}, None),
    ({"value": "Flags", "equals": True}, None),
    ({"value": "Flags", "contains": "3"}, None),
    ({"value": "Flags", "matches": "3"}, None),
    ({"value": "Flags", "empty": True}, None),
    ({"value": "Word", "equals": "pending reboot"}, True),
    ({"value": "Word", "contains": "REBOOT"}, True),
    ({"value": "Word", "contains": "x"}, False),
    ({"value": "Word", "matches": "^pending\\s"}, True),
    ({"value": "Word", "matches": "^reboot"}, False),
    ({"value": "Word", "above": 0}, None),
    ({"value": "Word", "equals": 1}, None),
    ({"value": "Word", "empty": False}, True),
    ({"value": "Blank", "empty": True}, True),
    ({"value": "Blank", "empty": False}, False),
    ({"value": "List", "above": 2}, True),
    ({"value": "List", "above": 3}, False),
    ({"value": "List", "contains": "b"}, True),
    ({"value": "List", "contains": "c"}, False),
    ({"value": "List", "empty": False}, True),
    ({"value": "List", "equals": "a"}, None),
    ({"value": "Blanks", "empty": True}, True),
    ({"value": "Broken", "equals": 3}, None),
    ({"value": "Broken", "above": 0}, None),
    ({"value": "Broken", "contains": "x"}, None),
    ({"value": "Broken", "matches": "x"}, None),
    ({"value": "Broken", "exists": True}, True),
    ({"value": "Gone", "exists": True}, False),
    ({"value": "Gone", "exists": False}, True),
    ({"value": "Gone", "empty": True}, True),
    ({"value": "Gone", "equals": 3}, False),
    ({"value": "Gone", "not_equals": 3}, False),
    ({"value": "Gone", "above": -1}, False),
    ({"value": "Gone", "contains": "x"}, False),
    ({"value": "Gone", "matches": "x"}, False),
    ({"field": "subkeys", "above": 1}, True),
    ({"field": "subkeys", "contains": "two"}, True),
    ({"found": True}, True),
    ({"found": False}, False),
    ({"not": {"value": "Flags", "above": 2}}, False),
    ({"not": {"value": "Broken", "above": 2}}, None),
    ({"all": [{"value": "Flags", "above": 2}, {"value": "Word", "contains": "reboot"}]}, True),
    ({"all": [{"value": "Flags", "above": 9}, {"value": "Broken", "above": 0}]}, False),
    ({"all": [{"value": "Flags", "above": 2}, {"value": "Broken", "above": 0}]}, None),
    ({"any": [{"value": "Flags", "above": 9}, {"value": "Word", "contains": "reboot"}]}, True),
    ({"any": [{"value": "Flags", "above": 2}, {"value": "Broken", "above": 0}]}, True),
    ({"any": [{"value": "Flags", "above": 9}, {"value": "Broken", "above": 0}]}, None),
    ({"any": [{"value": "Flags", "above": 9}, {"found": False}]}, False),
]
OF_FIELDS = [
    ({"field": "instances", "above": 0}, True),
    ({"field": "instances/0/State", "equals": 8}, True),
    ({"field": "/instances/0/Busy/", "equals": True}, True),
    ({"field": "instances/0/Busy", "equals": False}, False),
    ({"field": "instances/0/Names", "contains": "X"}, True),
    ({"field": "instances/1/State", "equals": 8}, False),
    ({"field": "instances/1", "exists": False}, True),
    ({"field": "instances/²", "exists": False}, True),
    ({"field": "instances/0/Gone", "exists": True}, False),
    ({"field": "Word", "equals": "ON"}, True),
    ({"field": "Nothing", "empty": True}, True),
    ({"field": "Nothing", "equals": "x"}, None),
]
WRONG = [
    (None, "p: must be a mapping"),
    ({}, "p: must be a mapping"),
    ("found", "p: must be a mapping"),
    ([{"found": True}], "p: must be a mapping"),
    ({"found": "yes"}, "p.found: must be true or false"),
    ({"found": True, "value": "x"}, "p: found stands alone"),
    ({"all": []}, "p.all: must be a list of conditions"),
    ({"any": {"found": True}}, "p.any: must be a list of conditions"),
    ({"all": [{"found": True}, {"found": 1}]}, "p.all[1].found: must be true or false"),
    ({"not": {"value": "x"}}, "p.not: needs value or field, and one operator"),
    ({"value": "x"}, "p: needs value or field, and one operator"),
    ({"equals": 1}, "p: needs value or field, and one operator"),
    ({"value": "x", "field": "y", "equals": 1}, "p: needs value or field, and one operator"),
    ({"value": "x", "equals": 1, "above": 0}, "p: needs value or field, and one operator"),
    ({"value": "x", "equal": 1}, "p.equal: no such operator (did you mean equals?)"),
    ({"value": 5, "equals": 1}, "p.value: must be a text"),
    ({"field": "/", "equals": 1}, "p.field: must be a text"),
    ({"value": "x", "equals": None}, "p.equals: must be a text, a whole number"),
    ({"value": "x", "equals": 1.5}, "p.equals: must be a text, a whole number"),
    ({"value": "x", "above": True}, "p.above: must be a whole number"),
    ({"value": "x", "above": "1"}, "p.above: must be a whole number"),
    ({"value": "x", "exists": 1}, "p.exists: must be true or false"),
    ({"value": "x", "empty": "no"}, "p.empty: must be true or false"),
    ({"value": "x", "contains": ""}, "p.contains: must be a text"),
    ({"value": "x", "matches": ""}, "p.matches: must be a regular expression"),
    ({"value": "x", "matches": "("}, "p.matches: not a regular expression"),
    ({"value": "x", "matches": "a{99999999999999}"}, "p.matches: not a regular expression"),
]


def truth_of(condition, answer):
    return parse_condition(condition, where="p")(answer_of({"x": answer}, "x"))


@pytest.mark.parametrize(("condition", "truth"), OF_VALUES)
def test_a_condition_on_a_registry_key_is_true_false_or_unknown(condition, truth):
    assert truth_of(condition, KEY) is truth


@pytest.mark.parametrize(("condition", "truth"), OF_FIELDS)
def test_a_condition_on_a_field_goes_down_maps_and_lists(condition, truth):
    assert truth_of(condition, TREE) is truth


@pytest.mark.parametrize(("condition", "complaint"), WRONG)
def test_a_wrong_condition_is_named_by_its_place(condition, complaint):
    with pytest.raises(ConditionError) as caught:
        parse_condition(condition, where="p")
    assert str(caught.value).startswith(complaint)


def test_what_was_not_found_fits_only_found_false_and_not_there():
    assert truth_of({"found": False}, ABSENT) is True
    assert truth_of({"found": True}, ABSENT) is False
    assert truth_of({"value": "x", "exists": False}, ABSENT) is True
    assert truth_of({"field": "x", "above": 0}, ABSENT) is False


def test_a_damaged_registry_answer_fits_nothing_for_sure():
    for damage in ({}, {"values": None}, {"values": "x"}):
        assert truth_of({"value": "Flags", "above": 0}, ok(**damage)) is None


def test_a_text_where_the_answer_should_branch_is_damage():
    assert truth_of({"field": "instances/0/State", "equals": 8}, ok(instances="junk")) is None


def test_conditions_are_nested_only_so_deep():
    condition = {"found": True}
    for _ in range(MAX_DEPTH):
        condition = {"not": condition}
    assert truth_of(condition, KEY) is (MAX_DEPTH % 2 == 0)
    with pytest.raises(ConditionError, match="nested more than"):
        parse_condition({"not": condition}, where="p")


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([condition for condition, _ in [*OF_VALUES, *OF_FIELDS]]), junk)
def test_no_answer_whatever_breaks_a_condition(condition, data):
    for answer in (ok(values=data, instances=data), ok(values={"Flags": value(data), "Word": text(data)}), refused()):
        assert truth_of(condition, answer) in (True, False, None)
