# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""For tests and the demo: starts the simulator as a process of its own and always stops it.

with serve({"web01": {"os": {}}}, tmp_path) as fleet:
    subprocess.run(["ansible", "all", "-i", str(fleet.inventory), "-m", "ansible.windows.win_ping"], check=True)
    assert fleet.state("web01")["log"] == []
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from .runlog import RUN_LOG
from .worker.places import folder_of

PACKAGE_PARENT: Final = Path(__file__).resolve().parent.parent
START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 10.0

Hosts = Path | Mapping[str, Mapping[str, Any] | str]


class NotServingError(Exception):
    """The simulator did not start; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What one host has received: HTTP requests, those of the logon too, and the bytes of their bodies."""

    requests: int
    bytes_up: int


@dataclass(frozen=True, slots=True)
class SeenJob:
    """One job as the state file shows it. `phases` are those of the log, which tells of a death too (`interrupted`)."""

    id: str
    kind: str
    phases: list[str]
    journal: list[dict[str, Any]]
    result: list[dict[str, Any]]

    @property
    def outcome(self) -> str | None:
        """What the last line of the journal says; None while there is none."""
        last = self.journal[-1] if self.journal else {}
        return str(last["outcome"]) if last.get("phase") == "done" else None


@dataclass(frozen=True, slots=True)
class Fleet:
    """A running simulator: its inventory, its state files and what it prints."""

    inventory: Path
    state_dir: Path
    output: Path
    process: subprocess.Popen[bytes]
    wire_log: Path

    def wire(self, host: str) -> Wire:
        """What the host has received since the start; every request that has been answered is in it."""
        lines = [json.loads(line) for line in self.wire_log.read_text(encoding="utf-8").splitlines()]
        sizes = [int(line["bytes_up"]) for line in lines if line["host"] == host]
        return Wire(requests=len(sizes), bytes_up=sum(sizes))

    def runs(self, host: str) -> list[dict[str, Any]]:
        """Every command the host was given: `tier`, `name`, `user`, `become`, `job`, `format`, in the order of time."""
        lines = (self.state_dir / RUN_LOG).read_text(encoding="utf-8").splitlines()
        return [run for run in map(json.loads, lines) if run["host"] == host]

    def state(self, host: str) -> dict[str, Any]:
        """The true state of one host at this moment, in the host file's words plus `log`."""
        document = json.loads((self.state_dir / f"{host}.json").read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise TypeError(f"the state of {host} is no map")
        return document

    def wait_for(
        self, host: str, event: str, *, number: int = 1, seconds: float = 20.0, **facts: object
    ) -> dict[str, Any]:
        """The entry of the host's log for its `number`th `event`, as soon as there is one. Raises TimeoutError.

        With `facts` only entries count that hold them: `wait_for("web01", "job", phase="done")`.
        """
        until = time.monotonic() + seconds
        wanted = {"event": event, **facts}
        while time.monotonic() < until:
            found = [entry for entry in self.state(host)["log"] if wanted.items() <= entry.items()]
            if len(found) >= number:
                return dict(found[number - 1])
            time.sleep(0.05)
        raise TimeoutError(f"{host} logged no {wanted} number {number} within {seconds:g} s")

    def jobs(self, host: str) -> list[SeenJob]:
        """Every job that was armed since the start, oldest first; of one that was cleaned up only the log is left."""
        state = self.state(host)
        entries = [entry for entry in state["log"] if entry["event"] == "job"]
        return [_seen(state, job, entries) for job in dict.fromkeys(entry["id"] for entry in entries)]

    def job(self, host: str) -> SeenJob:
        """The newest job. Raises LookupError while there is none."""
        jobs = self.jobs(host)
        if not jobs:
            raise LookupError(f"no job was armed on {host}")
        return jobs[-1]


def _seen(state: Mapping[str, Any], job: str, entries: list[dict[str, Any]]) -> SeenJob:
    mine = [entry for entry in entries if entry["id"] == job]
    texts = [state["files"].get(f"{folder_of(job)}\\{name}", {}) for name in ("journal.jsonl", "result.jsonl")]
    journal, result = ([json.loads(line) for line in words.get("text", "").splitlines()] for words in texts)
    return SeenJob(job, mine[0]["kind"], [entry["phase"] for entry in mine], journal, result)


def write_hosts(hosts: Mapping[str, Mapping[str, Any] | str], folder: Path) -> Path:
    """Host files for `hosts`: by name the words of the file (`name` may be left out), or its YAML text."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, words in hosts.items():
        text = words if isinstance(words, str) else yaml.safe_dump({"name": name, **words}, allow_unicode=True)
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder


@contextmanager
def serve(
    hosts: Hosts,
    work: Path,
    *,
    time_factor: float = 60.0,
    port_base: int | None = None,
    inventory: Path | None = None,
) -> Iterator[Fleet]:
    """Serves a folder of host files, or the hosts of a map; everything that is written lies below `work`.

    Raises NotServingError when the simulator ends or does not listen within 20 seconds.
    """
    work.mkdir(parents=True, exist_ok=True)
    folder = hosts if isinstance(hosts, Path) else write_hosts(hosts, work / "hosts")
    target = inventory or work / "inventory.yml"
    target.unlink(missing_ok=True)
    output = work / "winsim.log"
    command = [sys.executable, "-m", "winsim", "serve", str(folder), "--inventory", str(target)]
    command += ["--time-factor", f"{time_factor:g}", "--state-dir", str(work / "state")]
    command += ["--wire-log", str(work / "wire.jsonl")]
    command += ["--port-base", str(port_base)] if port_base else []
    paths = [str(PACKAGE_PARENT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
    try:
        _wait_until_listening(process, target, output)
        yield Fleet(target, work / "state", output, process, work / "wire.jsonl")
    finally:
        _stop(process)


def _wait_until_listening(process: subprocess.Popen[bytes], inventory: Path, output: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not inventory.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise NotServingError(output.read_text(encoding="utf-8", errors="replace") or "winsim said nothing")
        time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
