# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How cases are put together into runs, and how each kind of run is played."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from campaign import checks
from campaign.faults_controller import KILL
from campaign.fleets import Fleeting, served
from campaign.model import Case, Look, Story, Violation
from campaign.playbook import Kill, RunError

HOSTS: Final = 52
FACTOR: Final = 180.0
# How long hosts are waited for that hang or stay away, in real time: by default, and where the fault is that they do.
PATIENCE: Final[Mapping[str, Any]] = {
    "patch_install_follow_minutes": 4,
    "patch_install_lost_minutes": 1.5,
    "patch_reboot_timeout": 90,
}
IMPATIENT: Final[Mapping[str, Any]] = {
    "patch_install_follow_minutes": 0.7,
    "patch_install_lost_minutes": 0.4,
    "patch_reboot_timeout": 30,
}
RUN_ENDS: Final = "run_ends"
RUN_SECONDS: Final = 900.0
# A second controller begins that many seconds after the first.
BEGINS_AFTER: Final = 4.0
Looks = Mapping[str, Look]


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases that share a simulator and, but for kills, each run."""

    name: str
    how: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """`hook` changes the simulator, `spoil` a report folder after a run: both are for violations put in on purpose."""

    work: Path
    variables: Mapping[str, Any] = field(default_factory=dict)
    hook: str = ""
    spoil: Callable[[Path], None] | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A batch that has been run."""

    batch: Batch
    stories: tuple[Story, ...]
    violations: tuple[Violation, ...]
    seconds: float


def batches(cases: Sequence[Case], most: int = HOSTS) -> list[Batch]:
    """Cases of a kind together, and the faults of a batch mixed, so that no run is made of one fault."""
    found = []
    for how in dict.fromkeys(case.how for case in cases):
        mine = [case for case in cases if case.how == how]
        count = -(-len(mine) // most)
        found += [Batch(f"{how}-{number + 1}", how, tuple(mine[number::count])) for number in range(count)]
    return found


def run(batch: Batch, settings: Settings) -> Done:
    """Serve it, play it, look at it. Raises NotServingError."""
    begun = time.monotonic()
    try:
        stories = _stories(batch, settings)
    except RunError as error:
        broken = Violation(batch.name, RUN_ENDS, str(error))
        return Done(batch, (), (broken,), time.monotonic() - begun)
    found = checks.violations(stories)
    # Of kills each host has had runs of its own.
    groups = [[story] for story in stories] if batch.how == "kills" else [stories]
    for group in groups:
        runs = zip(*(story.looks for story in group), strict=True)
        found += checks.of_runs(group[0].case.name if len(group) == 1 else batch.name, runs)
    return Done(batch, tuple(stories), tuple(found), time.monotonic() - begun)


def _stories(batch: Batch, settings: Settings) -> list[Story]:
    """Raises RunError, NotServingError."""
    patience = IMPATIENT if batch.how == "slow" else PATIENCE
    variables = {**patience, **settings.variables}
    work = settings.work / batch.name
    with served(batch.cases, work, factor=FACTOR, most_seconds=RUN_SECONDS, hook=settings.hook, **variables) as fleet:
        return fleet.stories(PLAYS[batch.how](fleet, settings))


def _twice_in_a_row(fleet: Fleeting, settings: Settings) -> list[Looks]:
    return [_played(fleet, settings, number) for number in (1, 2)]


def _played(fleet: Fleeting, settings: Settings, number: int) -> Looks:
    return fleet.play(number, spoil=settings.spoil)


def _at_once(fleet: Fleeting, settings: Settings) -> list[Looks]:
    """Two controllers with reports of their own; the run after them is the first one's."""
    other = replace(fleet, playing=fleet.playing.elsewhere("other"))

    def second() -> Looks:
        time.sleep(BEGINS_AFTER)
        return other.play(2, spoil=settings.spoil)

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(second)
        first = _played(fleet, settings, 1)
        return [first, coming.result(), _played(fleet, settings, 3)]


def _after_the_window(fleet: Fleeting, settings: Settings) -> list[Looks]:
    """The second run comes when the hosts have done what the first one left them with."""
    first = _played(fleet, settings, 1)
    opens = max(window.begins for case in fleet.cases for window in case.windows)
    passed = (fleet.now() - fleet.started).total_seconds() / 60
    time.sleep(max(0.0, (opens + 60 - passed) * 60 / fleet.factor))
    fleet.settled(within=60)
    return [first, _played(fleet, settings, 2)]


def _killed(fleet: Fleeting, settings: Settings) -> list[Looks]:
    """Each host has a controller of its own, which is killed, and another one after it."""

    def one(case: Case) -> tuple[Looks, Looks]:
        words = case.variables[KILL]
        kill = Kill(words["task"], words["number"], signal.Signals[words["signal"]])
        mine = replace(fleet, playing=replace(fleet.playing.elsewhere(case.name), forks_all=True))
        first = mine.play(1, limit=case.name, kill=kill)
        return first, mine.play(2, limit=case.name, spoil=settings.spoil)

    with ThreadPoolExecutor(2) as pool:
        pairs = list(pool.map(one, fleet.cases))
    return [{name: look for pair in pairs for name, look in pair[number].items()} for number in (0, 1)]


# The longest first.
PLAYS: Final[Mapping[str, Callable[[Fleeting, Settings], list[Looks]]]] = {
    "kills": _killed,
    "slow": _twice_in_a_row,
    "armed": _after_the_window,
    "twice": _at_once,
    "runs": _twice_in_a_row,
}
