# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fleet document of a run and its table: every host with its verdict and its outcome, and what somebody must do."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_facts import HostLook
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_fleet import lost_run, run_fleet, run_row
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_table import run_table
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    verdict,
    with_present,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.report.runs import (
    AT,
    GOOD,
    LACKING,
    RUN,
    WAITS,
    WINDOW,
    install,
    judged,
    plan,
    reboot,
    update,
)

UNSEEN = HostLook()
UNREACHABLE = (
    "unreachable: HTTPSConnectionPool(host='x'): (Caused by NewConnectionError('[Errno 111] Connection refused'))"
)


NOT_SCANNED = HostLook(None, "not_required", "No reboot is required.", "its updates were not asked about")


def row(answer, look=GOOD, evidence=None, updates=None):
    seen = None if look.doubt and look is not NOT_SCANNED else verdict(evidence or document())
    return run_row(answer.run, seen, machine=look.machine, updates=updates or {}, doubt=look.doubt)


PATCHED = row(
    judged(GOOD, install=install(update(1, "verified")), reboots=[reboot()]), updates={"installed": 4, "needed": 0}
)
FAILED = row(
    judged(LACKING, install=install(update(1, "failed", hresult="0x80070643"), update(2, "verified"))), LACKING
)
DEFERRED = row(
    judged(WAITS, plan=plan("window_closed", window=WINDOW)), WAITS, evidence=with_present("wu_reboot_required")
)
STOPPED = row(judged(UNSEEN, stopped={"step": "look", "reason": UNREACHABLE}), UNSEEN)
ARMED = row(judged(NOT_SCANNED, armed=True), NOT_SCANNED)
TOLD = row(judged(GOOD, plan=plan("nothing_to_do"), meanwhile=["22:00 it began", "22:30 it rebooted"]))
LOST = run_row(
    lost_run("it was never reached", journal=None), verdict(document()), machine="compliant", updates={}, doubt=""
)
ROWS = {"web01": PATCHED, "web02": FAILED, "db01": DEFERRED, "gone": STOPPED, "arm": ARMED, "told": TOLD, "lost": LOST}
FLEET = run_fleet(ROWS, at=AT, run_id=RUN)


def test_a_row_has_the_shape_of_the_fleet_and_what_the_run_did():
    assert (PATCHED["machine"], PATCHED["reboot"], PATCHED["error"]) == ("compliant", "not_required", None)
    assert PATCHED["updates"] == {"installed": 4}
    assert (PATCHED["run"]["outcome"], PATCHED["run"]["counts"]) == ("patched", {"verified": 1})
    assert DEFERRED["window"] == WINDOW


@pytest.mark.parametrize("host", ["web02", "gone", "lost"])
def test_a_host_that_is_not_green_has_an_error(host):
    assert FLEET["hosts"][host]["error"]
    assert FLEET["hosts"][host]["run"]["failed_host"] is True


@pytest.mark.parametrize("host", ["web01", "db01", "arm", "told"])
def test_a_host_that_may_be_green_has_none(host):
    assert FLEET["hosts"][host]["error"] is None


def test_a_host_without_evidence_that_counts_is_unknown():
    assert (STOPPED["reboot"], STOPPED["machine"], STOPPED["error"]) == ("unknown", "unknown", UNREACHABLE)
    stale = run_row(judged(GOOD).run, verdict(document()), machine="compliant", updates={}, doubt="it is too old")
    assert (stale["reboot"], stale["machine"]) == ("unknown", "unknown")


def test_a_host_on_which_a_job_waits_was_asked_for_its_signals_and_not_for_its_updates():
    assert (ARMED["reboot"], ARMED["machine"], ARMED["error"]) == ("not_required", None, None)
    unread = row(judged(UNSEEN, armed=True), UNSEEN)
    assert (unread["reboot"], unread["machine"]) == ("unknown", "unknown")
    assert unread["error"]


def test_a_run_without_a_result_is_unknown_with_the_reason():
    assert LOST["run"]["outcome"] == "unknown"
    assert "it was never reached" in LOST["error"]


def test_totals_count_outcomes_and_updates_and_whoever_is_not_green():
    totals = FLEET["totals"]
    assert {word: count for word, count in totals["run"].items() if count} == {
        "failed": 1,
        "stopped": 1,
        "unknown": 1,
        "deferred": 1,
        "armed": 1,
        "patched": 1,
        "nothing_to_do": 1,
    }
    assert (totals["failed"], totals["hosts"]) == (3, 7)
    assert totals["updates"] == {"failed": 1, "verified": 2}
    assert FLEET["schema"] == "winops.patching/fleet/1"


def test_the_table_has_every_host_and_whoever_needs_somebody_first():
    lines = run_table(FLEET).split("\n")
    assert lines[0].split("  ")[0] == "host"
    assert [line.split()[0] for line in lines[2:9]] == ["web02", "gone", "lost", "db01", "arm", "web01", "told"]
    (web02,) = [line for line in lines if line.startswith("web02  ")]
    assert web02.split() == ["web02", "!", "failed", "non_compliant", "no", "1", "verified,", "1", "failed", "-"]
    assert "2026-11-24T02:00:00Z" in next(line for line in lines if line.startswith("db01"))
    assert "no, rebooted" in next(line for line in lines if line.startswith("web01"))


def test_below_the_table_stands_what_failed_its_cause_and_the_next_step():
    text = run_table(FLEET)
    assert "web02: Update 1: failed 0x80070643 ERROR_INSTALL_FAILURE" in text
    assert "    cause: " in text
    assert "    next:  " in text
    assert "gone: unreachable: Connection refused" in text
    assert "7 hosts: 1 failed, 1 stopped, 1 unknown" in text
    assert "(! 3 of them need somebody)" in text
    assert text.endswith("While nobody watched:\ntold: 22:00 it began\ntold: 22:30 it rebooted")


def test_a_long_list_of_troubles_says_how_many_more_there_are():
    failing = install(*(update(number, "failed", because="long " * 100) for number in range(1, 9)))
    rows = {f"h{number:02}": row(judged(LACKING, install=failing), LACKING) for number in range(22)}
    text = run_table(run_fleet(rows, at=AT, run_id=RUN))
    assert "h00: 3 more updates failed: fleet.json has them all" in text
    assert "and 2 more hosts: fleet.json has them all" in text
    assert max(len(line) for line in text.split("\n")) <= 200


def test_no_text_of_a_host_moves_the_cursor():
    bad = row(
        judged(LACKING, install=install(update(1, "failed", title="a\x1b[2J", because="b\u202e")), meanwhile=["c\x07"])
    )
    text = run_table(run_fleet({"web\x1b01": bad}, at=AT, run_id=RUN))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_no_host_at_all_is_a_table_too():
    assert "0 hosts: none" in run_table(run_fleet({}, at=AT, run_id=RUN))
