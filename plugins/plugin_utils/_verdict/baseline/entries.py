# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lists of single updates with a word on each: what must not be there, and what may be lacking for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..._evidence.scan import Update
from ..._evidence.times import format_time
from .selectors import Selector, one_update
from .values import Mistakes, read_entries, read_mapping, read_moment, read_text

_REJECTED_KEYS = ("kb", "id", "title", "reason")
_IGNORED_KEYS = ("kb", "id", "title", "reason", "until")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``where`` names its place in the policy; ``until`` is aware, None for what does not expire."""

    where: str
    selector: Selector
    reason: str
    until: datetime | None = None

    def names(self, update: Update) -> bool:
        """Whether the entry is about the update."""
        return self.selector.fits(update) is True

    def shown(self) -> str:
        """The entry in a sentence: its reason, how long it holds, and where it stands."""
        until = f" until {format_time(self.until)}" if self.until else ""
        return f"{self.reason or 'no reason is given'}{until} ({self.where})"


def parse_rejected(value: object, where: str, mistakes: Mistakes) -> tuple[Entry, ...]:
    """Return the entries of ``rejected``: kb, id or title, and a reason that may be left out."""
    return _parse(value, where, mistakes, _REJECTED_KEYS)


def parse_ignored(value: object, where: str, mistakes: Mistakes) -> tuple[Entry, ...]:
    """Return the entries of ``ignore_updates``: kb, id or title, with reason and until, which are required."""
    return _parse(value, where, mistakes, _IGNORED_KEYS)


def _parse(value: object, where: str, mistakes: Mistakes, keys: tuple[str, ...]) -> tuple[Entry, ...]:
    # No entry is an answer here: the lists are empty in most policies.
    entries = read_entries(value, "updates", where, mistakes) if value != [] else ()
    return tuple(_entry(item, f"{where}[{place}]", mistakes, keys) for place, item in enumerate(entries))


def _entry(item: object, where: str, mistakes: Mistakes, keys: tuple[str, ...]) -> Entry:
    words = read_mapping(item, keys, where, mistakes)
    if words is None:
        return Entry(where, Selector(), "")
    expires = "until" in keys
    if expires and words.get("reason") is None:
        mistakes.note(f"{where}.reason", "is required: say why the update may be lacking")
    if expires and words.get("until") is None:
        mistakes.note(f"{where}.until", "is required: from that day on the update counts again")
    given = words.get("reason")
    reason = read_text(given, f"{where}.reason", mistakes) if given is not None else None
    until = words.get("until")
    return Entry(
        where=where,
        selector=one_update(words, where, mistakes),
        reason=reason or "",
        until=read_moment(until, f"{where}.until", mistakes) if expires and until is not None else None,
    )
