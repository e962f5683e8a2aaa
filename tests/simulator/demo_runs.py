# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs the playbooks of the demo with the real ansible-playbook, and shows how far they are."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import yaml

from ansible_process import ROOT, kill_group, started

ASSESS: Final = "winops.patching.assess"
PATCH: Final = "winops.patching.patch"
# The longest that one playbook may take; on an idle machine it is a quarter of that.
MAX_SECONDS: Final = 300.0
LATER: Final = "reboot_at_the_weekend"
# What a task of the patch run is about, by its role and the file of its tasks.
PHASES: Final[Mapping[tuple[str, str], str]] = {
    ("patch_run", "look"): "what did an earlier run leave on the hosts?",
    ("patch_run", "preflight"): "who else patches them?",
    ("patch_run", "scan"): "which updates do they lack, and what waits for a reboot?",
    ("patch_run", "plan"): "what fits into tonight's window?",
    ("patch_install", "start"): "the jobs are started: from here on the hosts go on by themselves",
    ("patch_run", "verify"): "a fresh scan: what is really installed?",
    ("patch_reboot", "decide"): "which hosts wait for a reboot, and may have it now?",
    ("patch_reboot", "carry_out"): "those are rebooted",
    ("patch_run", "again"): "another round: is there anything new, and time left?",
}
_TASK: Final = re.compile(r"TASK \[winops\.patching\.(?P<role>patch_\w+) : (?P<file>\w+) \| ")
_SWEEP: Final = re.compile(r"\d\d:\d\d:\d\d  ")
_STATE: Final = re.compile(r"(ok|changed|skipping|fatal|included|failed): ?\[?")
_BUSY_LOOKS: Final = 2

Say = Callable[[str], None]


class DemoError(Exception):
    """The demo did not show what it promises; the message says what is missing."""


@dataclass(slots=True)
class Telling:
    """Follows the output of a patch run line by line, and says what a person wants to see of it."""

    say: Say
    begun: float
    phase: str = ""
    sweeping: bool = False

    def hear(self, line: str) -> None:
        """One line of Ansible's output."""
        if line.startswith("TASK ["):
            found = _TASK.match(line)
            place = (found["role"], found["file"]) if found else ("", "")
            self.sweeping = place == ("patch_install", "sweep")
            self._begin(PHASES.get(place, ""))
        elif self.sweeping and line.strip() and not _STATE.match(line) and "nothing new" not in line:
            self.say(f"             {_SWEEP.sub('', line.rstrip())}")

    def _begin(self, phase: str) -> None:
        if phase and phase != self.phase:
            self.phase = phase
            self.say(f"   {time.monotonic() - self.begun:6.1f} s  {phase}")


def write_windows(folder: Path, now: datetime) -> None:
    """What a fleet's group variables would say: tonight for everything, and for some hosts reboots at the weekend only.

    Their clocks are far ahead of ours after a minute, so theirs decides.
    """
    tonight = {"name": "tonight", "start": _stamp(now - timedelta(hours=1)), "duration": "72h"}
    weekend = {"name": "weekend", "start": _stamp(now + timedelta(days=5)), "duration": "6h", "for": "reboot"}
    for_all = {
        "patch_clock": "host",
        "patch_windows": [tonight],
        "patch_run_poll_seconds": 1,
        "patch_reboot_poll_seconds": 1,
        "patch_reboot_busy_retries": _BUSY_LOOKS,
    }
    words = {"all": for_all, LATER: {"patch_windows": [{**tonight, "for": "install"}, weekend]}}
    places = folder / "group_vars"
    places.mkdir()
    for group, variables in words.items():
        (places / f"{group}.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def run_playbook(name: str, inventory: Path, report_dir: Path, hear: Callable[[str], None]) -> int:
    """Everything it prints goes into ansible.log and to `hear`; its exit code. Raises DemoError."""
    report_dir.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("ansible-playbook")), name, "-i", str(inventory)]
    command += ["-e", "patch_target=all", "-e", json.dumps({"patch_report_dir": str(report_dir)})]
    with (
        (report_dir / "ansible.log").open("w", encoding="utf-8") as log,
        _running(command, inventory.parent) as process,
    ):
        late = threading.Timer(MAX_SECONDS, kill_group, [process, signal.SIGKILL])
        late.start()
        try:
            for line in process.stdout or ():
                log.write(line)
                hear(line)
            code = process.wait()
        finally:
            late.cancel()
    if code < 0:
        raise DemoError(f"{name} was ended by signal {-code}; it may take {MAX_SECONDS:g} seconds")
    return code


@contextmanager
def _running(command: list[str], work: Path) -> Iterator[subprocess.Popen[str]]:
    """Ansible in a process group of its own, which is ended with all its forks when the block is left early."""
    process = started(command, cwd=ROOT, work=work)
    try:
        yield process
    finally:
        if process.poll() is None:
            kill_group(process, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                kill_group(process, signal.SIGKILL)
                process.wait()
