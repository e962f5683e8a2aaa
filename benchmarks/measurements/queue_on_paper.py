# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How long it takes to carry a long rename queue out on paper, with the versions of all its files known."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.rename import MOST, analysed

from ..bench import Bench, Measurement, spread
from ..rows import Row

ENTRIES: Final = 100_000
ROUNDS: Final = 5


def long_queue(entries: int) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """(strings, facts): every third target has two entries, and nearly every file is older or newer than another."""
    queue: list[str] = []
    files: dict[str, dict[str, Any]] = {}
    for number in range(entries):
        source = rf"C:\Windows\System32\SET{number}.tmp"
        target = rf"C:\Windows\System32\file{number * 2 % (entries * 3 // 2)}.dll"
        queue += [rf"\??\{source}", rf"!\??\{target}"]
        files[source] = {"state": "ok", "version": f"10.0.{number % 7}.1", "sha256": None}
        files[target] = {"state": "ok", "version": "10.0.4.1", "sha256": None}
    return queue, files


def measure(bench: Bench) -> Iterator[Row]:
    """Processor time of one core, the best of the rounds, as the filter `rename_queue` does it."""
    queue, files = long_queue(ENTRIES)
    rounds = [_seconds(queue, files) for _ in range(ROUNDS)]
    yield Row(f"rename queue of {ENTRIES:,} entries: carried out on paper", "s", min(rounds), must="ours <= 2")
    bench.notes.append(f"rename queue on paper, min / median / max of {ROUNDS}: {spread(rounds, 's')}")


def _seconds(queue: list[str], files: dict[str, dict[str, Any]]) -> float:
    begun = time.process_time()
    analysed(queue, files, None, boot_time=None, most=MOST)
    return time.process_time() - begun


MEASUREMENT: Final = Measurement(
    "queue-on-paper", f"a rename queue of {ENTRIES:,} entries, carried out on paper", measure
)
