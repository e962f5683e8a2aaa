# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which updates a host's install job gets, in the order of the packing, and why it does not get others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..._evidence.wording import printable
from ..._verdict.baseline.baseline import Baseline
from ..._verdict.baseline.exclusions import excluded_reason
from ..._verdict.compliance.host_compliance import Compliance
from ..._verdict.compliance.outcome import LACKING, UpdateVerdict
from ..packing.candidates import Candidate, SetAside, sort_out
from ..packing.pack import in_order, pack
from ..packing.policy import CONFIGMGR_2007, PackingPolicy
from ..packing.room import Room

MAX_REASON = 400


@dataclass(frozen=True, slots=True)
class Left:
    """An update that no job of this plan installs, with a word for machines."""

    id: str
    title: str
    word: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "id": self.id,
            "title": self.title,
            "word": self.word,
            "reason": printable(self.reason[:MAX_REASON]),
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """``given`` are the raw updates that may be packed, by id; ``named`` the ids that the baseline names as such."""

    given: Mapping[str, Mapping[str, Any]]
    named: frozenset[str]
    left: tuple[Left, ...]


def wanted_updates(
    compliance: Compliance, updates: object, baseline: Baseline, *, at: datetime, not_again: Mapping[str, str]
) -> Wanted:
    """Return the updates that a host lacks and may get. What the baseline leaves out stays out, with its reason."""
    raw = _by_id(updates)
    given: dict[str, Mapping[str, Any]] = {}
    named: set[str] = set()
    left: list[Left] = []
    for name, verdict in compliance.updates.items():
        if verdict.state not in LACKING:
            continue
        by_id = any(selector.ids and selector.fits(verdict.update) is not False for selector in baseline.install or ())
        why = _why_not(verdict, raw.get(name), baseline, at=at, by_id=by_id)
        if why is None and name in not_again:
            why = ("tried", not_again[name])
        if why is None:
            given[name] = raw[name]
            named |= {name} if by_id else set()
        else:
            left.append(Left(name, verdict.update.title, *why))
    return Wanted(_in_scan_order(given, raw), frozenset(named), tuple(sorted(left, key=lambda one: one.id)))


def _in_scan_order(
    given: Mapping[str, Mapping[str, Any]], raw: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    return {name: raw[name] for name in raw if name in given}


def _why_not(
    verdict: UpdateVerdict, raw: Mapping[str, Any] | None, baseline: Baseline, *, at: datetime, by_id: bool
) -> tuple[str, str] | None:
    """(word, reason) why an update that is missing is not installed, or None where it may be."""
    if not verdict.counted:
        return verdict.place, verdict.place_reason
    update = verdict.update
    place = baseline.place(update, at)
    if not place.in_baseline:
        return place.word, place.reason
    if not place.sure:
        return "unsure", f"{place.reason}; nothing is installed on such a ground"
    excluded = None if by_id else excluded_reason(update)
    if excluded is not None:
        return "excluded", f"not installed unless a baseline names its id: {excluded}"
    if raw is None:
        return "not_in_scan", "the scan does not show it, so nobody can tell which revision is offered"
    if update.revision is None:
        return "no_revision", "the scan does not tell its revision, and only an exact revision is installed"
    return None


def _by_id(updates: object) -> dict[str, Mapping[str, Any]]:
    """Each update once, by the id that a verdict has; the first of two counts."""
    found: dict[str, Mapping[str, Any]] = {}
    for entry in updates if isinstance(updates, (list, tuple)) else ():
        if isinstance(entry, Mapping):
            found.setdefault(str(entry.get("id") or "").strip().strip("{}").lower(), entry)
    return found


def ordered_list(wanted: Wanted, room: Room, policy: PackingPolicy) -> tuple[list[Candidate], list[SetAside]]:
    """Return (the whole list in the order in which it is tried, what must not run beside it).

    The worker decides with the time that is really left, so the list holds more than fits by the run times that were
    promised. What stands in the way of another (an exclusive update, the same files, a newer version) is left out as if
    every update that fits the window alone were installed. The rules of ConfigMgr 2007 stop at the first that does not
    fit, which a worker does not: there the list is what was packed.
    """
    candidates, aside = sort_out(list(wanted.given.values()), policy)
    if policy.rules == CONFIGMGR_2007:
        packed = pack(candidates, room, policy)
        return [candidate for candidate, _offset in packed.chosen], [*aside, *packed.aside]
    alone = [candidate for candidate in candidates if room.holds(candidate.seconds + policy.reserve)]
    together = pack(alone, Room(room.begins), policy)
    out = {entry.position for entry in together.aside}
    ordered = [one for one in in_order(candidates, policy, room.begins) if one.position not in out]
    return ordered, [*aside, *together.aside]


def fits_at_all(candidates: Sequence[Candidate], room: Room, policy: PackingPolicy) -> bool:
    """Return whether any of them fits by itself."""
    return any(room.holds(candidate.seconds + policy.reserve) for candidate in candidates)


def listed(candidate: Candidate, named: frozenset[str]) -> dict[str, Any]:
    """Return one update as the plan of a job names it; minutes are rounded up."""
    update = candidate.update
    return {
        "id": update.id,
        "revision": update.revision,
        "title": candidate.shown,
        "run_minutes": math.ceil(candidate.seconds / 60),
        "named": update.id in named,
    }
