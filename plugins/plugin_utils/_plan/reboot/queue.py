# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the next boot would harm, by an analysis of the rename queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._evidence.wording import printable, type_name
from .options import RebootOptions

STATES = ("clean", "risky", "unknown")
MAX_HARM = 400


@dataclass(frozen=True, slots=True)
class QueueView:
    """``harms`` maps words of DESPITE to what is meant; ``unread`` is why nothing is known of the queue, or empty.

    ``doubt`` is what is not known of single entries, which stops nothing.
    """

    harms: Mapping[str, str]
    unread: str = ""
    doubt: str = ""


def view_queue(queue: object, options: RebootOptions) -> QueueView:
    """Return what the published analysis of a rename queue says; what is no analysis says nothing of it."""
    harms: dict[str, str] = {}
    if options.lost_entries:
        harms["lost_entries"] = _shown(options.lost_entries, len(options.lost_entries))
    if not isinstance(queue, Mapping) or queue.get("state") not in STATES:
        given = "nobody has looked at it" if queue is None else f"{type_name(queue)} is no analysis of it"
        return QueueView(harms, f"what the next boot makes of the rename queue is not known: {given}")
    older, lost = _sentences(queue, "downgrades"), _sentences(queue, "lost")
    failing = _sentences(queue, "will_fail", harmful=True) + _sentences(queue, "deletions")
    for word, found, key in (("downgrade", older, "downgrades"), ("missing_source", failing, "will_fail")):
        if found or _more(queue, key, found):
            harms[word] = _shown(found, len(found))
    if lost or _more(queue, "lost", lost):
        harms["lost_entries"] = "; ".join(
            text for text in (harms.get("lost_entries", ""), _shown(lost, len(lost))) if text
        )
    if queue["state"] == "risky" and not harms:
        harms["missing_source"] = printable(str(queue.get("sentence") or "it is risky")[:MAX_HARM])
    told = str(queue.get("sentence") or "what the next boot makes of the rename queue is not known")
    reason = printable(told[:MAX_HARM]) if queue["state"] == "unknown" else ""
    nothing_read = queue["state"] == "unknown" and not _items(queue, "entries") and not harms
    return QueueView(harms, reason if nothing_read else "", "" if nothing_read else reason)


def _items(queue: Mapping[str, Any], key: str) -> Sequence[Any]:
    found = queue.get(key)
    return found if isinstance(found, (list, tuple)) else ()


def _more(queue: Mapping[str, Any], key: str, found: Sequence[str]) -> bool:
    """Whether the list was cut to nothing, so that only its count is left. Of failures some may be harmless."""
    count = queue.get(f"{key}_more")
    whole = not found and not _items(queue, key)
    return whole and isinstance(count, int) and not isinstance(count, bool) and count > 0


def _sentences(queue: Mapping[str, Any], key: str, *, harmful: bool = False) -> list[str]:
    return [
        printable(str(entry.get("sentence") or key)[:MAX_HARM])
        for entry in _items(queue, key)
        if isinstance(entry, Mapping) and not (harmful and entry.get("harmless") is True)
    ]


def _shown(texts: Sequence[str], count: int) -> str:
    if not texts:
        return "more than can be shown"
    more = f"; and {count - 2} more" if count > 2 else ""
    return f"{'; '.join(texts[:2])}{more}"
