# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plays one case of golden_jobs.yml on the simulator's double, and gathers what the job leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from winsim import boot
from winsim.build import build_host
from winsim.clock import HostClock
from winsim.host import Access, Host
from winsim.hostfile import load_folder
from winsim.worker.module import win_patch_job
from winsim.worker.places import LAST_SCAN, folder_of
from winsim.worker.run import settle

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
LONG_ENOUGH: Final = 86_400


class Stage:
    """A host whose clock moves only when it is told to."""

    def __init__(self, words: Mapping[str, Any], folder: Path) -> None:
        named = {"name": "web01", "os": {"boot_time": "2026-11-01T03:12:00Z", "build": "20348.2700"}, **words}
        (folder / "web01.yml").write_text(yaml.safe_dump(named, allow_unicode=True), encoding="utf-8")
        (found,) = load_folder(folder)
        self._passed = 0.0
        self.host: Host = build_host(found, HostClock(start=ARMED_AT, factor=1, ticks=lambda: self._passed))

    def wait_until(self, seconds: float) -> None:
        """Since the job was armed."""
        self._passed = seconds
        with self.host.lock:
            settle(self.host)

    def call(self, operation: str, **words: Any) -> dict[str, Any]:
        """win_patch_job; raises ModuleFailedError."""
        return win_patch_job(Access(self.host, self.host.identity(None)), {"operation": operation, **words})

    def start(self, job: str = JOB, *, delay: int = 0, **scan: Any) -> dict[str, Any]:
        digest = hashlib.sha256(WORKER.encode()).hexdigest()
        return self.call("start", id=job, plan=plan_of(job, delay, scan), worker=WORKER, worker_sha256=digest)

    def lines(self, path: str) -> list[dict[str, Any]]:
        file = self.host.file(path)
        return [json.loads(line) for line in (file.text or "").splitlines()] if file else []


def plan_of(job: str, delay: int, scan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan as the controller sends it."""
    schema = "winops.patching/plan/1"
    kind = job.partition("-")[0]
    words = {"schema": schema, "id": job, "kind": kind, "run_id": None, "delay_seconds": delay}
    return {**words, kind: {**DEFAULTS, **scan}}


def play(case: Mapping[str, Any], folder: Path) -> dict[str, list[dict[str, Any]]]:
    """`{journal, result, last_scan}`: the lines of each."""
    stage = Stage(case.get("host") or {}, folder)
    stage.start(delay=case.get("delay", 0), **(case.get("scan") or {}))
    if "stop_after" in case:
        stage.wait_until(case["stop_after"])
        stage.call("stop", id=JOB)
    if "boot_after" in case:
        stage.wait_until(case["boot_after"])
        boot.carry_out(stage.host, "test", ARMED_AT + timedelta(seconds=case["boot_after"] + 30))
    stage.wait_until(LONG_ENOUGH)
    names = {"journal": f"{folder_of(JOB)}\\journal.jsonl", "result": f"{folder_of(JOB)}\\result.jsonl"}
    return {name: stage.lines(path) for name, path in {**names, "last_scan": LAST_SCAN}.items()}
