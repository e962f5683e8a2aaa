# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Did a reboot happen, what did it not clear, and which marks are of no use any more?"""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import parse_evidence
from ansible_collections.winops.patching.plugins.plugin_utils._plan.reboot.outcome import booted_between, reboot_outcome
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.persistent import signal_mark
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import judge_reboot, parse_policy
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    PRESENT,
    document,
    ok,
    refused,
    with_present,
)

LATER = {"boot_time": "2026-11-18T03:25:00Z", "clock": "2026-11-18T03:30:00Z"}
OTHER = {"wu_reboot_required": ok(values={"11111111-2222-3333-4444-555555555555": {"kind": "REG_DWORD", "data": 1}})}


def outcome(before, after, known=None):
    first, second = parse_evidence(before), parse_evidence(after)
    policy = parse_policy(None)
    return reboot_outcome(first, second, judge_reboot(first, policy), judge_reboot(second, policy), known or {})


def mark(name, evidence):
    verdict = judge_reboot(parse_evidence(evidence), parse_policy(None))
    return next(signal_mark(signal) for signal in verdict.signals if signal.id == name)


STUCK = with_present("wu_reboot_required")
STILL = with_present("wu_reboot_required", system=LATER)


def test_a_signal_that_is_there_unchanged_after_the_boot_is_persistent():
    found = outcome(STUCK, STILL).as_dict()
    assert found["booted"] is True
    assert [entry["id"] for entry in found["persistent"]] == ["wu_reboot_required"]
    assert found["marks"] == {"wu_reboot_required": found["persistent"][0]["hash"]}
    assert "no reboot clears wu_reboot_required" in found["sentence"].lower()


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (document(system=LATER), "it is gone"),
        (document(OTHER, system=LATER), "it holds another update"),
        (document({"wu_reboot_required": refused()}, system=LATER), "it cannot be read"),
        (with_present("computer_rename", system=LATER), "another one came"),
        (STUCK, "the host has not booted"),
    ],
)
def test_nothing_else_is_persistent(after, why):
    found = outcome(STUCK, after)
    assert (found.persistent, found.marks) == ((), {}), why


def test_a_signal_that_did_not_ask_for_the_reboot_is_not_persistent_because_it_stays():
    hint = with_present("wu_reboot_required", "winsxs_pending_xml")
    found = outcome(hint, with_present("wu_reboot_required", "winsxs_pending_xml", system=LATER))
    assert [one.signal.id for one in found.persistent] == ["wu_reboot_required"]


def test_a_mark_goes_with_its_signal_and_stays_while_it_cannot_be_read():
    known = {"wu_reboot_required": mark("wu_reboot_required", STUCK)}
    assert outcome(document(), document(), known).forget == ("wu_reboot_required",)
    assert outcome(document(OTHER), document(OTHER), known).forget == ("wu_reboot_required",)
    unread = document({"wu_reboot_required": refused()})
    assert (outcome(unread, unread, known).forget, outcome(unread, unread, known).marks) == ((), known)
    assert outcome(STUCK, STUCK, known).marks == known


@pytest.mark.parametrize(
    ("before", "after", "booted"),
    [
        ({}, {"boot_time": "2026-11-18T03:21:00Z"}, True),
        ({}, {}, False),
        ({}, {"boot_time": "2026-11-01T03:14:30Z"}, False),
        ({}, {"boot_time": "2026-11-01T03:07:00Z"}, False),
        ({}, {"boot_time": "2026-11-10T00:00:00Z"}, True),
        ({}, {"boot_time": "2026-10-01T00:00:00Z"}, None),
        ({}, {"boot_time": None}, None),
        ({"boot_time": None}, {"boot_time": "2026-11-18T03:21:00Z"}, True),
        ({"boot_time": None}, {"boot_time": "2026-11-18T03:19:00Z"}, None),
        ({"boot_time": "2026-11-18T03:18:00Z"}, {"boot_time": "2026-11-18T03:20:30Z"}, True),
        ({"clock": None}, {"boot_time": "2026-11-01T03:14:30Z"}, False),
        ({"clock": None}, {"boot_time": "2026-11-02T00:00:00Z"}, True),
    ],
)
def test_a_boot_is_told_from_a_clock_that_was_corrected(before, after, booted):
    first = document(system=before, collected_at="2026-11-18T03:20:00Z")
    second = document(system=after, collected_at="2026-11-18T03:30:00Z")
    assert booted_between(parse_evidence(first), parse_evidence(second))[0] is booted


def test_where_nobody_knows_whether_it_has_booted_nothing_becomes_persistent():
    found = outcome(STUCK, with_present("wu_reboot_required", system={"boot_time": None}))
    assert (found.booted, found.persistent) == (None, ())


def test_everything_that_asked_and_stays_is_told():
    names = [name for name in ("wu_reboot_required", "cbs_reboot_pending", "computer_rename") if name in PRESENT]
    found = outcome(with_present(*names), with_present(*names, system=LATER))
    assert [one.signal.id for one in found.persistent] == names
