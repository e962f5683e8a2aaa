# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Promises about what is done to a host: once, by the plan, inside its windows, and nothing left over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from campaign.hosts import BAIT_IDS
from campaign.model import Ends, Job, Story, Window, Words
from campaign.truth import SLACK, moment, our_boots, truths, truths_at

MAX_REBOOTS: Final = 2
# From the moment at which a reboot is asked for to the one at which the host is back.
BOOT_TAKES: Final = timedelta(minutes=10)
RUNNING_JOB: Final = "HKLM\\SOFTWARE\\winops.patching\\RunningJob"
# Codes that pass by themselves may be tried again in the same run (docs/errors.md).
FATAL: Final = ("0x80070643", "0x80073712", "0x800F0922", "0x80070490", "0x80070005")


def installed_once(story: Story) -> Iterator[str]:
    """No update is installed that is installed already, and no job begins one twice."""
    before = [truth.installed for truth in truths(story.case.words, story.log)]
    for known, entry in zip(before, story.log, strict=False):
        if entry["event"] == "install" and entry["result"] == "ok" and entry["id"] in known:
            yield f"{entry['id']} was installed again at {entry['at']}, although it was installed"
    for job in story.jobs:
        yield from _begun_twice(story, job)


def _begun_twice(story: Story, job: Job) -> Iterator[str]:
    seen: set[str] = set()
    for line in job.steps("installing", "begin"):
        at = moment(line["at"])
        if line["id"] in seen:
            yield f"{job.id} began with {line['id']} twice"
        elif all(line["id"] in truth.installed for truth in truths_at(story, at, at)):
            yield f"{job.id} began with {line['id']} at {line['at']}, which was installed already"
        seen.add(line["id"])


def within_plan(story: Story) -> Iterator[str]:
    """What is installed stands in a plan, and nothing that nobody asked for stands there."""
    planned = {update["id"] for job in story.jobs for update in job.plan.get("updates", [])}
    for entry in story.log:
        if entry["event"] == "install" and entry["id"] not in planned:
            yield f"{entry['id']} was installed at {entry['at']} and stands in no plan"
    for name in sorted(planned & BAIT_IDS):
        yield f"{name} was planned, which nobody asked for"


def not_again(story: Story) -> Iterator[str]:
    """What failed for good, or was rolled back, is not tried again in the same run."""
    failed: set[tuple[str, str]] = set()
    for job in story.jobs:
        run = str(job.plan.get("run_id"))
        for line in job.steps("installing", "begin"):
            if (run, line["id"]) in failed:
                yield f"{line['id']} was tried again by {job.id} in the run {run} in which it had failed"
        ends = job.steps("installing", "end")
        failed |= {(run, line["id"]) for line in ends if line.get("hresult") in FATAL}


def inside_window(story: Story) -> Iterator[str]:
    """Installations begin and end inside a window for them."""
    if story.case.variables.get("patch_no_windows") == "open":
        return
    jumps = "clock_jump" in story.case.words
    for job in story.jobs:
        for line in job.steps("installing", "begin"):
            if not _inside(story, "install", moment(line["at"])):
                yield f"{job.id} began with {line['id']} at {line['at']}, outside of every window for installing"
    for entry in story.log:
        ended = entry["event"] == "install" and entry["result"] != "rolled_back" and not jumps
        if ended and not _inside(story, "install", moment(entry["at"]) - SLACK):
            yield f"{entry['id']} was still being installed at {entry['at']}, outside of every window for it"


def reboots_inside(story: Story) -> Iterator[str]:
    """Reboots of ours happen inside a window for them, and no more of them in a run than are allowed."""
    boots = our_boots(story.log)
    for boot in boots:
        at = moment(boot["at"])
        if not (_inside(story, "reboot", at) or _inside(story, "reboot", at - BOOT_TAKES)):
            yield f"it was rebooted at {boot['at']} ({boot['cause']}), outside of every window for reboots"
    begins = [look.began for look in story.looks]
    for number, (first, last) in enumerate(zip(begins, [*begins[1:], None], strict=True), 1):
        mine = [boot for boot in boots if first <= moment(boot["at"]) and (last is None or moment(boot["at"]) < last)]
        if len(mine) > MAX_REBOOTS:
            yield f"run {number} rebooted it {len(mine)} times"


def _inside(story: Story, purpose: str, at: datetime) -> bool:
    return any(
        story.started + timedelta(minutes=window.begins) <= at <= story.started + timedelta(minutes=window.ends)
        for window in _for(purpose, story.case.windows)
    )


def _for(purpose: str, windows: Sequence[Window]) -> list[Window]:
    return [window for window in windows if purpose in window.purposes]


def no_orphan(story: Story) -> Iterator[str]:
    """When all is quiet no job runs, and nothing says that one does."""
    if story.case.ends is Ends.UNREACHABLE:
        # Nobody can say what goes on on a host that is gone.
        return
    last = story.looks[-1].row or {}
    known = (last.get("run") or {}).get("outcome") in ("running", "armed")
    if not story.quiet and not known:
        yield "a job still runs after both runs, and the last report does not say so"
    if not story.quiet:
        return
    yield from _left_over(story.final)


def _left_over(state: Words) -> Iterator[str]:
    for path, task in state.get("tasks", {}).items():
        if path.lower().startswith("\\winops.patching\\") and task.get("state") in ("running", "queued"):
            yield f"the task {path} is {task['state']}, and no job runs"
    names = [process["name"].lower() for process in state.get("processes", [])]
    if "powershell" in names:
        yield "a worker's process is there, and no job runs"
