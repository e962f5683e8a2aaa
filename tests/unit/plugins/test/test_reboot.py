# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tests reboot_required, reboot_not_required and reboot_unknown."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.winops.patching.plugins.plugin_utils._report.fleet import unread_row
from ansible_collections.winops.patching.plugins.test.reboot import TestModule as RebootTests
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    refused,
    verdict,
    with_present,
)

NAMES = ["reboot_required", "reboot_not_required", "reboot_unknown"]
VALUES = [
    (verdict(with_present("domain_join")), "reboot_required"),
    (verdict(document()), "reboot_not_required"),
    (verdict(document({"cbs_reboot_pending": refused()})), "reboot_unknown"),
    ({"verdict": verdict(document()), "changed": False}, "reboot_not_required"),
    ({"verdict": verdict(document({"cbs_reboot_pending": refused()})), "failed": True}, "reboot_unknown"),
    (unread_row("unreachable"), "reboot_unknown"),
    ({"unreachable": True, "msg": "no route"}, "reboot_unknown"),
    ({"failed": True, "msg": "boom"}, "reboot_unknown"),
    ({"skipped": True}, "reboot_unknown"),
    ({"reboot": "not_required", "collected_at": "2026-11-18T03:20:00Z"}, "reboot_not_required"),
]


def test_there_are_these_three():
    assert list(RebootTests().tests()) == NAMES


@pytest.mark.parametrize(("value", "name"), VALUES)
def test_exactly_one_of_the_three_is_true(value, name):
    assert [found for found, holds in RebootTests().tests().items() if holds(value) is True] == [name]


@pytest.mark.parametrize("value", [None, "required", {}, {"reboot_required": False}, []])
@pytest.mark.parametrize("name", NAMES)
def test_what_holds_no_answer_is_an_error_in_all_three(value, name):
    with pytest.raises(AnsibleFilterError):
        RebootTests().tests()[name](value)
