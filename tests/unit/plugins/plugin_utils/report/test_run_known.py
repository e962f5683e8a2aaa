# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host's journal knows of its jobs: whose end nobody has told yet, and until when it was read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_known import (
    changed_at,
    hooks_open,
    known_job,
    lost_entries,
    untold_job,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.journals import (
    JOB,
    armed,
    at,
    begin,
    done,
    end,
    started,
)

OTHER = "install-20261120T215900Z-0f0f0f0f"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def kept(*lines, job=JOB, first=1, read="2026-11-21T22:30:00Z"):
    """Lines of a job as patch_watch keeps them."""
    return [
        {"at": read, "run_id": "r", "host": "web01", "step": "job", "job": job, "number": number, "line": line}
        for number, line in enumerate(lines, start=first)
    ]


def died(lines, job=JOB):
    return {"step": "job_over", "job": job, "interrupted": True, "lines": lines}


def reported(*jobs, run_id="r"):
    """A run that named these jobs in its result, and wrote its report."""
    of_run = {"run_id": run_id, "host": "web01"}
    return [{"step": "result", **of_run, "jobs": list(jobs)}, {"step": "reported", **of_run}]


def listed(*jobs):
    return [{"id": job, "kind": "install", "state": state, "started_at": job_at} for job, state, job_at in jobs]


def test_a_job_is_known_by_its_lines_and_ended_by_its_last():
    known = known_job(kept(armed(), started(1), begin(1, 10)), JOB)
    assert (len(known.lines), known.ended, known.last_at, known.read_at) == (3, False, at(10), "2026-11-21T22:30:00Z")
    assert known_job(kept(armed(), started(1), done(30)), JOB).ended is True
    assert known_job(kept(armed(), done(30)), OTHER).lines == {}


def test_a_job_with_a_hole_in_its_lines_has_not_ended():
    lines = [*kept(armed()), *kept(done(30), first=3)]
    assert known_job(lines, JOB).ended is False
    assert known_job([*lines, *kept(started(1), first=2)], JOB).ended is True
    assert [line["phase"] for line in known_job([*lines, *kept(started(1), first=2)], JOB).in_order][-1] == "done"


def test_a_line_that_is_there_twice_counts_once_and_one_that_is_damaged_not_at_all():
    lines = [*kept(armed(), started(1)), *kept(armed()), {"step": "job", "job": JOB, "number": True, "line": {}}]
    lines += [{"step": "job", "job": JOB, "number": 3, "line": "text"}, {"step": "job", "job": JOB}]
    assert sorted(known_job(lines, JOB).lines) == [1, 2]


def test_a_job_that_died_has_ended_until_it_says_more():
    lines = [*kept(armed(), started(1)), died(2)]
    assert known_job(lines, JOB).ended is True
    assert known_job([*lines, *kept(begin(1, 50), first=3)], JOB).ended is False
    assert known_job([*kept(armed()), {**died(1), "interrupted": False}], JOB).ended is False


@pytest.mark.parametrize(
    ("state", "lines", "found"),
    [
        ("running", [], JOB),
        ("armed", kept(armed()), JOB),
        ("finished", kept(armed(), done(30)), JOB),
        ("finished", [*kept(armed(), done(30)), *reported(JOB)], None),
        ("finished", [*reported(JOB), *kept(armed(), done(30))], JOB),
        ("finished", [*kept(armed(), done(30)), *reported(OTHER)], JOB),
        ("finished", [*kept(armed()), *reported(JOB), *kept(done(30), first=2)], JOB),
        ("finished", kept(armed()), JOB),
        ("finished", [], JOB),
        ("interrupted", [*kept(armed(), started(1)), died(2)], JOB),
        ("interrupted", [*kept(armed(), started(1)), died(2), *reported(JOB)], None),
        ("interrupted", kept(armed(), started(1)), JOB),
        ("running", kept(armed(), done(30)), JOB),
    ],
)
def test_a_job_is_told_that_goes_on_or_whose_end_no_run_has_reported(state, lines, found):
    answer = untold_job(listed((JOB, state, at(0))), lines, now=NOW)
    assert (answer.job, answer.state) == (found, state if found else None)
    assert answer.sentence


def test_a_job_that_runs_comes_before_one_that_only_was_not_told():
    jobs = listed((JOB, "finished", at(0)), (OTHER, "running", "2026-11-20T21:59:00Z"))
    assert untold_job(jobs, [], now=NOW).job == OTHER
    jobs = listed((JOB, "finished", at(0)), (OTHER, "finished", "2026-11-20T21:59:00Z"))
    assert untold_job(jobs, [], now=NOW).job == JOB
    assert untold_job(jobs, [*kept(armed(), done(9)), *reported(JOB)], now=NOW).job == OTHER


def test_a_job_in_the_result_of_a_run_that_wrote_no_report_is_told_by_the_next():
    lines = [*kept(armed(), done(30)), *reported(JOB)[:1]]
    assert known_job(lines, JOB).is_told is False
    assert untold_job(listed((JOB, "finished", at(0))), lines, now=NOW).job == JOB
    other_run = [{"step": "reported", "run_id": "next", "host": "web01"}]
    assert known_job([*lines, *other_run], JOB).is_told is False
    assert known_job([*lines, *reported(JOB, run_id="next")], JOB).is_told is True


def test_what_a_lost_controller_has_read_and_not_reported_is_told_from_the_beginning():
    lines = kept(armed(), started(1), begin(1, 10))
    assert known_job(lines, JOB).told_until is None
    assert known_job([*lines, *reported(JOB), *kept(done(30), first=4)], JOB).told_until == at(10)


def test_a_job_of_another_report_folder_is_news_for_thirty_days():
    old = listed((JOB, "finished", "2026-10-01T00:00:00Z"))
    assert untold_job(old, [], now=NOW).job is None
    assert untold_job(old, kept(armed()), now=NOW).job == JOB, "this journal has begun to tell of it"
    assert untold_job(listed((JOB, "finished", None)), [], now=NOW).job == JOB, "nobody knows how old it is"


@pytest.mark.parametrize("jobs", [None, "jobs", [None, 7], [{"id": "scan-20261121T215900Z-1a2b3c4d"}], [{"id": "x"}]])
def test_what_is_no_install_job_is_passed_over(jobs):
    assert untold_job(jobs, [], now=NOW).job is None


@pytest.mark.parametrize(
    ("lines", "is_open"),
    [
        ([], False),
        ([{"step": "hooks", "open": True}], True),
        ([{"step": "hooks", "open": True}, {"step": "hooks", "open": False}], False),
        ([{"step": "hooks", "open": False}, {"step": "hooks", "open": True}], True),
        ([{"step": "result"}, {"step": "hooks", "open": True}, {"step": "plan"}], True),
        ([{"step": "hooks", "open": "yes"}], False),
    ],
)
def test_hooks_are_open_until_somebody_closes_them(lines, is_open):
    assert hooks_open(lines) is is_open


@pytest.mark.parametrize("result", [{"step": "result", "check_mode": True}, {"step": "result", "outcome": "stopped"}])
def test_a_run_that_could_not_close_hooks_leaves_them_open_for_the_next(result):
    assert hooks_open([{"step": "hooks", "open": True}, result]) is True


def test_only_what_changes_a_host_counts_as_a_change_by_the_controllers_clock():
    lines = kept(armed(), started(1), read="2026-11-21T22:10:00Z")
    assert changed_at(lines) is None
    lines += kept(begin(1, 10), end(1, 20), done(30), first=3, read="2026-11-21T22:40:00Z")
    assert changed_at(lines) == datetime(2026, 11, 21, 22, 40, tzinfo=UTC)
    lines += [
        {"step": "package", "at": "2026-11-21T23:00:00Z", "changed": True},
        {"step": "plan", "at": "2027-01-01T00:00:00Z"},
    ]
    assert changed_at(lines) == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)


def test_entries_that_an_installation_has_lost_are_known_to_every_later_run():
    lost = {**end(1, 20), "queue": {"before": 1, "after": 0, "lost": [["a", "b"]]}}
    whole = {**end(2, 25), "queue": {"before": 0, "after": 0, "lost": []}}
    (entry,) = lost_entries([*kept(armed(), lost, whole), *reported(JOB), *kept(armed(), job=OTHER)])
    assert entry["at"] == at(20)
    assert entry["text"] == f"the installation of {lost['id']} lost entries of the queue for the next boot"
    assert lost_entries(kept(armed(), {**whole, "queue": "torn"}, done(30))) == []
