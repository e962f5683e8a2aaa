# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which updates another one of the same scan stands in for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._evidence.scan import Update


def superseded_by(updates: Sequence[Update], wanted: Callable[[Update], bool]) -> dict[str, str]:
    """Return ``{id of a superseded update: id of the one that stands in for it}`` of one scan.

    An update stands in for another only where it is installed or ``wanted`` itself: what nobody will install (a
    preview, a hidden or rejected one) takes the place of nothing, and updates that name each other in a circle don't
    either.
    """
    below: dict[str, tuple[str, ...]] = {}
    settled: list[str] = []
    for update in updates:
        if update.supersedes and (update.installed is True or wanted(update)):
            below[update.id] = update.supersedes
            if update.installed is True:
                settled.append(update.id)
    named = {under for above, names in below.items() for under in names if under != above}
    settled.extend(name for name in below if name not in named)
    found: dict[str, str] = {}
    # From what nothing stands in for downwards; each is looked at once, so a circle ends.
    seen = set(settled)
    while settled:
        above = settled.pop()
        for under in below[above]:
            if under == above:
                continue
            found.setdefault(under, above)
            if under in below and under not in seen:
                seen.add(under)
                settled.append(under)
    return found
