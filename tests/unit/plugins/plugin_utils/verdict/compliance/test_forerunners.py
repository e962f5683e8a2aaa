# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the other judges look at, and what they do not."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    patch_compliance,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.judges import JUDGES, JudgeError
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.outcome import STATES
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    BEFORE_BOOT,
    document,
    flags,
    ok,
    refused,
    value,
)

from .scans import ENTRY, FILES, ID, RULE, SCANNED, SOURCE, TARGET, attempt, judged, scan, state_of, under_key, update

RULED = {"file_rules": [RULE]}
NEW_CATALOG = {"catalog": {"as_of": "2026-11-18T01:00:00Z", "updates": []}}


@pytest.mark.parametrize("judge", JUDGES)
def test_every_judge_has_a_word_for_every_state_that_it_gives(judge):
    words = JUDGES[judge].words
    assert set(words) <= set(STATES)
    assert {"installed", "needed", "not_needed", "unknown"} <= set(words)


@pytest.mark.parametrize("judge", ["wus", "", None, 5, ["wua"]])
def test_a_judge_that_there_is_not_is_refused_with_the_names_of_those_that_there_are(judge):
    with pytest.raises(JudgeError, match="mbsa_1_2"):
        judged(scan(), None, None, judge)


@pytest.mark.parametrize("judge", ["wua", "itmu", "mbsa_2_0", "configmgr"])
@pytest.mark.parametrize(("installed", "state"), [(True, "installed"), (False, "needed"), (None, "unknown")])
def test_without_a_rule_the_agents_answer_is_taken(judge, installed, state):
    assert state_of(judged(scan(update(installed=installed)), None, None, judge)) == state


@pytest.mark.parametrize("judge", ["mbsa_1_2", "sms_2003"])
@pytest.mark.parametrize("installed", [True, False, None])
def test_judges_of_files_guess_nothing_without_a_rule(judge, installed):
    found = judged(scan(update(installed=installed)), None, None, judge).updates[ID]
    assert found.state == "unknown"
    assert "no file rule" in found.because


@pytest.mark.parametrize("judge", ["mbsa_1_2", "sms_2003"])
@pytest.mark.parametrize(
    ("reading", "state", "word"),
    [
        ({"version": "10.0.0.0"}, "installed", "installed"),
        ({"version": "9.0.0.0"}, "needed", "applicable"),
        ({"state": "absent"}, "needed", "applicable"),
        ({"state": "denied"}, "unknown", "unknown"),
        ({"version": "9.0 (x)"}, "unknown", "unknown"),
    ],
)
def test_the_file_on_disk_decides_for_them_whatever_the_agent_and_the_queue_say(judge, reading, state, word):
    for installed in (True, False):
        scanned = scan(update(installed=installed), queue=[ENTRY], files={**FILES, TARGET: reading})
        found = judged(scanned, None, RULED, judge).updates[ID]
        assert (found.state, found.word) == (state, word)


def test_sms_2003_says_as_of_which_scan():
    because = judged(scan(files=FILES), None, RULED, "sms_2003").updates[ID].because
    assert SCANNED in because


@pytest.mark.parametrize(
    ("coming", "state"),
    [
        ({"version": "10.0.0.0"}, "installed"),
        ({"version": "9.0.0.0"}, "needed"),
        ({"state": "absent"}, "needed"),
        ({"state": "timeout"}, "unknown"),
    ],
)
def test_wua_goes_by_the_file_that_the_queue_moves_into_place(coming, state):
    scanned = scan(update(installed=False), queue=[ENTRY], files={**FILES, SOURCE: coming})
    assert state_of(judged(scanned, None, RULED, "wua")) == state


def test_wua_cannot_judge_its_rules_where_the_queue_was_not_read():
    evidence = document({"session_manager": refused()})
    scanned = scan(queue=None, files={TARGET: {"version": "10.0.0.0"}})
    assert state_of(judged(scanned, evidence, RULED, "wua")) == "unknown"


def test_a_missing_session_manager_key_is_an_empty_queue():
    scanned = scan(queue=None, files={TARGET: {"version": "10.0.0.0"}})
    assert state_of(judged(scanned, document({"session_manager": ABSENT}), RULED, "wua")) == "installed"


def test_itmu_flags_only_what_the_key_lists():
    answer = judged(scan(update(reboot_required=True), reboot_required_updates=[ID]), None, None, "itmu")
    assert state_of(answer) == "installed"
    assert answer.machine == "pending_reboot"


@pytest.mark.parametrize("key", [refused(), refused("timeout"), None])
def test_itmu_does_not_guess_what_stands_under_a_key_that_was_not_read(key):
    answer = judged(scan(), document({"wu_reboot_required": key}), None, "itmu")
    assert state_of(answer) == "unknown"


def test_itmu_leaves_what_is_not_installed_needed():
    answer = judged(scan(update(installed=False)), document({"wu_reboot_required": under_key(ID)}), None, "itmu")
    assert state_of(answer) == "needed"


@pytest.mark.parametrize("judge", [name for name in JUDGES if name != "winops"])
def test_no_other_judge_knows_failed_or_rejected(judge):
    scanned = scan(update(installed=False), history=[attempt()])
    assert state_of(judged(scanned, None, None, judge)) in ("needed", "unknown")
    rejected = judged(scan(), None, {"rejected": [{"id": ID}]}, judge)
    assert state_of(rejected) in ("installed", "unknown")


@pytest.mark.parametrize("installed", [True, False])
def test_configmgr_knows_nothing_while_its_catalogue_is_newer_than_the_scan(installed):
    found = judged(scan(update(installed=installed)), None, NEW_CATALOG, "configmgr").updates[ID]
    assert (found.state, found.word) == ("unknown", "Unknown")
    assert state_of(judged(scan(update(installed=installed)), None, NEW_CATALOG)) != "unknown"


def test_configmgr_has_its_five_words():
    words = {state: JUDGES["configmgr"].words[state] for state in ("soft_reboot", "hard_reboot", "not_needed")}
    assert words == {"soft_reboot": "Soft Reboot", "hard_reboot": "Hard Reboot", "not_needed": "Not Needed"}


class TestMachineCheckOfMbsa20:
    """The raw flags of UpdateExeVolatile, beside the updates."""

    @pytest.mark.parametrize(
        ("probes", "state"),
        [
            ({}, "clear"),
            ({"update_exe": flags(0)}, "clear"),
            ({"update_exe": flags(1)}, "pending_reboot"),
            ({"update_exe": flags(2, BEFORE_BOOT)}, "pending_reboot"),
            ({"update_exe_32": flags(3, None)}, "pending_reboot"),
            ({"update_exe": flags(4)}, "unknown"),
            ({"update_exe": flags("x")}, "unknown"),
            ({"update_exe": refused()}, "unknown"),
            ({"update_exe": refused(), "update_exe_32": flags(2)}, "pending_reboot"),
            ({"update_exe": ok(values={"Other": value(1)})}, "clear"),
        ],
    )
    def test_it_goes_by_the_flags(self, probes, state):
        answer = judged(scan(), document(probes), None, "mbsa_2_0")
        assert answer.machine_check[0] == state
        assert state_of(answer) == "installed"
        assert (answer.machine == "compliant") == (state == "clear")

    def test_flags_from_before_the_boot_make_the_machine_wait_and_name_no_update(self):
        stale = document({"update_exe": flags(2, "2026-10-01T00:00:00Z")})
        answer = judged(scan(), stale, None, "mbsa_2_0")
        assert (answer.reboot, answer.machine) == ("not_required", "pending_reboot")
        assert (answer.unattributed_reboot, state_of(answer)) == (True, "installed")
        assert judged(scan(), stale).unattributed_reboot is False

    def test_without_evidence_it_is_unknown(self):
        assert patch_compliance(scan(), None, None, "mbsa_2_0").machine_check[0] == "unknown"

    @pytest.mark.parametrize("judge", [name for name in JUDGES if name != "mbsa_2_0"])
    def test_no_other_judge_has_one(self, judge):
        assert judged(scan(), document({"update_exe": flags(2)}), None, judge).machine_check is None
