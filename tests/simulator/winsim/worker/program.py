# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The program of the worker, whatever the kind of its job: it appears, works, and says how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..clock import stamp
from .run import Steps, StopAskedError, WorkerRun
from .scan import scan
from .steps import StepError, refused_as

SCHEMA: Final = "winops.patching/plan/1"
# From the scheduler's start to the first line of a PowerShell process.
STARTS_WITHIN: Final = 2.0
KINDS: Final[Mapping[str, Callable[[WorkerRun], Steps]]] = {"scan": scan}


def work(run: WorkerRun) -> Steps:
    """One job from its start to its last line. Raises KilledError."""
    yield STARTS_WITHIN
    outcome, error = "finished", None
    try:
        yield from _work(run)
    except StopAskedError:
        outcome = "stopped"
    except StepError as failure:
        outcome, error = "failed", failure.error
    run.say("done", outcome=outcome, error=error)
    run.log("done")


def _work(run: WorkerRun) -> Steps:
    run.appear()
    schema = run.plan.get("schema")
    if schema != SCHEMA:
        raise refused_as("starting", "bad_plan", f"this worker knows plans of {SCHEMA}, not of '{schema or ''}'")
    run.log("scanning")
    run.say(
        "scanning",
        step="started",
        process_id=run.process_id,
        worker_sha256=run.worker_sha256,
        boot_time=stamp(run.host.os.boot_time),
        engine=f"5.1.{run.host.os.build}",
    )
    run.mark()
    run.may_go_on()
    if run.kind not in KINDS:
        known = ", ".join(KINDS)
        raise refused_as(
            "starting", "unknown_kind", f"this worker does not know jobs of the kind '{run.kind}', only {known}"
        )
    yield from KINDS[run.kind](run)
