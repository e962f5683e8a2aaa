# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What keeps the worker from beginning with an update of its plan: a reason and a text, or nothing."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from ..agent.categories import CLASSIFICATIONS, DRIVERS, categories_of
from ..agent.lines import UNSPECIFIED_TEXT, installer_flag, told
from ..agent.services import agent_of
from .session import NOT_DOWNLOADED, Item, Session
from .system import free_megabytes

Refusal = tuple[str, str] | None
UPGRADES: Final = CLASSIFICATIONS["Upgrades"]
DRIVER: Final = 2


def ruling(item: Item, *, whole: bool) -> Refusal:
    """What the agent says of it: whether this very update is there to be installed, and may be. Only a whole search
    tells what is not offered.
    """
    update = item.found
    if update is None:
        if whole:
            return "not_offered", "the agent does not offer it"
        return "unknown", "the search was incomplete and does not show it"
    installed, revision = told(update, "installed"), told(update, "revision")
    if installed:
        return "installed", "it is installed already"
    if installed is None:
        return "excluded", "whether it is installed already could not be read"
    if revision is None:
        return "excluded", "its revision could not be read"
    if item.revision is not None and revision != item.revision:
        return "revision_changed", f"the agent offers revision {revision}"
    item.revision = revision
    word = None if item.named else _exclusion(update)
    return ("excluded", word) if word else None


def _exclusion(update: dict[str, Any]) -> str | None:
    """What could not be read speaks against it."""
    unreadable = update.get("unreadable", ())
    ids = set() if "categories" in unreadable else {category["id"] for category in categories_of(update, "en")}
    answers = {
        "it is a feature upgrade": UPGRADES in ids,
        "it is a driver": told(update, "type") == DRIVER or CLASSIFICATIONS[DRIVERS] in ids,
        "it is optional (browse only)": told(update, "browse_only"),
        "it is hidden": told(update, "hidden"),
        "it may ask somebody for input": told(update, "can_request_user_input"),
    }
    reasons = [word for word, holds in answers.items() if holds]
    reasons += [f"its {word} could not be read" for word in ("categories", "type") if word in unreadable]
    reasons += [f"whether {word} could not be read" for word, holds in answers.items() if holds is None]
    return reasons[0] if reasons else None


def disk_refusal(session: Session) -> Refusal:
    """Where nothing has to stay free, nobody is asked."""
    least = session.plan.min_free_mb
    if least <= 0:
        return None
    free = free_megabytes(session.run.host)
    if free is None:
        return "unknown", "the free space of the system drive could not be read"
    return ("disk_space", f"the system drive has {free} MB left, less than {least:g}") if free < least else None


def download_refusal(update: dict[str, Any]) -> Refusal:
    """Of a plan that leaves the download to others."""
    there = told(update, "downloaded")
    if there is None:
        return "unknown", "whether it is downloaded could not be read"
    return None if there else NOT_DOWNLOADED


def refusal(session: Session, item: Item) -> Generator[float, None, Refusal]:
    """Everything that is looked at before an update is begun; waits for another installer."""
    session.look_at_clock("installing")
    found = _early(session, item) or _known(_hard_reboot(session)) or disk_refusal(session) or item.lack
    if found is not None:
        return found
    begun = session.run.moment
    busy = yield from session.wait_idle("installing", session.busy_left, session.plan.deadline, item.needs)
    session.busy_left -= (session.run.moment - begun).total_seconds()
    if busy is not None and not session.run.stop_is_asked:
        return busy
    return _early(session, item) or _hard_reboot(session)


def _early(session: Session, item: Item) -> Refusal:
    """What no look at the host is needed for."""
    if session.run.stop_is_asked:
        session.stopped = True
        return "stopped", "the job was told to stop"
    return item.reason or session.halt or _time_refusal(session, item)


def _time_refusal(session: Session, item: Item) -> Refusal:
    left = session.left(session.plan.deadline)
    if left is None or item.needs <= left:
        return None
    session.expired = session.expired or left <= 0
    return "does_not_fit", f"it needs {item.needs:g} seconds with the reserve, and {left} are left"


def _known(found: Refusal) -> Refusal:
    """An agent that does not answer now may do so when nobody is at work any more: it is asked again then."""
    return None if found is not None and found[0] == "unknown" else found


def _hard_reboot(session: Session) -> Refusal:
    due = installer_flag(agent_of(session.run.host), "reboot_required_before_installation")
    if due is None:
        return "unknown", f"whether a reboot must come first could not be read: {UNSPECIFIED_TEXT}"
    if due:
        session.blocked = True
        return "hard_reboot", "the agent installs nothing more before a reboot"
    return None
