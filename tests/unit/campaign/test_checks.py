# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Every promise of the fault campaign is seen broken once, by a story with one thing wrong in it."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from ansible_collections.winops.patching.tests.unit.campaign.conftest import (
    JOB,
    JOURNAL,
    LOG,
    PLAN,
    A,
    B,
    at,
    evidence,
    row,
)

from campaign import checks
from campaign.hosts import BAITS, CBS, REBOOT_REQUIRED, reboots, update
from campaign.model import Ends, Window
from campaign.truth import jobs_of

BAIT = BAITS[0]["id"]
RED = {"ok": 3, "failed": 1, "unreachable": 0}
TASK = {"\\winops.patching\\x": {"state": "running"}}


def broken(story):
    return {found.check for found in checks.violations([story])}


def with_entry(*entries):
    """The log with more entries, in the order of time."""
    return sorted([*LOG, *entries], key=lambda entry: entry["at"])


def install(name, minutes, result="ok"):
    return {"at": at(minutes), "event": "install", "id": name, "revision": 1, "result": result}


def line(minutes, step, name, **words):
    return {"at": at(minutes), "phase": "installing", "step": step, "id": name, **words}


def test_a_story_in_which_everything_went_well_breaks_no_promise(good):
    assert checks.violations([good]) == []
    assert checks.of_runs("run", [[look] for look in good.looks]) == []


PLANTED = {
    "the log installs twice": ("installed_once", {"log": with_entry(install(A, 14))}),
    "a job begins twice": ("installed_once", {"journal": [*JOURNAL, line(17, "begin", A)]}),
    "an update that is in no plan": ("within_plan", {"log": with_entry(install("f" * 8, 14))}),
    "a driver is planned": ("within_plan", {"plan": {**PLAN, "updates": [*PLAN["updates"], {"id": BAIT}]}}),
    "an installation begins too late": (
        "inside_window",
        {"case": {"windows": (Window(0, 12), Window(18, 9999, ("reboot",)))}},
    ),
    "an installation ends too late": (
        "inside_window",
        {"case": {"windows": (Window(0, 14), Window(18, 9999, ("reboot",)))}},
    ),
    "a boot outside its window": ("reboots_inside", {"case": {"windows": (Window(0, 9999, ("install",)),)}}),
    "three reboots in a run": (
        "reboots_inside",
        {"log": with_entry(*({"at": at(21 + n), "event": "boot", "cause": "x"} for n in range(2)))},
    ),
    "a job runs on": ("no_orphan", {"quiet": False}),
    "a task is left over": ("no_orphan", {"state": {"tasks": TASK}}),
    "a process is left over": ("no_orphan", {"state": {"processes": [{"name": "powershell", "id": 4}]}}),
    "the report drops the host": ("in_every_report", {"looks": {1: {"row": None}}}),
    "a row without an outcome": ("in_every_report", {"looks": {0: {"row": {**row("patched"), "run": {}}}}}),
    "an update nobody tells of": ("every_update_told", {"looks": {0: {"row": row("patched", updates=("verified",))}}}),
    "a line of the job is missing": ("every_line_kept", {"journal": [*JOURNAL[:-1], line(16, "x", A), JOURNAL[-1]]}),
    "verified and not installed": ("true_updates", {"log": [entry for entry in LOG if entry.get("id") != B]}),
    "verified and waiting": ("true_updates", {"log": LOG[:-1]}),
    "failed and installed": ("true_updates", {"looks": {0: {"row": row("patched", updates=("verified", "failed"))}}}),
    "an invented state": ("true_updates", {"looks": {0: {"row": row("patched", updates=("verified", "fine"))}}}),
    "compliant and an update is missing": ("true_machine", {"log": LOG[:2] + LOG[3:]}),
    "not required and a boot is due": ("true_machine", {"log": LOG[:-1]}),
    "required and nothing waits": ("true_machine", {"looks": {0: {"row": row("pending_reboot", reboot="required")}}}),
    "a verdict on a host that nobody read": ("true_machine", {"looks": {1: {"evidence": None}}}),
    "a refused key becomes a no": ("unread_is_unknown", {"case": {"words": reboots(denied=[CBS])}}),
    "green with a failed host": ("green_is_green", {"looks": {0: {"row": row("failed", machine="non_compliant")}}}),
    "green and unknown": (
        "green_is_green",
        {"looks": {1: {"row": row("nothing_to_do", updates=(), reboot="unknown")}}},
    ),
    "red with a patched host": ("green_is_green", {"looks": {0: {"recap": RED}}}),
    "patched and something is missing": ("green_is_green", {"log": LOG[:2] + LOG[3:]}),
    "the last run fails without a reason": ("ends_as_promised", {"looks": {1: {"row": row("failed"), "recap": RED}}}),
    "the last run leaves an update": ("ends_as_promised", {"log": LOG[:2] + LOG[3:]}),
    "stopped, and yet something was installed": (
        "ends_as_promised",
        {"case": {"ends": Ends.STOPPED}, "looks": {1: {"row": row("stopped"), "recap": RED}}},
    ),
    "the second run installs again": ("second_run_changes_nothing", {"log": with_entry(install(A, 65))}),
}


@pytest.mark.parametrize("wrong", PLANTED)
def test_each_promise_that_is_broken_on_purpose_is_found(changed, wrong):
    check, words = PLANTED[wrong]
    assert check in broken(changed(**words))


def test_an_update_that_failed_for_good_is_not_begun_again_by_another_job_of_the_run(changed):
    ends = [line(13, "end", A, result="failed", hresult="0x80070643")]
    story = changed(journal=[JOURNAL[0], JOURNAL[1], *ends, JOURNAL[-1]])
    again = JOB.replace("1a2b3c4d", "9a2b3c4d")
    for name in ("plan.json", "journal.jsonl"):
        path = next(path for path in story.final["files"] if path.endswith(name))
        story.final["files"][path.replace(JOB, again)] = copy.deepcopy(story.final["files"][path])
    assert "not_again" in broken(replace(story, jobs=tuple(jobs_of(story.final))))


def test_an_exit_code_of_zero_with_a_failed_host_is_found_and_so_is_the_other_way_round(good):
    assert checks.of_runs("run", [[replace(good.looks[0], recap=RED)]])[0].check == "exit_code"
    assert checks.of_runs("run", [[replace(good.looks[0], code=2)]])[0].check == "exit_code"
    assert checks.of_runs("run", [[replace(good.looks[0], code=2, recap=RED)]]) == []


def test_a_host_that_is_missing_in_the_recap_is_no_green_host(good):
    (found,) = checks.of_runs("run", [[replace(good.looks[0], recap=None)]])
    assert "a host that failed" in found.sentence


def test_a_run_that_was_killed_promises_nothing_but_the_next_one_does(changed):
    killed = {"code": None, "row": None, "recap": None, "evidence": None}
    second = row("nothing_to_do")
    assert broken(changed(looks={0: killed, 1: {"row": second}})) == set()
    assert broken(changed(looks={0: killed})) == {"every_update_told"}


def test_boots_that_were_the_fault_are_not_held_against_us(changed):
    boots = [{"at": at(21 + n), "event": "boot", "cause": f"fault at request {n}"} for n in range(5)]
    assert broken(changed(log=with_entry(*boots))) == set()


def test_an_update_that_was_rolled_back_may_be_installed_again_and_is_not_verified(changed):
    words = {"case": {"words": reboots() | {"update_agent": {"updates": [update(1), update(2, result="roll_back")]}}}}
    log = with_entry(install(B, 20, "rolled_back"))
    assert {"true_updates", "true_machine"} <= broken(changed(log=log, **words))
    told = row("failed", updates=("verified", "rolled_back"), machine="non_compliant")
    story = changed(log=log, looks={0: {"row": told, "recap": RED}, 1: {"row": told, "recap": RED}}, **words)
    assert broken(story) == {"ends_as_promised"}


def test_a_signal_that_survives_every_boot_is_true_for_ever(changed):
    stuck = reboots(registry={REBOOT_REQUIRED: {"volatile": True}}, survives_reboot=[REBOOT_REQUIRED])
    assert "true_machine" in broken(changed(case={"words": stuck}))


def test_what_was_true_while_somebody_looked_is_not_held_against_what_came_later(changed):
    later = {
        0: {"evidence": evidence(14), "row": row("failed", updates=("verified", "missing"), machine="non_compliant")}
    }
    assert "true_updates" not in broken(changed(looks=later))
    assert "true_machine" not in broken(changed(looks=later))


def test_a_stuck_signal_that_a_run_has_named_may_be_ignored_where_the_machine_is_unknown(changed):
    stuck = reboots(registry={REBOOT_REQUIRED: {"volatile": True}}, survives_reboot=[REBOOT_REQUIRED])
    told = {**row("unknown", machine="unknown"), "run": {**row("unknown")["run"], "persistent": [{"id": "x"}]}}
    story = changed(case={"words": stuck}, looks={n: {"row": told, "recap": RED} for n in (0, 1)})
    assert "true_machine" not in broken(story)
    green = {**told, "machine": "compliant"}
    assert "true_machine" in broken(changed(case={"words": stuck}, looks={n: {"row": green} for n in (0, 1)}))


@pytest.mark.parametrize("failed", [False, True])
def test_a_run_that_did_harm_is_not_green_whatever_word_it_uses(changed, failed):
    harmful = row("pending_reboot")
    harmful["run"]["failed_host"] = failed
    story = changed(case={"ends": Ends.TOLD}, looks={0: {"row": harmful}})
    assert ("ends_as_promised" in broken(story)) == (not failed)
