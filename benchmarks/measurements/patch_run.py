# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A whole patch run beside `win_updates`: the same hosts with the same updates, made anew for each side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from winsim.testing import Fleet, serve

from ..bench import Bench, Measurement
from ..hosts import host_name
from ..rows import Row
from ..running import Run, RunError

HOSTS: Final = 20
UPDATES: Final = 5
FORKS: Final = 10
RUN_MINUTES: Final = 2
# Everything that waits is made that many times shorter, on both sides: the hosts' work, the time-out after which a
# client asks once more whether a command has ended (20 seconds), and our pause between two looks (15 seconds).
FACTOR: Final = 15
OTHER: Final = "ansible.windows.win_updates"
PLAYBOOK: Final = "winops.patching.patch"
LINE: Final = {
    "ansible_winrm_transport": "basic",
    "ansible_winrm_operation_timeout_sec": 20 // FACTOR,
    "ansible_winrm_read_timeout_sec": 30,
}
Patch = Callable[[Bench, Path, Path], Run]
WHAT: Final = f"{UPDATES} updates on {HOSTS} hosts"


@dataclass(frozen=True, slots=True)
class Side:
    """What one side took; bytes and requests are those of one host, on average."""

    seconds: float
    bytes_up: float
    requests: float
    runs: float


def measure(bench: Bench) -> Iterator[Row]:
    """Basic over HTTP; each side must have installed every update of every host, once."""
    other = _measured(bench, "other", _the_other)
    ours = _measured(bench, "ours", _ours)
    against = f"{WHAT}: against win_updates"
    yield Row(f"bytes up of a host, {against}", "bytes", ours.bytes_up, other.bytes_up, "ratio < 1.0")
    yield Row(f"HTTP requests of a host, {against}", "requests", ours.requests, other.requests, "ratio < 1.0")
    yield Row(f"wall time, {FORKS} forks, {against}", "s", ours.seconds, other.seconds)
    bench.notes.append(
        f"{WHAT}: modules run on a host on average: {ours.runs:.1f} of ours, {other.runs:.1f} of win_updates. Waiting "
        f"is made {FACTOR} times shorter for both; Ansible's own time is not, and most of the wall time is that. Ours "
        "looks before and after (who else patches, fresh scans with all signals, proof) and holds no fork while a host "
        "installs; the other holds one for each host, so hosts beyond the forks wait for their turn"
    )


def _the_other(bench: Bench, inventory: Path, _work: Path) -> Run:
    task = {"name": "Install", OTHER: {"category_names": ["*"]}}
    play = [{"name": "The other", "hosts": "windows", "gather_facts": False, "tasks": [task]}]
    file = bench.work / "win_updates.yml"
    file.write_text(json.dumps(play), encoding="utf-8")
    return bench.ansible.playbook(inventory, str(file), forks=FORKS, variables=LINE)


def _ours(bench: Bench, inventory: Path, work: Path) -> Run:
    """The shipped playbook: it looks who else is at work, scans, installs, verifies by a fresh scan, and reports."""
    variables = {
        "patch_target": "windows",
        "patch_report_dir": str(work / "report"),
        "patch_no_windows": "open",
        "patch_clock": "host",
        "patch_run_poll_seconds": 15 // FACTOR,
    }
    return bench.ansible.playbook(inventory, PLAYBOOK, forks=FORKS, variables={**LINE, **variables})


def _measured(bench: Bench, name: str, patch: Patch) -> Side:
    """Raises RunError when it has not installed everything."""
    work = bench.work / f"patch-{name}"
    with serve({host_name(number): host_words() for number in range(1, HOSTS + 1)}, work, time_factor=FACTOR) as fleet:
        run = patch(bench, fleet.inventory, work)
        names = [host_name(number) for number in range(1, HOSTS + 1)]
        _check(fleet, names, run)
        wires = [fleet.wire(host) for host in names]
        runs = [len(fleet.runs(host)) for host in names]
    side = Side(
        run.seconds,
        sum(wire.bytes_up for wire in wires) / HOSTS,
        sum(wire.requests for wire in wires) / HOSTS,
        sum(runs) / HOSTS,
    )
    bench.say(f"{name}: {side.bytes_up:,.0f} bytes up, {side.requests:.0f} requests a host, {side.seconds:.1f} s")
    return side


def _check(fleet: Fleet, names: list[str], run: Run) -> None:
    wanted = sorted(update["id"] for update in host_words()["update_agent"]["updates"])
    for host in names:
        log = fleet.state(host)["log"]
        installed = sorted(entry["id"] for entry in log if entry["event"] == "install" and entry["result"] == "ok")
        if installed != wanted:
            raise RunError(f"{host} has {len(installed)} of {UPDATES} updates installed:\n{run.output[-1500:]}")


def host_words() -> Mapping[str, Any]:
    """A healthy host that lacks some updates, none of which asks for a reboot."""
    updates = [
        {
            "id": f"5e5a7c1e-0f7d-4a54-9b3c-{number:012d}",
            "revision": 200,
            "title": f"2026-11 Security Update {number} for Windows Server 2022 (KB{5068000 + number})",
            "kb": [str(5068000 + number)],
            "classification": "Security Updates",
            "severity": "Important",
            "size": 52_428_800,
            "run_minutes": RUN_MINUTES,
        }
        for number in range(1, UPDATES + 1)
    ]
    return {"os": {}, "update_agent": {"remote": "denied", "scan_minutes": 2, "updates": updates}}


MEASUREMENT: Final = Measurement("patch-run", f"a patch run of {WHAT} beside win_updates", measure)
