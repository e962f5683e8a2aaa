# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What became of every update of a run: the answers of all its rounds put together, none lost, no failure forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._evidence.update import update_id
from .._explain.errors import explain_error
from .._explain.numbers import CodeError
from .run_lines import bounded_text

# The worst first. ``planned`` is what a check run would install.
STATES = (
    "failed",
    "rolled_back",
    "missing",
    "unknown",
    "pending_reboot",
    "deferred",
    "skipped",
    "planned",
    "verified",
)
BAD = frozenset({"failed", "rolled_back", "missing"})
# Not begun, so it says nothing about what was begun before.
NOT_BEGUN = frozenset({"deferred", "skipped", "planned"})
# Somebody has to do something before the update can be installed: another window alone does not help.
NEEDS_SOMEBODY = frozenset({"disk_space", "eula", "excluded"})
MAX_BECAUSE = 600


@dataclass(frozen=True, slots=True)
class RunUpdate:
    """One update of a run. ``name``, ``cause`` and ``next_step`` explain ``hresult``; None where nothing failed."""

    id: str
    revision: int | None
    title: str
    state: str
    because: str
    hresult: str | None = None
    reason: str | None = None
    begun: bool = False
    name: str | None = None
    cause: str | None = None
    next_step: str | None = None

    @property
    def shown(self) -> str:
        """How sentences name it."""
        return self.title[:80] or self.id

    @property
    def is_bad(self) -> bool:
        """Whether the run has failed because of it."""
        return self.state in BAD or (self.state == "skipped" and self.reason in NEEDS_SOMEBODY)

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "id": self.id,
            "revision": self.revision,
            "title": self.title,
            "state": self.state,
            "because": self.because,
            "hresult": self.hresult,
            "reason": self.reason,
            "name": self.name,
            "cause": self.cause,
            "next_step": self.next_step,
        }


def merged_updates(looks: Iterable[object]) -> tuple[RunUpdate, ...]:
    """Return the updates of results in the order in which they were made, each once, in the order of their coming.

    The later look counts, but what was not begun this time, or is not known now, hides nothing that was known before.
    """
    found: dict[str, RunUpdate] = {}
    for look in looks:
        for entry in _entries(look):
            update = _update(entry)
            before = found.get(update.id)
            found[update.id] = update if before is None else _later(before, update)
    return tuple(found.values())


def counts(updates: Iterable[RunUpdate]) -> dict[str, int]:
    """Return how many updates are in which state, the states that occur."""
    states = [update.state for update in updates]
    return {state: states.count(state) for state in STATES if state in states}


def _entries(look: object) -> Iterable[Mapping[str, Any]]:
    entries = look.get("updates") if isinstance(look, Mapping) else None
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, (list, tuple)) else []


def _update(entry: Mapping[str, Any]) -> RunUpdate:
    state = entry.get("state")
    hresult, explanation = _text(entry, "hresult", 60), entry.get("explanation")
    known = explanation if isinstance(explanation, Mapping) else _explained(hresult)
    revision = entry.get("revision")
    # An entry that names no update is one all the same: what cannot be understood is shown, and is unknown.
    name = update_id(entry.get("id")) or bounded_text(str(entry.get("id") or "an update without an id"), 80)
    return RunUpdate(
        id=name,
        revision=revision if isinstance(revision, int) and not isinstance(revision, bool) else None,
        title=_text(entry, "title", 200) or "",
        state=state if isinstance(state, str) and state in STATES else "unknown",
        because=_text(entry, "because", MAX_BECAUSE) or "no reason is given",
        hresult=hresult,
        reason=_text(entry, "reason", 60),
        begun=entry.get("begun") is True,
        name=_text(known, "name", 200),
        cause=_text(known, "cause", 800),
        next_step=_text(known, "next_step", 800),
    )


def _explained(hresult: str | None) -> Mapping[str, Any]:
    try:
        return explain_error(hresult) if hresult else {}
    except CodeError:
        return {}


def _later(before: RunUpdate, now: RunUpdate) -> RunUpdate:
    """Return what counts of two looks at one update."""
    begun = before.begun or now.begun
    return _with(before, now, begun=begun) if _hides(before, now, begun=begun) else _with(now, before, begun=begun)


def _hides(before: RunUpdate, now: RunUpdate, *, begun: bool) -> bool:
    """Return whether the earlier look still counts."""
    if now.state in NOT_BEGUN:
        return before.state not in NOT_BEGUN and (before.begun or before.state != "unknown")
    if now.state == "missing" and before.state in NOT_BEGUN:
        # Of course it is still offered: nobody has begun with it.
        return not begun
    return before.state in BAD and now.state in ("unknown", "missing")


def _with(kept: RunUpdate, other: RunUpdate, *, begun: bool) -> RunUpdate:
    """Return an answer with what only the other look tells: titles, and the code of a failure."""
    code = kept if kept.hresult or kept.state not in BAD else other
    return RunUpdate(
        id=kept.id,
        revision=kept.revision if kept.revision is not None else other.revision,
        title=kept.title or other.title,
        state=kept.state,
        because=kept.because,
        hresult=code.hresult,
        reason=kept.reason,
        begun=begun,
        name=code.name,
        cause=code.cause,
        next_step=code.next_step,
    )


def _text(entry: Mapping[str, Any], key: str, most: int) -> str | None:
    value = entry.get(key)
    return (bounded_text(value, most).strip() or None) if isinstance(value, str) else None
