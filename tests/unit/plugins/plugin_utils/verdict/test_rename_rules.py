# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules for the rename queue: which are in force, and that no mistake in one passes unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_place import PLACES
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_rules import (
    OPERATIONS,
    SHIPPED_RULES,
    RenameRule,
    RenameRuleError,
    parse_rename_rules,
    type_name,
)
from hypothesis import given
from hypothesis import strategies as st

SHIPPED_IDS = [rule.id for rule in SHIPPED_RULES]
OWN = {"id": "own", "match": r"\\Contoso\\", "reason": "Contoso's updater cleans up after itself."}
LAST_MINUTE = datetime(2026, 12, 31, 17, 59, tzinfo=UTC)

MISTAKE_TABLE: list[tuple[object, str]] = [
    ({"match": "x"}, "rename_rules: must be a list of rules and names of rule sets, not mapping"),
    ("temp_deletions", "rename_rules: must be a list of rules and names of rule sets, not str"),
    (True, "rename_rules: must be a list of rules and names of rule sets, not bool"),
    ([None], "rename_rules[0]: must be a rule (mapping) or the name of a rule set, not null"),
    ([["x"]], "rename_rules[0]: must be a rule (mapping) or the name of a rule set, not list"),
    (["temp_deletion"], "rename_rules[0]: no rule set is named 'temp_deletion' (did you mean temp_deletions?); "),
    (["no_shipped_rules", "amcache"], "rename_rules[0]: no_shipped_rules contradicts the rule sets named beside it"),
    ([OWN, {"reason": "r"}], "rename_rules[1]: needs match, operation or place; without any it would ignore "),
    ([{"match": None, "reason": "r"}], "rename_rules[0]: needs match, operation or place; "),
    ([{"match": "x"}], "rename_rules[0].reason: is required"),
    ([{"match": "x", "reason": " "}], "rename_rules[0].reason: must not be empty"),
    ([{"match": "x", "reason": 7}], "rename_rules[0].reason: must be text, not int"),
    ([OWN, OWN], "rename_rules[1].id: 'own' is the id of another rule too"),
    ([{**OWN, "id": "amcache"}], "rename_rules[0].id: 'amcache' is the name of a shipped rule set"),
    ([{**OWN, "id": "no_shipped_rules"}], "rename_rules[0].id: 'no_shipped_rules' is the name of a shipped"),
    ([{**OWN, "id": ["x"]}], "rename_rules[0].id: must be text, not list"),
    ([{**OWN, "match": ""}], "rename_rules[0].match: must not be empty"),
    ([{**OWN, "match": 5}], "rename_rules[0].match: must be text, not int"),
    ([{**OWN, "match": "("}], "rename_rules[0].match: not a regular expression: missing ), unterminated subpattern"),
    (
        [{**OWN, "match": r"C:\Temp"}],
        r"rename_rules[0].match: not a regular expression: bad escape \T at position 2; a",
    ),
    ([{**OWN, "match": "a{99999999999999}"}], "rename_rules[0].match: not a regular expression: "),
    ([{**OWN, "matches": "x"}], "rename_rules[0].matches: unknown key (did you mean match?); a rule has id, match"),
    ([{**OWN, 5: "x"}], "rename_rules[0].5: unknown key; a rule has id, match"),
    ([{**OWN, "operation": "move"}], "rename_rules[0].operation: 'move' is none of delete, rename, replace"),
    ([{**OWN, "operation": ["delete"]}], "rename_rules[0].operation: list is none of delete, rename, replace"),
    ([{**OWN, "place": "System32"}], "rename_rules[0].place: 'System32' is none of system32, winsxs, "),
    ([{**OWN, "place": "tmp"}], ", other (did you mean temp?)"),
    ([{**OWN, "expires": "soon"}], "rename_rules[0].expires: 'soon' is not a date or time such as 2026-12-31"),
    ([{**OWN, "expires": "2026-02-30"}], "rename_rules[0].expires: '2026-02-30' is not a date or time: day"),
    ([{**OWN, "expires": "2026-01-01T00:00:00+99:00"}], "is not a date or time: offset must be"),
    ([{**OWN, "expires": 20261231}], "rename_rules[0].expires: must be text, not int"),
    ([{**OWN, "expires": True}], "rename_rules[0].expires: must be text, not bool"),
]

EXPIRES_TABLE: list[tuple[object, datetime]] = [
    ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC)),
    ("2026-12-31T18:00:00Z", datetime(2026, 12, 31, 18, tzinfo=UTC)),
    ("2026-12-31 18:00", datetime(2026, 12, 31, 18, tzinfo=UTC)),
    ("2026-12-31t18:00:00.123z", datetime(2026, 12, 31, 18, tzinfo=UTC)),
    ("2026-12-31T18:00:00+01:00", datetime(2026, 12, 31, 17, tzinfo=UTC)),
    ("2026-12-31T18:00:00-0130", datetime(2026, 12, 31, 19, 30, tzinfo=UTC)),
    (date(2026, 12, 31), datetime(2026, 12, 31, tzinfo=UTC)),
    (datetime.fromisoformat("2026-12-31T18:00:00"), datetime(2026, 12, 31, 18, tzinfo=UTC)),
    (datetime(2026, 12, 31, 18, tzinfo=UTC), datetime(2026, 12, 31, 18, tzinfo=UTC)),
]


def mistakes_of(value: object) -> list[str]:
    with pytest.raises(RenameRuleError) as caught:
        parse_rename_rules(value)
    return caught.value.mistakes


def read_or_refuse(value: object) -> tuple[tuple[RenameRule, ...], list[str]]:
    try:
        return parse_rename_rules(value), []
    except RenameRuleError as error:
        return (), error.mistakes


@pytest.mark.parametrize(("value", "message"), MISTAKE_TABLE)
def test_a_mistake_is_refused_with_its_position_and_key(value: object, message: str) -> None:
    (mistake,) = mistakes_of(value)
    assert message in mistake


def test_all_mistakes_come_in_one_error() -> None:
    value = [{**OWN, "match": "(", "place": "here", "expires": "x"}, "nothing", 5, {"operation": "move"}]
    with pytest.raises(RenameRuleError) as caught:
        parse_rename_rules(value)
    starts = [mistake.split(":")[0] for mistake in caught.value.mistakes]
    assert starts == [
        "rename_rules[0].match",
        "rename_rules[0].place",
        "rename_rules[0].expires",
        "rename_rules[1]",
        "rename_rules[2]",
        "rename_rules[3].reason",
        "rename_rules[3].operation",
    ]
    assert all(mistake in str(caught.value) for mistake in caught.value.mistakes)


def test_without_a_policy_all_shipped_sets_are_in_force() -> None:
    assert parse_rename_rules(None) is SHIPPED_RULES
    assert parse_rename_rules([]) == SHIPPED_RULES


def test_own_rules_come_first_and_the_shipped_sets_stay() -> None:
    rules = parse_rename_rules([OWN])
    assert [rule.id for rule in rules] == ["own", *SHIPPED_IDS]
    assert [rule.shipped for rule in rules] == [False] + [True] * len(SHIPPED_IDS)


def test_naming_a_set_leaves_out_the_others() -> None:
    rules = parse_rename_rules(["print_spooler", OWN, "amcache", "print_spooler"])
    assert [rule.id for rule in rules] == ["own", "print_spooler", "amcache"]


def test_no_shipped_rules_leaves_only_own_rules() -> None:
    assert parse_rename_rules(["no_shipped_rules"]) == ()
    assert [rule.id for rule in parse_rename_rules([OWN, "no_shipped_rules"])] == ["own"]


def test_a_rule_without_an_id_is_called_by_its_position() -> None:
    rules = parse_rename_rules(["no_shipped_rules", {"place": "temp", "reason": "r"}])
    assert [rule.id for rule in rules] == ["rename_rules[1]"]


def test_own_regular_expressions_ignore_case() -> None:
    (rule, *_shipped) = parse_rename_rules([OWN])
    assert rule.match is not None
    assert rule.match.search(r"C:\PROGRAM FILES\CONTOSO\a.dll")


@pytest.mark.parametrize(("text", "moment"), EXPIRES_TABLE)
def test_an_expiry_is_read_from_text_and_from_yaml_objects(text: object, moment: datetime) -> None:
    (rule,) = parse_rename_rules(["no_shipped_rules", {**OWN, "expires": text}])
    assert rule.expires == moment
    assert rule.applies_at(moment - timedelta(seconds=1))
    assert not rule.applies_at(moment)
    assert not rule.applies_at(moment + timedelta(seconds=1))


def test_a_rule_that_expires_does_not_apply_when_the_time_is_unknown() -> None:
    rules = parse_rename_rules(["no_shipped_rules", {**OWN, "expires": "2026-12-31T18:00Z"}, {**OWN, "id": "always"}])
    assert [rule.applies_at(None) for rule in rules] == [False, True]
    assert [rule.applies_at(LAST_MINUTE) for rule in rules] == [True, True]


def test_a_rule_as_data_can_be_read_again() -> None:
    given_rule = {**OWN, "operation": "delete", "place": "other", "expires": "2026-12-31T18:00:00Z"}
    (rule,) = parse_rename_rules(["no_shipped_rules", given_rule])
    data = rule.as_dict()
    assert data == {**given_rule, "shipped": False}
    del data["shipped"]
    assert parse_rename_rules(["no_shipped_rules", data]) == (rule,)


@pytest.mark.parametrize("rule", SHIPPED_RULES, ids=SHIPPED_IDS)
def test_each_shipped_set_says_why_in_a_sentence_and_names_something(rule: RenameRule) -> None:
    assert re.fullmatch(r"[A-Z].{30,}\.", rule.reason)
    assert re.fullmatch(r"[a-z_]+", rule.id)
    assert rule.shipped
    assert rule.expires is None
    assert rule.match or rule.operation or rule.place
    assert rule.operation in (None, *OPERATIONS)
    assert rule.place in (None, *PLACES)
    assert rule.match is None or not rule.match.search(r"C:\Windows\System32\ntdll.dll")


def test_shipped_ids_are_unique() -> None:
    assert len(set(SHIPPED_IDS)) == len(SHIPPED_IDS)


def test_wrapped_values_are_called_by_their_plain_type() -> None:
    class Tagged(str):
        __slots__ = ()

    class Wrapped(Mapping[str, str]):
        def __getitem__(self, key: str) -> str:
            raise KeyError(key)

        def __iter__(self) -> Iterator[str]:
            return iter(())

        def __len__(self) -> int:
            return 0

    assert type_name(Tagged("x")) == "str"
    assert type_name(Wrapped()) == "mapping"
    assert type_name(True) == "bool"
    assert type_name(b"x") == "bytes"


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates())
KEYS = st.one_of(st.sampled_from(["id", "match", "operation", "place", "reason", "expires"]), SCALARS)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=8,
)


@given(value=st.one_of(ANYTHING, st.lists(st.dictionaries(KEYS, ANYTHING, max_size=6), max_size=3)))
def test_any_value_is_read_or_refused_with_a_clear_error(value: object) -> None:
    rules, mistakes = read_or_refuse(value)
    assert bool(rules) is not bool(mistakes)
    assert all(mistake.startswith("rename_rules") for mistake in mistakes)
    assert all(rule.reason.strip() for rule in rules)
    assert all(rule.match or rule.operation or rule.place for rule in rules)
    assert len({rule.id for rule in rules}) == len(rules)
