# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One signal as judged: present, absent, unknown with its reason, or not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from .._evidence.answers import Answer, Reading
from .._evidence.catalogue import SIGNALS, SignalDefinition
from .._evidence.wording import printable

State = Literal["present", "absent", "unknown", "not_asked"]
MAX_DETAIL = 300
MAX_ERROR = 500


@dataclass(frozen=True, slots=True)
class Signal:
    """A judged signal. ``detail`` is a sentence: what was found, or why it is unknown.

    ``written_at`` is the write time of the key it was read from, where that was asked for and readable;
    ``ignored_by`` are the ids of the rules that ignore all there is to it; ``required_by_product`` says of an
    unanswered one that its product is at work, so that there is no "no" without it.
    """

    definition: SignalDefinition
    state: State
    strength: str
    kind: str
    detail: str
    updates: tuple[str, ...] = ()
    entries: tuple[Mapping[str, Any], ...] = ()
    error: Mapping[str, Any] | None = None
    stale: bool = False
    written_at: datetime | None = None
    ignored_by: tuple[str, ...] = ()
    required_by_product: bool = False

    @property
    def id(self) -> str:
        """The id of the catalogue."""
        return self.definition.id

    def as_dict(self) -> dict[str, Any]:
        """Return the signal in its published shape."""
        return {
            "id": self.definition.id,
            "state": self.state,
            "scope": self.definition.scope,
            "strength": self.strength,
            "kind": self.kind,
            "updates": list(self.updates),
            "entries": [dict(entry) for entry in self.entries],
            "read_from": list(self.definition.read_from),
            "detail": self.detail,
            "error": dict(self.error) if self.error is not None else None,
            "stale": self.stale,
        }


def _plain(definition: SignalDefinition, state: State, detail: str) -> Signal:
    return Signal(definition, state, definition.strength, definition.kind, detail)


# Most signals of most hosts are absent: they share one value each.
_ABSENT = {name: _plain(entry, "absent", "not found") for name, entry in SIGNALS.items()}
_NOT_ASKED = {name: _plain(entry, "not_asked", "was not asked") for name, entry in SIGNALS.items()}


def absent(name: str, detail: str | None = None) -> Signal:
    """Return the signal as absent: an answer."""
    return _ABSENT[name] if detail is None else _plain(SIGNALS[name], "absent", printable(detail[:MAX_DETAIL]))


def not_asked(name: str, detail: str | None = None) -> Signal:
    """Return the signal as not asked: no answer, and nobody's fault."""
    return _NOT_ASKED[name] if detail is None else _plain(SIGNALS[name], "not_asked", detail[:MAX_DETAIL])


def unknown(name: str, reason: str, error: Mapping[str, Any] | None = None) -> Signal:
    """Return the signal as unknown, with its reason and the error as the host gave it (bounded)."""
    bounded = {str(key)[:40]: _bounded(value) for key, value in list(error.items())[:8]} if error else None
    definition = SIGNALS[name]
    return Signal(
        definition, "unknown", definition.strength, definition.kind, printable(reason[:MAX_DETAIL]), error=bounded
    )


def present(
    name: str,
    detail: str,
    *,
    updates: Sequence[str] = (),
    entries: Sequence[Mapping[str, Any]] = (),
    strength: str | None = None,
    kind: str | None = None,
    written_at: datetime | None = None,
) -> Signal:
    """Return the signal as present; strength and kind are the catalogue's unless given."""
    definition = SIGNALS[name]
    return Signal(
        definition,
        "present",
        strength or definition.strength,
        kind or definition.kind,
        printable(detail[:MAX_DETAIL]),
        updates=tuple(updates),
        entries=tuple(entries),
        written_at=written_at,
    )


def without_data(name: str, answer: Answer) -> Signal:
    """Return the signal for an answer that found nothing: absent, unknown or not asked."""
    if answer.reading is Reading.ABSENT:
        return _ABSENT[name]
    if answer.reading is Reading.NOT_ASKED:
        return _NOT_ASKED[name]
    return unknown(name, answer.reason, answer.error)


def any_present(name: str, found: Sequence[Signal]) -> Signal:
    """Return what several places say of one signal: any present, else any unknown, else any not asked among answers."""
    for state in ("present", "unknown"):
        for signal in found:
            if signal.state == state:
                return signal
    missing = [signal for signal in found if signal.state == "not_asked"]
    if not missing:
        return found[0]
    return missing[0] if len(missing) == len(found) else unknown(name, "only some of its places were asked")


def damaged(name: str, what: str) -> Signal:
    """Return the signal as unknown because the answer makes no sense."""
    return unknown(name, f"the answer is damaged: {what}")


def _bounded(value: object) -> object:
    if isinstance(value, str):
        return printable(value[:MAX_ERROR])
    return value if isinstance(value, (int, float, type(None))) else str(value)[:80]
