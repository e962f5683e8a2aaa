# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""When a host's install job may begin, must have ended and may reboot: by its windows, in the time of its own clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..._evidence.times import format_time
from ..keys import PlanError
from ..packing.policy import PackingPolicy
from ..packing.room import MOST_LATER, Room, room_of
from ..windows.calendar import Window
from .options import REFUSED_SKEW, REPORTED_SKEW, InstallOptions


@dataclass(frozen=True, slots=True)
class HostTime:
    """``skew`` is by how much the host's clock is ahead of the one that decides about windows: nothing, where its own
    does."""

    skew: timedelta

    def of(self, instant: datetime) -> str:
        """Return an instant by the host's clock, as a plan holds it."""
        return format_time(instant + self.skew)


def judge_skew(
    skew: timedelta | None, options: InstallOptions, *, windows_apply: bool
) -> tuple[HostTime | None, str, str]:
    """Return (the host's time, a warning, why not); the time is None where the plan must be refused.

    ``skew`` is the host's clock less the controller's, None where it could not be read.
    """
    if options.clock == "host":
        return HostTime(timedelta()), _told(skew), ""
    if skew is None:
        refused = (
            "the host's clock could not be read, so nobody knows when a window opens on it: see why, or decide by "
        )
        if windows_apply:
            return None, "", f"{refused}the host's clock (clock: host)"
        return HostTime(timedelta()), "", ""
    if abs(skew) > REFUSED_SKEW and windows_apply:
        text = f"the host's clock is {_shown(skew)} the controller's: more than an hour"
        return None, "", f"{text}. Set its clock, or decide by the host's clock (clock: host)"
    return HostTime(skew), _told(skew), ""


def _told(skew: timedelta | None) -> str:
    if skew is None or abs(skew) <= REPORTED_SKEW:
        return ""
    return f"the host's clock is {_shown(skew)} the controller's"


def _shown(skew: timedelta) -> str:
    seconds = int(abs(skew).total_seconds())
    length = f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
    return f"{length} {'ahead of' if skew > timedelta() else 'behind'}"


def reboot_block(
    policy: PackingPolicy, options: InstallOptions, room: Room, *, now: datetime, time: HostTime
) -> tuple[dict[str, Any], Window | None, str]:
    """Return (the block ``reboot`` of a plan, its window, why the host may not reboot by itself or empty).

    The window is the first for reboots in which the reserve fits and which is not over when the installing begins. The
    reserve holds the countdown too, as ConfigMgr 2007 counted: what is left of it is the job's own reserve for the
    restart, so that a reboot fits where the last update has left the reserve. Raises PlanError where it is too short.
    """
    if options.reboot != "never" and options.warn_seconds > policy.reserve:
        wrong = f"{options.warn_seconds} seconds of warning do not fit into the reserve of {policy.reserve} seconds"
        raise PlanError([f"options.warn_seconds: {wrong}: make policy.reserve longer"])
    block: dict[str, Any] = {
        "mode": options.reboot,
        "not_before": None,
        "deadline": None,
        "reserve_minutes": max(0, policy.reserve - options.warn_seconds) // 60,
        "max_reboots": options.max_reboots,
        "warn_seconds": options.warn_seconds,
        "message": options.message,
    }
    if options.reboot == "never":
        return block, None, "the job was told never to reboot"
    if not policy.windows_apply:
        return block, None, ""
    found = reboot_room(policy, room, now=now, seconds=policy.reserve)
    if found.closed:
        return {**block, "mode": "never"}, None, f"there is no window for a reboot: {found.closed}"
    block["not_before"] = time.of(found.begins) if found.begins > now else None
    block["deadline"] = time.of(found.ends) if found.ends is not None else None
    return block, found.window, ""


def reboot_room(policy: PackingPolicy, room: Room, *, now: datetime, seconds: int) -> Room:
    """Return the first stretch of time for a reboot that is long enough and not over when the installing begins."""
    wanted = replace(policy, purpose="reboot")
    begins = room.begins if not room.closed else now
    at = max(begins, now)
    for _ in range(MOST_LATER):
        found = room_of(None, now=at, policy=wanted)
        if found.closed or found.holds(seconds):
            return found
        if found.ends is None:
            return found
        at = found.ends
    return Room(at, closed="none of the next windows is long enough for one")


def minutes_of(seconds: int) -> int:
    """Return whole minutes, rounded up."""
    return -(-seconds // 60)
