# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One life of the worker over the plan of an installation: what it knows, has begun and may wait for; its clocks."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ..agent.search import Found, Request, search, search_takes
from ..clock import stamp
from ..mishaps import seen_installer
from .install_plan import InstallPlan, read_plan, run_seconds
from .patience import Patience, search_patiently
from .run import Steps, WorkerRun
from .steps import step

# Hidden and optional ones too, and what is installed: so that those are told from what is not offered.
CRITERIA: Final = "IsInstalled=0 or IsInstalled=1 or RebootRequired=1"
JUMP: Final = timedelta(minutes=2)
LOOKS_EVERY: Final = 15
NOT_DOWNLOADED: Final = ("download_failed", "it is not downloaded")


@dataclass(eq=False, slots=True)
class Item:
    """One update of the plan; `found` is the agent's, `reason` says why it is not installed, `lack` why it is not ready
    for that yet.
    """

    id: str
    revision: int | None
    named: bool
    needs: float
    found: dict[str, Any] | None = None
    lack: tuple[str, str] | None = NOT_DOWNLOADED
    reason: tuple[str, str] | None = None
    begun_at: datetime | None = None

    @property
    def facts(self) -> dict[str, Any]:
        return {"id": self.id, "revision": self.revision}


@dataclass(eq=False)
class Session:
    """`halt` is why nothing more is installed, `blocked` that a reboot must come first; `busy_left` is how long it
    still waits for other installers, `reboots` how often the job has rebooted the host, `waits` that one of its updates
    was seen to wait for another boot, `whole` that the search has shown all that is offered.
    """

    run: WorkerRun
    plan: InstallPlan
    items: list[Item]
    wall: datetime
    steady: datetime
    busy_left: float
    drift: timedelta = field(default_factory=timedelta)
    begun: list[Item] = field(default_factory=list)
    halt: tuple[str, str] | None = None
    blocked: bool = False
    stopped: bool = False
    expired: bool = False
    asks_reboot: bool = False
    reboots: int = 0
    waits: bool = False
    whole: bool = False
    reboot_required: bool | None = None

    def look_at_clock(self, phase: str) -> None:
        """Tells once of each jump of the wall clock."""
        drift = (self.run.at - self.wall) - (self.run.moment - self.steady)
        if abs(drift - self.drift) > JUMP:
            self.run.say(phase, step="clock_jump", seconds=round((drift - self.drift).total_seconds()))
            self.drift = drift

    def left(self, until: datetime | None) -> int | None:
        """Seconds; the smaller by the wall clock and by the steady one, for either may be wrong."""
        if until is None:
            return None
        passed = max(self.run.at - self.wall, self.run.moment - self.steady)
        return math.floor((until - self.wall - passed).total_seconds())

    def fits(self, until: datetime | None, needs: float) -> bool:
        """Equality fits."""
        left = self.left(until)
        return left is None or needs <= left

    def wait_until(self, phase: str, until: datetime | None) -> Steps:
        """By the wall clock, which may jump meanwhile; a request to stop ends it."""
        if until is None or self.run.at >= until:
            return
        self.run.say(phase, step="waiting", until=stamp(until), reason="not_before")
        while self.run.at < until and not self.run.stop_is_asked:
            yield from self._moment(phase, (until - self.run.at).total_seconds())

    def wait_idle(
        self, phase: str, seconds: float, until: datetime | None, needs: float
    ) -> Generator[float, None, tuple[str, str] | None]:
        """Who is still at work when the patience, or the time for what comes next, is over: a reason and a text."""
        busy = seen_installer(self.run.host)
        if busy is None or seconds <= 0:
            return busy
        ends = self.run.moment + timedelta(seconds=seconds)
        said = stamp(self.run.at + timedelta(seconds=seconds))
        self.run.say(phase, step="waiting", until=said, reason="other_installer", text=busy[1])
        while busy is not None and self.run.moment < ends:
            if self.run.stop_is_asked or not self.fits(until, needs):
                break
            yield from self._moment(phase, (ends - self.run.moment).total_seconds())
            busy = seen_installer(self.run.host)
        return busy

    def _moment(self, phase: str, most: float) -> Steps:
        yield float(max(1, min(LOOKS_EVERY, math.ceil(most))))
        self.look_at_clock(phase)

    def skip(self, item: Item, reason: tuple[str, str]) -> None:
        self.run.say("installing", step="skipped", **item.facts, reason=reason[0], text=reason[1])

    def search_once(self, phase: str, attempt: int, *, online: bool) -> Generator[float, None, Found]:
        """Raises AgentError."""
        self.run.say(phase, step="searching", attempt=attempt, online=online)
        request = Request(CRITERIA, *self.plan.source_asked(), online)
        yield search_takes(self.run.host, request)
        return search(self.run.host, request)

    def search_offered(self) -> Generator[float, None, dict[str, dict[str, Any]]]:
        """Everything that the agent knows, by id. What the local store does not know, the service may offer.

        Raises StopAskedError, StepError.
        """
        source = self.plan.source
        patience = Patience("downloading", source.get("attempts"), source.get("online") or "auto")
        with step("searching"):
            found, _online = yield from search_patiently(
                self.run, patience, lambda attempt, online: self.search_once("downloading", attempt, online=online)
            )
        self.whole = found.is_whole and not patience.errors
        return by_id(found)


def by_id(found: Found) -> dict[str, dict[str, Any]]:
    return {str(update["id"]).lower(): update for update in found.updates}


def open_session(run: WorkerRun) -> Session:
    """Raises StepError for a plan that makes no sense."""
    plan = read_plan(run.plan)
    items = [
        Item(
            id=str(update["id"]).lower(),
            revision=update.get("revision"),
            named=update.get("named") is True,
            needs=run_seconds(update) + plan.reserve_seconds,
        )
        for update in plan.updates
    ]
    return Session(run, plan, items, run.at, run.moment, plan.busy_wait_seconds)
