# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""patch_verify_updates and patch_verify_result: a contradicting source takes a proof away, and none gives it."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.winops.patching.plugins.filter.patch_verify_result import patch_verify_result
from ansible_collections.winops.patching.plugins.filter.patch_verify_updates import patch_verify_updates
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.persistent import signal_mark
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    GUID,
    document,
    with_present,
)

OTHER = "11111111-2222-3333-4444-555555555555"
INSTALLED = {"id": GUID, "revision": 200, "kb": ["5030216"], "title": "An update (KB5030216)", "installed": True}
SCAN = {
    "scanned_at": "2026-11-18T03:10:00Z",
    "boot_time": "2026-11-01T03:12:00Z",
    "complete": True,
    "coverage": ["all"],
    "host": "web01",
    "updates": [{**INSTALLED, "reboot_required": False}],
}
PLAN = {"updates": [{"id": GUID, "revision": 200, "title": INSTALLED["title"], "run_minutes": 5}]}


def scanned(evidence=None, **scan):
    return {"scan": {**SCAN, **scan}, "evidence": evidence or document()}


def judged(state="verified", outcome="verified"):
    update = {"id": GUID, "revision": 200, "title": INSTALLED["title"], "state": state, "because": "the agent says so"}
    return {"updates": [{**update, "hresult": None, "explanation": None}], "outcome": outcome, "not_again": {}}


def proof(verdict, *against, key="KB5030216"):
    entry = {"verdict": verdict, "agree": [], "disagree": list(against), "sentence": f"{key} is {verdict}"}
    return {"verdict": verdict, "counts": {}, "sentence": "", "updates": {key: entry}, "predictions": []}


def test_updates_are_named_by_id_and_by_a_number_that_only_one_has():
    second = {"id": OTHER, "revision": 1, "title": "x", "run_minutes": 5}
    assert patch_verify_updates(PLAN, scanned()) == [{"id": GUID, "kb": "KB5030216"}]
    both = scanned(updates=[INSTALLED, {**INSTALLED, "id": OTHER}])
    found = patch_verify_updates({"updates": [*PLAN["updates"], second]}, both)
    assert found == [{"id": GUID}, {"id": OTHER}]
    assert patch_verify_updates({}, None) == []


@pytest.mark.parametrize(
    "given", [None, proof("verified"), proof("unknown"), {"failed": True}, proof("verified", key=GUID)]
)
def test_what_the_fresh_scan_shows_stays_verified(given):
    found = patch_verify_result(scanned(), judged(), given)
    assert (found["updates"][0]["state"], found["outcome"], found["machine"]) == ("verified", "verified", "compliant")


@pytest.mark.parametrize(
    ("verdict", "state", "outcome"),
    [
        ("inconsistent", "unknown", "unknown"),
        ("missing", "unknown", "unknown"),
        ("pending", "pending_reboot", "pending_reboot"),
    ],
)
@pytest.mark.parametrize("key", ["KB5030216", GUID])
def test_a_source_that_contradicts_takes_it_away(verdict, state, outcome, key):
    found = patch_verify_result(scanned(), judged(), proof(verdict, "files", key=key))
    assert (found["updates"][0]["state"], found["outcome"]) == (state, outcome)
    assert verdict in found["updates"][0]["because"]


@pytest.mark.parametrize("state", ["failed", "rolled_back", "missing", "unknown"])
def test_no_proof_makes_an_update_verified(state):
    found = patch_verify_result(scanned(), judged(state, "failed"), proof("verified"))
    assert (found["updates"][0]["state"], found["outcome"]) == (state, "failed")


def test_a_file_that_is_not_as_predicted_leaves_nothing_verified():
    wrong = {**proof("verified"), "predictions": [{"verdict": "inconsistent", "sentence": "a.dll: not as predicted"}]}
    found = patch_verify_result(scanned(), judged(), wrong)
    assert found["outcome"] == "unknown"
    assert "a.dll: not as predicted" in found["sentence"]


def stuck():
    """The document of a host whose key no reboot clears, read with its mark."""
    evidence = with_present("wu_reboot_required")
    marks = {one.id: signal_mark(one) for one in reboot_verdict(evidence).signals if one.id == "wu_reboot_required"}
    return {**evidence, "policy": {"persistent": marks}}


def test_a_signal_that_no_reboot_clears_is_told_with_its_hash_and_leaves_the_outcome_unknown():
    found = patch_verify_result(scanned(stuck()), judged(), proof("pending", "reboot_required_key"))
    assert [one["id"] for one in found["persistent"]] == ["wu_reboot_required"]
    assert (found["machine"], found["outcome"], found["updates"][0]["state"]) == ("unknown", "unknown", "verified")
    assert found["verdict"]["ignored"] == [{"id": "wu_reboot_required", "rule": "persistent"}]
    assert "wu_reboot_required" in found["sentence"]


@pytest.mark.parametrize(
    ("evidence", "scan", "outcome"),
    [
        (None, {}, "verified"),
        ("wu_reboot_required", {}, "pending_reboot"),
        (None, {"complete": False, "errors": []}, "unknown"),
        (None, {"updates": [{**INSTALLED, "installed": False}]}, "deferred"),
    ],
)
def test_without_a_job_the_machine_answers(evidence, scan, outcome):
    found = patch_verify_result(scanned(with_present(evidence) if evidence else None, **scan))
    assert (found["outcome"], found["updates"]) == (outcome, [])


@pytest.mark.parametrize("given", [None, {}, {"scan": SCAN}, {"evidence": {}}, "text"])
def test_what_holds_no_scan_and_no_evidence_is_refused(given):
    with pytest.raises(AnsibleFilterError, match="patch_verify_result: "):
        patch_verify_result(given)
