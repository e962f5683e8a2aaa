# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What came of a whole install job, by its plan, its journal and a fresh look at the host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..._evidence.install_journal import InstallJournal, Planned, planned_updates, read_journal
from ..._evidence.patch_job import word_of
from ..._evidence.times import format_time
from ..._evidence.wording import printable
from .fresh_look import FreshLook, fresh_look
from .update_result import STATES, Result, UpdateState, judge_update

JobState = Literal["finished", "failed", "stopped", "expired", "interrupted", "running", "unknown"]
Outcome = Literal["verified", "pending_reboot", "failed", "deferred", "unknown", "running"]
MAX_SENTENCE = 900
_BAD = ("failed", "rolled_back", "missing")


@dataclass(frozen=True, slots=True)
class InstallVerdict:
    """The answer for one host. ``state`` is what became of the job, ``outcome`` what became of the updates.

    ``reboot`` is required, not_required or unknown; ``boots`` are those of the host since the job began, of which
    ``unexpected`` the job did not ask for. ``problems`` are for people.
    """

    job: str | None
    state: JobState
    outcome: Outcome
    results: tuple[Result, ...]
    reboot: str
    boots: int
    unexpected: int
    error: Mapping[str, Any] | None
    problems: tuple[str, ...]
    journal: InstallJournal

    @property
    def counts(self) -> dict[str, int]:
        """How many updates are in which state; all states are there."""
        found = Counter(result.state for result in self.results)
        return {state: found.get(state, 0) for state in STATES}

    def of(self, *states: UpdateState) -> list[str]:
        """The ids of the updates in some states, in the order of the plan."""
        return [result.update.id for result in self.results if result.state in states]

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "job": self.job,
            "state": self.state,
            "outcome": self.outcome,
            "updates": [result.as_dict() for result in self.results],
            "counts": self.counts,
            "begun": sum(1 for result in self.results if result.begun),
            "reboot": self.reboot,
            "boots": self.boots,
            "unexpected_boots": self.unexpected,
            "error": dict(self.error) if self.error is not None else None,
            "problems": [printable(problem) for problem in self.problems],
            "sentence": printable(_sentence(self)[:MAX_SENTENCE]),
        }


def judge_install(
    plan: object,
    lines: Iterable[object],
    scan: object = None,
    evidence: object = None,
    *,
    policy: object = None,
    now: object = None,
    running: bool | None = None,
) -> InstallVerdict:
    """Return what came of a job: every update of its plan has one state, and lost queue entries are never verified.

    ``plan`` is the job's plan.json, ``lines`` the mappings of its journal, ``scan`` and ``evidence`` are documents that
    were made after it. ``running``: whether its process lives, None where nobody knows. Raises PolicyError and
    TimeTextError; a scan or evidence that cannot be judged proves nothing, and says so.
    """
    journal = read_journal(lines)
    planned, strangers = planned_updates(plan), []
    ids = {update.id for update in planned}
    for attempt in journal.attempts:
        if attempt.id not in ids:
            ids.add(attempt.id)
            strangers.append(Planned(attempt.id, attempt.revision, "", named=False))
    look = fresh_look(journal, scan, evidence, ids=ids, policy=policy, now=now)
    results = tuple(judge_update(update, look, running=running) for update in (*planned, *strangers))
    state = _state(journal, running)
    reboot = _reboot(look, results)
    return InstallVerdict(
        job=journal.job or word_of(plan.get("id") if isinstance(plan, Mapping) else None),
        state=state,
        outcome=_outcome(state, results, reboot),
        results=results,
        reboot=reboot,
        boots=len(journal.boots),
        unexpected=sum(1 for start in journal.boots if start.expected is not True),
        error=journal.error,
        problems=tuple(_problems(journal, look, [update.id for update in strangers])),
        journal=journal,
    )


_ENDS: Mapping[str, JobState] = {"finished": "finished", "stopped": "stopped", "expired": "expired"}


def _state(journal: InstallJournal, running: bool | None) -> JobState:
    """A worker that comes back after a power cut ends its job as failed, with that as the type of its error."""
    if journal.outcome is not None:
        cut = journal.error is not None and journal.error.get("type") == "interrupted"
        return "interrupted" if cut else _ENDS.get(journal.outcome, "failed")
    if running is None:
        return "unknown"
    return "running" if running else "interrupted"


def _reboot(look: FreshLook, results: Iterable[Result]) -> str:
    if any(result.state == "pending_reboot" for result in results):
        return "required"
    if look.reboot is not None and not look.doubt:
        return look.reboot
    required, told = look.journal.reboot_required, look.journal.last_at
    if required is None or told is None or look.booted_after(told):
        return "unknown"
    return "required" if required else "not_required"


def _outcome(state: JobState, results: tuple[Result, ...], reboot: str) -> Outcome:
    """The worst counts."""
    found = {result.state for result in results}
    if state == "running":
        return "running"
    if found & set(_BAD) or state == "failed":
        return "failed"
    if "pending_reboot" in found or reboot == "required":
        return "pending_reboot"
    if "unknown" in found or state == "unknown" or reboot == "unknown":
        return "unknown"
    return "deferred" if found & {"deferred", "skipped"} else "verified"


def _problems(journal: InstallJournal, look: FreshLook, strangers: Sequence[str]) -> Iterable[str]:
    if journal.damaged:
        yield f"{journal.damaged} lines of the journal are damaged: what they tell is not known"
    if strangers:
        yield f"the journal tells of {len(strangers)} installations that the plan does not name: {strangers[0]}"
    if look.doubt and look.scan is not None:
        yield f"the scan proves nothing: {look.doubt}"
    elif look.doubt and look.compliance is None and journal.attempts and not journal.seen:
        yield look.doubt
    if look.problem:
        yield look.problem
    for at, seconds in journal.jumps:
        when = f" at {format_time(at)}" if at is not None else ""
        yield f"the clock of the host jumped by {seconds} seconds{when}"
    if journal.reboot_failed is not None:
        yield f"the reboot failed: {journal.reboot_failed}"


_HEADS: Mapping[str, str] = {
    "finished": "The job came to its end",
    "failed": "The job failed",
    "stopped": "The job was stopped",
    "expired": "The job came too late",
    "interrupted": "The job was interrupted",
    "running": "The job goes on",
    "unknown": "What became of the job is not known",
}


def _sentence(verdict: InstallVerdict) -> str:
    counts = [f"{number} {state.replace('_', ' ')}" for state, number in verdict.counts.items() if number]
    updates = ", ".join(counts) or "no update was planned"
    why = f" ({verdict.error['message']})" if verdict.error and verdict.error.get("message") else ""
    reboot = {"required": " A reboot is required.", "unknown": " Whether a reboot is required is not known."}
    cuts = verdict.unexpected
    boots = f" The host booted {cuts} time{'s' if cuts > 1 else ''} without the job's doing." if cuts else ""
    return f"{_HEADS[verdict.state]}{why}: {updates}.{boots}{reboot.get(verdict.reboot, '')}"
