# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How time and memory of the playbook `assess` grow with the fleet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..bench import FLEET_SIZE, Bench, Measurement
from ..rows import Row

PLAYBOOK: Final = "winops.patching.assess"
SIZES: Final = (10, 50, FLEET_SIZE)
FORKS: Final = 10
MEBIBYTE: Final = 1 << 20


def measure(bench: Bench) -> Iterator[Row]:
    """Evidence of every host is written and one report made; NTLM, the logon that the inventory names."""
    for size in SIZES:
        report = bench.work / f"report-{size}"
        variables = {"patch_target": "windows", "patch_report_dir": str(report)}
        run = bench.ansible.playbook(bench.inventory(size), PLAYBOOK, forks=FORKS, variables=variables)
        bench.say(f"{size} hosts: {run.seconds:.1f} s, {run.peak.bytes / MEBIBYTE:.0f} MiB")
        what = f"assess, {size} hosts, {FORKS} forks"
        yield Row(f"{what}: wall time", "s", run.seconds)
        yield Row(f"{what}: wall time of each host", "ms", 1000 * run.seconds / size)
        yield Row(f"{what}: processor time of each host", "ms", 1000 * run.cpu_seconds / size)
        yield Row(f"{what}: peak memory of all processes", "MiB", run.peak.bytes / MEBIBYTE)
        yield Row(f"{what}: peak memory of the first process", "MiB", run.peak.first / MEBIBYTE)


MEASUREMENT: Final = Measurement("fleet-growth", f"playbook assess on {', '.join(map(str, SIZES))} hosts", measure)
