# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a case is, and what is known of it once it has been run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

Words = Mapping[str, Any]


class Ends(Enum):
    """What the run after the fault has to find; the value is for people."""

    PATCHED = "the next run ends green: everything is installed and nothing waits"
    FAILED = "the next run says failed, and why"
    NOT_GREEN = "no run is green"
    UNREACHABLE = "the next run says unknown: nobody answers"
    PENDING = "the next run says that a reboot waits"
    DEFERRED = "nothing is changed; the next run names the next window"
    STOPPED = "nothing is changed; the next run says what stops it"
    ARMED = "the host does it by itself, and the next run tells"
    TOLD = "the run that did it is not green; the next one finds nothing wrong"
    TRUE = "the next run tells the truth, whatever it is"


@dataclass(frozen=True, slots=True)
class Window:
    """A window in minutes from the start of the hosts' clocks."""

    begins: float
    ends: float
    purposes: tuple[str, ...] = ("install", "reboot")


ALWAYS = (Window(-60, 60 * 24 * 60),)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which a fault happens: what its host file says, and what the inventory says of the host."""

    detail: str
    words: Words
    variables: Words = field(default_factory=dict)
    windows: tuple[Window, ...] = ALWAYS
    ends: Ends | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What fault-free runs have shown, by template: requests, lines of the install job's journal, and the tasks."""

    requests: Mapping[str, int]
    lines: Mapping[str, int]
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault, and how it is played (`batches.py`); `slow`: a run waits long for such hosts."""

    id: str
    what: str
    ends: Ends
    variants: Callable[[Measured], Iterable[Variant]]
    how: str = "runs"


@dataclass(frozen=True, slots=True)
class Case:
    """One host with one fault."""

    name: str
    fault: str
    detail: str
    ends: Ends
    words: Words
    variables: Words
    windows: tuple[Window, ...]
    how: str = "runs"

    @property
    def request(self) -> int | None:
        """The request at which its fault is due, where it is one of the line."""
        faults = self.words.get("network", {}).get("faults", [])
        return next((fault["at_request"] for fault in faults if "at_request" in fault), None)


@dataclass(frozen=True, slots=True)
class Job:
    """An install job as it lay on the host."""

    id: str
    plan: Words
    lines: tuple[Words, ...]

    @property
    def over(self) -> bool:
        return any(line.get("phase") == "done" for line in self.lines)

    def steps(self, phase: str, step: str) -> list[Words]:
        """Its lines of one kind."""
        return [line for line in self.lines if (line.get("phase"), line.get("step")) == (phase, step)]


@dataclass(frozen=True, slots=True)
class Look:
    """What one run left of one host: its row, its end in the recap, its evidence, and the host's true state after it.

    `row` is None where the run wrote no report, `recap` where it was killed; `began` and `ended` are the hosts' time.
    """

    code: int | None
    began: datetime
    ended: datetime
    row: Words | None
    recap: Mapping[str, int] | None
    evidence: Words | None
    state: Words
    requests: int


@dataclass(frozen=True, slots=True)
class Story:
    """A case that has been run: what both runs left, the state when all had become quiet, and the run's journal.

    `worker`: `executed`, `double`, or None where no job was ever started. `jobs`: all that were ever there.
    """

    case: Case
    started: datetime
    looks: tuple[Look, ...]
    final: Words
    journal: tuple[Words, ...]
    quiet: bool
    worker: str | None = None
    jobs: tuple[Job, ...] = ()

    @property
    def log(self) -> list[dict[str, Any]]:
        """What really happened on the host."""
        return list(self.final["log"])

    @property
    def reached(self) -> bool:
        """Whether the fault has happened, as far as the line shows it."""
        return self.case.request is None or self.looks[-1].requests >= self.case.request

    @property
    def over(self) -> bool:
        """Whether the fault happened before the last run, which so should have met it no more."""
        # An answer that is cut in half is that of the next command, which may have a few requests before it.
        last = 6 if self.case.fault == "answer_truncated" else 0
        return self.case.request is None or self.looks[0].requests >= self.case.request + last


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was not kept."""

    case: str
    check: str
    sentence: str
