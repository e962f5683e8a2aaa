# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what a door was given to a verdict or the door's own error."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.judging import judge, merged_policy
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    with_present,
)


class DoorError(Exception):
    """The error of a door."""


def test_a_verdict_is_passed_on():
    assert judge(with_present("domain_join"), None, now=None, error=DoorError).reboot == "required"


@pytest.mark.parametrize(
    ("evidence", "policy", "now", "words"),
    [
        (None, None, None, "evidence is a mapping"),
        ("{", None, None, "evidence is a mapping"),
        ({"schema": "other"}, None, None, "of schema 'other'"),
        (document(), {"require": "x"}, None, "policy.require"),
        (document(), None, "soon", "'soon' is not a time"),
    ],
)
def test_what_cannot_be_judged_is_the_error_of_the_door(evidence, policy, now, words):
    with pytest.raises(DoorError, match=words):
        judge(evidence, policy, now=now, error=DoorError)


def test_the_options_of_the_door_are_put_into_the_policy():
    merged = merged_policy({"weak_decides": 2}, error=DoorError, rename_rules=["amcache"], unknown_is=None)
    assert merged == {"weak_decides": 2, "rename_rules": ["amcache"]}
    assert merged_policy(None, error=DoorError, unknown_is=None) == {}
    assert merged_policy({}, error=DoorError, unknown_is="required") == {"unknown_is": "required"}


def test_the_given_policy_is_left_as_it_is():
    given = {"weak_decides": 2}
    merged_policy(given, error=DoorError, unknown_is="required")
    assert given == {"weak_decides": 2}


def test_an_option_that_is_given_twice_is_an_error_that_names_it():
    with pytest.raises(DoorError, match="rename_rules, unknown_is: given as an option and inside policy"):
        merged_policy(
            {"rename_rules": [], "unknown_is": "required"},
            error=DoorError,
            rename_rules=[],
            unknown_is="required",
        )


@pytest.mark.parametrize(
    ("policy", "words"),
    [("strict", "policy: must be a mapping"), ([], "must be a mapping"), ({"requires": []}, "policy.requires")],
)
def test_a_wrong_policy_is_the_error_of_the_door(policy, words):
    with pytest.raises(DoorError, match=words):
        merged_policy(policy, error=DoorError)


def test_a_wrong_rule_in_an_option_is_named_by_position():
    with pytest.raises(DoorError, match=r"rename_rules\[0\]\.match: not a regular expression"):
        merged_policy(None, error=DoorError, rename_rules=[{"match": "(", "reason": "r"}])
