# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of an install job, for people: explained, told in order, and what must not be tried again."""

from __future__ import annotations

import json
from datetime import datetime

from ansible_collections.winops.patching.plugins.plugin_utils._report.install_report import MOST_EVENTS, install_report
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.install.verdict import judge_install
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.journals import (
    JOB,
    armed,
    at,
    begin,
    done,
    end,
    evidence,
    found,
    name,
    plan,
    resumed,
    scan,
    skipped,
    started,
)

NIGHT = (
    armed(),
    started(1),
    begin(1, 10),
    end(1, 20, reboot_required=True),
    begin(2, 20),
    end(2, 31, result="failed", hresult="0x80070643"),
    begin(3, 31),
    end(3, 32, result="failed", hresult="0x80072EE2"),
    skipped(4, 33, "does_not_fit"),
    {"at": at(34), "phase": "rebooting", "step": "begin", "number": 1},
    resumed(40, expected=True),
    done(41),
)


def report(lines=NIGHT, since=None, **words):
    after = scan(found(1, installed=False), *(found(number, installed=False) for number in (2, 3, 4)))
    verdict = judge_install(plan(1, 2, 3, 4), lines, after, evidence(boot=at(39)), **words)
    return install_report(verdict, since=since)


def test_every_failure_carries_its_name_its_cause_and_the_next_step():
    rolled, failed, network, left = report()["updates"]
    assert (rolled["state"], rolled["explanation"]) == ("rolled_back", None)
    assert failed["explanation"]["name"] == "ERROR_INSTALL_FAILURE"
    assert failed["explanation"]["next_step"]
    assert network["explanation"]["class"] == "network"
    assert (left["state"], left["explanation"]) == ("deferred", None)


def test_what_was_rolled_back_or_failed_for_good_is_not_tried_again_in_the_same_run():
    assert report()["not_again"] == {
        name(1): "it was rolled back in this run",
        name(2): "it failed in this run with ERROR_INSTALL_FAILURE",
    }


def test_the_story_is_told_in_order_with_the_hosts_time():
    assert report()["story"] == [
        f"2026-11-21T22:00:00Z {JOB} was handed to the host",
        f"2026-11-21T22:01:00Z {JOB} began to work",
        "2026-11-21T22:20:00Z Update 1: succeeded after 10 min, and needs a reboot",
        "2026-11-21T22:31:00Z Update 2: failed with 0x80070643 after 10 min",
        "2026-11-21T22:32:00Z Update 3: failed with 0x80072EE2 after 10 min",
        "2026-11-21T22:33:00Z 1 not begun: does not fit",
        "2026-11-21T22:34:00Z the job rebooted the host",
        "2026-11-21T22:40:00Z the host was up again, and the job went on to verify",
        "2026-11-21T22:41:00Z the job ended, finished",
    ]


def test_a_run_that_resumes_hears_only_what_it_has_missed():
    since = datetime.fromisoformat(at(33))
    assert [text[21:] for text in report(since=since)["story"]] == [
        "the job rebooted the host",
        "the host was up again, and the job went on to verify",
        "the job ended, finished",
    ]


def test_a_journal_that_breaks_off_says_where():
    story = report([*NIGHT[:7]], running=False)["story"]
    assert story[-1] == "2026-11-21T22:31:00Z the last word of the journal: installing, Update 3"
    cut = report([*NIGHT[:7], resumed(50, expected=False)], running=False)["story"]
    assert "the host had booted without the job's doing" in " ".join(cut)


def test_a_long_story_keeps_its_end_and_all_is_plain_data():
    lines = [line for number in range(400) for line in (begin(1, number), end(1, number))]
    found_report = report([*lines, done(999)])
    assert len(found_report["story"]) == MOST_EVENTS
    assert found_report["story"][-1].endswith("finished")
    assert json.loads(json.dumps(found_report)) == found_report
