# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All promises by name, those about the end of a case, and those about a whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from campaign import checks_done as done
from campaign import checks_told as told
from campaign.hosts import wanted_of
from campaign.model import Ends, Look, Story, Violation
from campaign.truth import our_boots, truths

OUTCOMES: Final[Mapping[Ends, tuple[str, ...]]] = {
    Ends.PATCHED: ("patched", "nothing_to_do"),
    Ends.FAILED: ("failed",),
    Ends.NOT_GREEN: ("failed", "unknown", "stopped", "running"),
    Ends.UNREACHABLE: ("unknown", "failed", "running", "stopped"),
    Ends.PENDING: ("pending_reboot",),
    Ends.DEFERRED: ("deferred",),
    Ends.STOPPED: ("stopped",),
    Ends.TOLD: ("patched", "nothing_to_do", "failed", "unknown"),
    Ends.ARMED: ("patched", "nothing_to_do", "armed"),
}


def ends_as_promised(story: Story) -> Iterator[str]:
    """The last run, which met the fault no more where it passes, ends as the table of faults says."""
    look, ends = story.looks[-1], story.case.ends
    if look.row is None or ends not in OUTCOMES or not story.over:
        return
    outcome = (look.row.get("run") or {}).get("outcome")
    if outcome not in OUTCOMES[ends]:
        yield f"the last run says {outcome}: {(look.row.get('run') or {}).get('sentence')}; expected was: {ends.value}"
    if ends is Ends.PATCHED:
        yield from _patched(story)
    first = (story.looks[0].row or {}).get("run") or {}
    if ends is Ends.TOLD and first.get("failed_host") is False:
        yield f"the first run says {first.get('outcome')}; expected was: {ends.value}"
    if ends is Ends.UNREACHABLE and look.row.get("reboot") != "unknown":
        yield f"the last run says reboot {look.row.get('reboot')} of a host that is gone"
    if ends in (Ends.DEFERRED, Ends.STOPPED) and [entry for entry in story.log if entry["event"] == "install"]:
        yield "something was installed"


def _patched(story: Story) -> Iterator[str]:
    *_, last = truths(story.case.words, story.log)
    missing = wanted_of(story.case.words) - last.installed
    if missing:
        yield f"after the last run {', '.join(sorted(missing))} is still missing"
    if last.waiting:
        yield f"after the last run {', '.join(sorted(last.waiting))} still waits for a boot"


def second_run_changes_nothing(story: Story) -> Iterator[str]:
    """Where the first run left everything done, the second one does nothing."""
    first, last = story.looks[0], story.looks[-1]
    if (
        first is last
        or first.row is None
        or (first.row.get("run") or {}).get("outcome") not in ("patched", "nothing_to_do")
    ):
        return
    done_before = len(first.state["log"])
    for entry in story.log[done_before:]:
        if entry["event"] == "install" or entry in our_boots(story.log):
            yield f"after a run that said patched there was another {entry['event']} at {entry['at']}"


CHECKS: Final[Mapping[str, Callable[[Story], Iterator[str]]]] = {
    "installed_once": done.installed_once,
    "within_plan": done.within_plan,
    "not_again": done.not_again,
    "inside_window": done.inside_window,
    "reboots_inside": done.reboots_inside,
    "no_orphan": done.no_orphan,
    "in_every_report": told.in_every_report,
    "every_update_told": told.every_update_told,
    "every_line_kept": told.every_line_kept,
    "true_updates": told.true_updates,
    "true_machine": told.true_machine,
    "unread_is_unknown": told.unread_is_unknown,
    "green_is_green": told.green_is_green,
    "ends_as_promised": ends_as_promised,
    "second_run_changes_nothing": second_run_changes_nothing,
}
EXIT_CODE: Final = "exit_code"


def violations(stories: Iterable[Story]) -> list[Violation]:
    """Every promise that was not kept, in the order of the cases."""
    return [
        Violation(story.case.name, name, sentence)
        for story in stories
        for name, check in CHECKS.items()
        for sentence in check(story)
    ]


def of_runs(name: str, looks: Iterable[Iterable[Look]]) -> list[Violation]:
    """The exit code of a run is 0 exactly where it went well with every host; `looks` are those of each run."""
    found = []
    for number, run in enumerate(looks, 1):
        mine = [look for look in run if look.code is not None]
        red = any(look.recap is None or look.recap.get("failed") or look.recap.get("unreachable") for look in mine)
        for code in sorted({look.code for look in mine if look.code is not None}):
            if (code == 0) == bool(red):
                word = "a host that failed" if red else "no host that failed"
                found.append(Violation(name, EXIT_CODE, f"run {number} ended with {code} and has {word}"))
    return found
