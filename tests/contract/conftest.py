# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated host by the words of its file, read as the reader reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml

from winsim.build import build_host
from winsim.clock import HostClock
from winsim.host import Access
from winsim.hostfile import load_folder
from winsim.probes.run import run_reader

NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    """`read(words, probes)`: the whole answer of the served reader."""

    def run(words, probes, **options):
        named = {"name": "web01", "os": {"boot_time": "2026-11-01T03:12:00Z", "build": "20348.2700"}, **words}
        (tmp_path / "web01.yml").write_text(yaml.safe_dump(named, allow_unicode=True), encoding="utf-8")
        (found,) = load_folder(tmp_path)
        host = build_host(found, HostClock(start=NOW, ticks=lambda: 0.0))
        return run_reader(Access(host, host.identity(None)), probes, options.get("time_limit"))

    return run
