# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From hosts to a fleet."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.fleet import (
    Fleet,
    FleetError,
    fleet_compliance,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.judges import JudgeError
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    with_present,
)

from .scans import ID, KB, OLD_SCAN, OTHER, attempt, judged, scan, update

FLEET = {
    "calm": {"scan": scan(), "evidence": document()},
    "lacks": {"scan": scan(update(installed=False)), "evidence": document()},
    "lacks_two": {"scan": scan(update(installed=False), update(OTHER, installed=False)), "evidence": document()},
    "failed": {"scan": scan(update(installed=False), history=[attempt()]), "evidence": document()},
    "waits": {"scan": scan(update(reboot_required=True)), "evidence": document()},
    "unattributed": {"scan": scan(), "evidence": with_present("domain_join")},
    "stale": {"scan": scan(scanned_at=OLD_SCAN), "evidence": document()},
    "dead": {"unreachable": True, "msg": "no route to host"},
}


@pytest.fixture(scope="module")
def fleet():
    """The answer for the fleet."""
    return fleet_compliance(FLEET)


def test_every_host_is_there_the_worst_first(fleet):
    order = ["failed", "lacks_two", "lacks", "waits", "unattributed", "dead", "stale", "calm"]
    assert list(fleet["hosts"]) == order
    assert fleet["worst"] == order[:-1]


def test_totals_count_hosts_and_updates(fleet):
    assert fleet["totals"]["hosts"] == 8
    assert fleet["totals"]["machine"] == {"non_compliant": 3, "pending_reboot": 2, "unknown": 2, "compliant": 1}
    assert fleet["totals"]["reboot"] == {"required": 1, "unknown": 1, "not_required": 6}
    assert fleet["totals"]["updates"]["needed"] == 3
    assert fleet["totals"]["updates"]["failed"] == 1


def test_hosts_are_found_by_kb_and_state(fleet):
    assert fleet["by_kb"] == {
        KB: {"failed": ["failed"], "needed": ["lacks", "lacks_two"], "soft_reboot": ["waits"]},
        "961501": {"needed": ["lacks_two"]},
    }


def test_hosts_are_found_by_reason(fleet):
    assert fleet["by_reason"] == {
        "failed": ["failed"],
        "missing": ["lacks", "lacks_two"],
        "needs_reboot": ["unattributed", "waits"],
        "unknown": ["dead", "stale"],
    }


def test_a_host_tells_what_people_need(fleet):
    host = fleet["hosts"]["unattributed"]
    assert (host["machine"], host["reboot"], host["unattributed_reboot"]) == ("pending_reboot", "required", True)
    assert host["counts"]["installed"] == 1
    assert host["scan_age_seconds"] == 12000
    assert host["sentence"].startswith("Waits for a reboot")


def test_results_documents_and_published_answers_give_the_same_fleet(fleet):
    judged_hosts = {
        name: judged(value["scan"], value["evidence"]) if "scan" in value else value for name, value in FLEET.items()
    }
    published = {name: value if isinstance(value, dict) else value.as_dict() for name, value in judged_hosts.items()}
    assert fleet_compliance(judged_hosts) == fleet
    assert fleet_compliance(published) == fleet


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "no answer of the host is given, but null"),
        ("compliant", "no answer of the host is given, but str"),
        ([], "no answer of the host is given, but list"),
        ({}, "it holds neither an answer nor a scan"),
        ({"failed": True, "msg": "boom"}, "boom"),
        ({"machine": None, "error": "timed out"}, "timed out"),
        ({"machine": "fine"}, "it holds neither an answer nor a scan"),
        ({"machine": ["compliant"]}, "it holds neither an answer nor a scan"),
        ({"scan": {"updates": 5}}, "the scan's updates are no list"),
        ({"scan": scan(), "evidence": {"schema": "x"}}, "evidence of schema"),
    ],
)
def test_a_host_without_an_answer_is_unknown_and_says_why(value, why):
    found = fleet_compliance({"web01": value})
    host = found["hosts"]["web01"]
    assert (host["machine"], host["reboot"]) == ("unknown", "unknown")
    assert host["reasons"][0]["text"].startswith(why)
    assert found["by_reason"] == {"unknown": ["web01"]}


def test_damage_of_a_published_answer_changes_no_other_word():
    damaged = {
        "machine": "non_compliant",
        "reboot": "maybe",
        "counts": {"needed": "many", "failed": True},
        "counted": [],
        "reasons": [5, {"reason": "x"}, {"reason": "missing", "count": 1, "text": "one is missing"}],
        "updates": {ID: {"counted": True, "state": ["needed"], "kb": [KB]}, "x": 5, "y": {"counted": True}},
        "scan_age_seconds": True,
        "sentence": 5,
    }
    host = fleet_compliance({"web01": damaged})["hosts"]["web01"]
    assert (host["machine"], host["reboot"], host["scan_age_seconds"]) == ("non_compliant", "unknown", None)
    assert host["counts"]["needed"] == 0
    assert [reason["reason"] for reason in host["reasons"]] == ["missing"]


@pytest.mark.parametrize(
    "words",
    [
        {"reboot": "required"},
        {"reboot": "unknown"},
        {"reasons": [{"reason": "missing", "count": 1, "text": "1 update is missing"}]},
        {"reasons": 7},
        {"updates": {ID: {"state": "needed", "counted": True}}},
        {"updates": {ID: {"state": "unknown", "counted": True}}},
        {"updates": 5},
        {"counted": {"failed": 1}},
        {"counts": "none"},
    ],
)
def test_an_answer_that_contradicts_itself_is_not_compliant(words):
    answer = {**judged(scan()).as_dict(), **words}
    host = fleet_compliance({"web01": answer})["hosts"]["web01"]
    assert host["machine"] == "unknown"
    assert "contradicts itself" in host["reasons"][0]["text"]


def test_an_answer_that_was_cut_down_to_its_words_is_taken():
    assert fleet_compliance({"web01": {"machine": "compliant"}})["totals"]["machine"]["compliant"] == 1
    whole = fleet_compliance({"web01": judged(scan()).as_dict()})
    assert fleet_compliance(whole["hosts"]) == whole


def test_a_host_that_does_not_know_a_users_signal_is_unknown_and_spoils_no_other():
    signal = {
        "id": "acme",
        "probe": {"kind": "file", "path": "C:\\acme.flag"},
        "present_when": {"found": True},
        "detail": "Acme waits",
    }
    probes = {"custom_acme": {"state": "absent", "asked": signal["probe"]}}
    knows = {"scan": scan(), "evidence": document(probes, custom_signals=[signal])}
    fleet = fleet_compliance({"old": {"scan": scan(), "evidence": document()}, "new": knows}, {"require": ["acme"]})
    assert fleet["hosts"]["old"]["machine"] == "unknown"
    assert "acme" in fleet["hosts"]["old"]["sentence"]
    assert fleet["hosts"]["new"]["sentence"] != fleet["hosts"]["old"]["sentence"]


def test_a_saved_document_that_holds_its_scan_is_both():
    fleet = fleet_compliance({"web01": document(scan=scan())})
    assert fleet["hosts"]["web01"]["machine"] == "compliant"


def test_policy_judge_and_now_are_for_hosts_that_are_judged_here():
    hosts = {"web01": {"scan": scan(update(installed=False))}}
    assert fleet_compliance(hosts, {"rejected": [{"id": ID}]})["hosts"]["web01"]["machine"] == "unknown"
    assert fleet_compliance(hosts, None, "mbsa_1_2")["hosts"]["web01"]["counts"]["unknown"] == 1
    assert fleet_compliance(hosts, now="2026-11-18T01:00:00Z")["hosts"]["web01"]["scan_age_seconds"] == 3600


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (([],), FleetError),
        ((None,), FleetError),
        (({}, {"instal": []}), PolicyError),
        (({}, None, "wus"), JudgeError),
    ],
)
def test_what_is_no_fleet_or_no_policy_is_refused(given, error):
    with pytest.raises(error):
        fleet_compliance(*given)


def test_a_fleet_of_nobody_has_no_compliant_host():
    fleet = fleet_compliance({})
    assert (fleet["hosts"], fleet["worst"], fleet["totals"]["machine"]["compliant"]) == ({}, [], 0)


def test_one_kb_of_two_updates_lists_a_host_once():
    fleet = Fleet()
    fleet.add("web01", judged(scan(update(installed=False), update(OTHER, installed=False, kb=[KB]))))
    assert fleet.as_dict()["by_kb"] == {KB: {"needed": ["web01"]}}


def test_a_fleet_that_was_judged_in_parts_is_the_same(fleet):
    whole, part = Fleet(), Fleet()
    for place, (name, value) in enumerate(FLEET.items()):
        into = part if place % 2 else whole
        if "scan" in value:
            into.add(name, judged(value["scan"], value["evidence"]))
        else:
            into.add_published(name, value)
    whole.absorb(part)
    assert whole.as_dict() == fleet
