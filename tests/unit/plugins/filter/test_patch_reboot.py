# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""patch_reboot_decision and patch_reboot_outcome as filters: documents and results in, one kind of error out."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.winops.patching.plugins.filter.patch_reboot_decision import patch_reboot_decision
from ansible_collections.winops.patching.plugins.filter.patch_reboot_outcome import patch_reboot_outcome
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.persistent import PERSISTENT
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    ok,
    text,
    with_present,
)

WAITS = with_present("wu_reboot_required")
LATER = {"boot_time": "2026-11-18T03:25:00Z", "clock": "2026-11-18T03:30:00Z"}
CLEAN = {"state": "clean", "entries": [], "downgrades": [], "will_fail": [], "lost": []}
ALWAYS = {"no_windows": "open"}
NIGHT = {"windows": [{"name": "night", "start": "2026-11-18T03:00:00Z", "duration": "60m"}]}


@pytest.mark.parametrize("given", [WAITS, {"evidence": WAITS, "changed": False}])
def test_a_document_and_a_result_that_holds_it_are_decided_alike(given):
    assert patch_reboot_decision(given, ALWAYS, queue=CLEAN)["state"] == "go"


def test_with_the_hosts_clock_the_time_is_that_of_the_document():
    assert patch_reboot_decision(WAITS, NIGHT, {"clock": "host"}, queue=CLEAN)["state"] == "go"
    assert patch_reboot_decision(WAITS, NIGHT, queue=CLEAN, now="2026-11-18T05:00:00Z")["state"] == "outside_window"
    assert patch_reboot_decision(WAITS, NIGHT, queue=CLEAN)["state"] == "outside_window"


def test_the_documents_own_policy_counts_where_no_other_is_given():
    own = {**WAITS, "policy": {"ignore_signals": ["wu_reboot_required"]}}
    assert patch_reboot_decision(own, ALWAYS)["state"] == "not_required"
    assert patch_reboot_decision(own, {**ALWAYS, "ignore_signals": []}, queue=CLEAN)["state"] == "go"


def test_the_outcome_takes_the_marks_that_the_host_keeps():
    kept = ok(values={"computer_rename": text("a" * 64), "wu_reboot_required": text("junk")})
    after = document(
        {**{name: WAITS["probes"][name] for name in ("wu_reboot_required",)}, PERSISTENT: kept}, system=LATER
    )
    found = patch_reboot_outcome(after, WAITS)
    assert (found["booted"], list(found["marks"]), found["forget"]) == (
        True,
        ["wu_reboot_required"],
        ["computer_rename"],
    )
    assert found["reboot"] == "required"


def test_a_mark_in_the_documents_policy_does_not_hide_that_a_signal_survived():
    first = patch_reboot_outcome(with_present("wu_reboot_required", system=LATER), WAITS)
    judged_by = {**WAITS, "policy": {"persistent": first["marks"]}}
    again = patch_reboot_outcome(with_present("wu_reboot_required", system=LATER), judged_by)
    assert again["marks"] == first["marks"]


@pytest.mark.parametrize("given", [None, "text", {}, {"evidence": "text"}, {"probes": {}}])
def test_what_is_no_document_is_refused(given):
    with pytest.raises(AnsibleFilterError, match="patch_reboot_decision: "):
        patch_reboot_decision(given, ALWAYS)
    with pytest.raises(AnsibleFilterError, match="patch_reboot_outcome: "):
        patch_reboot_outcome(given, WAITS)


@pytest.mark.parametrize(
    ("policy", "options", "said"),
    [
        ({"windoes": []}, None, "policy.windoes: no such key"),
        ({"strengths": 5}, None, "policy.strengths"),
        (ALWAYS, {"max_reboot": 1}, "options.max_reboot: no such key"),
        ("tonight", None, "policy: must be a mapping"),
    ],
)
def test_a_mistake_is_named_by_its_key(policy, options, said):
    with pytest.raises(AnsibleFilterError, match=said):
        patch_reboot_decision(WAITS, policy, options)
