# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All signals of the catalogue, each present, absent and unreadable in every way there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.activity import AGENT_BUSY
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import (
    DECIDING,
    PROBES,
    REQUIRED_SIGNALS,
    SCAN_PROBE,
    SIGNALS,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict import signals as signals_module
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.signals import JUDGES
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    LEFT_OUT,
    PRESENT,
    document,
    everything,
    ok,
    refused,
    signal,
    verdict,
    with_present,
)

SIGNAL_KEYS = [
    "id",
    "state",
    "scope",
    "strength",
    "kind",
    "updates",
    "entries",
    "read_from",
    "detail",
    "error",
    "stale",
]
UNREADABLE = {
    "denied": refused("denied"),
    "timeout": refused("timeout"),
    "error": refused("error"),
    "denied without words": {"state": "denied"},
    "text": "damaged",
    "number": 7,
    "list": [],
    "null": None,
    "empty": {},
    "state null": {"state": None, "data": {}},
    "unknown state": {"state": "fine", "data": {"values": {}}},
    "state in capitals": {"state": "ABSENT"},
    "state list": {"state": ["absent"]},
    "no data": {"state": "ok"},
    "data null": {"state": "ok", "data": None},
    "data list": {"state": "ok", "data": []},
    "data text": {"state": "ok", "data": "values"},
}
# A probe of a signal that is only looked at when another one has found something.
SIDE_PROBES = {("ccm_reboot_pending", "ccm_service"), ("patch_job_running", "processes")}
OWN_PROBES = [
    (name, probe) for name, entry in SIGNALS.items() for probe in entry.probes if (name, probe) not in SIDE_PROBES
]
# Answers of these probes hold nothing that could be damaged: that the key or file is there is all they tell.
ONLY_EXISTENCE = {
    "wu_reboot_required",
    "cbs_reboot_pending",
    "cbs_reboot_in_progress",
    "pending_xml",
    "wu_reporting",
    "wu_orchestrator",
    "reboot_witness",
}
DAMAGED_DATA = {
    "empty": {},
    "values null": {"values": None, "subkeys": None, "write_time": None, "running": None, "events": None},
    "values list": {"values": [], "subkeys": {}, "running": {}, "events": {}, "services": {}, "exists": "yes"},
    "values text": {"values": "x", "subkeys": "x", "running": "x", "events": "x", "value": "x", "exists": 0},
    "items": {"values": [None], "subkeys": 7, "running": [None], "events": ["x"], "value": 1, "exists": None},
    "value null": {"value": None, "ReturnValue": None, "MetaConfiguration": None, "exists": False},
    "method": {"ReturnValue": "0x0", "MetaConfiguration": {"LCMState": None}, "value": "False"},
    "method list": {"ReturnValue": [0], "MetaConfiguration": [], "RebootPending": False, "IsHardRebootPending": False},
}


def test_the_table_of_present_answers_is_complete():
    assert set(PRESENT) == set(SIGNALS) == set(JUDGES)


def test_on_a_healthy_host_everything_is_absent_and_an_answer():
    states = {entry["id"]: entry["state"] for entry in verdict(document())["signals"]}
    assert states == {name: "not_asked" if name == "agent_updates_pending_reboot" else "absent" for name in SIGNALS}


@pytest.mark.parametrize("name", SIGNALS)
def test_each_signal_is_found_by_itself(name):
    states = {entry["id"]: entry["state"] for entry in verdict(with_present(name))["signals"]}
    assert [found for found, state in states.items() if state == "present"] == [name]


def test_all_signals_can_be_present_at_once():
    found = verdict(everything())
    assert {entry["id"] for entry in found["signals"] if entry["state"] == "present"} == set(SIGNALS)
    assert found["because"] == [name for name, entry in SIGNALS.items() if entry.strength in DECIDING]
    assert found["hints"] == [name for name, entry in SIGNALS.items() if entry.strength == "weak"]
    assert found["informational"] == [name for name, entry in SIGNALS.items() if entry.strength == "informational"]


@pytest.mark.parametrize("name", SIGNALS)
def test_a_present_signal_is_told_in_the_fixed_shape_with_its_catalogue_facts(name):
    found = signal(name, with_present(name))
    assert list(found) == SIGNAL_KEYS
    entry = SIGNALS[name]
    assert (found["scope"], found["strength"], found["kind"]) == (entry.scope, entry.strength, entry.kind)
    assert found["read_from"] == list(entry.read_from)
    assert found["detail"]
    assert (found["error"], found["stale"]) == (None, False)
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("name", SIGNALS)
def test_a_present_signal_decides_hints_or_informs_by_its_strength(name):
    found = verdict(with_present(name))
    strength = SIGNALS[name].strength
    assert found["reboot"] == ("required" if strength in DECIDING else "not_required")
    assert found["because"] == ([name] if strength in DECIDING else [])
    assert found["hints"] == ([name] if strength == "weak" else [])
    assert found["informational"] == ([name] if strength == "informational" else [])


@pytest.mark.parametrize("name", [name for name, entry in SIGNALS.items() if entry.strength in DECIDING])
def test_one_deciding_signal_is_enough_when_nothing_else_can_be_read(name):
    evidence = document({probe: refused() for probe in PROBES} | dict(PRESENT[name]))
    found = verdict(evidence)
    assert (found["reboot"], found["because"]) == ("required", [name])


def test_a_host_on_which_nothing_can_be_read_has_no_absent_signal():
    for answer in UNREADABLE.values():
        found = verdict(document(dict.fromkeys([*PROBES, SCAN_PROBE], answer)))
        assert {entry["state"] for entry in found["signals"]} == {"unknown"}
        assert (found["reboot"], found["safe_to_reboot"]) == ("unknown", "unknown")


def test_a_document_without_any_probe_has_no_absent_signal_and_no_answer():
    found = verdict({**document(), "probes": {}})
    assert {entry["state"] for entry in found["signals"]} == {"not_asked"}
    assert (found["reboot"], found["safe_to_reboot"], found["update_agent"]) == ("unknown", "unknown", "not_asked")


@pytest.mark.parametrize("way", UNREADABLE)
@pytest.mark.parametrize(("name", "probe"), OWN_PROBES)
def test_an_unreadable_place_makes_the_signal_unknown_and_says_why(name, probe, way):
    found = signal(name, document({probe: UNREADABLE[way]}))
    assert found["state"] == "unknown"
    assert found["detail"]


@pytest.mark.parametrize(("name", "probe"), OWN_PROBES)
def test_a_place_that_was_not_asked_never_makes_the_signal_absent(name, probe):
    assert signal(name, document({probe: LEFT_OUT}))["state"] in ("not_asked", "unknown")


@pytest.mark.parametrize("damage", DAMAGED_DATA)
@pytest.mark.parametrize(("name", "probe"), [pair for pair in OWN_PROBES if pair[1] not in ONLY_EXISTENCE])
def test_an_answer_whose_data_make_no_sense_is_unknown(name, probe, damage):
    if probe == SCAN_PROBE:
        assert signal(name, document({probe: ok(**DAMAGED_DATA[damage])}))["state"] in ("unknown", "not_asked")
    else:
        assert signal(name, document({probe: ok(**DAMAGED_DATA[damage])}))["state"] == "unknown"


@pytest.mark.parametrize("probe", sorted(ONLY_EXISTENCE))
@pytest.mark.parametrize("damage", DAMAGED_DATA)
def test_a_key_that_is_there_counts_whatever_is_wrong_with_what_it_holds(probe, damage):
    name = next(name for name, entry in SIGNALS.items() if probe in entry.probes)
    assert signal(name, document({probe: ok(**DAMAGED_DATA[damage])}))["state"] == "present"


@pytest.mark.parametrize("way", UNREADABLE)
@pytest.mark.parametrize("name", REQUIRED_SIGNALS)
def test_an_unreadable_required_signal_leaves_no_no(name, way):
    for probe in SIGNALS[name].probes:
        found = verdict(document({probe: UNREADABLE[way]}))
        assert found["reboot"] == "unknown"
        assert found["kind"] == "none"
        assert name in [entry["id"] for entry in found["unknown"] if entry["decisive"]]


@pytest.mark.parametrize("name", REQUIRED_SIGNALS)
def test_a_required_signal_that_was_not_asked_leaves_no_no(name):
    for probe in SIGNALS[name].probes:
        found = verdict(document({probe: LEFT_OUT}))
        assert found["reboot"] == "unknown"
        assert {"id": name, "decisive": True} in [
            {key: entry[key] for key in ("id", "decisive")} for entry in found["unknown"]
        ]


@pytest.mark.parametrize(
    ("name", "probe"), [(name, probe) for name, probe in OWN_PROBES if name not in REQUIRED_SIGNALS]
)
def test_any_other_unreadable_signal_is_listed_and_decides_nothing(name, probe):
    found = verdict(document({probe: refused(message="kein Zugriff")}))
    listed = {entry["id"]: entry for entry in found["unknown"]}
    assert listed[name]["decisive"] is False
    assert "kein Zugriff" in listed[name]["reason"]
    assert found["reboot"] == "not_required"


@pytest.mark.parametrize("name", SIGNALS)
def test_an_absent_product_is_an_answer_unless_every_windows_has_it(name):
    probes = {probe: ABSENT for probe in SIGNALS[name].probes if probe in PROBES}
    state = signal(name, document(probes))["state"]
    if name in ("computer_rename", "hostname_rename"):
        assert state == "unknown"
    elif name == "agent_updates_pending_reboot":
        assert state == "not_asked"
    else:
        assert state == "absent"


def test_the_error_of_the_host_is_kept_with_the_signal_and_bounded():
    found = signal("cbs_reboot_pending", document({"cbs_reboot_pending": refused(message="m" * 9999)}))
    assert found["error"]["hresult"] == "0x80070005"
    assert len(json.dumps(found)) < 2000
    wide = {"state": "error", "error": {f"key{number}" * 99: [["x" * 999]] for number in range(99)}}
    assert len(json.dumps(signal("cbs_reboot_pending", document({"cbs_reboot_pending": wide})))) < 3000


def test_every_probe_that_a_judge_asks_for_is_in_the_catalogue_but_for_the_one_of_activity():
    asked = set()

    class Watched(dict):
        def get(self, name, default=None):
            asked.add(name)
            return super().get(name, default)

        def __contains__(self, name):
            asked.add(name)
            return super().__contains__(name)

    for evidence in (document(), everything(), document({"ccm_reboot": refused()})):
        verdict({**evidence, "probes": Watched(evidence["probes"])})
    assert asked == {*PROBES, SCAN_PROBE, AGENT_BUSY}


def test_the_brain_reads_no_clock_so_that_old_evidence_is_judged_alike_for_ever():
    folder = Path(signals_module.__file__).parent
    assert not [path.name for path in folder.glob("*.py") if "now()" in path.read_text(encoding="utf-8")]
