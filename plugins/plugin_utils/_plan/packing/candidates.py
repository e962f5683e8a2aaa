# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The updates that were given: what packing has to know of each, and those that cannot be packed at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._evidence.update import MAX_TEXT, Update, read_update
from ..._evidence.wording import printable
from ..._verdict.baseline.classifications import CLASSIFICATIONS, UPGRADES, classification_of
from .policy import PackingPolicy, run_seconds

# Microsoft's titles say it in English on every host's own catalogue entry; the key servicing_stack says it for others.
_SERVICING_STACK = re.compile(r"servicing stack", re.IGNORECASE)
_SERVICE_PACKS = CLASSIFICATIONS["Service Packs"]
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An update that could be installed. ``seconds`` is how long it may take, without the reserve."""

    position: int
    given: Mapping[str, Any]
    update: Update
    seconds: int
    servicing_stack: bool
    files: frozenset[str]

    @property
    def exclusive(self) -> bool:
        """Return whether nothing else may be installed with it (IInstallationBehavior.Impact 2)."""
        return self.update.impact == "exclusive"

    @property
    def shown(self) -> str:
        """Return how a sentence names it."""
        return self.update.title[:80] or self.update.id


@dataclass(frozen=True, slots=True)
class SetAside:
    """An update that is not selected. ``seconds``: how long a window must be for it; None: it waits for none."""

    position: int
    given: object
    word: str
    reason: str
    seconds: int | None = None


def sort_out(updates: Iterable[object], policy: PackingPolicy) -> tuple[list[Candidate], list[SetAside]]:
    """Return the updates that can be packed, in the given order, and those that cannot, with the reason.

    The first of two entries of one id counts.
    """
    candidates: list[Candidate] = []
    aside: list[SetAside] = []
    seen: set[str] = set()
    for position, given in enumerate(updates):
        found = _sorted_out(position, given, seen, policy)
        if isinstance(found, Candidate):
            candidates.append(found)
        else:
            aside.append(found)
    return candidates, aside


def _sorted_out(position: int, given: object, seen: set[str], policy: PackingPolicy) -> Candidate | SetAside:
    update, wrong = read_update(given)
    if update is None or not isinstance(given, Mapping):
        return SetAside(
            position, given, "damaged", f"entry {position + 1} {wrong}, so nobody can tell which update it is"
        )
    if update.id in seen:
        return SetAside(position, given, "duplicate", "it stands in the list twice; the first entry counts")
    seen.add(update.id)
    if update.reboot_required:
        reason = "it is installed and waits for a reboot, which needs the reserve only"
        return SetAside(position, given, "needs_reboot", reason, policy.reserve)
    if update.installed:
        return SetAside(position, given, "installed", "it is installed already")
    try:
        return _candidate(position, given, update, policy)
    except ValueError as error:
        return SetAside(position, given, "damaged", f"its {error}")


def _candidate(position: int, given: Mapping[str, Any], update: Update, policy: PackingPolicy) -> Candidate:
    told = given.get("servicing_stack")
    stack = told if isinstance(told, bool) else _SERVICING_STACK.search(update.title) is not None
    return Candidate(position, given, update, _seconds(given, update, policy), stack, _files(given))


def _seconds(given: Mapping[str, Any], update: Update, policy: PackingPolicy) -> int:
    """The operator's own word counts, then the update's, then the default of its kind."""
    own = [policy.own_seconds[name] for name in (update.id, *update.kb) if name in policy.own_seconds]
    if own:
        return own[0] if update.id in policy.own_seconds else max(own)
    if given.get("max_run_minutes") is None:
        return policy.default_seconds[kind_of(update)]
    try:
        return run_seconds(given["max_run_minutes"])
    except ValueError as error:
        raise ValueError(f"max_run_minutes {error}") from None


def kind_of(update: Update) -> str:
    """Return which default run time holds for an update."""
    classification = classification_of(update.classification_id, update.classification)
    return {UPGRADES: "feature_updates", _SERVICE_PACKS: "service_packs"}.get(classification or "", "other")


def _files(given: Mapping[str, Any]) -> frozenset[str]:
    files = given.get("files")
    if files is None:
        return frozenset()
    if not isinstance(files, (list, tuple)) or len(files) > _MOST_FILES:
        raise ValueError("files must be a list of paths")
    if not all(isinstance(path, str) for path in files):
        raise ValueError("files must be a list of paths")
    return frozenset(path.replace("/", "\\").casefold() for path in files)


def named(given: object) -> tuple[Any, str]:
    """Return id (as it was given, None where there is none) and title of an entry, for those that read the plan."""
    if not isinstance(given, Mapping):
        return None, ""
    name, title = given.get("id"), given.get("title")
    shown = printable(title[:MAX_TEXT]) if isinstance(title, str) else ""
    return (name[:MAX_TEXT] if isinstance(name, str) else None), shown
