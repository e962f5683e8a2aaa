# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running tests against mutants: collected once, and then a process of its own for every mutant."""

from __future__ import annotations

import ast
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import runtestprotocol

from . import targets
from .install import install
from .mutants import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator

SURVIVED, KILLED, TIMED_OUT, NOT_RUN = "survived", "killed", "timed out", "no test runs it"
_FOUND = 1
_TIMED_OUT = (-signal.SIGXCPU, -signal.SIGALRM)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A module under mutation: its name as tests import it, its file, its tree and its mutants."""

    file: str
    module: str
    tree: ast.Module
    mutants: Sequence[Mutant]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant."""

    mutant: Mutant
    result: str


@dataclass(slots=True)
class Seen:
    """What the tests do without a mutant: the lines that each of them runs, and the time it takes."""

    by_line: dict[tuple[str, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    by_file: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    seconds: dict[int, float] = field(default_factory=dict)
    red: list[str] = field(default_factory=list)

    def tests_of(self, mutant: Mutant) -> list[int]:
        """Numbers of the tests that can see the mutant, the quickest first; what runs at import is seen by all."""
        numbers = set[int]().union(*(self.by_line.get((mutant.file, line), ()) for line in mutant.lines))
        return self.quickest_first(numbers or self.by_file[mutant.file])

    def quickest_first(self, numbers: Iterable[int]) -> list[int]:
        """Numbers of tests by the time that they take."""
        return sorted(numbers, key=lambda number: (self.seconds[number], number))

    def is_run(self, mutant: Mutant) -> bool:
        """Whether any test runs its lines."""
        return not mutant.lines or any((mutant.file, line) in self.by_line for line in mutant.lines)


class MutationRun:
    """A pytest plugin that takes the place of pytest's own loop over the collected tests."""

    def __init__(self, sources: Sequence[Source], say: Callable[[str], None]) -> None:
        self.sources = sources
        self.say = say
        self.outcomes: list[Outcome] = []
        self.broken: list[str] = []
        self.seen = Seen()
        self.items: list[pytest.Item] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Only tests that answer the same every time, and soon."""
        items[:] = [
            item
            for item in items
            if item.get_closest_marker(targets.DRAWN_BY_CHANCE) is None and targets.ABOUT_SIZE not in item.name
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Every test without a mutant, every module with itself in its place, every mutant."""
        if session.testsfailed:
            return True
        self.items = session.items
        self._look()
        self._control()
        if not self.broken:
            self._mutate()
        return True

    def _look(self) -> None:
        files = {str(sys.modules[source.module].__file__): source.file for source in self.sources}
        for number, item in enumerate(self.items):
            begun, lines = time.process_time(), set[tuple[str, int]]()
            sys.settrace(_tracer(files, lines))
            try:
                passed = _passes(item)
            finally:
                sys.settrace(None)
            if not passed:
                self.seen.red.append(item.nodeid)
                continue
            self.seen.seconds[number] = time.process_time() - begun
            for file, line in lines:
                self.seen.by_line[file, line].add(number)
                self.seen.by_file[file].add(number)
        self.say(f"{len(self.items)} tests without a mutant: {len(self.seen.red)} red")

    def _control(self) -> None:
        """A module put in its own place must change nothing; otherwise every mutant of it would seem killed."""
        jobs = [(source, source, self.seen.quickest_first(self.seen.by_file[source.file])) for source in self.sources]
        self.broken = [source.file for source, result in _in_processes(jobs, self._child) if result != SURVIVED]

    def _mutate(self) -> None:
        jobs = [(mutant, source, self.seen.tests_of(mutant)) for source in self.sources for mutant in source.mutants]
        begun, result_of = time.monotonic(), {}
        for mutant, result in _in_processes(jobs, self._child):
            result_of[id(mutant)] = result
            if len(result_of) % 50 == 0:
                alive = sum(result == SURVIVED for result in result_of.values())
                seconds = time.monotonic() - begun
                self.say(f"{len(result_of)} of {len(jobs)} mutants in {seconds:.0f} s, {alive} survived")
        for mutant, _source, _tests in jobs:
            result = result_of[id(mutant)]
            unseen = result == SURVIVED and not self.seen.is_run(mutant)
            self.outcomes.append(Outcome(mutant, NOT_RUN if unseen else result))

    def _child(self, change: Mutant | Source, source: Source, tests: Iterable[int]) -> bool:
        """Whether a test finds it; in a process of its own."""
        if isinstance(change, Mutant):
            change.place.put(change.new)
        install(sys.modules[source.module], source.tree)
        return not all(_passes(self.items[number]) for number in tests)


def _tracer(files: dict[str, str], lines: set[tuple[str, int]]) -> Callable[[FrameType, str, Any], Any]:
    """Notes the lines that run in these files; all other frames run untraced."""

    def note(frame: FrameType, event: str, _argument: Any) -> Any:
        lines.add((files[frame.f_code.co_filename], frame.f_lineno))
        return note

    return lambda frame, event, argument: note if frame.f_code.co_filename in files else None


def _passes(item: pytest.Item) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _in_processes(
    jobs: Sequence[tuple[Any, Source, list[int]]], work: Callable[..., bool]
) -> Iterator[tuple[Any, str]]:
    """The results of the jobs as they end; so many processes at a time as there are workers."""
    running: dict[int, Any] = {}
    for change, source, tests in jobs:
        running[_start(work, change, source, tests)] = change
        if len(running) == targets.WORKERS:
            yield _next_end(running)
    while running:
        yield _next_end(running)


def _start(work: Callable[..., bool], *arguments: Any) -> int:
    child = os.fork()
    if child:
        return child
    code = _FOUND
    try:
        # CPU time, so that a busy machine turns no survivor into a killed mutant; the clock for what only waits.
        resource.setrlimit(resource.RLIMIT_CPU, (targets.CPU_SECONDS, targets.CPU_SECONDS + 5))
        signal.alarm(targets.WALL_SECONDS)
        code = _FOUND if work(*arguments) else 0
    finally:
        # Whatever a mutant raises, while it is put in place too, is found.
        os._exit(code)


def _next_end(running: dict[int, Any]) -> tuple[Any, str]:
    child, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    return running.pop(child), TIMED_OUT if code in _TIMED_OUT else KILLED if code else SURVIVED
