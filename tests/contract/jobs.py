# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plays one case of the golden jobs on the simulator's double, and gathers what the job leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from winsim import boot
from winsim.build import build_host
from winsim.clock import HostClock
from winsim.host import Access, Host
from winsim.hostfile import load_folder
from winsim.timetable import KEEP, Appointment
from winsim.worker.module import win_patch_job
from winsim.worker.places import LAST_SCAN, folder_of
from winsim.worker.run import due_next, kill_all, settle

ARMED_AT: Final = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
JOB: Final = "scan-20261118T032000Z-1a2b3c4d"
WORKER: Final = "# the worker\n"
DEFAULTS: Final[Mapping[str, Any]] = {
    "criteria": "IsInstalled=0 or IsInstalled=1",
    "server_selection": "default",
    "service_id": None,
    "scan_cab": None,
    "catalog_max_age_days": None,
    "online": "auto",
    "history": 0,
    "attempts": 5,
}
INSTALL_JOB: Final = "install-20261118T032000Z-1a2b3c4d"
INSTALL_DEFAULTS: Final[Mapping[str, Any]] = {
    "source": {"server_selection": "default", "service_id": None, "online": "auto", "attempts": 5},
    "updates": [],
    "phases": ["download", "install"],
    "not_before": None,
    "start_before": None,
    "deadline": None,
    "reserve_minutes": 15,
    "min_free_mb": 2048,
    "busy_wait_minutes": 30,
}
NO_REBOOT: Final[Mapping[str, Any]] = {
    "mode": "never",
    "not_before": None,
    "deadline": None,
    "reserve_minutes": 15,
    "max_reboots": 2,
    "warn_seconds": 300,
    "message": "winops.patching restarts this host",
}
LONG_ENOUGH: Final = 86_400
# How long a host is away when it boots.
AWAY: Final = 60


class Stage:
    """A host whose clock moves only when it is told to."""

    def __init__(self, words: Mapping[str, Any], folder: Path) -> None:
        named = {"name": "web01", "os": {"boot_time": "2026-11-01T03:12:00Z", "build": "20348.2700"}, **words}
        (folder / "web01.yml").write_text(yaml.safe_dump(named, allow_unicode=True), encoding="utf-8")
        (found,) = load_folder(folder)
        self._passed = 0.0
        self.host: Host = build_host(found, HostClock(start=ARMED_AT, factor=1, ticks=lambda: self._passed))
        self.host.shut_down = self._shut_down
        self.host.boot_now = lambda cause: self.host.appointments.append(
            Appointment(self.host.clock.steady(), lambda moment: self._down(cause, moment), KEEP)
        )

    def wait_until(self, seconds: float) -> None:
        """Since the job was armed; whatever happens meanwhile happens at its own time."""
        with self.host.lock:
            while (due := due_next(self.host)) is not None and (due - ARMED_AT).total_seconds() <= seconds:
                self._passed = max(self._passed, (due - ARMED_AT).total_seconds())
                settle(self.host)
            self._passed = seconds

    def _shut_down(self, seconds: float, cause: str) -> bool:
        due = self.host.clock.steady() + timedelta(seconds=seconds)
        boot.announce(self.host, cause)
        self.host.appointments.append(Appointment(due, lambda moment: self._down(cause, moment), KEEP))
        return True

    def _down(self, cause: str, moment: datetime) -> None:
        kill_all(self.host)
        up = moment + timedelta(seconds=AWAY)
        booted = self.host.clock.wall(moment + timedelta(seconds=AWAY / 2))
        self.host.appointments.append(Appointment(up, lambda _moment: boot.carry_out(self.host, cause, booted), KEEP))

    def call(self, operation: str, **words: Any) -> dict[str, Any]:
        """win_patch_job; raises ModuleFailedError."""
        return win_patch_job(Access(self.host, self.host.identity(None)), {"operation": operation, **words})

    def start(self, job: str = JOB, *, delay: int = 0, **scan: Any) -> dict[str, Any]:
        digest = hashlib.sha256(WORKER.encode()).hexdigest()
        return self.call("start", id=job, plan=plan_of(job, delay, scan), worker=WORKER, worker_sha256=digest)

    def install(self, updates: Iterable[Mapping[str, Any]], *, armed: bool = False, **words: Any) -> dict[str, Any]:
        """Starts or arms an installation; the words are those of its plan."""
        digest = hashlib.sha256(WORKER.encode()).hexdigest()
        plan = install_plan_of(words.pop("job", INSTALL_JOB), updates, **words)
        return self.call("start", id=plan["id"], plan=plan, worker=WORKER, worker_sha256=digest, armed=armed)

    def journal(self, job: str = INSTALL_JOB) -> list[dict[str, Any]]:
        return self.lines(f"{folder_of(job)}\\journal.jsonl")

    def lines(self, path: str) -> list[dict[str, Any]]:
        file = self.host.file(path)
        return [json.loads(line) for line in (file.text or "").splitlines()] if file else []


def plan_of(job: str, delay: int, scan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan as the controller sends it."""
    schema = "winops.patching/plan/1"
    kind = job.partition("-")[0]
    words = {"schema": schema, "id": job, "kind": kind, "run_id": None, "delay_seconds": delay}
    return {**words, kind: {**DEFAULTS, **scan}}


def install_plan_of(job: str, updates: Iterable[Mapping[str, Any]], **words: Any) -> dict[str, Any]:
    """A plan of an installation; `updates` need no more than an id, `reboot` only what is unusual."""
    whole = [{"revision": 1, "title": "", "run_minutes": 5, "named": False, **update} for update in updates]
    reboot = {**NO_REBOOT, **words.pop("reboot", {})}
    head = {"schema": "winops.patching/plan/1", "id": job, "kind": "install", "run_id": None, "delay_seconds": 0}
    return {**head, **INSTALL_DEFAULTS, **words, "updates": whole, "reboot": reboot}


def play(case: Mapping[str, Any], folder: Path) -> dict[str, list[dict[str, Any]]]:
    """`{journal, result, last_scan}`: the lines of each."""
    stage, job = Stage(case.get("host") or {}, folder), JOB
    if "install" in case:
        job = INSTALL_JOB
        stage.install(**case["install"])
    else:
        stage.start(delay=case.get("delay", 0), **(case.get("scan") or {}))
    if "stop_after" in case:
        stage.wait_until(case["stop_after"])
        stage.call("stop", id=job)
    if "boot_after" in case:
        stage.wait_until(case["boot_after"])
        boot.carry_out(stage.host, "test", ARMED_AT + timedelta(seconds=case["boot_after"] + 30))
    stage.wait_until(LONG_ENOUGH)
    names = {"journal": f"{folder_of(job)}\\journal.jsonl", "result": f"{folder_of(job)}\\result.jsonl"}
    return {name: stage.lines(path) for name, path in {**names, "last_scan": LAST_SCAN}.items()}
