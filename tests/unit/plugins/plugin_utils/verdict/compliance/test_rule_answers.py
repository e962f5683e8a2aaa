# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words in which the judges tell what they saw: files, flags and the agent's own answers."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import place_of_probe
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    flags,
    refused,
)

from .scans import ENTRY, FILES, ID, RULE, SCANNED, SOURCE, TARGET, attempt, judged, scan, state_of, update

SECOND = "C:\\WINDOWS\\system32\\es.dll"
SECOND_SOURCE = "C:\\WINDOWS\\system32\\SET32.tmp"
RULED = {"file_rules": [RULE]}
TWO = {"file_rules": [RULE, {**RULE, "path": SECOND}]}
NEW, OLD, DENIED = {"version": "10.0.0.0"}, {"version": "9.0.0.0"}, {"state": "denied"}
WANTS = "the rule wants at least 10.0.0.0"
HEADS = {
    "installed": "it passes its detection rules: ",
    "needed": (
        "it does not pass its detection rules, of which the article says: WUA reports that a reboot is pending ("
    ),
    "unknown": "its detection rules cannot be judged: ",
}
PASSES, FAILS, UNREAD = "has version 10.0.0.0", "has version 9.0.0.0", "could not be read (denied)"


def found_by(judge, policy, **top):
    """The answer of a judge for the one update."""
    return judged(scan(**top), None, policy, judge).updates[ID]


@pytest.mark.parametrize(
    ("first", "second", "state", "seen"),
    [
        (NEW, NEW, "installed", [f"clbcatq.dll {PASSES}", f"es.dll {PASSES}"]),
        (NEW, OLD, "needed", [f"es.dll {FAILS}"]),
        (OLD, NEW, "needed", [f"clbcatq.dll {FAILS}"]),
        (OLD, OLD, "needed", [f"clbcatq.dll {FAILS}", f"es.dll {FAILS}"]),
        (NEW, DENIED, "unknown", [f"es.dll {UNREAD}"]),
        (DENIED, NEW, "unknown", [f"clbcatq.dll {UNREAD}"]),
        (DENIED, OLD, "needed", [f"es.dll {FAILS}"]),
    ],
)
class TestOfTwoRulesTheWorseCounts:
    """One that fails before one that cannot be judged, that before one that passes; only its files are told."""

    def test_for_the_files_on_disk(self, first, second, state, seen):
        found = found_by("mbsa_1_2", TWO, files={TARGET: first, SECOND: second})
        head = "the file on disk is not known: " if state == "unknown" else "the file on disk decides: "
        assert (found.state, found.because) == (state, head + "; ".join(f"{text}, {WANTS}" for text in seen))

    def test_for_the_files_after_the_boot(self, first, second, state, seen):
        found = found_by("wua", TWO, files={TARGET: first, SECOND: second})
        text = HEADS[state] + "; ".join(f"{text}, {WANTS}" for text in seen)
        assert (found.state, found.because) == (state, f"{text})" if state == "needed" else text)

    def test_for_the_files_that_the_queue_moves_into_place(self, first, second, state, seen):
        queue = [ENTRY, {"operation": "replace", "source": SECOND_SOURCE, "target": SECOND}]
        found = found_by("wua", TWO, queue=queue, files={SOURCE: first, SECOND_SOURCE: second})
        assert found.state == state
        assert found.because.count("what the queue puts in the place of") == len(seen)


def test_a_file_that_the_queue_deletes_will_not_be_there():
    entry = {"operation": "delete", "source": TARGET, "target": None}
    found = found_by("wua", RULED, queue=[entry], files={TARGET: NEW})
    assert found.state == "needed"
    assert "what the queue puts in the place of clbcatq.dll is not there" in found.because


def test_whether_a_rename_onto_a_file_succeeds_is_not_known():
    found = found_by("wua", RULED, queue=[{**ENTRY, "operation": "rename"}], files=FILES)
    assert found.state == "unknown"
    assert found.because == (
        "its detection rules cannot be judged: queue entry SET31.tmp -> clbcatq.dll, aimed at a file of its rule: "
        "whether the rename succeeds is not known"
    )


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (DENIED, f"its file rule cannot be judged: clbcatq.dll {UNREAD}, {WANTS}"),
        (OLD, f"its file contradicts the update agent: clbcatq.dll {FAILS}, {WANTS}, and nothing waits to replace it"),
    ],
)
def test_a_file_that_does_not_pass_is_told_beside_the_agents_answer(reading, text):
    assert found_by("winops", RULED, files={TARGET: reading}).because == text


@pytest.mark.parametrize(("reading", "state"), [(NEW, "installed"), (OLD, "unknown")])
def test_without_a_queue_that_was_read_no_entry_is_said_to_wait(reading, state):
    answer = judged(
        scan(queue=None, files={TARGET: reading}), document({"session_manager": refused()}), RULED, "winops"
    )
    assert state_of(answer) == state
    assert "queue entry" not in answer.updates[ID].because


@pytest.mark.parametrize(
    ("words", "policy", "because"),
    [
        (
            {"files": {TARGET: NEW}},
            RULED,
            f"the file on disk decides: clbcatq.dll {PASSES}, {WANTS} (as of the scan of {SCANNED})",
        ),
        ({"files": {TARGET: DENIED}}, RULED, f"the file on disk is not known: clbcatq.dll {UNREAD}, {WANTS}"),
        (
            {"files": {TARGET: NEW}, "scanned_at": None},
            RULED,
            f"the file on disk decides: clbcatq.dll {PASSES}, {WANTS}",
        ),
        ({}, None, "no file rule is given for it, and this judge looks at nothing else"),
    ],
    ids=["known", "not known", "without a time", "without a rule"],
)
def test_sms_2003_names_its_scan_where_it_knows_an_answer_and_the_time(words, policy, because):
    assert found_by("sms_2003", policy, **words).because == because


@pytest.mark.parametrize("judge", ["wua", "itmu", "mbsa_2_0", "configmgr", "winops"])
def test_a_scan_that_is_not_trusted_tells_no_judge_anything(judge):
    found = found_by(judge, {"expected_source": "windows_update"})
    assert found.state == "unknown"
    assert found.because.startswith("the scan is not trusted: ")


class TestFlagsOfMbsa20:
    """The two views of UpdateExeVolatile."""

    @staticmethod
    def check(**probes):
        """The machine check."""
        return judged(scan(), document(probes), None, "mbsa_2_0").machine_check

    def test_the_first_view_is_told_where_both_are_clear(self):
        assert self.check() == ("clear", f"{place_of_probe('update_exe')} is not there")

    def test_the_other_view_is_told_where_only_that_is_not_known(self):
        assert self.check(update_exe_32=flags(4)) == ("unknown", f"{place_of_probe('update_exe_32')} is 4")


class TestTheAgentsAnswer:
    """Its words, and what of them was damaged."""

    def test_other_damage_leaves_an_installed_update_installed(self):
        assert state_of(judged(scan(update(title=5)))) == "installed"

    def test_only_damage_of_the_answer_itself_is_told(self):
        found = judged(scan(update(installed="yes", title=5))).updates[ID].because
        assert found == ("the scan does not say whether it is installed (installed is neither true nor false but str)")

    def test_only_a_refusal_before_a_reboot_makes_a_failure_wait(self):
        scanned = scan(update(installed=False), history=[attempt()], reboot_required_before_installation=True)
        assert state_of(judged(scanned)) == "failed"
