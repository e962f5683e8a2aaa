# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The program of the worker, whatever the kind of its job: it appears, works, and says how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from . import traces
from .install import install
from .resume import REBOOTING, give_up, is_missed, name_of, own_lines, remember, resume
from .run import Steps, StopAskedError, WorkerRun
from .scan import scan
from .session import open_session
from .steps import StepError, refused_as
from .system import boot_stamp

SCHEMA: Final = "winops.patching/plan/1"
# From the scheduler's start to the first line of a PowerShell process.
STARTS_WITHIN: Final = 2.0
# Who boots or is armed finds others at work now and then: how often it looks for the lock. Each look is a patient one.
LOOKS_FOR_LOCK: Final[Mapping[str, int]] = {"install": 60}
LOOKS_EVERY: Final = 15.0
PATIENCE: Final = (0.25,) * 19


def work(run: WorkerRun) -> Steps:
    """One life of a worker from its start to its last line. Raises KilledError."""
    yield STARTS_WITHIN
    run.appear()
    error = None
    try:
        yield from _take_lock(run)
        yield from _work(run)
    except StopAskedError:
        run.outcome = "stopped"
    except StepError as failure:
        run.outcome, error = "failed", failure.error
    run.say("done", outcome=run.outcome, error=error, **run.last_words)
    run.log("done")


def _take_lock(run: WorkerRun) -> Steps:
    """Raises StepError when somebody else holds it for too long."""
    for attempt in range(LOOKS_FOR_LOCK.get(run.kind, 1)):
        if attempt:
            yield LOOKS_EVERY
        for pause in (*PATIENCE, None):
            if not any(other.holds_lock for other in run.host.workers):
                run.lock()
                return
            if pause is not None:
                yield pause
    raise refused_as(
        "starting",
        "lock_held",
        "another job runs, or the lock cannot be opened: The process cannot access the file because it is being used "
        "by another process.",
    )


def _work(run: WorkerRun) -> Steps:
    schema = run.plan.get("schema")
    if schema != SCHEMA:
        raise refused_as("starting", "bad_plan", f"this worker knows plans of {SCHEMA}, not of '{schema or ''}'")
    kind = KINDS.get(run.kind)
    if kind is not None:
        yield from kind(run)
        return
    _introduce(run, "scanning")
    run.may_go_on()
    known = " and ".join(KINDS)
    raise refused_as(
        "starting", "unknown_kind", f"this worker does not know jobs of the kind '{run.kind}', only {known}"
    )


def _introduce(run: WorkerRun, phase: str, **facts: object) -> None:
    """The first line of a worker, and its marks."""
    run.log(phase)
    run.say(
        phase,
        step="started",
        process_id=run.process_id,
        worker_sha256=run.worker_sha256,
        boot_time=boot_stamp(run.host),
        engine=f"5.1.{run.host.os.build}",
        **facts,
    )
    run.mark()


def _scan(run: WorkerRun) -> Steps:
    _introduce(run, "scanning")
    run.may_go_on()
    yield from scan(run)


def _install(run: WorkerRun) -> Steps:
    """What its journal says decides: a job that was begun is only verified."""
    run.last_words["reboot_required"] = None
    session = open_session(run)
    traces.end_last_line(run.host, f"{run.folder}\\journal.jsonl", run.at)
    lines = own_lines(session)
    if not lines or (len(lines) == 1 and lines[0].get("phase") != "armed"):
        message = "the journal has lost its first line; nothing was begun after that"
        raise refused_as("starting", "interrupted", message)
    if len(lines) > 1:
        settled = remember(session, lines)
        _introduce(run, "verifying", expected=name_of(lines[-1]) == REBOOTING, reboots=session.reboots)
        yield from resume(session, lines, settled)
    elif is_missed(session, lines[0]):
        give_up(session)
    else:
        _introduce(run, "downloading")
        yield from install(session)


KINDS: Final[Mapping[str, Callable[[WorkerRun], Steps]]] = {"scan": _scan, "install": _install}
