# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Did a reboot happen, and what did it not clear?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ..._evidence.document import Evidence
from ..._evidence.times import SAME_BOOT, format_time, time_or_none
from ..._evidence.wording import printable
from ..._verdict.persistent import PersistentSignal, is_persistent, persistent_marks, repair_text
from ..._verdict.reboot import Verdict

MAX_SENTENCE = 900
_HEADS: Mapping[bool | None, str] = MappingProxyType(
    {True: "The host has booted", False: "The host has not booted", None: "Whether the host has booted is not known"}
)


@dataclass(frozen=True, slots=True)
class RebootOutcome:
    """``booted`` is None where that cannot be told. ``marks`` are what the host is to remember from now on.

    ``forget`` are ids of signals whose mark is of no use any more.
    """

    booted: bool | None
    why: str
    persistent: tuple[PersistentSignal, ...]
    marks: Mapping[str, str]
    forget: tuple[str, ...]
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "booted": self.booted,
            "why": self.why,
            "persistent": [signal.as_dict() for signal in self.persistent],
            "marks": dict(self.marks),
            "forget": list(self.forget),
            "reboot": self.verdict.reboot,
            "sentence": self.sentence,
        }

    @property
    def sentence(self) -> str:
        """The outcome for people."""
        names = [one.signal.id for one in self.persistent]
        text = f"{_HEADS[self.booted]}: {self.why}."
        if set(self.verdict.because) - set(names) or not names:
            text += f" {self.verdict.sentence}"
        if names:
            told = repair_text(names)
            text += f" {told[:1].upper()}{told[1:]}."
        return printable(text[:MAX_SENTENCE])


def reboot_outcome(
    before: Evidence, after: Evidence, verdict_before: Verdict, verdict_after: Verdict, known: Mapping[str, str]
) -> RebootOutcome:
    """Return what became of a reboot between two documents of one host.

    Both verdicts are under a policy without marks; ``known`` are the marks that the host holds. Only after a boot a
    signal becomes persistent. A mark is kept while its signal is there unchanged, or cannot be read.
    """
    booted, why = booted_between(before, after)
    found = persistent_marks(verdict_before.signals, verdict_after.signals, deciding=verdict_before.because)
    survivors = found if booted is True else ()
    marks = {**_kept(verdict_after, known), **{one.signal.id: one.mark for one in survivors}}
    return RebootOutcome(
        booted=booted,
        why=why,
        persistent=survivors,
        marks=marks,
        forget=tuple(name for name in known if name not in marks),
        verdict=verdict_after,
    )


def booted_between(before: Evidence, after: Evidence) -> tuple[bool | None, str]:
    """Return (whether a host has booted between two documents, why); None where that cannot be told.

    A start after the moment of the first reading is a boot. A start that moved by less than Windows corrects its clock
    by is none.
    """
    start, started = after.boot_time, before.boot_time
    if start is None:
        return None, "its boot time could not be read afterwards"
    read_at = _clock(before)
    if read_at is not None and start > read_at:
        return True, f"it started at {format_time(start)}"
    if started is None:
        return None, "its boot time could not be read before"
    if abs(start - started) <= SAME_BOOT:
        return False, f"it runs since {format_time(started)}"
    if start > started:
        return True, f"it started at {format_time(start)}"
    return None, f"its boot time went back from {format_time(started)} to {format_time(start)}: its clock was set"


def _clock(evidence: Evidence) -> datetime | None:
    """The host's own time of a reading: where it was not readable, the document bears the controller's."""
    return time_or_none(evidence.system.get("clock"))


def _kept(verdict: Verdict, known: Mapping[str, str]) -> dict[str, str]:
    """A mark outlives neither its signal nor a change of it; what cannot be read now may still be there."""
    states = {signal.id: signal for signal in verdict.signals}
    kept = {}
    for name, mark in known.items():
        signal = states.get(name)
        if signal is not None and (signal.state in ("unknown", "not_asked") or is_persistent(signal, {name: mark})):
            kept[name] = mark
    return kept
