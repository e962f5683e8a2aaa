# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far an install job is, and what its journal tells of boots and times."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.install_journal import (
    planned_updates,
    read_journal,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.install_progress import (
    counts_of,
    progress_sentence,
    titles_of,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.journals import (
    JOB,
    armed,
    at,
    begin,
    done,
    end,
    name,
    plan,
    resumed,
    skipped,
    started,
)

DOWNLOADS = [
    {"at": at(2), "phase": "downloading", "step": "begin", "id": name(1)},
    {"at": at(3), "phase": "downloading", "step": "end", "id": name(1), "result": "ok"},
    {"at": at(3), "phase": "downloading", "step": "begin", "id": name(2)},
]


def told(*lines, numbers=(1, 2, 3)):
    journal, planned = read_journal(lines), planned_updates(plan(*numbers))
    return progress_sentence(journal, counts_of(journal, len(planned) or None), titles_of(planned))


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "not begun, 0 of 3 installed"),
        ([armed()], "armed, 0 of 3 installed"),
        ([armed(), started(1)], "downloading, 0 of 3 installed"),
        ([armed(), started(1), *DOWNLOADS], "downloading 2 of 3: Update 2"),
        ([armed(), started(1), begin(1, 5)], "installing 1 of 3: Update 1, since 22:05:00Z"),
        ([begin(1, 5), end(1, 7), begin(3, 8)], "installing 2 of 3: Update 3, since 22:08:00Z"),
        (
            [end(1, 7), {"phase": "installing", "step": "waiting", "at": at(8)}],
            "installing (waiting), 1 of 3 installed",
        ),
        (
            [end(1, 7), end(2, 8, result="failed"), skipped(3, 9, "too_late"), done(9)],
            "finished: 1 of 3 installed, 1 failed, 1 skipped",
        ),
    ],
)
def test_the_sentence_says_what_the_job_does_now(lines, sentence):
    assert told(*lines) == sentence


def test_without_a_plan_the_total_is_not_known():
    assert told(begin(1, 5), numbers=()) == f"installing 1: {name(1)}, since 22:05:00Z"


def test_counts_are_of_what_the_journal_tells():
    journal = read_journal([*DOWNLOADS[:2], begin(1, 4), end(1, 5), begin(2, 6), skipped(3, 7, "eula")])
    assert counts_of(journal, 3).as_dict() == {"total": 3, "downloaded": 1, "installed": 1, "failed": 0, "skipped": 1}


def test_a_start_in_the_same_boot_is_no_boot_and_an_unknown_boot_time_is_one():
    same = resumed(10, expected=False) | {"boot_time": started()["boot_time"]}
    assert read_journal([started(), same]).boots == ()
    assert len(read_journal([started(), resumed(10, expected=False)]).boots) == 1
    assert len(read_journal([started(), same | {"boot_time": None}]).boots) == 1


def test_the_head_of_the_journal_is_kept():
    journal = read_journal([armed() | {"not_before": at(30)}, done(50, reboot_required=True)])
    assert (journal.job, journal.not_before.minute, journal.reboot_required) == (JOB, 30, True)


@pytest.mark.parametrize("given", [None, 7, {"updates": 7}, {"updates": [7, {}, {"id": None}]}])
def test_a_damaged_plan_names_no_update(given):
    assert planned_updates(given) == ()


def test_an_end_whose_begin_was_lost_still_counts():
    (attempt,) = read_journal([end(1, 7)]).attempts
    assert (attempt.at, attempt.result) == (None, "succeeded")
