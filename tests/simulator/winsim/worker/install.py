# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kind `install`: search, download, install one update at a time, reboot if that is planned, verify."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any, Final

from ..agent import install as agent
from ..agent.errors import SHUTDOWN_IN_PROGRESS, AgentError
from ..mishaps import first_job_begins
from . import places
from .download import download_all
from .install_end import need_of_reboot, reboot, settle_outcome, verify
from .install_guards import refusal, ruling
from .install_traces import compare, look
from .run import KilledError, Steps, StopAskedError
from .session import Item, Session

# The task's own limit lies that far beyond the deadline; what hangs is ended with it.
TASK_ENDS_AFTER: Final = timedelta(hours=12)
NO_WINDOW: Final = timedelta(hours=36)


def install(session: Session) -> Steps:
    """Raises StepError, KilledError."""
    run = session.run
    first_job_begins(run.host, run.moment)
    session.plan.source_asked()
    try:
        yield from _prepare(session)
    except StopAskedError:
        session.stopped = True
    if "install" in session.plan.phases:
        yield from _install_all(session)
    if session.begun or session.blocked:
        need_of_reboot(session)
        yield from reboot(session)
    if session.begun:
        yield from verify(session)
    settle_outcome(session)


def _prepare(session: Session) -> Steps:
    """Raises StopAskedError, StepError."""
    run = session.run
    run.may_go_on()
    delay = run.plan.get("delay_seconds") or 0
    if delay > 0:
        run.say("downloading", step="waiting", seconds=delay)
        yield from run.sleep(delay)
    known = yield from session.search_offered()
    for item in session.items:
        item.found = known.get(item.id)
        item.reason = ruling(item, whole=session.whole)
    offered = [item for item in session.items if item.reason is None or item.reason[0] not in _NOT_OFFERED]
    run.say("downloading", step="found", offered=len(offered))
    yield from download_all(session)


_NOT_OFFERED: Final = frozenset({"not_offered", "unknown", "installed"})


def _install_all(session: Session) -> Steps:
    run, plan = session.run, session.plan
    run.log("installing")
    if any(item.reason is None for item in session.items):
        if plan.not_before is not None and run.at < plan.not_before:
            yield from session.wait_until("installing", plan.not_before)
            _look_again(session)
        if not session.fits(plan.start_before, 0):
            session.halt = "too_late", "the job got here after the time until which it may start"
            session.expired = True
    for item in session.items:
        found = yield from refusal(session, item)
        if found is not None:
            session.skip(item, found)
        else:
            yield from _install_one(session, item)


def _look_again(session: Session) -> None:
    """Others may have installed it meanwhile; what the local store does not tell stays as it was."""
    if session.run.stop_is_asked:
        return
    for item in session.items:
        if item.reason is None and item.found is not None:
            item.reason = ruling(item, whole=session.whole)


def _install_one(session: Session, item: Item) -> Steps:
    run = session.run
    before = look(run.host)
    if not session.begun:
        # What was scanned before is of yesterday from here on.
        run.host.files.pop(places.LAST_SCAN.lower(), None)
    item.begun_at, begun = run.at, run.moment
    session.begun.append(item)
    left = session.left(session.plan.deadline)
    run.say("installing", step="begin", **item.facts, needs_seconds=int(item.needs), remaining_seconds=left)
    try:
        outcome = yield from _outcome_of(session, item.found or {})
    except AgentError as error:
        outcome = agent.Outcome("failed", error.hresult, reboot_required=None)
    seconds = round((run.moment - begun).total_seconds())
    session.busy_left = session.plan.busy_wait_seconds
    told = {"result": outcome.result, "hresult": outcome.hresult, "reboot_required": outcome.reboot_required}
    run.say("installing", step="end", **item.facts, **told, seconds=seconds, **compare(run.host, before))
    session.asks_reboot = session.asks_reboot or bool(outcome.reboot_required)
    if outcome.hresult == SHUTDOWN_IN_PROGRESS:
        session.halt = "hard_reboot", "the host is going down"


def _outcome_of(session: Session, update: dict[str, Any]) -> Generator[float, None, agent.Outcome]:
    """Raises AgentError, and KilledError for what never comes back."""
    installation = agent.install(session.run.host, update, session.run.moment)
    if installation.answer() is None:
        takes = agent.installation_takes(update)
        if update.get("kills_worker"):
            yield (takes or 0) / 2
            raise KilledError
        if takes is not None:
            yield takes
    outcome = installation.answer()
    if outcome is None or update.get("reboots_itself"):
        yield _until_the_task_ends(session)
        raise KilledError
    return outcome


def _until_the_task_ends(session: Session) -> float:
    """Its limit lies hours beyond the last window."""
    windows = [until for until in (session.plan.deadline, session.plan.reboot.deadline) if until is not None]
    first = max(filter(None, (session.wall, session.plan.not_before)))
    last = max(windows, default=first + NO_WINDOW)
    return max(1.0, (last + TASK_ENDS_AFTER - session.run.at).total_seconds())
