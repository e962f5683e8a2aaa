# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One policy mapping for every question: each reader takes its keys, and every mistake is told."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import FileReading
from ansible_collections.winops.patching.plugins.plugin_utils._plan.keys import (
    PACKING_KEYS,
    REBOOT_KEYS,
    WAVE_KEYS,
    WINDOW_KEYS,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.baseline.baseline import BASELINE_KEYS
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.file_rules import (
    FileRule,
    parse_file_rules,
    parse_version,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.policy import (
    parse_compliance_policy,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import (
    COMPLIANCE_KEYS,
    PLAN_KEYS,
    Policy,
    PolicyError,
    parse_policy,
)

from .scans import ID, KB, RULE, TARGET

WHOLE = {
    "name": "monthly",
    "install": [{"classification": ["Security Updates"]}],
    "approve_after": "7d",
    "rejected": [{"kb": "5001234"}],
    "ignore_updates": [{"kb": "5004321", "reason": "case 12", "until": "2027-01-31"}],
    "months": [{"name": "2026-11", "any_of": [{"kb": "5068861"}]}],
    "order": "servicing_stack_first",
    "file_rules": [RULE],
    "catalog": {"as_of": "2026-11-10T18:00:00Z", "updates": [{"id": ID, "revision": 101}]},
    "expected_source": "https://wsus.example:8531",
    "max_scan_age": "2d",
    "unknown_is": "required",
}


def mistakes_of(policy):
    """What is said of a policy that cannot be used."""
    with pytest.raises(PolicyError) as error:
        parse_compliance_policy(policy)
    return error.value.mistakes


def test_every_key_is_read():
    policy = parse_compliance_policy(WHOLE)
    assert policy.reboot.unknown_is == "required"
    assert policy.reboot.max_scan_age.days == 2
    assert policy.baseline.name == "monthly"
    assert policy.rules.rules == (FileRule(TARGET, (10, 0, 0, 0), None, ID),)
    assert list(policy.catalog.entries) == [ID]
    assert policy.expected_source.text == "https://wsus.example:8531"


@pytest.mark.parametrize("policy", [None, {}, dict.fromkeys(WHOLE.keys() - {"max_scan_age", "unknown_is"})])
def test_without_keys_nothing_is_asked_for(policy):
    parsed = parse_compliance_policy(policy)
    assert (parsed.catalog, parsed.expected_source, parsed.baseline.install) == (None, None, None)
    assert not parsed.rules


def test_a_parsed_policy_is_taken_as_it_is():
    policy = parse_compliance_policy(WHOLE)
    assert parse_compliance_policy(policy) is policy


def test_the_reboot_verdict_takes_the_same_mapping():
    assert parse_policy(WHOLE).unknown_is == "required"
    assert parse_policy(dict.fromkeys((*COMPLIANCE_KEYS, *PLAN_KEYS), 5)) == Policy()


def test_the_keys_that_are_passed_over_are_those_of_the_other_readers():
    assert {*BASELINE_KEYS, "file_rules", "catalog", "expected_source"} == set(COMPLIANCE_KEYS)
    assert {*PACKING_KEYS, *WINDOW_KEYS, *WAVE_KEYS, *REBOOT_KEYS} - {"order"} == set(PLAN_KEYS)


def test_mistakes_of_all_readers_are_told_at_once():
    mistakes = mistakes_of(
        {
            "instal": [],
            "approve_after": "soon",
            "file_rules": [{}],
            "catalog": 5,
            "expected_source": "wsus",
            "max_scan_age": "old",
        }
    )
    keys = {mistake.split(":")[0].split("[")[0].removeprefix("policy.") for mistake in mistakes}
    assert keys == {"instal", "approve_after", "file_rules", "catalog", "expected_source", "max_scan_age"}


@pytest.mark.parametrize("policy", [[], "strict", 5])
def test_a_policy_is_a_mapping(policy):
    assert mistakes_of(policy)[0].startswith("policy: must be a mapping")


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        (5, ""),
        ({**RULE, "sha256": "a" * 64}, ""),
        ({"update": ID, "path": TARGET}, ""),
        ({**RULE, "colour": 1}, ".colour"),
        ({**RULE, "update": None}, ".update"),
        ({**RULE, "update": 5}, ".update"),
        ({**RULE, "path": "clbcatq.dll"}, ".path"),
        ({**RULE, "path": "C:\\Windows\\*.dll"}, ".path"),
        ({**RULE, "path": 5}, ".path"),
        ({**RULE, "min_version": "ten"}, ".min_version"),
        ({**RULE, "min_version": "10.0.1.2 (WinBuild.1)"}, ".min_version"),
        ({**RULE, "min_version": True}, ".min_version"),
        ({"update": ID, "path": TARGET, "sha256": "abc"}, ".sha256"),
        ({"update": ID, "path": TARGET, "sha256": 5}, ".sha256"),
    ],
)
def test_a_mistake_in_a_file_rule_is_told_with_its_place(rule, where):
    mistakes = mistakes_of({"file_rules": [RULE, rule]})
    assert [mistake for mistake in mistakes if mistake.startswith(f"policy.file_rules[1]{where}:")]


def test_rules_are_a_list_and_not_endless():
    assert "must be a list" in mistakes_of({"file_rules": {}})[0]
    assert "2001 rules" in mistakes_of({"file_rules": [RULE] * 2001})[0]


@pytest.mark.parametrize(
    ("given", "kb", "update"),
    [(KB, KB, None), (f"kb{KB}", KB, None), (int(KB), KB, None), (f"{{{ID.upper()}}}", None, ID)],
)
def test_a_rule_is_about_a_kb_or_an_id(given, kb, update):
    rule = parse_file_rules([{**RULE, "update": given}])[0]
    assert (rule.kb, rule.update) == (kb, update)


@pytest.mark.parametrize(
    ("text", "version"),
    [("10.0.20348.1", (10, 0, 20348, 1)), ("10", (10,)), (10, (10,)), (10.5, (10, 5)), (" 1.2 ", (1, 2))],
)
def test_versions_are_numbers_between_dots(text, version):
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "1.2.3.4.5", "1..2", "v1", "1,2", None, [], True, "1e5"])
def test_all_else_is_no_version(text):
    assert parse_version(text) is None


class TestChecks:
    """One rule and one file."""

    @pytest.mark.parametrize(
        ("state", "version", "answer"),
        [
            ("ok", "10.0.0.0", "passes"),
            ("ok", "10.0.0.1", "passes"),
            ("ok", "10", "passes"),
            ("ok", "9.9.9.9", "fails"),
            ("ok", None, "unknown"),
            ("absent", None, "fails"),
            ("denied", "10.0.0.0", "unknown"),
            ("timeout", None, "unknown"),
        ],
    )
    def test_a_version_decides(self, state, version, answer):
        from_scan = parse_file_rules([RULE])[0]
        reading = FileReading(state, version, None)
        assert from_scan.check(reading, "a.dll")[0] == answer

    def test_a_version_is_compared_by_numbers(self):
        rule = parse_file_rules([{**RULE, "min_version": "10.0.9"}])[0]
        assert rule.check(FileReading("ok", "10.0.10", None), "a.dll")[0] == "passes"

    @pytest.mark.parametrize(("digest", "answer"), [("a" * 64, "passes"), ("b" * 64, "fails"), (None, "unknown")])
    def test_a_hash_must_be_equal(self, digest, answer):
        rule = parse_file_rules([{"update": ID, "path": TARGET, "sha256": "A" * 64}])[0]
        assert rule.check(FileReading("ok", "1.0", digest), "a.dll")[0] == answer
        assert rule.wants == "sha256 aaaaaaaaaaaa…"

    def test_a_file_that_the_scan_did_not_read_is_unknown(self):
        assert parse_file_rules([RULE])[0].check(None, "a.dll") == ("unknown", "a.dll was not read by the scan")


@pytest.mark.parametrize(
    ("catalog", "where"),
    [
        ({}, ".as_of"),
        ({"as_of": "now", "updates": []}, ".as_of"),
        ({"as_of": "2026-11-10T18:00:00Z"}, ".updates"),
        ({"as_of": "2026-11-10T18:00:00Z", "updates": [5]}, ".updates[0]"),
        ({"as_of": "2026-11-10T18:00:00Z", "updates": [{}]}, ".updates[0].id"),
        ({"as_of": "2026-11-10T18:00:00Z", "updates": [{"id": "u", "revision": "x"}]}, ".updates[0].revision"),
        ({"as_of": "2026-11-10T18:00:00Z", "updates": [{"id": "u", "kb": 5}]}, ".updates[0].kb"),
        ({"as_of": "2026-11-10T18:00:00Z", "updates": [], "date": 1}, ".date"),
        ({"as_of": "2026-11-10T18:00:00Z", "updates": [{}] * 100_001}, ".updates"),
    ],
)
def test_a_mistake_in_a_catalogue_is_told_with_its_place(catalog, where):
    assert [mistake for mistake in mistakes_of({"catalog": catalog}) if mistake.startswith(f"policy.catalog{where}:")]


def test_of_two_revisions_the_newer_is_in_the_catalogue():
    entries = [{"id": "U", "revision": 5}, {"id": "u", "revision": 4}, {"id": "v"}]
    catalog = parse_compliance_policy({"catalog": {"as_of": "2026-11-10T18:00:00Z", "updates": entries}}).catalog
    assert {name: entry.revision for name, entry in catalog.entries.items()} == {"u": 5, "v": None}
