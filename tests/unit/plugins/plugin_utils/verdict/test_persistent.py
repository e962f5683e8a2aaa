# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Signals that no reboot clears: their marks, what a policy that holds them ignores, and what the machine is then."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    patch_compliance,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.persistent import persistent_marks, signal_mark
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError, parse_policy
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    GUID,
    IGNORED_PAIR,
    MINOR_PAIR,
    PRESENT,
    SIGNIFICANT_PAIR,
    document,
    ok,
    queue,
    value,
    with_present,
)
from hypothesis import given
from hypothesis import strategies as st

STUCK = with_present("wu_reboot_required")
OTHER_PAIR = ["\\??\\C:\\Windows\\System32\\SET2.tmp", "!\\??\\C:\\Windows\\System32\\b.dll"]
SCAN = {
    "scanned_at": "2026-11-18T03:10:00Z",
    "boot_time": "2026-11-01T03:12:00Z",
    "complete": True,
    "coverage": ["all"],
    "host": "web01",
}
INSTALLED = {"id": GUID, "revision": 200, "title": "An update", "installed": True, "reboot_required": False}


def mark(name, evidence):
    return next(signal_mark(signal) for signal in reboot_verdict(evidence).signals if signal.id == name)


def marks_of(evidence, *names):
    return {name: mark(name, evidence) for name in names}


def test_a_present_signal_with_the_mark_of_the_policy_is_ignored_by_the_rule_persistent():
    verdict = reboot_verdict(STUCK, {"persistent": marks_of(STUCK, "wu_reboot_required")}).as_dict()
    assert (verdict["reboot"], verdict["because"]) == ("not_required", [])
    assert verdict["ignored"] == [{"id": "wu_reboot_required", "rule": "persistent"}]
    assert "wu_reboot_required" in verdict["sentence"]


def test_without_the_mark_it_is_required_as_before():
    assert reboot_verdict(STUCK).reboot == "required"


def test_another_signal_still_decides():
    both = with_present("wu_reboot_required", "computer_rename")
    verdict = reboot_verdict(both, {"persistent": marks_of(both, "wu_reboot_required")})
    assert (verdict.reboot, verdict.because, verdict.persistent) == (
        "required",
        ("computer_rename",),
        ("wu_reboot_required",),
    )


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("wu_reboot_required", {"wu_reboot_required": ok(values={"11111111-2222-3333-4444-555555555555": value(1)})}),
        ("wu_reboot_required", {"wu_reboot_required": ok(values={})}),
        ("pending_file_rename", {"session_manager": queue(*OTHER_PAIR)}),
        ("pending_file_rename", {"session_manager": queue(*SIGNIFICANT_PAIR, *OTHER_PAIR)}),
        (
            "computer_rename",
            {**PRESENT["computer_rename"], "name_next": ok(values={"ComputerName": value("X", "REG_SZ")})},
        ),
    ],
)
def test_a_signal_that_holds_something_else_has_another_mark(name, changed):
    before = with_present(name)
    assert mark(name, before) != mark(name, document(changed))
    assert reboot_verdict(document(changed), {"persistent": marks_of(before, name)}).reboot == "required"


def test_of_a_rename_queue_neither_order_nor_noise_changes_the_mark():
    pairs = [*SIGNIFICANT_PAIR, *OTHER_PAIR]
    turned = [*MINOR_PAIR, *OTHER_PAIR, *IGNORED_PAIR, *SIGNIFICANT_PAIR]
    one, other = (document({"session_manager": queue(*strings)}) for strings in (pairs, turned))
    assert mark("pending_file_rename", one) == mark("pending_file_rename", other)


def test_a_queue_too_long_to_be_compared_is_never_persistent():
    long = document({"session_manager": queue(*SIGNIFICANT_PAIR * 150)})
    assert mark("pending_file_rename", long) is None
    signals = reboot_verdict(long).signals
    assert persistent_marks(signals, signals) == ()


def test_the_same_content_of_two_signals_has_two_marks():
    first = mark("pending_file_rename", with_present("pending_file_rename"))
    assert first != mark("pending_file_rename_2", with_present("pending_file_rename_2"))


@pytest.mark.parametrize("name", sorted(set(PRESENT) - {"shutdown_scheduled"}))
def test_every_signal_has_a_mark_that_is_the_same_each_time(name):
    evidence = with_present(name)
    assert mark(name, evidence) == mark(name, evidence)
    assert len(mark(name, evidence)) == 64


@given(st.lists(st.sampled_from(sorted(PRESENT)), max_size=5), st.lists(st.sampled_from(sorted(PRESENT)), max_size=5))
def test_what_is_persistent_was_there_before_and_is_there_after(before, after):
    first, second = (reboot_verdict(with_present(*names)).signals for names in (before, after))
    found = {one.signal.id for one in persistent_marks(first, second)}
    there = [{signal.id for signal in signals if signal.state == "present"} for signals in (first, second)]
    assert found <= there[0] & there[1]
    assert not {one.signal.id for one in persistent_marks(first, reboot_verdict(document()).signals)}


@pytest.mark.parametrize(
    ("value_given", "said"),
    [
        ([], "policy.persistent: must be a mapping"),
        ({"wu_reboot_required": "abc"}, "is no mark"),
        ({"wu_reboot_required": None}, "is no mark"),
        ({"wu_reboot_requird": "a" * 64}, "is no signal"),
        ({f"x{number}": "a" * 64 for number in range(60)}, "at most 50"),
    ],
)
def test_marks_that_are_none_are_a_mistake_of_the_policy(value_given, said):
    with pytest.raises(PolicyError, match=said):
        parse_policy({"persistent": value_given})


def compliance(evidence, policy=None, **scan):
    return patch_compliance({**SCAN, "updates": [INSTALLED], **scan}, evidence, policy)


def test_a_machine_with_a_persistent_signal_is_unknown_with_what_needs_repair():
    policy = {"persistent": marks_of(STUCK, "wu_reboot_required")}
    assert compliance(STUCK).machine == "pending_reboot"
    found = compliance(STUCK, policy)
    assert (found.machine, found.reboot) == ("unknown", "not_required")
    assert "wu_reboot_required" in found.sentence
    assert "repair" in found.sentence
    assert found.updates[GUID].state == "installed"


def test_without_the_signal_its_mark_makes_nothing_unknown():
    found = compliance(document(), {"persistent": marks_of(STUCK, "wu_reboot_required")})
    assert found.machine == "compliant"


def test_an_agent_that_always_wants_a_reboot_is_passed_over_by_its_mark():
    stuck = with_present("agent_reboot_required")
    assert compliance(stuck, reboot_required=True).machine == "pending_reboot"
    policy = {"persistent": marks_of(stuck, "agent_reboot_required")}
    assert compliance(stuck, policy, reboot_required=True).machine == "unknown"


def test_a_missing_update_is_still_missing():
    policy = {"persistent": marks_of(STUCK, "wu_reboot_required")}
    assert compliance(STUCK, policy, updates=[{**INSTALLED, "installed": False}]).machine == "non_compliant"
