# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Users' own signals: asked, judged and weighed like the shipped ones."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reader import chosen_signals, read_host
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import SIGNALS
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import EvidenceError
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.custom_signals import (
    CustomSignalError,
    parse_custom_signals,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    SYSTEM,
    document,
    ok,
    refused,
    signal,
    value,
    verdict,
)

PROBE = {"kind": "registry", "path": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Acme", "values": ["Reboot"]}
ACME = {
    "id": "acme_reboot",
    "probe": PROBE,
    "present_when": {"value": "Reboot", "above": 0},
    "strength": "strong",
    "detail": "The Acme agent waits for a reboot",
}
YES, NO = ok(values={"Reboot": value(1)}), ok(values={"Reboot": value(0)})


def host(answer, **changes):
    return document({"acme_reboot": answer}, custom_signals=[{**ACME, **changes}])


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (YES, "present"),
        (NO, "absent"),
        (ok(values={}), "absent"),
        (ABSENT, "absent"),
        (refused(), "unknown"),
        (refused("timeout"), "unknown"),
        ("damaged", "unknown"),
        (None, "unknown"),
        (ok(), "unknown"),
        (ok(values={"Reboot": value("x", "REG_SZ")}), "unknown"),
    ],
)
def test_a_signal_of_ones_own_is_present_absent_or_unknown(answer, state):
    found = signal("acme_reboot", host(answer))
    assert (found["state"], found["strength"], found["scope"], found["kind"]) == (state, "strong", "machine", "soft")
    assert list(found) == list(signal("cbs_reboot_pending", document()))


def test_one_that_was_not_asked_is_not_absent():
    assert signal("acme_reboot", document(custom_signals=[ACME]))["state"] == "not_asked"


@pytest.mark.parametrize(
    ("strength", "word", "reboot"),
    [
        ("conclusive", "because", "required"),
        ("strong", "because", "required"),
        ("weak", "hints", "not_required"),
        ("informational", "informational", "not_required"),
    ],
)
def test_it_weighs_what_it_says(strength, word, reboot):
    found = verdict(host(YES, strength=strength))
    assert (found["reboot"], found[word]) == (reboot, ["acme_reboot"])
    assert [entry["id"] for entry in found["signals"]] == [*SIGNALS, "acme_reboot"]


def test_it_is_weak_unless_it_says_more():
    plain = {key: entry for key, entry in ACME.items() if key != "strength"}
    assert verdict(document({"acme_reboot": YES}, custom_signals=[plain]))["hints"] == ["acme_reboot"]


def test_a_policy_may_name_it():
    unread = host(refused())
    assert verdict(unread)["reboot"] == "not_required"
    assert verdict(unread, {"require": ["acme_reboot"]})["reboot"] == "unknown"
    assert verdict(host(YES), {"ignore_signals": ["acme_reboot"]})["reboot"] == "not_required"
    assert verdict(host(YES), {"strengths": {"acme_reboot": "weak"}})["hints"] == ["acme_reboot"]
    assert verdict(host(YES, strength="weak"), {"weak_decides": 1})["reboot"] == "required"
    with pytest.raises(PolicyError):
        verdict(document(), {"require": ["acme_reboot"]})


def test_its_sentence_names_it_in_the_words_of_its_owner():
    assert "acme_reboot, The Acme agent waits for a reboot" in verdict(host(YES))["sentence"]


def test_the_document_carries_it_so_that_it_can_be_judged_elsewhere():
    answer = {"probes": {**document()["probes"], "acme_reboot": YES}, "system": dict(SYSTEM)}
    calls = []
    built, _ = read_host(
        lambda *call: calls.append(call) or answer,
        host="h",
        signals=chosen_signals(None, None, "auto", custom=["acme_reboot"]),
        since=False,
        run_id=None,
        custom_signals=[ACME],
    )
    assert calls[0][1]["probes"][-1] == {"id": "acme_reboot", **PROBE}
    assert built["custom_signals"] == [ACME]
    assert verdict(json.loads(json.dumps(built)))["because"] == ["acme_reboot"]


WRONG = [
    ("x", "custom_signals: must be a list"),
    ({}, "custom_signals: must be a list"),
    (["x"], "custom_signals[0]: a signal is a mapping"),
    ([{**ACME, "colour": 1}], "custom_signals[0].colour: no such key"),
    ([{**ACME, "strenght": "weak"}], "custom_signals[0].strenght: no such key (did you mean strength?)"),
    ([{key: entry for key, entry in ACME.items() if key != "detail"}], "custom_signals[0].detail: missing"),
    ([{key: entry for key, entry in ACME.items() if key != "present_when"}], "custom_signals[0].present_when: missing"),
    ([{**ACME, "id": "Acme"}], "custom_signals[0].id: must be lower-case"),
    ([{**ACME, "id": "ac"}], "custom_signals[0].id: must be lower-case"),
    ([{**ACME, "id": "acme\n"}], "custom_signals[0].id: must be lower-case"),
    ([{**ACME, "id": 5}], "custom_signals[0].id: must be lower-case"),
    ([{**ACME, "id": "domain_join"}], "custom_signals[0].id: 'domain_join' is taken"),
    ([{**ACME, "id": "netlogon"}], "custom_signals[0].id: 'netlogon' is taken"),
    ([{**ACME, "id": "update_agent"}], "custom_signals[0].id: 'update_agent' is taken"),
    ([ACME, ACME], "custom_signals[1].id: 'acme_reboot' is taken"),
    ([{**ACME, "strength": "heavy"}], "custom_signals[0].strength: 'heavy' is not one of"),
    ([{**ACME, "strength": ["weak"]}], "custom_signals[0].strength: "),
    ([{**ACME, "scope": "site"}], "custom_signals[0].scope: 'site' is not one of"),
    ([{**ACME, "detail": " "}], "custom_signals[0].detail: must be a sentence"),
    ([{**ACME, "detail": 5}], "custom_signals[0].detail: must be a sentence"),
    ([{**ACME, "probe": "x"}], "custom_signals[0].probe: must be a mapping"),
    ([{**ACME, "probe": {**PROBE, "id": "x"}}], "custom_signals[0].probe.id: the probe takes the id of its signal"),
    ([{**ACME, "probe": {"kind": "registri"}}], "custom_signals[0].probe.kind: 'registri'"),
    ([{**ACME, "probe": {**PROBE, "path": 5}}], "custom_signals[0].probe.path: must be a path"),
    ([{**ACME, "present_when": {"value": "x"}}], "custom_signals[0].present_when: needs value or field"),
]


@pytest.mark.parametrize(("signals", "complaint"), WRONG)
def test_a_wrong_signal_is_named_by_position_and_key(signals, complaint):
    with pytest.raises(CustomSignalError) as caught:
        parse_custom_signals(signals)
    assert any(mistake.startswith(complaint) for mistake in caught.value.mistakes)


def test_every_mistake_is_told_at_once():
    with pytest.raises(CustomSignalError) as caught:
        parse_custom_signals([{"id": "A"}, {**ACME, "scope": "x", "strength": "y"}])
    assert len(caught.value.mistakes) == 6


def test_evidence_whose_own_signals_are_damaged_cannot_be_judged():
    for damage in ("x", {}, [1], [{"id": "acme_reboot"}]):
        with pytest.raises(EvidenceError):
            verdict(document(custom_signals=damage))


def test_asked_signals_narrow_the_answer_and_damage_to_them_is_an_error():
    evidence = document(asked_signals=["cbs_reboot_pending"])
    states = {entry["id"]: entry["state"] for entry in verdict(evidence)["signals"]}
    assert {name for name, state in states.items() if state != "not_asked"} == {"cbs_reboot_pending"}
    for damage in ("x", {}, [1], 7):
        with pytest.raises(EvidenceError):
            verdict(document(asked_signals=damage))


def test_what_was_not_asked_for_does_not_decide_though_its_place_was_read():
    evidence = document({"processes": ok(running=[{"name": "wusa", "id": 1}])}, asked_signals=["servicing_in_progress"])
    assert verdict(evidence)["busy"] == []
    assert verdict(evidence)["safe_to_reboot"] == "unknown"


COM = {"kind": "com_property", "progid": "Acme.Agent", "property": "Reboot"}
LCM = {
    "kind": "cim_method",
    "namespace": "root\\x",
    "class": "CCM_ClientUtilities",
    "method": "DetermineIfRebootPending",
}
QUERY = {"kind": "cim_query", "namespace": "root\\acme", "class": "Agent"}


@pytest.mark.parametrize(
    ("probe", "condition", "answer"),
    [
        (PROBE, {"value": "X", "exists": False}, ok(values=None)),
        (PROBE, {"value": "X", "exists": True}, ok()),
        (LCM, {"field": "Configuration/State", "equals": "Pending"}, ok(Configuration="junk")),
        (COM, {"field": "value", "empty": False}, ok(value=None)),
        (COM, {"field": "value", "exists": True}, ok(value=None)),
        (QUERY, {"field": "instances", "above": 0}, ok()),
        (QUERY, {"field": "instances", "contains": "x"}, ok(instances=[{"Name": "x"}])),
    ],
)
def test_a_damaged_answer_is_neither_present_nor_absent(probe, condition, answer):
    seen = signal("acme_reboot", host(answer, probe=probe, present_when=condition))
    assert seen["state"] == "unknown"


def test_the_case_of_names_is_ignored_on_the_way_down():
    condition = {"field": "Instances/0/rebootneeded", "equals": True}
    seen = signal("acme_reboot", host(ok(instances=[{"RebootNeeded": True}]), probe=QUERY, present_when=condition))
    assert seen["state"] == "present"
