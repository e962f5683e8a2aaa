# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a sweep over all followed jobs tells: what has changed, what goes on, and for whom nobody waits any longer."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_progress import pause, sweep

FIRST, SECOND = "2026-11-21T22:00:00.000000Z", "2026-11-21T22:00:15.000000Z"


def look(progress="installing 1 of 2: KB1", **words):
    """A result of patch_watch."""
    return {
        "id": "install-1",
        "over": False,
        "phase": "installing",
        "progress": progress,
        "at": FIRST,
        "lost": 0,
    } | words


def told(looks, earlier=None, at=SECOND):
    before = None if earlier is None else {"at": FIRST, "shown": earlier.shown}
    return sweep(looks, at=at, earlier=before)


def test_the_first_sweep_tells_every_host():
    first = told({"web01": look(), "web02": look("done", over=True)})
    assert first.running == ["web01"]
    lines = first.text.split("\n")
    assert lines[0].split() == ["host", "phase", "progress"]
    assert [line.split()[0] for line in lines[2:4]] == ["web01", "web02"]
    assert lines[-1] == "22:00:15  1 of 2 jobs goes on: web01"


def test_later_sweeps_tell_only_what_has_changed():
    first = told({"web01": look(), "web02": look()})
    later = {"web01": look("installing 2 of 2: KB2", at=SECOND), "web02": look(at=SECOND)}
    lines = told(later, first).text.split("\n")
    assert [line.split()[0] for line in lines] == ["web01", "22:00:15"]


def test_a_sweep_that_brings_nothing_new_is_one_line():
    first = told({"web01": look(), "web02": look()})
    again = told({"web01": look(at=SECOND), "web02": look(at=SECOND)}, first)
    assert again.text == "22:00:15  nothing new: 2 of 2 jobs go on: web01, web02"


def test_a_host_that_has_left_the_run_is_waited_for_no_longer():
    first = told({"web01": look(), "web02": look()})
    later = told({"web01": look(at=SECOND), "web02": look(at="2026-11-21T21:59:00.000000Z")}, first)
    assert later.running == ["web01"]


@pytest.mark.parametrize(
    "gone", [None, {}, {"skipped": True}, {"failed": True, "msg": "boom"}, {"id": "x", "over": True}]
)
def test_a_host_without_a_job_that_goes_on_is_not_waited_for(gone):
    assert told({"web01": gone}).running == []


def test_a_silent_host_says_how_often_and_one_that_was_given_up_why():
    silent = told({"web01": look("the host does not answer: no route", lost=3)})
    assert "no route (no answer, 3 times in a row)" in silent.text
    given_up = told({"web01": look("given up: silent since 22:00", lost=9, gave_up=True, over=True)})
    assert "given up" in given_up.text
    assert "times in a row" not in given_up.text
    assert told({"web01": look(interrupted=True, over=True)}).text.split("\n")[2].split()[1] == "interrupted"


def test_many_hosts_are_counted_and_no_text_of_a_host_moves_the_cursor():
    looks = {f"web{number}": look("x\x1b[2J\n" * 90) for number in range(9)}
    text = told(looks).text
    assert text.split("\n")[-1].endswith("9 of 9 jobs go on: web0, web1, web2, web3, web4 and 4 more")
    assert "\x1b" not in text
    assert max(len(line) for line in text.split("\n")) < 160


def test_nothing_to_follow_and_nothing_left_are_said_too():
    assert told({}).text == "22:00:15  no host has a job that is followed"
    assert told({"web01": look(over=True)}).text.endswith("the job is over")
    assert told({name: look(over=True) for name in ("a", "b")}).text.endswith("all 2 jobs are over")


@pytest.mark.parametrize(
    ("sweeps", "seconds"), [(0, 15), (1, 15), (2, 15), (3, 30), (4, 30), (5, 45), (15, 120), (900, 120)]
)
def test_the_pause_grows_up_to_eight_times(sweeps, seconds):
    assert pause(15, sweeps) == seconds
    assert pause(-3, sweeps) == 0
