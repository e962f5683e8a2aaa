# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filters patch_compliance and fleet_compliance, and the tests patch_compliant and patch_unknown."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.winops.patching.plugins.filter.fleet_compliance import FilterModule as FleetFilters
from ansible_collections.winops.patching.plugins.filter.patch_compliance import FilterModule as HostFilters
from ansible_collections.winops.patching.plugins.test.compliance import TestModule as ComplianceTests
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import document, refused
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.compliance.scans import (
    ID,
    judged,
    scan,
    update,
)

patch_compliance = HostFilters().filters()["patch_compliance"]
fleet_compliance = FleetFilters().filters()["fleet_compliance"]
TESTS = ComplianceTests().tests()
COMPLIANT = judged(scan()).as_dict()
UNKNOWN = judged(scan(), document({"cbs_reboot_pending": refused()})).as_dict()
LACKING = judged(scan(update(installed=False))).as_dict()
WAITING = judged(scan(update(reboot_required=True))).as_dict()


def test_the_filter_returns_what_the_brain_says():
    assert patch_compliance(scan(), document()) == COMPLIANT
    assert patch_compliance(scan(), evidence=document(), policy={}, judge="winops", now=None) == COMPLIANT


def test_the_fleet_takes_what_the_filter_returns():
    fleet = fleet_compliance({"web01": patch_compliance(scan(), document())})
    assert fleet["totals"]["machine"]["compliant"] == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((None,), "patch_compliance: a scan is a mapping"),
        ((scan(), 5), "patch_compliance: evidence is a mapping"),
        ((scan(), None, {"instal": 1}), "policy.instal: no such key"),
        ((scan(), None, None, "wus"), "judge: 'wus' is no judge"),
        ((scan(), None, None, "wua", "now"), "'now' is not a time"),
    ],
)
def test_what_cannot_be_judged_is_an_error_of_the_filter(given, named):
    with pytest.raises(AnsibleFilterError, match=named):
        patch_compliance(*given)


@pytest.mark.parametrize(
    ("given", "named"), [(([],), "fleet_compliance: must be a mapping"), (({}, 5), "policy: must")]
)
def test_what_is_no_fleet_is_an_error_of_the_filter(given, named):
    with pytest.raises(AnsibleFilterError, match=named):
        fleet_compliance(*given)


def test_host_text_is_marked_as_untrusted():
    answer = patch_compliance(scan(update(title="{{ 1 + 1 }}")), document())
    assert answer["updates"][ID]["title"] == "{{ 1 + 1 }}"


@pytest.mark.parametrize(
    ("value", "true"),
    [
        (COMPLIANT, ["patch_compliant"]),
        (UNKNOWN, ["patch_unknown"]),
        (LACKING, []),
        (WAITING, []),
        ({}, ["patch_unknown"]),
        ({"machine": None}, ["patch_unknown"]),
        ({"failed": True, "msg": "boom"}, ["patch_unknown"]),
        (fleet_compliance({"web01": None})["hosts"]["web01"], ["patch_unknown"]),
        (fleet_compliance({"web01": COMPLIANT})["hosts"]["web01"], ["patch_compliant"]),
    ],
)
def test_at_most_one_of_the_two_is_true(value, true):
    assert [name for name, holds in TESTS.items() if holds(value) is True] == true


@pytest.mark.parametrize(
    "value", [None, "compliant", True, [], 5, {"machine": "fine"}, {"machine": True}, {"machine": []}]
)
@pytest.mark.parametrize("name", ["patch_compliant", "patch_unknown"])
def test_what_is_no_answer_is_an_error_in_both(value, name):
    with pytest.raises(AnsibleFilterError):
        TESTS[name](value)
