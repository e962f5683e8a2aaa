# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Design 10, row 1: what one host is sent until it is known whether it waits for a reboot, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..asking import ask
from ..bench import BASIC, OTHER, OURS, SETUP, Bench, Measurement
from ..rows import Row

# The wrapper that every module travels in grows with ansible-core; for other versions no bound was set.
MOST_BYTES: Final = {"2.19": 90_000, "2.21": 98_000}
QUESTION: Final = "bytes up, waits for a reboot and why"


def measure(bench: Bench) -> Iterator[Row]:
    """Bodies of all HTTP requests, Basic over HTTP. Of three runs the largest counts."""
    ours, other, setup = (ask(bench, module, BASIC).bytes_up for module in (OURS, OTHER, SETUP))
    most = MOST_BYTES.get(".".join(bench.core.split(".")[:2]))
    yield Row(f"{QUESTION}: against win_reboot_info", "bytes", ours, other, f"ours <= {most}" if most else None)
    yield Row(f"{QUESTION}: share of win_reboot_info", "bytes", ours, other, "ratio <= 0.37")
    yield Row(f"{QUESTION}: against setup", "bytes", ours, setup)


MEASUREMENT: Final = Measurement("wire-bytes", "bytes up for one question to one host", measure)
