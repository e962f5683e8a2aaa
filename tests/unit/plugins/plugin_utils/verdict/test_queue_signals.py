# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two rename queues as signals: significant, minor, ignored, unreadable, huge."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    IGNORED_PAIR,
    MINOR_PAIR,
    SIGNIFICANT_PAIR,
    document,
    ok,
    queue,
    signal,
    value,
    verdict,
)

QUEUES = {"pending_file_rename": "PendingFileRenameOperations", "pending_file_rename_2": "PendingFileRenameOperations2"}


def host(*strings, name="pending_file_rename"):
    return document({"session_manager": queue(*strings, name=QUEUES[name])})


@pytest.mark.parametrize("name", QUEUES)
@pytest.mark.parametrize(
    ("strings", "word", "reboot"),
    [
        (SIGNIFICANT_PAIR, "because", "required"),
        ([*MINOR_PAIR, *SIGNIFICANT_PAIR], "because", "required"),
        ([*IGNORED_PAIR, *SIGNIFICANT_PAIR], "because", "required"),
        (MINOR_PAIR, "hints", "not_required"),
        ([*MINOR_PAIR, *IGNORED_PAIR], "hints", "not_required"),
    ],
)
def test_the_weightiest_entry_decides_what_the_queue_weighs(name, strings, word, reboot):
    found = verdict(host(*strings, name=name))
    assert (found["reboot"], found[word], found["ignored"]) == (reboot, [name], [])


@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_of_which_rules_ignore_everything_is_ignored_by_the_name_of_the_rule(name):
    found = verdict(host(*IGNORED_PAIR, *IGNORED_PAIR, name=name))
    assert found["ignored"] == [{"id": name, "rule": "temp_deletions"}]
    assert (found["reboot"], found["because"], found["hints"]) == ("not_required", [], [])


@pytest.mark.parametrize("name", QUEUES)
@pytest.mark.parametrize("strings", [[], [""], ["", ""], ["", "", "", ""], ["", "", ""]])
def test_a_queue_of_only_empty_strings_is_empty(name, strings):
    assert signal(name, host(*strings, name=name))["state"] == "absent"


def test_the_two_queues_are_two_signals():
    first = host(*SIGNIFICANT_PAIR)
    assert signal("pending_file_rename", first)["state"] == "present"
    assert signal("pending_file_rename_2", first)["state"] == "absent"


@pytest.mark.parametrize("spelling", ["PENDINGFILERENAMEOPERATIONS", "pendingFileRenameOperations"])
def test_the_name_of_the_value_ignores_case(spelling):
    found = signal("pending_file_rename", document({"session_manager": queue(*SIGNIFICANT_PAIR, name=spelling)}))
    assert found["state"] == "present"


@pytest.mark.parametrize(
    "entry",
    [
        value("\\??\\C:\\a", "REG_SZ"),
        value(SIGNIFICANT_PAIR, "REG_SZ"),
        value("5c003f00", "REG_BINARY"),
        value([], None),
        value(None, "REG_MULTI_SZ"),
        value("text", "REG_MULTI_SZ"),
        value([1, 2], "REG_MULTI_SZ"),
        value([None, ""], "REG_MULTI_SZ"),
        value({"0": "x"}, "REG_MULTI_SZ"),
        None,
        [],
        "x",
    ],
)
@pytest.mark.parametrize("spelling", ["PendingFileRenameOperations", "pendingfilerenameoperations"])
def test_a_queue_that_is_no_list_of_texts_is_unknown_and_decisive(spelling, entry):
    found = verdict(document({"session_manager": ok(values={spelling: entry})}))
    assert found["reboot"] == "unknown"
    assert [(one["id"], one["decisive"]) for one in found["unknown"]] == [("pending_file_rename", True)]


def test_without_the_values_no_queue_is_there():
    assert verdict(document({"session_manager": ok(values={})}))["reboot"] == "not_required"
    assert verdict(document({"session_manager": ABSENT}))["reboot"] == "not_required"


@pytest.mark.parametrize(
    ("strings", "words"),
    [
        (MINOR_PAIR, {"significant": "hints", "any": "because", "ignore": "ignored"}),
        (SIGNIFICANT_PAIR, {"significant": "because", "any": "because", "ignore": "ignored"}),
        (IGNORED_PAIR, {"significant": "ignored", "any": "ignored", "ignore": "ignored"}),
    ],
)
@pytest.mark.parametrize("word", ["significant", "any", "ignore"])
def test_the_policy_says_which_entries_count(strings, words, word):
    found = verdict(host(*strings), {"rename_queue": word})
    names = {
        key: [one["id"] if key == "ignored" else one for one in found[key]] for key in ("because", "hints", "ignored")
    }
    assert names == {key: ["pending_file_rename"] if key == words[word] else [] for key in names}
    assert found["reboot"] == ("required" if words[word] == "because" else "not_required")


def test_entries_that_rules_ignore_weigh_nothing_even_when_any_entry_counts():
    assert signal("pending_file_rename", host(*IGNORED_PAIR), {"rename_queue": "any"})["strength"] == "weak"


def test_an_ignored_queue_stays_in_the_evidence_of_the_verdict():
    evidence = host(*SIGNIFICANT_PAIR)
    assert verdict(evidence, {"rename_queue": "ignore"})["ignored"] == [
        {"id": "pending_file_rename", "rule": "rename_queue"}
    ]
    assert signal("pending_file_rename", evidence, {"rename_queue": "ignore"})["entries"]


def test_a_rule_of_ones_own_may_ignore_a_significant_entry_until_it_expires():
    rule = {"id": "driver", "match": r"\\a\.dll$", "reason": "known", "expires": "2026-11-18T04:00:00Z"}
    evidence = host(*SIGNIFICANT_PAIR)
    policy = {"rename_rules": [rule]}
    assert verdict(evidence, policy)["ignored"] == [{"id": "pending_file_rename", "rule": "driver"}]
    assert verdict(evidence, policy, "2026-11-18T03:59:59Z")["reboot"] == "not_required"
    assert verdict(evidence, policy, "2026-11-18T04:00:01Z")["reboot"] == "required"
    assert verdict(document({"session_manager": queue(*SIGNIFICANT_PAIR)}, collected_at=None), policy)["reboot"] == (
        "required"
    )


def test_entries_are_told_with_operation_place_and_rule_and_the_weighty_ones_first():
    found = signal("pending_file_rename", host(*IGNORED_PAIR, *MINOR_PAIR, *SIGNIFICANT_PAIR))
    assert [(one["operation"], one["place"], one["significant"], one["rule"]) for one in found["entries"]] == [
        ("replace", "system32", True, None),
        ("delete", "other", False, None),
        ("delete", "temp", False, "temp_deletions"),
    ]
    assert "1 significant (replaces C:\\Windows\\System32\\a.dll)" in found["detail"]
    assert "1 minor" in found["detail"]
    assert "1 ignored by rules" in found["detail"]


def test_an_odd_number_of_strings_is_said():
    assert "odd number" in signal("pending_file_rename", host("\\??\\C:\\Windows\\System32\\a.dll"))["detail"]


def test_a_hundred_thousand_entries_are_judged_and_a_few_shown():
    strings = [*MINOR_PAIR * 50_000, *SIGNIFICANT_PAIR, *IGNORED_PAIR * 50_000]
    found = signal("pending_file_rename", host(*strings))
    assert found["strength"] == "strong"
    assert "100001 file operations wait" in found["detail"]
    assert found["entries"][0]["significant"] is True
    assert len(found["entries"]) <= 100
    assert len(json.dumps(found)) < 100_000
