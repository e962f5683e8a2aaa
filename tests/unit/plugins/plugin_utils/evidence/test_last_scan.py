# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the newest scan left on the host: an answer, none, or a damaged one, never a wrong one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.last_scan import (
    last_scan_probe,
    read_last_scan,
    update_agent_answer,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import validate_probes
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan_criteria import DEFAULT_CRITERIA, covers
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan_question import (
    delay_of,
    same_question,
    why_not_reused,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import parse_time
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    AFTER_BOOT,
    BEFORE_BOOT,
    BOOT,
    COLLECTED,
    GUID,
    document,
    ok,
    refused,
    verdict,
)
from hypothesis import given
from hypothesis import strategies as st

JOB = "scan-20261117T224000Z-1a2b3c4d"
ASKED = {"criteria": "IsInstalled=0", "service_id": None, "history": 200}
LINE = {
    "id": JOB,
    "scanned_at": AFTER_BOOT,
    "reboot_required": True,
    "updates_pending_reboot": [GUID],
    "asked": ASKED,
    "updates": 3,
    "boot_time": BOOT,
    "complete": True,
}
ALL = {**ASKED, "criteria": DEFAULT_CRITERIA, "scan_cab": None}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def answered(text):
    return {"last_scan": ok(text=text, offset=9, length=9)}


def left(**words):
    return answered(json.dumps({**LINE, **words}) + "\n")


def test_the_probe_may_be_sent():
    assert validate_probes([last_scan_probe()])


def test_a_scan_is_read_as_it_was_left():
    scan, why = read_last_scan(left())
    assert (scan.job, scan.scanned_at, scan.asked, why) == (JOB, parse_time(AFTER_BOOT), ASKED, "")
    assert update_agent_answer(left()) == {
        "asked": {"kind": "scan", "job": JOB},
        "state": "ok",
        "data": {"scanned_at": AFTER_BOOT, "reboot_required": True, "updates_pending_reboot": [GUID]},
    }


def test_where_there_was_none_nothing_is_said():
    for probes in ({}, {"last_scan": ABSENT}):
        assert read_last_scan(probes) == (None, "")
        assert update_agent_answer(probes) is None


@pytest.mark.parametrize(
    ("probes", "state"),
    [
        ({"last_scan": refused()}, "denied"),
        ({"last_scan": refused("timeout")}, "timeout"),
        ({"last_scan": refused("error")}, "error"),
        ({"last_scan": 7}, "error"),
        ({"last_scan": ok(text=None)}, "error"),
        (answered(""), "error"),
        (answered("{"), "error"),
        (answered(json.dumps(LINE) + "\n" + json.dumps(LINE)), "error"),
        (left(id="..\\evil"), "error"),
        (left(scanned_at="soon"), "error"),
        (left(reboot_required="no"), "error"),
        (left(updates_pending_reboot=[7]), "error"),
        (left(updates_pending_reboot={}), "error"),
        (left(complete="yes"), "error"),
    ],
)
def test_what_cannot_be_read_is_an_answer_without_data(probes, state):
    scan, why = read_last_scan(probes)
    assert scan is None
    assert why.startswith("last_scan.json")
    told = update_agent_answer(probes)
    assert (told["state"], "data" in told) == (state, False)
    judged = verdict(document({"update_agent": told}))
    assert "agent_updates_pending_reboot" in [entry["id"] for entry in judged["unknown"]]


def test_the_verdict_takes_it():
    judged = verdict(document({"update_agent": update_agent_answer(left())}))
    assert "agent_updates_pending_reboot" in judged["because"]


@given(JSON)
def test_no_text_breaks_it_and_none_but_a_whole_one_is_a_scan(value):
    told = update_agent_answer(answered(json.dumps(value)))
    assert told["state"] == "error"


@given(st.dictionaries(st.sampled_from(sorted(LINE)), JSON))
def test_a_damaged_key_never_gives_half_an_answer(changes):
    told = update_agent_answer(left(**changes))
    if told["state"] == "ok":
        assert set(told["data"]) == {"scanned_at", "reboot_required", "updates_pending_reboot"}
        assert all(isinstance(name, str) for name in told["data"]["updates_pending_reboot"] or ())
        assert told["data"]["reboot_required"] in (True, False, None)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ({"updates_pending_reboot": [], "asked": ALL}, "absent"),
        ({"updates_pending_reboot": None, "asked": ALL}, "unknown"),
        ({"updates_pending_reboot": [], "asked": ALL, "complete": False}, "unknown"),
        ({"updates_pending_reboot": [], "asked": {**ALL, "criteria": "IsInstalled=0"}}, "unknown"),
        ({"updates_pending_reboot": [], "asked": {**ALL, "scan_cab": "C:\\a.cab"}}, "unknown"),
        ({"updates_pending_reboot": [], "asked": None}, "unknown"),
        ({"updates_pending_reboot": [GUID], "asked": {**ALL, "criteria": "IsInstalled=0"}}, "present"),
        ({"updates_pending_reboot": [GUID], "asked": ALL, "complete": False}, "present"),
    ],
)
def test_only_a_whole_scan_that_asked_for_all_says_that_no_update_waits(words, state):
    evidence = document({"update_agent": update_agent_answer(left(**words))})
    signal = {entry["id"]: entry for entry in verdict(evidence)["signals"]}["agent_updates_pending_reboot"]
    assert signal["state"] == state


def test_a_scan_whose_agent_did_not_tell_who_waits_is_not_called_damaged():
    told = update_agent_answer(left(updates_pending_reboot=None))
    assert (told["state"], told["data"]["updates_pending_reboot"]) == ("ok", None)
    unknown = verdict(document({"update_agent": told}))["unknown"]
    assert [entry["reason"] for entry in unknown if "cannot say that no update waits" in entry["reason"]]


DAY = timedelta(hours=22)


@pytest.mark.parametrize(
    ("words", "clock", "boot", "why"),
    [
        ({}, COLLECTED, BOOT, None),
        ({}, AFTER_BOOT, BOOT, None),
        ({"scanned_at": COLLECTED}, AFTER_BOOT, BOOT, "future"),
        ({}, "2026-11-18T20:39:59Z", BOOT, None),
        ({}, "2026-11-18T20:40:00Z", BOOT, "older than max_age"),
        ({"scanned_at": BEFORE_BOOT}, COLLECTED, BOOT, "older than the boot"),
        ({"scanned_at": BOOT}, COLLECTED, BOOT, "older than the boot"),
        ({"boot_time": "2026-10-03T03:12:00Z"}, COLLECTED, BOOT, "made in the boot of 2026-10-03"),
        ({"boot_time": "2026-11-01T03:14:00Z"}, COLLECTED, BOOT, None),
        ({"boot_time": None}, COLLECTED, BOOT, None),
        ({"complete": False}, COLLECTED, BOOT, "not complete"),
        ({"complete": None}, COLLECTED, BOOT, None),
        ({"updates_pending_reboot": None}, COLLECTED, BOOT, None),
        ({}, None, BOOT, "what time it is"),
        ({}, COLLECTED, None, "what time it is"),
        ({"asked": {**ASKED, "history": 7}}, COLLECTED, BOOT, "something else"),
        ({"asked": {**ASKED, "history": True}}, COLLECTED, BOOT, "something else"),
        ({"asked": {**ASKED, "service_id": ""}}, COLLECTED, BOOT, "something else"),
        ({"asked": {"criteria": "IsInstalled=0"}}, COLLECTED, BOOT, "something else"),
        ({"asked": None}, COLLECTED, BOOT, "something else"),
        ({"asked": {**ASKED, "criteria": "isinstalled=0", "more": 1}}, COLLECTED, BOOT, None),
    ],
)
def test_a_scan_answers_again_only_for_the_same_question_of_this_boot_and_while_it_is_young(words, clock, boot, why):
    scan, _problem = read_last_scan(left(**words))
    found = why_not_reused(
        scan,
        ASKED,
        clock=parse_time(clock) if clock else None,
        boot=parse_time(boot) if boot else None,
        max_age=DAY,
    )
    assert (found is None) == (why is None)
    assert why is None or why in found


def test_one_is_not_true():
    assert not same_question({"history": 1}, {"history": True})
    assert same_question({"history": 1}, {"history": 1})


@given(st.text(), st.integers(0, 300))
def test_a_host_waits_always_the_same_and_within_the_span(name, seconds):
    span = timedelta(seconds=seconds)
    assert delay_of(name, span) == delay_of(name, span)
    assert 0 <= delay_of(name, span) < max(seconds, 1)


def test_a_fleet_is_spread_over_the_whole_span():
    delays = [delay_of(f"web{number:04}", timedelta(minutes=5)) for number in range(1000)]
    busiest = max(delays.count(second) for second in set(delays))
    assert busiest < 15
    assert max(delays) - min(delays) > 280


@pytest.mark.parametrize(
    ("asked", "coverage"),
    [
        ({"scan_cab": None}, ["all"]),
        ({"scan_cab": "C:\\a.cab"}, ["security"]),
        ({"scan_cab": None, "criteria": "IsInstalled=0"}, ["selected"]),
        ({"scan_cab": "C:\\a.cab", "criteria": "IsInstalled=0"}, ["selected security"]),
    ],
)
def test_a_scan_says_how_much_it_can_show(asked, coverage):
    default = (
        "IsInstalled=0 or IsInstalled=1 or RebootRequired=1 or RebootRequired=1 and DeploymentAction='Uninstallation'"
    )
    assert covers({"criteria": default, **asked}) == coverage
