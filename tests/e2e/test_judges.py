# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The article's two cases on simulated hosts, from a real play: every judge says what docs/judges.md shows."""

from __future__ import annotations

import json
import os

import pytest

import generate_docs
from house_rules.places import ROOT
from judged_cases import CASES, FILE, HOSTS, JUDGES, POLICIES, answer_of, known_answers, tasks
from winsim.testing import serve

# What the article says, and the table of issue 10: (update, unattributed or the machine check).
SAYS = {
    ("by-hand", "winops", "rule"): ("soft_reboot", "pending_reboot", False, None),
    ("by-hand", "winops", "no rule"): ("installed", "pending_reboot", True, None),
    ("by-hand", "itmu", "rule"): ("installed", "pending_reboot", False, None),
    ("by-hand", "mbsa_1_2", "rule"): ("needed", "non_compliant", False, None),
    ("by-hand", "mbsa_2_0", "rule"): ("installed", "pending_reboot", False, "pending_reboot"),
    ("by-agent", "winops", "rule"): ("soft_reboot", "pending_reboot", False, None),
    ("by-agent", "winops", "no rule"): ("soft_reboot", "pending_reboot", False, None),
    ("by-agent", "itmu", "rule"): ("needed", "non_compliant", False, None),
    ("by-agent", "mbsa_1_2", "rule"): ("needed", "non_compliant", False, None),
    ("by-agent", "mbsa_2_0", "rule"): ("installed", "pending_reboot", False, "clear"),
}


@pytest.fixture(scope="module")
def answers(once, commands):
    """By case, judge and policy what one play over both hosts gave."""

    def make(folder):
        with serve(HOSTS, folder / "sim") as fleet:
            return commands(folder / "ansible").play(fleet.inventory, tasks())

    run = once("judges", make)
    assert run.code == 0, run.output
    asked = [(judge, policy) for judge in JUDGES for policy in POLICIES]
    found = {}
    for case in CASES:
        results = [entry["msg"] for entry in run.of("judge", case)["results"]]
        found[case] = {judge: {} for judge in JUDGES}
        for (judge, policy), result in zip(asked, results, strict=True):
            found[case][judge][policy] = answer_of(result)
    if os.environ.get("WINOPS_WRITE_JUDGES"):
        FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


@pytest.mark.parametrize(("case", "judge", "policy"), SAYS)
def test_every_judge_says_on_a_host_what_the_article_says(answers, case, judge, policy):
    answer = answers[case][judge][policy]
    assert (answer["state"], answer["machine"], answer["unattributed"], answer["check"]) == SAYS[case, judge, policy]


def test_the_page_of_the_judges_shows_what_the_play_gave(answers):
    assert answers == known_answers(), "run it again with WINOPS_WRITE_JUDGES=1, then generate_docs.py"
    page = (ROOT / "docs" / "judges.md").read_text(encoding="utf-8")
    assert generate_docs.wanted("docs/judges.md", page) == page
