# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The queue with the newest version of each file winning: what QChain.exe did (Microsoft Knowledge Base 296861).

Nothing is added, nothing is moved: entries that would bring an older version than another one are dropped, and only
where everything about them is known. Then the new queue is carried out on paper beside the old one: it is given only
where every other path ends as before and no target ends older than before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..judge_queue import VALUES
from .carry_out import Paper, Step, carry_out
from .facts import Content, KnownFiles, Place, read_files
from .findings import MAX_SENTENCE, Target, named, reference, shown, targets_of
from .queues import Queues, read_queues


@dataclass(frozen=True, slots=True)
class Normalised:
    """What is to be written: ``values`` holds the strings of each value that changes, by its name; empty: delete it.

    ``before`` holds the strings of every value that is there now. ``dropped`` are the entries that go, ``refused`` the
    targets (or None for the whole queue) that stay as they are although more than one entry renames something to them,
    each with its reason.
    """

    values: Mapping[str, tuple[str, ...]]
    before: Mapping[str, tuple[str, ...]]
    dropped: tuple[dict[str, Any], ...]
    refused: tuple[dict[str, Any], ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.values)


@dataclass
class _Uses:
    """How often the queue names each path as the file to rename or delete, and as the target."""

    sources: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)


def normalise(queue: object, files: object) -> Normalised:
    """Return the queue (`read_queues` says in which forms) without the entries that lose; never raises.

    ``files`` are the facts of the disk (`read_files`). What cannot be proved is refused with its reason and stays.
    """
    queues = read_queues(queue)
    known = read_files(files)
    problems = [*queues.problems, *known.problems]
    if problems:
        return Normalised({}, queues.values, (), tuple(_refused(None, text) for text in problems))
    paper = carry_out(queues.entries, known)
    uses = _uses(paper.steps)
    losing: list[Step] = []
    refused: list[dict[str, Any]] = []
    for target in targets_of(paper).values():
        if len(target.renames) > 1:
            reason = _why_not(target, uses)
            losers = [] if reason else _losers(target)
            losing += losers
            if reason:
                refused.append(_refused(target.path, reason))
    values = _without(queues, losing)
    wrong = _disproof(paper, known, {**queues.values, **values}, losing)
    if wrong:
        return Normalised({}, queues.values, (), (*refused, _refused(None, wrong)))
    return Normalised(values, queues.values, tuple(reference(step) for step in losing), tuple(refused))


def _refused(target: str | None, reason: str) -> dict[str, Any]:
    return {"target": target, "reason": reason[:MAX_SENTENCE]}


def _uses(steps: Sequence[Step]) -> _Uses:
    uses = _Uses()
    for step in steps:
        if step.source:
            uses.sources[step.source] += 1
        if step.target:
            uses.targets[step.target] += 1
    return uses


def _why_not(target: Target, uses: _Uses) -> str | None:
    """Why the entries of a target must stay as they are; None where all about them is known and simple."""
    for step in target.steps:
        if step.outcome != "done" and step.target is not None:
            return f"{named(step)} is not certain to be carried out: {step.because}"
    for step in target.renames:
        if step.moves is None or step.moves.number is None:
            return f"of {shown(step.entry.source)}, {step.moves.reason if step.moves else 'nothing is known'}"
        if uses.sources[step.source] > 1 or uses.targets[step.source]:
            return f"{shown(step.entry.source)} is named by another entry too"
    deletions = uses.sources[target.key]
    first = next(place for place, step in enumerate(target.steps) if step.target is not None)
    if deletions != len([step for step in target.steps[:first] if step.target is None]):
        return f"{shown(target.path)} is renamed or deleted by another entry after it was put there"
    return None


def _losers(target: Target) -> list[Step]:
    """All renames but the newest; of several equal ones the last, which would have won anyway."""
    winner = target.renames[0]
    for step in target.renames:
        if _number(step) >= _number(winner):
            winner = step
    return [step for step in target.renames if step is not winner]


def _number(step: Step) -> tuple[int, ...]:
    return (step.moves.number if step.moves else None) or ()


def _without(queues: Queues, losing: Sequence[Step]) -> dict[str, tuple[str, ...]]:
    """The strings of each value that loses an entry; every other string stays as it is, the empty ones too."""
    places: dict[str, set[int]] = {}
    for step in losing:
        places.setdefault(VALUES[step.entry.queue], set()).add(step.entry.index)
    return {
        name: tuple(text for place, text in enumerate(queues.values[name]) if place // 2 not in gone)
        for name, gone in places.items()
    }


def _disproof(
    old: Paper, known: KnownFiles, values: Mapping[str, tuple[str, ...]], losing: Sequence[Step]
) -> str | None:
    """What would end otherwise than promised; None where the new queue is proved."""
    if not losing:
        return None
    new = carry_out(read_queues({name: list(strings) for name, strings in values.items()}).entries, known)
    left_behind = {step.source for step in losing}
    targets = {step.target for step in losing}
    for key in {*old.after, *new.after} - left_behind:
        before, after = old.later(key), new.later(key)
        if before != after and not (key in targets and _newer(after, before)):
            return f"{shown(key)} would not end as it should: nothing is changed"
    return None


def _newer(after: Place, before: Place) -> bool:
    if not isinstance(after, Content) or not isinstance(before, Content):
        return False
    return after.number is not None and before.number is not None and after.number >= before.number
