# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs the real `ansible` and `ansible-playbook` against the simulated hosts, and says what that took."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .memory import Peak, watched

ROOT: Final = Path(__file__).resolve().parents[1]
MOST_SECONDS: Final = 420.0
END_OF_OUTPUT: Final = 1500


class RunError(Exception):
    """Ansible failed or took too long, so that its figures say nothing; the message holds the end of its output."""


@dataclass(frozen=True, slots=True)
class Run:
    """One successful run: what it took, and what it printed. Seconds are real ones, CPU seconds those of all forks."""

    seconds: float
    cpu_seconds: float
    peak: Peak
    output: str


@dataclass(frozen=True, slots=True)
class Ansible:
    """The tools of one ansible-core; what they leave behind lies in `work`."""

    tools: Path
    work: Path

    def core(self) -> str:
        """The version of ansible-core, such as 2.19.14."""
        first = self._run(["ansible", "--version"]).output.partition("\n")[0]
        return first.rpartition("core ")[2].rstrip("] ")

    def ad_hoc(self, inventory: Path, hosts: str, module: str, *options: str) -> Run:
        """`ansible HOSTS -m MODULE`."""
        return self._run(["ansible", hosts, "-i", str(inventory), "-m", module, *options])

    def playbook(self, inventory: Path, name: str, *, forks: int, variables: Mapping[str, object]) -> Run:
        """`ansible-playbook NAME`, with the peak of the memory that all its processes hold."""
        command = ["ansible-playbook", name, "-i", str(inventory), "-f", str(forks), "-e", json.dumps(variables)]
        return self._run(command, memory=True)

    def _run(self, command: Sequence[str], *, memory: bool = False) -> Run:
        program = [str(self.tools / command[0]), *command[1:]]
        output = self.work / "ansible.out"
        peak = Peak()
        before = _children_cpu()
        begun = time.monotonic()
        with output.open("wb") as stream, _started(program, self._environment(), stream.fileno()) as process:
            if memory:
                with watched(process.pid) as peak:
                    code = process.wait()
            else:
                code = process.wait()
        seconds = time.monotonic() - begun
        text = output.read_text(encoding="utf-8", errors="replace")
        if code:
            raise RunError(f"{' '.join(command)} ended with {code} after {seconds:.1f} s:\n{text[-END_OF_OUTPUT:]}")
        return Run(seconds, _children_cpu() - before, peak, text)

    def _environment(self) -> dict[str, str]:
        """Nothing of the user's own Ansible settings changes the figures."""
        settings = self.work / "ansible.cfg"
        settings.touch()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_HOME": str(self.work / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "LC_ALL": "C.UTF-8",
        }


def answer_of(run: Run) -> dict[str, Any]:
    """What an ad hoc run on one host printed as its result. Raises RunError."""
    _, _, said = run.output.partition("=> ")
    try:
        result, _ = json.JSONDecoder().raw_decode(said)
    except ValueError:
        raise RunError(f"no result in what Ansible printed:\n{run.output[-END_OF_OUTPUT:]}") from None
    if not isinstance(result, dict):
        raise RunError(f"the result is no map: {said[:200]}")
    return result


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors so far. Raises OSError where there is no /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _started(program: Sequence[str], environment: Mapping[str, str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    """In a process group of its own, ended with all its forks when the block is left early or lasts too long."""
    process = subprocess.Popen(
        program,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    late = threading.Timer(MOST_SECONDS, _end, [process])
    late.start()
    try:
        yield process
    finally:
        late.cancel()
        if process.poll() is None:
            _end(process)
            process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
