# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run of the real ansible-playbook: to its end, or killed at a task."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ansible_process import ROOT, kill_group, started

PLAYBOOK: Final = "winops.patching.patch"
CALLBACKS: Final = ROOT / "tests" / "simulator" / "callbacks"
TASK: Final = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?P<name>.*)\] \**$")
RECAP: Final = re.compile(r"^(?P<host>\S+)\s+: (?P<counts>(?:\w+=\d+\s*)+)$")


# What runs now, for whoever ends the campaign early.
_RUNNING: Final[set[subprocess.Popen[str]]] = set()


def end_all() -> None:
    """Ends every run that is under way, and its forks."""
    for process in list(_RUNNING):
        kill_group(process, signal.SIGKILL)


class RunError(Exception):
    """A run that says nothing about the hosts; the message is for people."""


@dataclass(frozen=True, slots=True)
class Kill:
    """End the run with a signal as soon as a task has been shown for the `number`th time."""

    task: str
    number: int = 1
    signal: signal.Signals = signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Played:
    """`code` is None where the run was killed; `recap` has the counts by host, `tasks` the headings as they came."""

    code: int | None
    recap: Mapping[str, Mapping[str, int]]
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Playing:
    """Everything that runs of one fleet have in common. `folder` is the report folder, `work` Ansible's own.

    `forks_all`: each task of each host in a fork of its own, as Ansible does it; else only those that ask the host.
    """

    inventories: tuple[Path, ...]
    folder: Path
    work: Path
    most_seconds: float
    variables: Mapping[str, Any] = field(default_factory=dict)
    playbook: str = PLAYBOOK
    forks_all: bool = False

    def elsewhere(self, name: str) -> Playing:
        """The same with a report folder of its own."""
        return replace(self, folder=self.folder.with_name(f"{self.folder.name}-{name}"))

    def play(self, log: Path, *, limit: str | None = None, kill: Kill | None = None) -> Played:
        """Run it, everything that it prints into `log`. Raises RunError when it takes too long."""
        command = [str(Path(sys.executable).with_name("ansible-playbook")), self.playbook]
        for inventory in self.inventories:
            command += ["-i", str(inventory)]
        extra = {"patch_target": "all", "patch_report_dir": str(self.folder), **self.variables}
        command += ["-e", json.dumps(extra), *(["--limit", limit] if limit else [])]
        with (
            log.open("w", encoding="utf-8") as stream,
            _running(command, self.work, forks_all=self.forks_all) as process,
        ):
            late = threading.Timer(self.most_seconds, kill_group, [process, signal.SIGKILL])
            late.start()
            try:
                lines, killed = _follow(process, stream, kill)
                code = process.wait()
            finally:
                late.cancel()
        if code < 0 and not killed:
            raise RunError(f"{log.name}: ansible-playbook took more than {self.most_seconds:g} seconds")
        tasks = tuple(found["name"] for line in lines if (found := TASK.match(line)))
        return Played(None if killed else code, _recap(lines), tasks)


def _follow(process: subprocess.Popen[str], log: Any, kill: Kill | None) -> tuple[list[str], bool]:
    """Everything it printed, and whether it was killed at its task."""
    seen: Counter[str] = Counter()
    lines, killed = [], False
    for line in process.stdout or ():
        log.write(line)
        lines.append(line.rstrip("\n"))
        found = TASK.match(lines[-1])
        if found is None or kill is None or killed:
            continue
        seen[found["name"]] += 1
        if found["name"] == kill.task and seen[kill.task] == kill.number:
            kill_group(process, kill.signal)
            killed = True
    return lines, killed


def _recap(lines: Sequence[str]) -> dict[str, dict[str, int]]:
    starts = [number for number, line in enumerate(lines) if line.startswith("PLAY RECAP")]
    found = (RECAP.match(line) for line in lines[starts[-1] + 1 :]) if starts else iter(())
    return {
        match["host"]: {name: int(count) for name, count in (pair.split("=") for pair in match["counts"].split())}
        for match in found
        if match is not None
    }


@contextmanager
def _running(command: Sequence[str], work: Path, *, forks_all: bool) -> Iterator[subprocess.Popen[str]]:
    """Ansible in a process group of its own, of which nothing is left afterwards."""
    settings = {
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_DEPRECATION_WARNINGS": "false",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_STDOUT_CALLBACK": "headings",
    }
    if not forks_all:
        settings["ANSIBLE_CALLBACKS_ENABLED"] = "in_process"
    process = started(command, cwd=work, work=work, **settings)
    _RUNNING.add(process)
    try:
        yield process
    finally:
        kill_group(process, signal.SIGKILL)
        process.wait()
        _RUNNING.discard(process)
