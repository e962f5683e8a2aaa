# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which file will stand at a path after the next boot, by the rename queue?

The Session Manager carries the operations out in order (windows facts as in rename_queue.py). The update agent looks at
the file that will be moved into place where it judges a file's version or hash ("How to detect if a reboot is needed
after installing a patch", the example of clbcatq.dll and SET31.tmp).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._evidence.scan import QueuedMove
from .paths import file_name, path_key

# A rename without the sign for "replace" fails where the target is there: what then stands there is not known.
_NOBODY_KNOWS = "?"


@dataclass(frozen=True, slots=True)
class AfterBoot:
    """``source`` is the key of the file that will stand there, None for none; ``sure`` False: nobody can say.

    ``entry`` names the last operation that is aimed at the path, for people.
    """

    source: str | None
    sure: bool
    entry: str


class QueuePicture:
    """The end of a rename queue, worked out once for all paths."""

    __slots__ = ("_entries", "_holds")

    def __init__(self, moves: Sequence[QueuedMove]) -> None:
        self._holds: dict[str, str | None] = {}
        self._entries: dict[str, str] = {}
        for move in moves:
            self._carry_out(move)

    def _carry_out(self, move: QueuedMove) -> None:
        source = path_key(move.source)
        moved = self._holds.get(source, source)
        self._holds[source] = None
        if not move.target:
            self._entries[source] = f"deletion of {file_name(move.source)}"
            return
        target = path_key(move.target)
        shown = f"{file_name(move.source)} -> {file_name(move.target)}"
        self._entries[source] = self._entries[target] = shown
        in_the_way = self._holds.get(target, target) is not None
        self._holds[target] = _NOBODY_KNOWS if in_the_way and move.operation == "rename" else moved

    def at(self, key: str) -> AfterBoot | None:
        """Return what will stand at a path, or None where no operation is aimed at it."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        holds = self._holds.get(key)
        return AfterBoot(None if holds == _NOBODY_KNOWS else holds, holds != _NOBODY_KNOWS, entry)
