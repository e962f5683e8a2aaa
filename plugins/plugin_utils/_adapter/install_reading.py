# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What one reading of an install job's journal tells the person who watches, and whether the job has died."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .._evidence.answers import Reading, answer_of
from .._evidence.install_journal import planned_updates, read_journal
from .._evidence.install_progress import counts_of, progress_sentence, titles_of
from .._evidence.patch_job import JobProgress, Life, json_lines
from .._evidence.times import time_or_none
from .._evidence.wording import printable

# By the host's clock: how long a host may take to go down, and a task with a boot trigger to begin after a boot.
GOES_DOWN_WITHIN = timedelta(minutes=60)
COMES_BACK_WITHIN = timedelta(minutes=15)


def lost_text(error: Exception) -> str:
    """Return what is said of a host that does not answer."""
    said = printable(" ".join(str(error).split())[:300]) or type(error).__name__
    return f"the host does not answer: {said}"


def lost_reading(job: str, offset: int, error: Exception) -> dict[str, Any]:
    """Return what a read tells of a host that does not answer, as while it reboots: nothing is known."""
    unknown = dict.fromkeys(("phase", "outcome", "error", "running", "interrupted"))
    return {
        "changed": False,
        "id": job,
        "offset": offset,
        "lines": [],
        **unknown,
        "lost": True,
        "progress": lost_text(error),
    }


def install_progress(answers: Mapping[str, Any], lines: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """Return ``{current, counts, progress, plan}``; ``counts`` is null where the journal is longer than one reading.

    ``lines`` is the journal from its beginning, None where it was read from an offset on: then the probe ``newest``
    holds it, and there is no ``plan``.
    """
    whole = True
    plan = _plan(answers)
    # Whoever reads from the beginning may not know the plan; whoever reads on has seen it.
    told = {"plan": dict(plan) or None} if lines is not None else {}
    if lines is None:
        lines, whole = _newest(answers)
    journal = read_journal(lines)
    planned = planned_updates(plan)
    counts = counts_of(journal, len(planned) or None)
    titles = titles_of(planned)
    current = {"id": journal.doing, "title": titles.get(journal.doing, "")} if journal.doing else None
    sentence = progress_sentence(journal, counts, titles) if whole else f"{journal.phase or 'not begun'}"
    return {"current": current, "counts": counts.as_dict() if whole else None, "progress": sentence, **told}


def _newest(answers: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """(the lines of the end of the journal, whether that is all of it)"""
    answer = answer_of(answers, "newest")
    text, length = answer.data.get("text"), answer.data.get("length")
    if answer.reading is not Reading.FOUND or not isinstance(text, str):
        return [], False
    whole = isinstance(length, int) and len(text.encode("utf-8", "replace")) >= length - _HALF_A_LINE
    lines, _problems = json_lines(text)
    return lines, whole and (not lines or lines[0].get("phase") == "armed")


# The last line may still be being written, and is left out.
_HALF_A_LINE = 4096


def _plan(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = answer_of(answers, "plan")
    text = answer.data.get("text") if answer.reading is Reading.FOUND else None
    lines, _problems = json_lines(text) if isinstance(text, str) else ([], [])
    return lines[0] if len(lines) == 1 else {}


def interrupted(progress: JobProgress, life: Life, system: object) -> bool | None:
    """Return whether the job has died; None where that could not be read, or the job is about to start or to go on.

    After a boot the task of an install job begins by itself, to verify: only a job that is still silent a while after
    the boot is dead.
    """
    if progress.outcome is not None or life is Life.ALIVE:
        return False
    if life is Life.UNKNOWN or progress.phase in (None, "armed"):
        return None
    if progress.phase == "scanning":
        return True
    given = system if isinstance(system, Mapping) else {}
    clock, boot = time_or_none(given.get("clock")), time_or_none(given.get("boot_time"))
    return None if _may_come_back(progress, clock, boot) else True


def _may_come_back(progress: JobProgress, clock: datetime | None, boot: datetime | None) -> bool:
    if clock is None or boot is None or progress.last_at is None:
        return True
    if boot > progress.last_at:
        return clock - boot < COMES_BACK_WITHIN
    return progress.phase == "rebooting" and progress.step == "begin" and clock - progress.last_at < GOES_DOWN_WITHIN
