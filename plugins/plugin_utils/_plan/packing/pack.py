# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which updates run one after another in a room of time. Only their run time is consumed; the reserve stays free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..windows.explain import spoken_length
from .candidates import Candidate, SetAside
from .policy import CONFIGMGR_2007, PackingPolicy
from .room import Room

_SEVERITIES = {"critical": 0, "important": 1, "moderate": 2, "low": 3}


@dataclass(slots=True)
class Packed:
    """What runs, in order and with the second it starts at; what does not. ``required``: what was asked for last."""

    chosen: list[tuple[Candidate, int]] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    elapsed: int = 0
    required: int | None = None

    def take(self, candidate: Candidate) -> None:
        """Let it run next."""
        self.chosen.append((candidate, self.elapsed))
        self.elapsed += candidate.seconds

    def leave(self, candidate: Candidate, word: str, reason: str, reserve: int) -> None:
        """Defer it; what is replaced by one that runs needs no window any more."""
        needed = None if word == "superseded" else candidate.seconds + reserve
        self.aside.append(SetAside(candidate.position, candidate.given, word, reason, needed))


def in_order(candidates: Sequence[Candidate], policy: PackingPolicy, begins: datetime) -> list[Candidate]:
    """Return the updates in the order in which they are tried; equal ones stay as they were given.

    What is overdue when the window begins and servicing-stack updates (`servicing_stack_first`: these before all) come
    before the others, then the policy's order holds. What another given update supersedes comes after it, and lends it
    its urgency: a newer one that is not overdue would else have to wait for the older one that is.
    """
    if policy.order == "given":
        return list(candidates)
    if policy.rules == CONFIGMGR_2007:
        return sorted(candidates, key=lambda candidate: _weight(candidate, policy.order))
    family = _family(candidates)
    generations = _generations(family)
    urgency = _urgency(candidates, family, generations, policy, begins)

    def rank(candidate: Candidate) -> tuple[int | bool, ...]:
        """Return what decides, most important first."""
        name = candidate.update.id
        return (*urgency[name], generations[name], *_weight(candidate, policy.order))

    return sorted(candidates, key=rank)


def _urgency(
    candidates: Sequence[Candidate],
    family: _Family,
    generations: Mapping[str, int],
    policy: PackingPolicy,
    begins: datetime,
) -> dict[str, tuple[bool, bool]]:
    """Return by id what must come first, False before True; it counts for all that replace the update too."""
    found = {}
    for candidate in candidates:
        deadline = candidate.update.deadline
        in_time, other = deadline is None or deadline > begins, not candidate.servicing_stack
        stack_first = policy.order == "servicing_stack_first"
        found[candidate.update.id] = (other, in_time) if stack_first else (in_time, other)
    # The oldest first, so that what they lend has come in before it is lent on.
    for name in sorted(found, key=lambda name: -generations[name]):
        for newer in family.newer[name]:
            found[newer] = min(found[newer], found[name])
    return found


def _weight(candidate: Candidate, order: str) -> tuple[int, ...]:
    severity = _SEVERITIES.get((candidate.update.severity or "").lower(), len(_SEVERITIES))
    first = (severity,) if order == "severity" else ()
    return (*first, candidate.seconds, candidate.position)


@dataclass(frozen=True, slots=True)
class _Family:
    """Which of the given updates replace which: direct relations, both ways."""

    older: Mapping[str, Sequence[str]]
    newer: Mapping[str, Sequence[str]]


def _family(candidates: Sequence[Candidate]) -> _Family:
    older: dict[str, list[str]] = {candidate.update.id: [] for candidate in candidates}
    newer: dict[str, list[str]] = {name: [] for name in older}
    for candidate in candidates:
        name = candidate.update.id
        for other in dict.fromkeys(candidate.update.supersedes):
            if other in older and other != name:
                older[name].append(other)
                newer[other].append(name)
    return _Family(older, newer)


def _generations(family: _Family) -> dict[str, int]:
    """Return by id how many updates replace one another above it; where they do so in a circle, more than any."""
    left = {name: len(others) for name, others in family.newer.items()}
    found = dict.fromkeys(left, len(left))
    waiting = [(name, 0) for name, count in left.items() if not count]
    for name, generation in waiting:
        found[name] = generation
        for other in family.older[name]:
            left[other] -= 1
            if not left[other]:
                waiting.append((other, generation + 1))
    return found


def _mark(marks: dict[str, Candidate], relations: Mapping[str, Sequence[str]], candidate: Candidate) -> None:
    """Mark all that a relation leads to; what is marked already has been followed."""
    waiting = [candidate.update.id]
    while waiting:
        for other in relations[waiting.pop()]:
            if other not in marks:
                marks[other] = candidate
                waiting.append(other)


def pack(candidates: Sequence[Candidate], room: Room, policy: PackingPolicy) -> Packed:
    """Return what runs. ConfigMgr 2007 stops at the first that does not fit; else the next are tried."""
    ordered = in_order(candidates, policy, room.begins)
    if room.closed:
        packed = Packed(required=ordered[0].seconds + policy.reserve if ordered else None)
        for candidate in ordered:
            packed.leave(candidate, "closed", room.closed, policy.reserve)
        return packed
    if policy.rules == CONFIGMGR_2007:
        return _pack_2007(ordered, room, policy.reserve)
    return _pack_all_that_fit(ordered, room, policy.reserve)


def _pack_2007(ordered: Sequence[Candidate], room: Room, reserve: int) -> Packed:
    packed = Packed()
    for number, candidate in enumerate(ordered):
        packed.required = candidate.seconds + reserve
        if room.holds(packed.required, packed.elapsed):
            packed.take(candidate)
            continue
        left = (room.seconds or 0) - packed.elapsed
        packed.leave(
            candidate, "does_not_fit", f"time required = {packed.required}, and {left} seconds are left", reserve
        )
        for other in ordered[number + 1 :]:
            packed.leave(
                other, "stopped", f"{candidate.shown} before it does not fit, so nothing after it runs", reserve
            )
        break
    return packed


@dataclass(slots=True)
class _Taken:
    """What those that run stand in the way of: their older and newer versions, their files, and all if one is alone."""

    family: _Family
    first: Candidate | None = None
    older: dict[str, Candidate] = field(default_factory=dict)
    newer: dict[str, Candidate] = field(default_factory=dict)
    files: dict[str, Candidate] = field(default_factory=dict)

    def add(self, candidate: Candidate) -> None:
        """Note one that runs."""
        self.first = self.first or candidate
        self.files |= dict.fromkeys(candidate.files, candidate)
        _mark(self.older, self.family.older, candidate)
        _mark(self.newer, self.family.newer, candidate)

    def obstacle(self, candidate: Candidate) -> tuple[str, str] | None:
        """Return word and reason where a candidate must not run with those that do."""
        replacing = self.older.get(candidate.update.id)
        if replacing:
            return "superseded", f"{replacing.shown} replaces it and is selected"
        if self.first and (self.first.exclusive or candidate.exclusive):
            alone = self.first if self.first.exclusive else candidate
            return "exclusive", f"{alone.shown} must be installed alone"
        shared = next((self.files[path] for path in sorted(candidate.files) if path in self.files), None)
        same = self.newer.get(candidate.update.id) or shared
        if same:
            return "same_files", f"{same.shown} is selected and replaces the same files; a reboot must lie between them"
        return None


def _pack_all_that_fit(ordered: Sequence[Candidate], room: Room, reserve: int) -> Packed:
    packed = Packed()
    taken = _Taken(_family(ordered))
    for candidate in ordered:
        packed.required = candidate.seconds + reserve
        obstacle = taken.obstacle(candidate)
        if obstacle:
            packed.leave(candidate, *obstacle, reserve)
        elif room.holds(packed.required, packed.elapsed):
            packed.take(candidate)
            taken.add(candidate)
        else:
            left = spoken_length((room.seconds or 0) - packed.elapsed)
            needs = f"{spoken_length(candidate.seconds)} and a reserve of {spoken_length(reserve)}"
            packed.leave(candidate, "does_not_fit", f"it needs {needs}; {left} are left", reserve)
    return packed
