# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The end of an installation: a reboot if it is planned, needed and allowed, and what the agent says afterwards."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any, Final

from ..agent.errors import AgentError
from ..agent.lines import history_lines, told
from ..agent.search import Found
from ..agent.services import agent_of
from .install_plan import IF_REQUIRED
from .install_traces import reboot_signals
from .run import Steps
from .session import Item, Session, by_id

HISTORY: Final = 200
INSTALL: Final = 1
# An entry of the history may bear the time at which its work began elsewhere.
BEFORE: Final = timedelta(minutes=10)
WAITS_FOR_BOOT: Final = 3600.0
Refusal = tuple[str, str] | None


def settle_outcome(session: Session) -> None:
    """Which word the last line has, when nothing failed."""
    if not session.begun and session.expired:
        session.run.outcome = "expired"
    if session.stopped:
        session.run.outcome = "stopped"


def need_of_reboot(session: Session) -> None:
    """What the agent says, what an installation has asked for, and the two keys. None: nothing says yes, and not all
    could be read.
    """
    signals = list(reboot_signals(session.run.host).values())
    agent = agent_of(session.run.host)
    asked = agent.reboot_required or session.asks_reboot or any(signals)
    session.reboot_required = None if not asked and None in signals else asked
    session.run.last_words["reboot_required"] = session.reboot_required


def verify(session: Session) -> Steps:
    """Asks again, and tells of every update that was begun, whether somebody has asked to stop or not."""
    run = session.run
    found = yield from _search(session)
    known = by_id(found) if found is not None else None
    whole = found is not None and found.is_whole
    history = history_lines(agent_of(run.host), HISTORY)
    for item in session.begun:
        seen = _seen(item, known, whole=whole)
        session.waits = session.waits or bool(seen["reboot_required"])
        run.say("verifying", step="update", **item.facts, **seen, history=_entry_of(item, history))
    need_of_reboot(session)
    run.say("verifying", step="reboot", required=session.reboot_required)


def _search(session: Session) -> Generator[float, None, Found | None]:
    """The local store knows what is installed; the service is asked when it does not answer."""
    session.run.log("verifying")
    try:
        return (yield from session.search_once("verifying", 1, online=False))
    except AgentError:
        if session.plan.source.get("online") == "false":
            return None
    try:
        return (yield from session.search_once("verifying", 2, online=True))
    except AgentError:
        return None


def _seen(item: Item, known: dict[str, dict[str, Any]] | None, *, whole: bool) -> dict[str, Any]:
    """`{offered, installed, reboot_required}`; what nobody could tell is null. Only a whole search tells what is not
    offered.
    """
    update = (known or {}).get(item.id)
    if update is None:
        return {"offered": False if whole else None, "installed": None, "reboot_required": None}
    installed = told(update, "installed")
    offered = None if installed is None else not installed
    return {"offered": offered, "installed": installed, "reboot_required": told(update, "reboot_required")}


def _entry_of(item: Item, history: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Its newest attempt, if that is this job's."""
    for entry in history:
        if (entry["id"], entry["operation"], entry["revision"]) != (item.id, INSTALL, item.revision):
            continue
        if entry["date"] is None or item.begun_at is None:
            continue
        if datetime.fromisoformat(entry["date"]) >= item.begun_at - BEFORE:
            return {word: entry[word] for word in ("date", "result_code", "hresult")}
    return None


def reboot(session: Session) -> Steps:
    """Asks for a boot and waits for it, or says why not. Comes back only when no boot came."""
    run, plan = session.run, session.plan.reboot
    refused = yield from _refusal(session)
    if refused is not None:
        run.say("rebooting", step="skipped", reason=refused[0], text=refused[1])
        return
    session.reboots += 1
    run.log("rebooting")
    run.say("rebooting", step="begin", number=session.reboots)
    run.rests = True
    run.host.shut_down(plan.warn_seconds, plan.message)
    yield plan.warn_seconds + WAITS_FOR_BOOT
    run.rests = False
    text = "the host was told to reboot, and an hour later it had not"
    run.say("rebooting", step="failed", exit_code=0, text=text)


def _refusal(session: Session) -> Generator[float, None, Refusal]:
    plan = session.plan.reboot
    found = _early(session)
    if found is not None:
        return found
    yield from session.wait_until("rebooting", plan.not_before)
    needs = plan.warn_seconds + plan.reserve_seconds
    busy = yield from session.wait_idle("rebooting", session.plan.busy_wait_seconds, plan.deadline, needs)
    return _early(session) or (("busy", busy[1]) if busy else None)


def _early(session: Session) -> Refusal:
    """What speaks against it before anybody waits for anything."""
    plan = session.plan.reboot
    if session.reboot_required is None:
        return "unknown", "whether a reboot is required could not be read"
    if not session.reboot_required:
        return "not_required", "nothing asks for a reboot"
    if plan.mode != IF_REQUIRED:
        return "never", "a reboot is required, and the plan does not let this job reboot"
    if session.run.stop_is_asked:
        session.stopped = True
        return "stopped", "the job was told to stop"
    if session.reboots and not session.waits:
        return (
            "persistent",
            "what asks for a reboot has outlived one, and no update of this job is known to wait for another",
        )
    if session.reboots >= plan.most:
        return "max_reboots", f"this job has rebooted the host {session.reboots} times"
    if session.fits(plan.deadline, plan.warn_seconds + plan.reserve_seconds):
        return None
    return "outside_window", "too little is left of the window for reboots"
