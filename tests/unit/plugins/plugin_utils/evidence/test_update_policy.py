# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy values of the update agent: what is asked, and what becomes of the answers."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import validate_probes
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.update_policy import (
    MAX_VALUES,
    probes_of_update_policy,
    read_update_policy,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    ok,
    refused,
    text,
    value,
)

URL = "http://wsus.example:8530"


def answers(**probes):
    """Answers of a host without policies, with some others."""
    asked = dict.fromkeys((probe["id"] for probe in probes_of_update_policy()), ABSENT)
    return {**asked, **probes}


def test_the_probes_may_be_sent_and_have_ids_of_their_own():
    assert [probe["id"] for probe in validate_probes(probes_of_update_policy())] == [
        "wu_policy",
        "wu_policy_au",
        "wu_policy_state",
        "ccm_update_source",
    ]


def test_a_host_without_the_keys_has_no_policy_which_is_an_answer():
    assert read_update_policy(answers()) == {"policy": {}, "policy_state": "absent"}


def test_values_keep_their_names_and_data_and_missing_ones_are_not_there():
    found = read_update_policy(
        answers(
            wu_policy=ok(values={"WUServer": text(URL), "TargetGroup": text("")}),
            wu_policy_au=ok(values={"UseWUServer": value(1), "AUOptions": value(-1)}),
        )
    )
    assert found == {
        "policy": {"WUServer": URL, "TargetGroup": "", "UseWUServer": 1, "AUOptions": -1},
        "policy_state": "ok",
    }


def test_a_value_at_a_place_where_windows_does_not_look_bears_that_place():
    found = read_update_policy(
        answers(
            wu_policy=ok(values={"useupdateclasspolicysource": value(1), "Own": value(1)}),
            wu_policy_au=ok(values={"WUServer": text(URL), "Own": value(2), "Other": value(3)}),
        )
    )
    assert found["policy"] == {
        "WindowsUpdate\\UseUpdateClassPolicySource": 1,
        "Own": 1,
        "AU\\WUServer": URL,
        "AU\\Own": 2,
        "Other": 3,
    }


def test_resolved_state_and_configmgr_are_told_apart_from_the_policy_itself():
    found = read_update_policy(
        answers(
            wu_policy_state=ok(values={"IsWUfBDualScanActive": value(1)}),
            ccm_update_source=ok(instances=[{"ContentLocation": ""}, {"ContentLocation": URL}]),
        )
    )
    assert found == {
        "policy": {"PolicyState\\IsWUfBDualScanActive": 1, "CCM_UpdateSource\\ContentLocation": URL},
        "policy_state": "absent",
    }


@pytest.mark.parametrize(
    ("probes", "state"),
    [
        ({"wu_policy": refused()}, "denied"),
        ({"wu_policy_au": refused()}, "denied"),
        ({"wu_policy": refused("error"), "wu_policy_au": refused()}, "denied"),
        ({"wu_policy": refused("timeout")}, "error"),
        ({"wu_policy_au": {"state": "ok", "data": {}}}, "error"),
        ({"wu_policy": "junk"}, "error"),
        ({"wu_policy_state": refused(), "ccm_update_source": refused()}, "absent"),
    ],
)
def test_what_could_not_be_read_is_no_missing_value(probes, state):
    assert read_update_policy(answers(**probes))["policy_state"] == state


def test_nothing_asked_is_nothing_known():
    assert read_update_policy({}) == {"policy": {}, "policy_state": "error"}


def test_one_refused_key_does_not_take_away_what_the_other_holds():
    found = read_update_policy(answers(wu_policy=refused(), wu_policy_au=ok(values={"UseWUServer": value(1)})))
    assert found == {"policy": {"UseWUServer": 1}, "policy_state": "denied"}


def test_a_key_full_of_values_stays_small_and_keeps_those_that_are_judged():
    values = {f"A{number}": text("x" * 5000) for number in range(MAX_VALUES * 2)} | {"WUServer": text(URL)}
    policy = read_update_policy(answers(wu_policy=ok(values=values)))["policy"]
    assert (len(policy), policy["WUServer"]) == (MAX_VALUES, URL)
    assert {len(found) for found in policy.values()} == {len(URL), 500}


@pytest.mark.parametrize("entry", ["junk", {"kind": "REG_DWORD"}, None])
def test_a_damaged_value_is_there_without_data(entry):
    assert read_update_policy(answers(wu_policy_au=ok(values={"AUOptions": entry})))["policy"] == {"AUOptions": None}


def test_texts_of_the_host_hold_nothing_that_moves_a_cursor():
    found = read_update_policy(answers(wu_policy=ok(values={"a\x1b[2J": value(["b\x07", 1], "REG_MULTI_SZ")})))
    assert found["policy"] == {"a [2J": ["b ", 1]}
