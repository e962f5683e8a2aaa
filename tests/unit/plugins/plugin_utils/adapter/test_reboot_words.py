# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of the three answers a value holds."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reboot_words import ANSWERS, reboot_answer


@pytest.mark.parametrize("answer", sorted(ANSWERS))
def test_an_answer_is_found_in_a_verdict_and_in_what_holds_one(answer):
    verdict = {"reboot": answer, "kind": "none"}
    assert reboot_answer(verdict) == answer
    assert reboot_answer({"verdict": verdict, "changed": False}) == answer
    assert reboot_answer({"verdict": verdict, "failed": True}) == answer


@pytest.mark.parametrize("word", ["failed", "unreachable", "skipped"])
def test_a_task_that_gave_no_verdict_is_unknown(word):
    for found in ({word: True}, {word: True, "verdict": None}, {word: True, "verdict": {}, "msg": "x"}):
        assert reboot_answer(found) == "unknown"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "required",
        "",
        [],
        {},
        {"reboot": None},
        {"reboot": "yes"},
        {"reboot": True},
        {"reboot": ["required"]},
        {"verdict": "required"},
        {"verdict": {"reboot": "maybe"}, "failed": False},
        {"reboot_required": False},
        {"changed": False, "failed": False},
    ],
)
def test_anything_else_is_an_error_that_says_what_is_taken(value):
    with pytest.raises(AnsibleFilterError, match="win_reboot_pending_info"):
        reboot_answer(value)
