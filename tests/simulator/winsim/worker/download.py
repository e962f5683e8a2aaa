# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How the worker fetches the updates of its plan: one after the other, with some patience, and in time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from ..agent import install as agent
from ..agent.errors import DOWNLOAD_FAILED, AgentError
from ..agent.lines import told
from .install_guards import Refusal, disk_refusal, download_refusal
from .patience import TRANSIENT
from .run import Steps
from .session import Item, Session

ATTEMPTS: Final = 3
# The first says only that a download failed.
WORTH_ANOTHER: Final = TRANSIENT | {DOWNLOAD_FAILED}


def download_all(session: Session) -> Steps:
    """Ends early when it is told to stop, or when nothing could be installed any more. Raises StopAskedError."""
    for item in session.items:
        if item.reason is not None:
            continue
        if session.run.stop_is_asked or _is_late(session):
            return
        session.look_at_clock("downloading")
        update = item.found or {}
        item.reason = _eula_refusal(update)
        if item.reason is not None:
            continue
        if "download" not in session.plan.phases:
            item.lack = download_refusal(update)
            continue
        full = disk_refusal(session)
        if full is None:
            yield from _download(session, item)
        else:
            item.lack = full


def _is_late(session: Session) -> bool:
    return not session.fits(session.plan.start_before, 0) or not session.fits(session.plan.deadline, 1)


def _eula_refusal(update: dict[str, Any]) -> Refusal:
    """Before the download: the agent fetches nothing whose terms were not accepted."""
    if told(update, "eula_accepted"):
        return None
    try:
        agent.accept_eula(update)
    except AgentError as error:
        return "eula", f"its terms could not be accepted: {error}"
    return None


def _download(session: Session, item: Item) -> Steps:
    run, update = session.run, item.found or {}
    run.say("downloading", step="begin", **item.facts)
    result, code = "present", None
    if not told(update, "downloaded"):
        code = yield from _fetch(session, item)
        result = "ok" if code == agent.OK else "failed"
    if result == "failed":
        item.reason = "download_failed", f"its download failed: {code}"
    else:
        item.lack = None
    run.say("downloading", step="end", **item.facts, result=result, hresult=code)


def _fetch(session: Session, item: Item) -> Generator[float, None, str]:
    """The code that it ended with. Raises StopAskedError."""
    update, attempt = item.found or {}, 1
    while True:
        yield agent.download_takes(update)
        try:
            agent.download(update)
        except AgentError as error:
            code = error.hresult
        else:
            return agent.OK
        if attempt >= ATTEMPTS or _is_late(session) or code not in WORTH_ANOTHER:
            return code
        facts = {"id": item.id, "attempt": attempt, "hresult": code, "seconds": 60 * attempt}
        session.run.say("downloading", step="backing_off", **facts)
        yield from session.run.sleep(60 * attempt)
        attempt += 1
