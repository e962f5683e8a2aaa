# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A worker that finds a job begun: after a boot an installation is only verified."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ..mishaps import first_job_begins
from . import traces
from .install_end import reboot, settle_outcome, verify
from .run import Steps
from .session import Session
from .steps import refused_as

REBOOTING: Final = "rebooting/begin"
IN_THE_MIDDLE: Final = frozenset({"downloading", "installing"})
Lines = list[dict[str, Any]]


def name_of(line: dict[str, Any]) -> str:
    return f"{line.get('phase')}/{line.get('step')}"


def is_missed(session: Session, armed: dict[str, Any]) -> bool:
    """A job that should have begun before the boot that its worker now finds behind it."""
    if armed.get("armed") is True or not armed.get("created_at"):
        return False
    return session.run.host.os.boot_time > datetime.fromisoformat(str(armed["created_at"]))


def give_up(session: Session) -> None:
    """It begins nothing any more."""
    session.expired = True
    _skip_unsettled(session, set(), ("too_late", "the host booted before the job began"))
    settle_outcome(session)


def remember(session: Session, lines: Lines) -> set[str]:
    """What the life before has begun, and which reboots were ours. The ids that are settled."""
    settled: set[str] = set()
    items = {item.id: item for item in session.items}
    for line in lines:
        name = name_of(line)
        session.reboots += name == REBOOTING
        if name in {"installing/begin", "installing/skipped"}:
            settled.add(str(line["id"]))
        item = items.get(str(line.get("id")))
        if name == "installing/begin" and item is not None:
            item.revision, item.begun_at = line["revision"], datetime.fromisoformat(str(line["at"]))
            session.begun.append(item)
    return settled


def resume(session: Session, lines: Lines, settled: set[str]) -> Steps:
    """Raises StepError, which tells of the interruption, and KilledError."""
    last = lines[-1]
    first_job_begins(session.run.host, session.run.moment)
    session.plan.source_asked()
    text = "the job was cut off before; since then it only verifies"
    _skip_unsettled(session, settled, ("stopped", text))
    expected = name_of(last) == REBOOTING
    if session.begun or expected:
        yield from session.wait_idle("verifying", session.plan.busy_wait_seconds, None, 0)
        yield from verify(session)
        if expected and session.reboot_required is not False:
            yield from reboot(session)
    settle_outcome(session)
    if last["phase"] in IN_THE_MIDDLE:
        message = "the host or this process went down in the middle; what was begun has been verified"
        raise refused_as(str(last["phase"]), "interrupted", message)


def _skip_unsettled(session: Session, settled: set[str], reason: tuple[str, str]) -> None:
    if "install" not in session.plan.phases:
        return
    for item in session.items:
        if item.id not in settled:
            session.skip(item, reason)


def own_lines(session: Session) -> Lines:
    return traces.journal_of(session.run.host, session.run.job)
