# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Design 10, row 4: how long a fleet of 50 takes at 10 forks. Seconds of one machine say little, the ratio does."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..bench import BASIC, OTHER, OURS, Bench, Measurement, spread
from ..rows import Row
from ..running import cpu_seconds

HOSTS: Final = 50
FORKS: Final = 10
ROUNDS: Final = 5
# Answers without talking to the host: what is left is Ansible's own time.
NOBODY: Final = "ansible.builtin.debug"
WHAT: Final = f"{HOSTS} hosts, {FORKS} forks"


@dataclass(slots=True)
class Taken:
    """Seconds of each round."""

    wall: list[float] = field(default_factory=list)
    controller: list[float] = field(default_factory=list)
    simulator: list[float] = field(default_factory=list)


def measure(bench: Bench) -> Iterator[Row]:
    """One after the other, round by round (ABAB), so that both meet the same noise; the first round does not count."""
    taken = {module: Taken() for module in (OURS, OTHER, NOBODY)}
    for number in range(ROUNDS + 1):
        for module, figures in taken.items():
            _round(bench, module, figures if number else Taken())
        bench.say(f"{f'round {number} of {ROUNDS}' if number else 'warm-up'}: {_last(taken) if number else 'done'}")
    ours, other, nobody = taken.values()
    wall, cpu = statistics.median(ours.wall), statistics.median(ours.controller)
    yield Row(f"wall time, {WHAT}", "s", wall, statistics.median(other.wall), "ratio <= 1.0")
    yield Row(f"wall time, {WHAT}: against a task that talks to nobody", "s", wall, statistics.median(nobody.wall))
    yield Row(f"processor time of the controller, {WHAT}", "s", cpu, statistics.median(other.controller))
    for module, figures in taken.items():
        bench.notes.append(
            f"wall time, {WHAT}, {module}, min / median / max of {ROUNDS}: {spread(figures.wall, 's')}; "
            f"processor time: controller {spread(figures.controller, 's')}, simulator {spread(figures.simulator, 's')}"
        )


def _round(bench: Bench, module: str, figures: Taken) -> None:
    before = cpu_seconds(bench.fleet.process.pid)
    run = bench.ansible.ad_hoc(bench.inventory(HOSTS), "windows", module, "-f", str(FORKS), *BASIC)
    figures.wall.append(run.seconds)
    figures.controller.append(run.cpu_seconds)
    figures.simulator.append(cpu_seconds(bench.fleet.process.pid) - before)


def _last(taken: dict[str, Taken]) -> str:
    return ", ".join(f"{module.rpartition('.')[2]} {figures.wall[-1]:.2f} s" for module, figures in taken.items())


MEASUREMENT: Final = Measurement("wall-time", f"wall time, {WHAT}, {ROUNDS} rounds after a warm-up", measure)
