# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two cases of the article "How to detect if a reboot is needed after installing a patch", by every judge."""

from __future__ import annotations

import pytest

from .scans import ID, RULE, installed_by_agent, judged, run_by_hand

RULED = {"file_rules": [RULE]}

# (case, judge, policy): (state of the update, the judge's word, state of the machine, unattributed)
TABLE = {
    ("by hand", "winops", "rule"): ("soft_reboot", "soft_reboot", "pending_reboot", False),
    ("by hand", "winops", "no rule"): ("installed", "installed", "pending_reboot", True),
    ("by hand", "wua", "rule"): ("installed", "installed", "pending_reboot", False),
    ("by hand", "wua", "no rule"): ("installed", "installed", "pending_reboot", True),
    ("by hand", "itmu", "rule"): ("installed", "installed", "pending_reboot", False),
    ("by hand", "itmu", "no rule"): ("installed", "installed", "pending_reboot", True),
    ("by hand", "mbsa_1_2", "rule"): ("needed", "applicable", "non_compliant", False),
    ("by hand", "mbsa_1_2", "no rule"): ("unknown", "unknown", "pending_reboot", True),
    ("by hand", "mbsa_2_0", "rule"): ("installed", "installed", "pending_reboot", False),
    ("by hand", "sms_2003", "rule"): ("needed", "applicable", "non_compliant", False),
    ("by hand", "sms_2003", "no rule"): ("unknown", "unknown", "pending_reboot", True),
    ("by hand", "configmgr", "rule"): ("installed", "Installed", "pending_reboot", False),
    ("by agent", "winops", "rule"): ("soft_reboot", "soft_reboot", "pending_reboot", False),
    ("by agent", "winops", "no rule"): ("soft_reboot", "soft_reboot", "pending_reboot", False),
    ("by agent", "wua", "rule"): ("installed", "installed", "pending_reboot", False),
    ("by agent", "itmu", "rule"): ("needed", "applicable", "non_compliant", False),
    ("by agent", "itmu", "no rule"): ("needed", "applicable", "non_compliant", False),
    ("by agent", "mbsa_1_2", "rule"): ("needed", "applicable", "non_compliant", False),
    ("by agent", "mbsa_2_0", "rule"): ("installed", "installed", "pending_reboot", False),
    ("by agent", "mbsa_2_0", "no rule"): ("installed", "installed", "pending_reboot", False),
    ("by agent", "sms_2003", "rule"): ("needed", "applicable", "non_compliant", False),
    ("by agent", "configmgr", "no rule"): ("soft_reboot", "Soft Reboot", "pending_reboot", False),
}
CASES = {"by hand": run_by_hand, "by agent": installed_by_agent}


@pytest.mark.parametrize(("case", "judge", "rules"), TABLE)
def test_every_judge_says_of_the_articles_cases_what_the_article_says(case, judge, rules):
    answer = judged(*CASES[case](), RULED if rules == "rule" else None, judge)
    found = answer.updates[ID]
    shown = (found.state, found.word, answer.machine, answer.unattributed_reboot)
    assert shown == TABLE[case, judge, rules]
    assert answer.reboot == "required"


@pytest.mark.parametrize(
    ("case", "state"), [("by hand", "pending_reboot"), ("by agent", "clear")], ids=["flags 2", "no flags"]
)
def test_the_machine_check_of_mbsa_2_0_goes_by_the_flags_only(case, state):
    answer = judged(*CASES[case](), RULED, "mbsa_2_0")
    assert answer.machine_check[0] == state
    assert "UpdateExeVolatile" in answer.machine_check[1]


def test_because_names_the_queue_entry_and_the_file_of_the_rule():
    because = judged(*run_by_hand(), RULED).updates[ID].because
    assert "SET31.tmp -> clbcatq.dll" in because


def test_because_names_the_id_under_the_key():
    because = judged(*installed_by_agent()).updates[ID].because
    assert ID in because
    assert "RebootRequired" in because


def test_an_update_whose_coming_file_fails_is_needed_to_wua_in_the_words_of_the_article():
    scanned, evidence = run_by_hand()
    scanned["files"] = {path: {**found, "version": "9.0.0.0"} for path, found in scanned["files"].items()}
    found = judged(scanned, evidence, RULED, "wua").updates[ID]
    assert (found.state, found.word) == ("needed", "missing")
    assert "WUA reports that a reboot is pending" in found.because
