# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a measurement is, and what it is given: the simulated fleet, Ansible, and somewhere to say things."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from winsim.testing import Fleet, serve

from .hosts import fleet_words, host_name
from .rows import Row, shown
from .running import Ansible

FLEET_SIZE: Final = 200
OURS: Final = "winops.patching.win_reboot_pending_info"
OTHER: Final = "ansible.windows.win_reboot_info"
SETUP: Final = "ansible.builtin.setup"
BASIC: Final = ("-e", "ansible_winrm_transport=basic")
NTLM: Final = ("-e", "ansible_winrm_transport=ntlm")


@dataclass(frozen=True, slots=True)
class Bench:
    """Given to each measurement. `say` shows progress now, `notes` are printed below the table."""

    ansible: Ansible
    core: str
    fleet: Fleet
    work: Path
    say: Callable[[str], None]
    notes: list[str] = field(default_factory=list)

    def inventory(self, count: int) -> Path:
        """The first `count` hosts of the fleet; readable by its owner only, as the simulator's own is."""
        file = self.work / f"inventory-{count}.yml"
        hosts = yaml.safe_load(self.fleet.inventory.read_text(encoding="utf-8"))["windows"]["hosts"]
        chosen = {host_name(number): hosts[host_name(number)] for number in range(1, count + 1)}
        file.touch(mode=0o600)
        file.write_text(yaml.safe_dump({"windows": {"hosts": chosen}}), encoding="utf-8")
        return file


@dataclass(frozen=True, slots=True)
class Measurement:
    """One file of `measurements/`: its name for `--only`, one line for people, and what measures."""

    name: str
    title: str
    measure: Callable[[Bench], Iterable[Row]]


@contextmanager
def running_bench(tools: Path, work: Path, say: Callable[[str], None]) -> Iterator[Bench]:
    """One simulated fleet for all measurements; it is stopped whatever happens. Raises NotServingError, RunError."""
    ansible = Ansible(tools=tools, work=work)
    core = ansible.core()
    with serve(fleet_words(FLEET_SIZE), work / "simulator", time_factor=1) as fleet:
        load = os.getloadavg()[0]
        say(f"ansible-core {core}, {FLEET_SIZE} simulated hosts, {os.cpu_count()} cores, load {load:.1f}")
        yield Bench(ansible=ansible, core=core, fleet=fleet, work=work, say=say)


def spread(figures: Sequence[float], unit: str) -> str:
    """`1.2 / 1.3 / 1.9 s`: smallest, median, largest."""
    three = (min(figures), statistics.median(figures), max(figures))
    return f"{' / '.join(map(shown, three))} {unit}"
