# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the end-to-end tests share: the real commands of Ansible, and runs that both workers look at but one makes."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from winsim.testing import Fleet, NotServingError, serve

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Run:
    """A command of Ansible that has ended: its exit code, what it printed, and the results of its tasks.

    `results` holds `{host, task, state, result}` in the order in which they came; `notes` is what a test adds.
    """

    code: int
    output: str
    results: list[dict[str, Any]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def of(self, task: str, host: str | None = None) -> dict[str, Any]:
        """The one result of a task (its name, or the end of it), of one host where several ran it."""
        found = [
            entry for entry in self.results if entry["task"].endswith(task) and (host is None or entry["host"] == host)
        ]
        assert len(found) == 1, f"{len(found)} results of {task!r} on {host or 'any host'}\n{self.output}"
        return found[0]["result"]

    def states(self, task: str) -> dict[str, str]:
        """By host, how a task ended."""
        return {entry["host"]: entry["state"] for entry in self.results if entry["task"].endswith(task)}

    @property
    def fleet(self) -> dict[str, Any]:
        """The report of the run; only `Ansible.assess` notes it."""
        assert self.notes["fleet"] is not None, f"no fleet.json was written\n{self.output}"
        return self.notes["fleet"]


class Ansible:
    """Runs ansible commands in a folder of their own, with nothing of the caller's settings."""

    def __init__(self, work: Path) -> None:
        self.work = work
        work.mkdir(parents=True, exist_ok=True)
        self._runs = 0

    def command(self, program: str, arguments: Sequence[str], **environment: str) -> Run:
        """Run a program of the .venv; environment variables are given by name."""
        record = self._new_record()
        done = subprocess.run(
            [str(BIN / program), *arguments],
            cwd=self.work,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            stdin=subprocess.DEVNULL,
            env={**self._environment(record), **environment},
        )
        results = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        return Run(done.returncode, done.stdout + done.stderr, results)

    @contextmanager
    def begun(self, program: str, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        """A program of the .venv that runs, for tests that end it; what is left of it and its forks is killed."""
        process = subprocess.Popen(
            [str(BIN / program), *arguments],
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment(self._new_record()),
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _new_record(self) -> Path:
        self._runs += 1
        record = self.work / f"results-{self._runs}.jsonl"
        record.touch()
        return record

    def _environment(self, record: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {
            **kept,
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callbacks")),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
            "ANSIBLE_FORKS": "10",
            "ANSIBLE_HOME": str(self.work / "home"),
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "RECORDER_FILE": str(record),
        }

    def adhoc(self, pattern: str, inventory: Path, module: str, args: object = None, *options: str, **extra: object):
        """Run `ansible PATTERN -m MODULE`; `extra` are extra variables."""
        command = [pattern, "-i", str(inventory), "-m", module, *options, *_extra(extra)]
        return self.command("ansible", command + (["-a", json.dumps(args)] if args is not None else []))

    def play(self, inventory: Path, tasks: Sequence[Mapping[str, Any]], *options: str, **words: object) -> Run:
        """Run a play of these tasks; `words` are the play's own, such as `hosts` (all), `vars` or `serial`."""
        play = {"name": "Test", "hosts": "all", "gather_facts": False, **words, "tasks": list(tasks)}
        return self.playbook(inventory, [play], *options)

    def playbook(self, inventory: Path, plays: Sequence[Mapping[str, Any]], *options: str, **environment: str) -> Run:
        """Run these plays."""
        self._runs += 1
        file = self.work / f"playbook-{self._runs}.yml"
        file.write_text(yaml.safe_dump(list(plays), sort_keys=False, allow_unicode=True), encoding="utf-8")
        return self.command("ansible-playbook", [str(file), "-i", str(inventory), *options], **environment)

    def assess(self, inventory: Path, *options: str, target: str | None = "all", report: str = "report", **extra: Any):
        """Run the shipped playbook; the run notes the fleet document and the names of the evidence files."""
        folder = self.work / report
        chosen = {"patch_report_dir": str(folder), **({"patch_target": target} if target is not None else {}), **extra}
        command = ["winops.patching.assess", "-i", str(inventory), *options, *_extra(chosen)]
        return noted(self.command("ansible-playbook", command), folder)


def noted(run: Run, folder: Path) -> Run:
    """The run with what it left in its report folder."""
    fleet = folder / "fleet.json"
    run.notes["fleet"] = json.loads(fleet.read_text(encoding="utf-8")) if fleet.exists() else None
    run.notes["evidence"] = {path.name: path.stat().st_mode & 0o777 for path in (folder / "evidence").glob("*")}
    return run


def _extra(variables: Mapping[str, object]) -> list[str]:
    return ["-e", json.dumps(variables)] if variables else []


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    """Commands of Ansible, in a folder of this test."""
    return Ansible(tmp_path / "ansible")


Once = Callable[[str, Callable[[Path], Run]], Run]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """`once(name, make)`: what `make(folder)` returns, made by the first worker that asks; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def run(name: str, make: Callable[[Path], Run]) -> Run:
        saved = shared / f"once-{name}.json"
        with (shared / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not saved.exists():
                saved.write_text(json.dumps(_made(make, shared / f"once-{name}")), encoding="utf-8")
        words = json.loads(saved.read_text(encoding="utf-8"))
        if "error" in words:
            pytest.fail(words["error"], pytrace=False)
        return Run(**words)

    return run


def _made(make: Callable[[Path], Run], folder: Path) -> dict[str, Any]:
    """A failure is kept too: every test that needs the run says why there is none, and nobody tries again."""
    try:
        return asdict(make(folder))
    except (NotServingError, OSError, subprocess.SubprocessError, ValueError, AssertionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


# Python's own start-up hook: in the simulator's process it stands between the reader's double and the wire.
HOOK = """
import dataclasses
from winsim import execution

answer = execution.Executor.__call__

def changed(self, host, line, stdin):
    outcome = answer(self, host, line, stdin)
    if b'"probes"' not in outcome.stdout:
        return outcome
    return dataclasses.replace(outcome, stdout=change(host.name, outcome.stdout))

execution.Executor.__call__ = changed
"""


@pytest.fixture(scope="session")
def serve_changed() -> Callable[[Mapping[str, Any], Path, str], AbstractContextManager[Fleet]]:
    """`serve_changed(hosts, work, code)`: `code` defines `change(host, text)`, through which the answers go."""

    @contextmanager
    def start(hosts: Mapping[str, Any], work: Path, code: str) -> Iterator[Fleet]:
        folder = work / "hook"
        folder.mkdir(parents=True)
        folder.joinpath("sitecustomize.py").write_text(code + HOOK, encoding="utf-8")
        with ExitStack() as stack:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PYTHONPATH", str(folder))
                fleet = stack.enter_context(serve(hosts, work))
            said = fleet.output.read_text(encoding="utf-8")
            assert "sitecustomize" not in said, said
            yield fleet

    return start


@pytest.fixture(scope="session")
def run_type() -> type[Run]:
    """The class of finished runs, for tests that start something else than Ansible."""
    return Run


@pytest.fixture(scope="session")
def note() -> Callable[[Run, Path], Run]:
    """`note(run, folder)` adds what is in a report folder to the run."""
    return noted


@pytest.fixture(scope="session")
def commands() -> type[Ansible]:
    """`commands(folder)` gives the commands of Ansible, for runs that `once` makes."""
    return Ansible
