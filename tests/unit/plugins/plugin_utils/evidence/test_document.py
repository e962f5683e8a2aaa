# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The evidence document: built of whatever the host answered, read whatever became of it."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import (
    EvidenceError,
    build_document,
    parse_evidence,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import TimeTextError, parse_time
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    BOOT,
    COLLECTED,
    SYSTEM,
    document,
    ok,
    refused,
)

ASKED = [
    {"id": "a", "kind": "mutex", "name": "Global\\A"},
    {"id": "b", "kind": "service", "names": ["CcmExec"]},
]
ANSWERS = {"a": {"state": "absent", "ms": 1}, "b": {"state": "denied", "error": {"message": "no"}, "ms": 2}}
NOW = "2026-11-18T09:00:00Z"


def build(answer, **options):
    return build_document(answer, host="web01", asked=ASKED, collected_at=NOW, **options)


def test_a_document_holds_the_fixed_keys_and_each_probe_as_asked_and_answered():
    built = build({"probes": ANSWERS, "system": dict(SYSTEM)}, run_id="r1", since=True)
    assert {"schema", "host", "collected_at", "boot_time", "run_id", "system", "probes"} <= set(built)
    assert built["schema"] == "winops.patching/evidence/1"
    assert (built["host"], built["run_id"], built["boot_time"]) == ("web01", "r1", BOOT)
    assert built["system"] == SYSTEM
    assert built["probes"] == {
        "a": {"asked": {"kind": "mutex", "name": "Global\\A"}, "state": "absent", "ms": 1},
        "b": {
            "asked": {"kind": "service", "names": ["CcmExec"]},
            "state": "denied",
            "error": {"message": "no"},
            "ms": 2,
        },
    }
    assert parse_evidence(built).since_asked is True


def test_the_time_is_the_clock_of_the_host_and_ours_only_when_that_is_unreadable():
    assert build({"probes": {}, "system": dict(SYSTEM)})["collected_at"] == COLLECTED
    for clock in (None, "", "soon", 7, ["2026-11-18T03:20:00Z"]):
        assert build({"probes": {}, "system": {**SYSTEM, "clock": clock}})["collected_at"] == NOW
    with pytest.raises(TimeTextError):
        build_document({"probes": {}}, host="h", asked=ASKED, collected_at="now")


@pytest.mark.parametrize("answers", [{}, {"a": None}, {"a": "junk"}, {"a": {"state": "fine"}}, {"a": {"data": {}}}])
def test_a_probe_that_was_not_answered_is_an_error_and_never_absent(answers):
    entry = build({"probes": answers, "system": {}})["probes"]["a"]
    assert entry["state"] == "error"
    assert entry["asked"]["kind"] == "mutex"
    assert entry["error"]["message"]


def test_a_probe_nobody_asked_for_is_not_taken_over():
    assert set(build({"probes": {**ANSWERS, "c": {"state": "ok", "data": {}}}, "system": {}})["probes"]) == {"a", "b"}


@pytest.mark.parametrize("system", [None, "x", [], 7])
def test_a_damaged_system_block_leaves_the_boot_time_unknown_and_says_so(system):
    built = build({"probes": ANSWERS, "system": system})
    assert built["boot_time"] is None
    assert built["system"]["errors"]
    assert parse_evidence(built).boot_time is None


@pytest.mark.parametrize("probes", [None, [], "x", 7])
def test_an_answer_without_probes_is_an_error(probes):
    with pytest.raises(EvidenceError, match="damaged or was cut off"):
        build({"probes": probes, "system": {}})
    with pytest.raises(EvidenceError):
        build({})


def test_the_failure_of_the_whole_reader_is_the_reason_of_every_probe():
    built = build({"probes": {}}, failure="MODULE FAILURE")
    assert built["error"] == "MODULE FAILURE"
    assert {entry["state"] for entry in built["probes"].values()} == {"error"}
    assert {entry["error"]["message"] for entry in built["probes"].values()} == {"MODULE FAILURE"}


def test_a_document_is_json_and_reads_back_equal():
    built = build({"probes": ANSWERS, "system": dict(SYSTEM)})
    assert json.loads(json.dumps(built)) == built


@pytest.mark.parametrize("junk", [None, "", "{", [], 7, True])
def test_what_is_no_mapping_is_no_evidence(junk):
    with pytest.raises(EvidenceError, match="is a mapping"):
        parse_evidence(junk)


@pytest.mark.parametrize("schema", [None, "", "winops.patching/evidence/2", "winops.patching/fleet/1", 1, [], {}])
def test_another_schema_is_refused_by_name_and_with_a_remedy(schema):
    with pytest.raises(EvidenceError, match=r"only 'winops.patching/evidence/1'.*collect it again"):
        parse_evidence(document(schema=schema))


@pytest.mark.parametrize("probes", [None, [], "x"])
def test_a_document_without_probes_is_refused(probes):
    with pytest.raises(EvidenceError, match="has no probes"):
        parse_evidence({**document(), "probes": probes})


def test_parsing_keeps_what_is_readable_and_lists_what_is_not():
    found = parse_evidence(document(collected_at="soon", boot_time=None, run_id=7, host=None) | {"system": "x"})
    assert (found.collected_at, found.boot_time, found.run_id, found.host) == (None, None, None, "")
    assert found.system == {}
    assert len(found.problems) == 3
    assert parse_evidence(document()).problems == ()


def test_ages_are_judged_when_it_was_collected_unless_a_time_is_given():
    assert parse_evidence(document()).judged_at == parse_time(COLLECTED)
    assert parse_evidence(document(), now=parse_time(NOW)).judged_at == parse_time(NOW)
    assert parse_evidence(document(collected_at=None)).judged_at is None


@pytest.mark.parametrize("since", [None, False, "true", 1, "yes"])
def test_since_was_asked_for_only_when_the_document_says_true(since):
    assert parse_evidence(document(since=since)).since_asked is False


@pytest.mark.parametrize(
    ("text", "build_number"),
    [
        ("20348.2700", 20348),
        ("20348", 20348),
        ("10.0.20348", 20348),
        ("10.0.20348.2700", 20348),
        ("6.1.7601", 7601),
        ("5.2.3790", 3790),
        ("2600", 2600),
        ("", None),
        (None, None),
        ("Windows", None),
        (["20348"], None),
        ("²", None),
        ("9" * 5000, None),
    ],
)
def test_the_build_is_the_number_of_the_release_or_unknown(text, build_number):
    assert parse_evidence(document(system={"os_build": text})).build == build_number


def test_the_probes_are_kept_as_they_are():
    answers = {"netlogon": refused(), "tcpip": ok(values={})}
    assert parse_evidence(document(answers)).probes["netlogon"]["state"] == "denied"


def test_a_scan_in_the_document_is_kept_and_a_damaged_one_is_named():
    scan = {"schema": "winops.patching/scan/1", "updates": []}
    assert parse_evidence({**document(), "scan": scan}).scan == scan
    assert parse_evidence(document()).scan is None
    damaged = parse_evidence({**document(), "scan": "x"})
    assert damaged.scan is None
    assert "the scan is no mapping but str" in damaged.problems
