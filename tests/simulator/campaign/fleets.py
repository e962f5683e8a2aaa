# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A fleet of cases: simulated, patched, patched again, and looked at."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from campaign.faults_controller import KILL
from campaign.model import Case, Look, Story, Words
from campaign.playbook import Kill, Played, Playing
from campaign.sampler import Sampler
from campaign.truth import jobs_of, lines_of
from winsim.runlog import RUN_LOG
from winsim.testing import Fleet, serve

STARTER: Final = "winops.patching.win_patch_job"
# How long the hosts may go on after the last run until all is quiet, in real seconds.
SETTLES_WITHIN: Final = 20.0
# What every run of the campaign is told: by the hosts' clocks, and looking often, for those clocks run fast.
COMMON: Final = {"patch_clock": "host", "patch_run_poll_seconds": 1, "patch_no_windows": "closed"}


@dataclass(frozen=True, slots=True)
class Fleeting:
    """A served fleet of cases and how it is played. `started`: when its clocks began, `work` holds everything of it."""

    cases: tuple[Case, ...]
    fleet: Fleet
    playing: Playing
    started: datetime
    factor: float
    work: Path
    sampler: Sampler

    def now(self) -> datetime:
        """What the hosts' clocks show, but for one that has jumped."""
        return self.started + (datetime.now(UTC) - self.started) * self.factor

    def play(
        self,
        number: int,
        *,
        limit: str | None = None,
        kill: Kill | None = None,
        spoil: Callable[[Path], None] | None = None,
    ) -> dict[str, Look]:
        """One run, and what it left of each host; `limit` is one host, `spoil` is given the report folder after it."""
        began, report = self.now(), self.playing.folder / "fleet.json"
        before = _document(report)
        name = f"run-{number}{f'-{limit}' if limit else ''}.log"
        played = self.playing.play(self.work / name, limit=limit, kill=kill)
        if spoil is not None:
            spoil(self.playing.folder)
        # A run that was killed may have written its report before.
        rows = _rows(report) if played.code is not None or _document(report) != before else {}
        counts = self._requests()
        mine = [case for case in self.cases if limit in (None, case.name)]
        return {case.name: self._look(case, began, played, rows, counts) for case in mine}

    def _look(
        self, case: Case, began: datetime, played: Played, rows: Mapping[str, Any], counts: Mapping[str, int]
    ) -> Look:
        evidence = _document(self.playing.folder / "evidence" / f"{case.name}.json")
        row = rows.get(case.name)
        return Look(
            code=played.code,
            began=began,
            ended=self.now(),
            row=row,
            recap=played.recap.get(case.name),
            evidence=evidence if row is not None and _of_this_run(evidence, rows) else None,
            state=self.fleet.state(case.name),
            requests=counts.get(case.name, 0),
        )

    def _requests(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self.fleet.wire_log.read_text(encoding="utf-8").splitlines():
            host = json.loads(line)["host"]
            found[host] = found.get(host, 0) + 1
        return found

    def stories(self, looks: Sequence[Mapping[str, Look]]) -> list[Story]:
        """What became of every case, when all has become quiet or nothing more is waited for."""
        quiet, workers = self.settled(), self._workers()
        self.sampler.close()
        found = []
        for case in self.cases:
            mine = tuple(look[case.name] for look in looks if case.name in look)
            final = self.fleet.state(case.name)
            journal = _lines(self._report(case) / "journal" / f"{case.name}.jsonl")
            found.append(
                Story(
                    case=case,
                    started=self.started,
                    looks=mine,
                    final=final,
                    journal=tuple(journal),
                    quiet=case.name in quiet,
                    worker=workers.get(case.name),
                    jobs=self.sampler.jobs(case.name),
                )
            )
        return found

    def _report(self, case: Case) -> Path:
        """The report folder of the case's runs: of one that is killed it is its own."""
        return self.playing.elsewhere(case.name).folder if KILL in case.variables else self.playing.folder

    def _workers(self) -> dict[str, str]:
        """Who carried out the jobs of each host."""
        lines = _lines(self.fleet.state_dir / RUN_LOG)
        tiers = {"served": "double", "executed": "executed"}
        return {
            line["host"]: tiers[line["tier"]] for line in lines if line["name"] == STARTER and line["tier"] in tiers
        }

    def settled(self, within: float = SETTLES_WITHIN) -> frozenset[str]:
        """The hosts on which all has become quiet."""
        until = time.monotonic() + within
        names = {case.name for case in self.cases}
        quiet: set[str] = set()
        while time.monotonic() < until and quiet != names:
            quiet |= {name for name in names - quiet if is_quiet(self.fleet.state(name))}
            time.sleep(0.2)
        return frozenset(quiet)


def is_quiet(state: Words) -> bool:
    """Nothing of ours runs: no task, no worker, and no job that waits for a boot it has asked for."""
    tasks = [task for path, task in state.get("tasks", {}).items() if path.lower().startswith("\\winops.patching\\")]
    if any(task.get("state") in ("running", "queued") for task in tasks):
        return False
    return not any(
        job.lines and job.lines[-1].get("phase") == "rebooting" and job.lines[-1].get("step") == "begin"
        for job in jobs_of(state)
    )


def _rows(path: Path) -> dict[str, Any]:
    document = _document(path)
    return dict(document["hosts"]) | {"": document} if document else {}


def _of_this_run(evidence: Words | None, rows: Mapping[str, Any]) -> bool:
    """Whether a document was made by the run that wrote the report."""
    return evidence is not None and evidence.get("run_id") in (None, rows[""].get("run_id"))


def _document(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _lines(path: Path) -> list[Words]:
    try:
        return lines_of(path.read_text(encoding="utf-8"))
    except OSError:
        return []


@contextmanager
def served(
    cases: Sequence[Case],
    work: Path,
    *,
    factor: float,
    most_seconds: float,
    hook: str = "",
    **variables: Any,
) -> Iterator[Fleeting]:
    """The cases as a fleet of their own below `work`; `hook` is code that changes the simulator (`plants.py`)."""
    work.mkdir(parents=True, exist_ok=True)
    hosts = {case.name: case.words for case in cases}
    folder = work / "report"
    with ExitStack() as stack:
        with _hooked(hook, work):
            fleet = stack.enter_context(serve(hosts, work / "sim", time_factor=factor))
        # Specs of windows have whole seconds.
        started = datetime.now(UTC).replace(microsecond=0)
        inventory = work / "cases.yml"
        inventory.write_text(yaml.safe_dump(_inventory(cases, started)), encoding="utf-8")
        told = {**COMMON, **variables}
        playing = Playing((fleet.inventory, inventory), folder, work, most_seconds, told)
        sampler = Sampler(fleet, hosts)
        stack.callback(sampler.close)
        yield Fleeting(tuple(cases), fleet, playing, started, factor, work, sampler)


@contextmanager
def _hooked(hook: str, work: Path) -> Iterator[None]:
    """Python's own start-up hook: the simulator's process, and only it, runs that code first."""
    if not hook:
        yield
        return
    folder = work / "hook"
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("sitecustomize.py").write_text(hook, encoding="utf-8")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), before]))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _inventory(cases: Sequence[Case], started: datetime) -> dict[str, Any]:
    return {"all": {"hosts": {case.name: variables_of(case, started) for case in cases}}}


def variables_of(case: Case, started: datetime) -> dict[str, Any]:
    """What the inventory says of a host: its windows, and what else its case wants."""
    specs = [
        {
            "name": f"window {number}",
            "start": f"{started + timedelta(minutes=window.begins):%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{started + timedelta(minutes=window.ends):%Y-%m-%dT%H:%M:%SZ}",
            "for": list(window.purposes),
        }
        for number, window in enumerate(case.windows, 1)
    ]
    own = {name: value for name, value in case.variables.items() if name != KILL}
    return {"patch_windows": specs, **own}
