# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One worker process: it sleeps by the host's clock, writes its journal, and ends, is stopped, or dies.

The worker's program is a generator that yields how many seconds it is away; `settle` carries out all that was due by
now, each step at its own time. So a job needs no thread, and what it leaves does not depend on who looks when.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ..clock import stamp
from ..host import Host
from ..mishaps import cuts_power
from ..model import Process
from ..timetable import Appointment, boot_clears
from . import places, traces

# A sleeping worker looks for the stop file that often.
LOOKS_FOR_STOP_EVERY: Final = 15.0
INTERRUPTED: Final = "interrupted"

Steps = Iterator[float]


class StopAskedError(Exception):
    """The stop file is there, and this is a safe point."""


class KilledError(Exception):
    """The process is gone in the middle of what it did."""


@dataclass(eq=False)
class WorkerRun:
    """A worker from its start by the scheduler to its end; `due` and `moment`, that of its step, are steady time.

    `outcome` is what the last line says when nothing failed, `last_words` what it says besides; `rests`: it waits for a
    boot that it has asked for.
    """

    host: Host
    job: str
    kind: str
    plan: dict[str, Any]
    moment: datetime
    due: datetime
    process: Process | None = None
    steps: Steps = field(default_factory=lambda: iter(()))
    outcome: str = "finished"
    rests: bool = False
    holds_lock: bool = False
    phase: str = ""
    last_words: dict[str, Any] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """What the host's clock shows in the step it is in."""
        return self.host.clock.wall(self.moment)

    @property
    def folder(self) -> str:
        return places.folder_of(self.job)

    @property
    def stop_is_asked(self) -> bool:
        return self.host.file(f"{self.folder}\\stop") is not None

    def say(self, phase: str, **facts: object) -> None:
        """One line of the journal. Raises KilledError where the host file cuts the power after it."""
        line = {"at": stamp(self.at), "phase": phase, **facts}
        path = f"{self.folder}\\journal.jsonl"
        traces.append_line(self.host, path, line, self.at)
        if self.kind == "install" and cuts_power(self.host, traces.count_lines(self.host, path)):
            if (self.host.mishaps.power_cut or {}).get("torn"):
                traces.tear_last_line(self.host, path, self.at)
            raise KilledError

    def log(self, phase: str) -> None:
        """One entry of the state file's log, when the phase is a new one."""
        if phase != self.phase:
            self.phase = phase
            self.host.record("job", self.moment, id=self.job, kind=self.kind, phase=phase)

    def write(self, name: str, text: str) -> None:
        traces.put_file(self.host, f"{self.folder}\\{name}", text, self.at)

    def may_go_on(self) -> None:
        """A safe point. Raises StopAskedError."""
        if self.stop_is_asked:
            raise StopAskedError

    def sleep(self, seconds: float) -> Steps:
        """Sleeps, looking for the stop file. Raises StopAskedError."""
        left = seconds
        while left > 0:
            self.may_go_on()
            yield min(left, LOOKS_FOR_STOP_EVERY)
            left -= LOOKS_FOR_STOP_EVERY
        self.may_go_on()

    def appear(self) -> None:
        """The process starts."""
        self.process = Process("powershell", traces.free_process_id(self.host), self.at)
        self.host.processes.append(self.process)
        self._task_is("running")

    def lock(self) -> None:
        self.holds_lock = True
        traces.put_file(self.host, places.LOCK, "", self.at)

    @property
    def process_id(self) -> int:
        return self.process.id if self.process else 0

    def mark(self) -> None:
        """The volatile keys: which job runs, and that this is still the same boot."""
        host = self.host
        facts = {"Id": self.job, "Kind": self.kind, "StartedAt": stamp(self.at)}
        traces.put_key(host, places.RUNNING_JOB, self.at, ProcessId=self.process_id, **facts)
        if host.registry.key(places.BOOT_MARK) is None:
            traces.put_key(host, places.BOOT_MARK, self.at)

    def vanish(self, *, clean: bool) -> None:
        """The process is gone. `clean`: it took its key away itself; a dead one cannot."""
        host = self.host
        if self.process in host.processes:
            host.processes.remove(self.process)
        if clean:
            host.registry.drop_tree(places.RUNNING_JOB)
        self._task_is("ready")
        if self in host.workers:
            host.workers.remove(self)

    def die(self) -> None:
        """Nothing is journaled: that is how a dead job is known. A boot that the job has asked for is no death."""
        task = self.host.tasks.get(places.task_of(self.job).lower())
        comes_again = self.process is None and task is not None and task.at_startup
        if not self.rests and not comes_again:
            self.log(INTERRUPTED)
        self.vanish(clean=False)

    def _task_is(self, state: str) -> None:
        task = self.host.tasks.get(places.task_of(self.job).lower())
        if task is not None and task.state != "disabled":
            task.state = state

    @property
    def worker_sha256(self) -> str:
        file = self.host.file(places.WORKER)
        return file.digest("sha256") if file else hashlib.sha256(b"").hexdigest()


def begin(run: WorkerRun, program: Callable[[WorkerRun], Steps]) -> None:
    """The task is registered and started; the host's lock is held."""
    run.steps = program(run)
    run.host.workers.append(run)


def settle(host: Host) -> None:
    """Everything that was due by now, in its order. The host's lock is held."""
    now = host.clock.steady()
    moved = False
    while (due := _next(host)) is not None and due.due <= now:
        _do(host, due)
        moved = True
    if moved:
        host.touch()


def due_next(host: Host) -> datetime | None:
    """When something happens next by itself, in steady time."""
    found = _next(host)
    return found.due if found else None


def _next(host: Host) -> WorkerRun | Appointment | None:
    """What a worker waits for comes before the worker looks."""
    coming: list[WorkerRun | Appointment] = [*host.appointments, *host.workers]
    return min(coming, key=lambda one: one.due, default=None)


def _do(host: Host, due: WorkerRun | Appointment) -> None:
    if isinstance(due, WorkerRun):
        _step(due)
        return
    host.appointments.remove(due)
    due.do(due.due)


def _step(run: WorkerRun) -> None:
    run.moment = run.due
    try:
        run.due += timedelta(seconds=next(run.steps))
    except StopIteration:
        run.vanish(clean=True)
    except KilledError:
        run.die()


def kill_all(host: Host) -> None:
    """The host goes down: what was due before has happened, the rest never will. The host's lock is held."""
    settle(host)
    now = host.clock.steady()
    for run in list(host.workers):
        run.moment = now
        run.die()
    boot_clears(host.appointments, now)
    host.installation = None
