# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The process that `win_updates` leaves on a host: it searches, downloads, installs, and tells all that into a pipe.

The agent calls back at every quarter of a download and of an installation. The real one does so "periodically", and
finer: the action plugin calls it very chatty and shows quarters only. Each silence of a second costs a client one more
poll, so what is counted here is the least.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ..agent import install as agent
from ..agent.errors import INSTALL_NOT_ALLOWED, AgentError
from ..agent.lines import RESULTS
from ..agent.search import Request, search, search_takes
from ..agent.services import agent_of
from ..host import Host
from ..model import Process
from ..timetable import Appointment
from .result import truth
from .updates_words import exception_of, filtered, info_of, progress_line, signed

CRITERIA: Final = "IsInstalled = 0"
CLIENT: Final = "ansible.windows.win_updates"
# What a poll waits for another line, and how often it looks at a run of which nobody knows when it goes on.
SILENCE: Final = timedelta(seconds=1)
LOOKS_EVERY: Final = 15.0
HANGS: Final = 3600.0
QUARTERS: Final = (25, 50, 75)
NOT_ALL: Final = "Failed to {what} all updates - see updates for more information"
Update = dict[str, Any]
Steps = Iterator[float]
Tell = Callable[[int], None]


class _FailedError(Exception):
    """The process throws a text of its own, which has no code."""


@dataclass(eq=False)
class UpdateRun:
    """`lines` are those that nobody has read yet, `last` is when the newest was written, `due` when it goes on.

    All moments are steady time. A boot, or `cancel`, ends it between two steps.
    """

    host: Host
    args: Mapping[str, Any]
    process: Process
    moment: datetime
    lines: list[dict[str, Any]] = field(default_factory=list)
    last: datetime | None = None
    due: datetime | None = None
    ended: dict[str, Any] | None = None

    def begin(self) -> None:
        """The host's lock is held."""
        steps = _program(self)
        self._go_on(steps, self.moment)

    def _go_on(self, steps: Steps, moment: datetime) -> None:
        self.moment, self.due = moment, None
        if self.process not in self.host.processes:
            return
        seconds = next(steps, None)
        if seconds is not None:
            self.due = moment + timedelta(seconds=seconds)
            self.host.appointments.append(Appointment(self.due, lambda now: self._go_on(steps, now)))

    def tell(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        self.last = self.moment
        if line["task"] == "exit":
            self.ended = line

    def quiet_for(self, now: datetime) -> float:
        """For how many of the host's seconds a poll that reads now goes on reading."""
        if self.ended is not None:
            return 0.0
        if self.lines and self.last is not None:
            return max(0.0, (self.last + SILENCE - now).total_seconds())
        if self.due is None or self.due <= now:
            return LOOKS_EVERY
        return (self.due - now).total_seconds()

    def read(self) -> list[dict[str, Any]]:
        """What has come since the last poll; the end is told again until somebody cancels."""
        found = self.lines or ([self.ended] if self.ended else [])
        self.lines = []
        return found


@dataclass(eq=False)
class _Exit:
    """The last line, as far as it is known; `action` is what the agent was asked for."""

    changed: bool = False
    reboot_required: bool = False
    action: str | None = None

    def line(self, **more: object) -> dict[str, Any]:
        facts = {"changed": self.changed, "failed": False, "reboot_required": self.reboot_required}
        return {"task": "exit", "result": {**facts, "action": None, "exception": None, **more}}


def _program(run: UpdateRun) -> Steps:
    ended = _Exit()
    try:
        yield from _work(run, ended)
    except AgentError as error:
        run.tell(ended.line(failed=True, exception=exception_of(error, ended.action)))
    except _FailedError as error:
        run.tell(ended.line(failed=True, exception={"message": str(error), "exception": str(error)}))
    else:
        run.tell(ended.line())


def _work(run: UpdateRun, ended: _Exit) -> Steps:
    """Raises AgentError, _FailedError."""
    waits = ended.reboot_required = agent_of(run.host).reboot_required
    if run.args.get("_operation") == "test":
        return
    state = str(run.args.get("state") or "installed")
    chosen: list[Update] = []
    yield from _search(run, ended, chosen)
    if truth(run.args, "_ansible_check_mode", default=False) or state == "searched" or not chosen:
        ended.changed = bool(chosen) and state != "searched"
        return
    if waits:
        raise _FailedError("A reboot is required before more updates can be installed")
    yield from _download(run, ended, [update for update in chosen if not update.get("downloaded")])
    if state == "installed":
        yield from _install(run, ended, chosen)


def _search(run: UpdateRun, ended: _Exit, chosen: list[Update]) -> Steps:
    """Fills `chosen`, and accepts the terms of all that is in it. Raises AgentError."""
    ended.action = "Searching for updates"
    request = Request(CRITERIA, str(run.args.get("server_selection") or "default"))
    yield search_takes(run.host, request)
    found = search(run.host, request).updates
    ended.action = None
    infos = [info_of(update, agent_of(run.host).language) for update in found]
    left_out = [{"id": info["id"], "reasons": why} for info in infos if (why := filtered(info, run.args))]
    ids = {entry["id"] for entry in left_out}
    chosen += [update for update in found if str(update["id"]).lower() not in ids]
    for update in chosen:
        if not update.get("eula_accepted", True):
            agent.accept_eula(update)
    run.tell({"task": "search_result", "result": {"updates": infos, "filtered": left_out}})


def _download(run: UpdateRun, ended: _Exit, updates: list[Update]) -> Steps:
    """Raises _FailedError when a download has failed; the others are there."""
    results = []
    for number, update in enumerate(updates):
        yield from _quarters(run, agent.download_takes(update), _teller(run, "download", updates, number))
        code = agent.OK
        try:
            agent.download(update)
        except AgentError as error:
            code = error.hresult
        _teller(run, "download", updates, number)(100)
        failed = code != agent.OK
        results.append({"id": str(update["id"]).lower(), "result_code": 4 if failed else 2, "hresult": signed(code)})
    if results:
        ended.changed = True
        _tell_results(run, "download", results)


def _install(run: UpdateRun, ended: _Exit, updates: list[Update]) -> Steps:
    """Raises AgentError when the agent takes none, _FailedError when one has failed."""
    known = agent_of(run.host)
    if known.busy or run.host.installation is not None or known.refuses_to_install:
        ended.action = "Installing updates"
        raise AgentError(INSTALL_NOT_ALLOWED)
    results = []
    for number, update in enumerate(updates):
        tell = _teller(run, "install", updates, number)
        outcome = yield from _outcome_of(run, update, tell)
        tell(100)
        ended.reboot_required = ended.reboot_required or bool(outcome.reboot_required)
        words = {"result_code": RESULTS[outcome.result], "hresult": signed(outcome.hresult)}
        asks = bool(outcome.reboot_required)
        results.append({"id": str(update["id"]).lower(), **words, "reboot_required": asks})
    ended.changed = True
    _tell_results(run, "install", results)
    ended.reboot_required = known.reboot_required


def _outcome_of(run: UpdateRun, update: Update, tell: Tell) -> Generator[float, None, agent.Outcome]:
    try:
        installation = agent.install(run.host, update, run.moment, client=CLIENT)
    except AgentError as error:
        return agent.Outcome("failed", error.hresult, reboot_required=None)
    takes = agent.installation_takes(update)
    if takes is None or installation.answer() is not None:
        tell(0)
    else:
        yield from _quarters(run, takes, tell)
    while (outcome := installation.answer()) is None:
        yield HANGS
    return outcome


def _teller(run: UpdateRun, task: str, updates: list[Update], number: int) -> Tell:
    """Tells how far one of the updates is, in percent."""
    return lambda at: run.tell(progress_line(task, updates[number], done=number, all_of=len(updates), at=at))


def _quarters(run: UpdateRun, takes: float, tell: Tell) -> Steps:
    """Comes back when it is over; the last quarter is told by others, with its result."""
    ends = run.moment + timedelta(seconds=takes)
    tell(0)
    for at in QUARTERS:
        yield takes / 4
        tell(at)
    yield (ends - run.moment).total_seconds()


def _tell_results(run: UpdateRun, what: str, results: list[dict[str, Any]]) -> None:
    """Raises _FailedError."""
    run.tell({"task": f"{what}_result", "result": {"info": results}})
    if any(result["result_code"] != RESULTS["succeeded"] for result in results):
        raise _FailedError(NOT_ALL.format(what=what))
