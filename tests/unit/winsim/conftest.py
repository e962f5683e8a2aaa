# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Hosts for the simulator's own tests: from the words of a host file, through the validation that real files pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from winsim.build import build_host
from winsim.clock import HostClock
from winsim.host import Access, Host
from winsim.hostfile import load_folder
from winsim.probes.run import run_probe

NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
MakeHost = Callable[..., Host]


@pytest.fixture
def make_host(tmp_path: Path) -> MakeHost:
    """`make_host(registry={…}, …)`: a host whose clock stands still at 2026-11-18T03:20:00Z."""

    def make(text: str = "", **words: object) -> Host:
        document = {"name": "web01", "os": {"boot_time": "2026-11-01T03:12:00Z"}, **words}
        (tmp_path / "web01.yml").write_text(text or yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        (found,) = load_folder(tmp_path)
        return build_host(found, HostClock(start=NOW, ticks=lambda: 0.0))

    return make


@pytest.fixture
def ask() -> Callable[..., dict[str, object]]:
    """`ask(host, kind, …)`: the answer of one probe, without its time."""

    def run(host: Host, kind: str, *, become: str | None = None, **options: object) -> dict[str, object]:
        answer = run_probe(Access(host, host.identity(become)), {"id": "x", "kind": kind, **options})
        answer.pop("ms")
        return answer

    return run
