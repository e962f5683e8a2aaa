# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Policies of the update agent that contradict each other, or that somebody should look at."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.update_source import source_findings
from hypothesis import given
from hypothesis import strategies as st

URL = "http://wsus.example:8530"
GOOD = {"WUServer": URL, "WUStatusServer": f"{URL}/", "UseWUServer": 1}
CLASSES = [f"SetPolicyDrivenUpdateSourceFor{name}Updates" for name in ("Driver", "Feature", "Quality", "Other")]
ALL_CLASSES = {**dict.fromkeys(CLASSES, 1), "UseUpdateClassPolicySource": 1}
WINDOWS_11, SERVER_2022 = 22631, 20348


def found(policy, expected=None, *, build=None, state="ok"):
    """Ids and levels of what is found, of the usual extras only where they are asked for."""
    source = {"managed": True, "server": URL, "policy": policy, "policy_state": state}
    findings = source_findings({"source": source}, expected, build=build)
    return {finding.id: finding.level for finding in findings}


def without_leftovers(policy, *arguments, **options):
    """The same without the finding that every further value gives."""
    return {name: level for name, level in found(policy, *arguments, **options).items() if name != "leftover_value"}


def test_the_three_values_that_a_wsus_needs_are_no_finding():
    assert found(GOOD, URL) == {}


def test_a_host_without_policies_is_no_finding():
    assert found({}, state="absent") == {}


@pytest.mark.parametrize(
    ("policy", "finding"),
    [
        ({"WUServer": URL, "WUStatusServer": URL}, "wuserver_without_usewuserver"),
        ({**GOOD, "UseWUServer": 0}, "wuserver_without_usewuserver"),
        ({"UseWUServer": 1}, "usewuserver_without_wuserver"),
        ({**GOOD, "WUStatusServer": "http://other:8530"}, "status_server_differs"),
        ({"WUServer": URL, "UseWUServer": 1}, "status_server_differs"),
        ({**GOOD, "CCM_UpdateSource\\ContentLocation": "http://cm.example:8530"}, "gpo_overrides_local"),
        ({**GOOD, "PolicyState\\IsWUfBDualScanActive": 1}, "dual_scan_active"),
        ({**GOOD, "DeferQualityUpdates": 1}, "dual_scan_active"),
        ({**GOOD, "DeferFeatureUpdatesPeriodInDays": 30}, "dual_scan_active"),
        ({**GOOD, "PauseQualityUpdatesStartTime": "2026-11-01T00:00:00Z"}, "dual_scan_active"),
        ({**GOOD, "UseUpdateClassPolicySource": 1, CLASSES[0]: 1}, "class_policy_incomplete"),
        (
            {**GOOD, **dict.fromkeys(CLASSES, 1), "WindowsUpdate\\UseUpdateClassPolicySource": 1},
            "class_policy_at_wrong_place",
        ),
        ({**GOOD, "AUOptions": 4}, "auto_update_will_race_us"),
        ({"DoNotConnectToWindowsUpdateInternetLocations": 1}, "internet_blocked_no_wsus"),
        ({**GOOD, "DisableWindowsUpdateAccess": 1}, "update_access_disabled"),
    ],
)
def test_a_combination_that_harms_is_a_conflict(policy, finding):
    assert without_leftovers(policy) == {finding: "conflict"}


@pytest.mark.parametrize(
    ("policy", "options", "finding"),
    [
        ({**GOOD, "AUOptions": 5}, {}, "auto_update_will_race_us"),
        ({**GOOD, **dict.fromkeys(CLASSES, 1)}, {}, "class_policy_off"),
        ({**GOOD, **ALL_CLASSES, "WindowsUpdate\\UseUpdateClassPolicySource": 1}, {}, "class_policy_at_wrong_place"),
        ({**GOOD, "DisableDualScan": 1}, {"build": WINDOWS_11}, "disable_dual_scan_inert"),
        ({**GOOD, "DeferQualityUpdates": 1, "DisableDualScan": 1}, {}, "dual_scan_active"),
    ],
)
def test_what_may_be_meant_is_to_be_checked(policy, options, finding):
    assert without_leftovers(policy, **options) == {finding: "check"}


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ({**GOOD, "DeferQualityUpdates": 0}, {}),
        ({**GOOD, "DeferFeatureUpdatesPeriodInDays": 0}, {}),
        ({**GOOD, "DeferQualityUpdates": 1, "PolicyState\\IsWUfBDualScanActive": 0}, {}),
        ({**GOOD, "DeferQualityUpdates": 1, "DisableDualScan": 1}, {"build": SERVER_2022}),
        ({**GOOD, "DeferQualityUpdates": 1, **ALL_CLASSES}, {}),
        ({"DeferQualityUpdates": 1}, {}),
        ({**GOOD, **ALL_CLASSES}, {"expected": "managed_server"}),
        ({**GOOD, "AUOptions": 4, "NoAutoUpdate": 1}, {}),
        ({**GOOD, "AUOptions": 3}, {}),
        ({**GOOD, "DoNotConnectToWindowsUpdateInternetLocations": 1}, {}),
        ({**GOOD, "CCM_UpdateSource\\ContentLocation": "HTTP://WSUS.example:8530"}, {}),
        ({**GOOD, "DisableDualScan": 1}, {"build": SERVER_2022}),
        ({**GOOD, "UseWUServer": "1"}, {}),
    ],
)
def test_a_combination_that_works_is_no_conflict(policy, options):
    assert without_leftovers(policy, **options) == {}


def test_dual_scan_on_windows_11_is_a_conflict_though_disabledualscan_is_set():
    policy = {**GOOD, "DeferQualityUpdates": 1, "DisableDualScan": 1}
    assert without_leftovers(policy, build=WINDOWS_11) == {
        "dual_scan_active": "conflict",
        "disable_dual_scan_inert": "check",
    }


def test_a_server_other_than_the_expected_one_was_overwritten():
    policy = {**GOOD, "WUServer": "http://old:8530", "WUStatusServer": "http://old:8530"}
    assert found(policy, URL) == {"gpo_overrides_local": "conflict"}


def test_classes_that_come_from_windows_update_are_a_conflict_where_a_wsus_is_expected():
    policy = {**GOOD, **ALL_CLASSES, CLASSES[2]: 0}
    assert without_leftovers(policy, URL) == {"class_from_windows_update": "conflict"}
    assert without_leftovers(policy) == {}


def test_a_key_without_values_is_a_conflict_where_a_wsus_is_expected():
    assert found({}, "managed_server") == {"key_without_values": "conflict"}
    assert found({}) == {}
    assert found({}, "managed_server", state="absent") == {}


def test_a_value_beyond_the_three_is_to_be_checked_and_named():
    source = {"managed": True, "server": URL, "policy": {**GOOD, "TargetGroup": "a", "RescheduleWaitTime": 1}}
    (finding,) = source_findings({"source": source}, URL)
    assert (finding.id, finding.level) == ("leftover_value", "check")
    assert finding.values == ("TargetGroup", "RescheduleWaitTime")
    assert "TargetGroup, RescheduleWaitTime" in finding.text


def test_without_a_wsus_only_values_that_speak_of_one_are_left_over():
    assert found({"TargetGroup": "a"}) == {"leftover_value": "check"}
    assert found({"NoAutoUpdate": 1}) == {}


def test_resolved_state_and_configmgr_are_no_leftover_values():
    assert found({**GOOD, "PolicyState\\WUServer": URL, "CCM_UpdateSource\\ContentLocation": URL}) == {}


def test_many_leftover_values_are_counted_in_the_text_and_all_named_beside_it():
    policy = {**GOOD, **{f"Own{number}": 1 for number in range(9)}}
    (finding,) = source_findings({"source": {"policy": policy}})
    assert finding.text.endswith("Own0, Own1, Own2, Own3, Own4 and 4 more.")
    assert len(finding.values) == 9


@pytest.mark.parametrize("state", ["denied", "error"])
@pytest.mark.parametrize(
    "policy",
    [{}, {"WUServer": URL}, {"UseWUServer": 1}, {CLASSES[0]: 1}, {"DoNotConnectToWindowsUpdateInternetLocations": 1}],
)
def test_a_value_that_could_not_be_read_is_not_missing(policy, state):
    assert without_leftovers(policy, state=state) == {"policy_unreadable": "check"}


def test_a_conflict_comes_before_what_is_to_be_checked():
    levels = list(found({**GOOD, "AUOptions": 4, "TargetGroup": "a", CLASSES[0]: 1, "UseWUServer": 0}).values())
    assert levels == sorted(levels, reverse=True)
    assert set(levels) == {"conflict", "check"}


def test_values_may_be_given_with_their_kind_and_in_any_case():
    kinds = {name.upper(): {"kind": "REG_SZ", "data": data} for name, data in GOOD.items()}
    assert found(kinds, URL) == {}


NAMES = [*GOOD, *ALL_CLASSES, "AUOptions", "NoAutoUpdate", "DeferQualityUpdates", "DisableDualScan", "TargetGroup"]
VALUES = st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=6) | st.just(URL) | st.lists(st.none())


@given(policy=st.dictionaries(st.sampled_from(NAMES), VALUES), state=st.sampled_from(["ok", "denied", "x", None]))
def test_senseless_values_never_stop_anything_and_each_rule_speaks_once(policy, state):
    findings = source_findings({"source": {"policy": policy, "policy_state": state}}, "managed_server")
    ids = [finding.id for finding in findings]
    assert len(ids) == len(set(ids))
    assert all(finding.level in ("conflict", "check") and finding.text.endswith((".", ")")) for finding in findings)
