# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Hosts for the simulator's own tests: from the words of a host file, through the validation that real files pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from ansible_collections.winops.patching.tests.unit.winsim.job_texts import JOB, WORKER, scan_plan

from winsim.build import build_host
from winsim.clock import HostClock
from winsim.emulated.result import ModuleFailedError
from winsim.host import Access, Host
from winsim.hostfile import load_folder
from winsim.probes.run import run_probe
from winsim.worker.module import win_patch_job
from winsim.worker.run import settle

NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
MakeHost = Callable[..., Host]


@pytest.fixture
def passed() -> list[float]:
    """How many seconds of the host's time have passed; `wind` adds to them."""
    return [0.0]


@pytest.fixture
def wind(passed: list[float]) -> Callable[..., None]:
    """`wind(host, seconds)`: that much later, and somebody looks at the host."""

    def run(host: Host, seconds: float) -> None:
        passed[0] += seconds
        settle(host)

    return run


@pytest.fixture
def make_host(tmp_path: Path, passed: list[float]) -> MakeHost:
    """`make_host(registry={…}, …)`: a host whose clock stands at 2026-11-18T03:20:00Z and moves only by `wind`."""

    def make(text: str = "", **words: object) -> Host:
        document = {"name": "web01", "os": {"boot_time": "2026-11-01T03:12:00Z"}, **words}
        (tmp_path / "web01.yml").write_text(text or yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        (found,) = load_folder(tmp_path)
        return build_host(found, HostClock(start=NOW, ticks=lambda: passed[0] / 60))

    return make


@pytest.fixture
def ask() -> Callable[..., dict[str, object]]:
    """`ask(host, kind, …)`: the answer of one probe, without its time."""

    def run(host: Host, kind: str, *, become: str | None = None, **options: object) -> dict[str, object]:
        answer = run_probe(Access(host, host.identity(become)), {"id": "x", "kind": kind, **options})
        answer.pop("ms")
        return answer

    return run


@pytest.fixture
def job() -> Callable[..., dict[str, object]]:
    """`job(host, operation, …)`: the answer of win_patch_job; `start` sends a worker and its hash."""

    def run(host: Host, operation: str, *, become: str | None = None, **words: object) -> dict[str, object]:
        sent: Mapping[str, object] = {"worker": WORKER, "worker_sha256": hashlib.sha256(WORKER.encode()).hexdigest()}
        args = {"operation": operation, **(sent if operation == "start" else {}), **words}
        try:
            return win_patch_job(Access(host, host.identity(become)), args)
        except ModuleFailedError as error:
            return error.as_result()

    return run


@pytest.fixture
def start(job: Callable[..., dict[str, object]]) -> Callable[..., dict[str, object]]:
    """`start(host, …)`: a scan job; the words are those of its plan."""

    def run(host: Host, name: str = JOB, **words: object) -> dict[str, object]:
        return job(host, "start", id=name, plan=scan_plan(name, **words))

    return run
