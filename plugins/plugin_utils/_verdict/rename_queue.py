# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What will Windows rename, replace and delete at its next start, and which of it matters?

The values `PendingFileRenameOperations` and `PendingFileRenameOperations2` of
`HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager` are REG_MULTI_SZ lists of pairs: a file and its new name, or
an empty second string for a deletion; the Session Manager carries them out in order at boot (Microsoft Learn,
MoveFileExW, MOVEFILE_DELAY_UNTIL_REBOOT). A `!` before the new name replaces an existing file
(MOVEFILE_REPLACE_EXISTING). Windows 11 also writes `*1` before the prefix `\\??\\`; its meaning is not documented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .._evidence.wording import type_name
from .rename_place import Place, extension_of_normal, normal_path, place_of_normal
from .rename_rules import Operation, RenameRule

PROGRAM_EXTENSIONS = frozenset({".exe", ".dll", ".sys", ".drv", ".ocx", ".cpl", ".mui", ".efi", ".cat", ".manifest"})
_ALWAYS_SIGNIFICANT: frozenset[Place] = frozenset({"system32", "winsxs", "drivers"})
_NEVER_SIGNIFICANT: frozenset[Place] = frozenset({"temp", "systemtemp", "profile", "spool"})

_NT_PREFIX = "\\??\\"
_FORM = re.compile(
    r"(?:(?P<before>!)?\*(?P<mark>[0-9]+))?(?P<replace>!)?(?:(?:\\\?\?|\\\\[?.])\\)*(?P<path>.*)", re.DOTALL
)

_NO_SOURCE = "a target without a file to rename"
_NO_SOURCE_PATH = "the file to rename has a prefix but no path"
_NO_TARGET_PATH = "the target has a prefix but no path"
_NUL_INSIDE = "a path holds a NUL character"
_UNKNOWN_SIGN = "a sign of unknown meaning stands before \\??\\"
_SIGN_ON_SOURCE = "the sign ! stands on the file instead of the target"
_PADDED = "the target is missing; read as a deletion"


class RenameQueueError(ValueError):
    """The value is no list of texts, so nothing can be said about the queue. `index` is null when it is no list."""

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


@dataclass(frozen=True, slots=True)
class RenameEntry:
    """One operation of a queue.

    `index` counts the pairs of the queue from 0, skipped pairs too. `source` and `target` are without signs and
    prefix, otherwise as written; `target` is None for a deletion. `place` is the target's, for a deletion the file's.
    `rule` is the id of the rule that ignores the entry. `raw` holds the two strings as they were read.
    """

    queue: str
    index: int
    operation: Operation
    source: str
    target: str | None
    place: Place
    significant: bool
    rule: str | None
    mark: str | None
    malformed: str | None
    raw: tuple[str, str]

    def as_dict(self) -> dict[str, object]:
        """The entry as plain data, one key for each field."""
        return {
            "queue": self.queue,
            "index": self.index,
            "operation": self.operation,
            "source": self.source,
            "target": self.target,
            "place": self.place,
            "significant": self.significant,
            "rule": self.rule,
            "mark": self.mark,
            "malformed": self.malformed,
            "raw": list(self.raw),
        }


@dataclass(frozen=True, slots=True)
class RenameQueue:
    """The entries in the order of their execution, and sentences about what is wrong with the value as a whole."""

    entries: tuple[RenameEntry, ...]
    malformed: tuple[str, ...]

    @property
    def significant(self) -> tuple[RenameEntry, ...]:
        """The significant entries that no rule ignores."""
        return tuple(entry for entry in self.entries if entry.significant and entry.rule is None)

    @property
    def minor(self) -> tuple[RenameEntry, ...]:
        """The minor entries that no rule ignores."""
        return tuple(entry for entry in self.entries if not entry.significant and entry.rule is None)

    @property
    def ignored(self) -> tuple[RenameEntry, ...]:
        """The entries that a rule ignores."""
        return tuple(entry for entry in self.entries if entry.rule is not None)


def parse_rename_queue(strings: object, *, queue: str) -> RenameQueue:
    """The entries of one registry value, not yet judged by rules.

    `strings` is the REG_MULTI_SZ value with every empty string kept; `queue` is the id put into the entries. Pairs of
    two empty strings are skipped. An odd number of strings (readers lose the last empty one) is padded and said in
    `malformed`. Raises RenameQueueError when it is no list, or an element is no text.
    """
    texts = _texts(strings, queue)
    malformed: tuple[str, ...] = ()
    padded = -1
    if len(texts) % 2 and any(texts):
        padded = len(texts) // 2
        malformed = (f"{queue} holds {len(texts)} strings, an odd number: the last target is missing",)
    sources, targets = texts[0::2], [*texts[1::2], ""]
    entries = tuple(
        _entry(queue, index, raw, padded=index == padded)
        for index, raw in enumerate(zip(sources, targets, strict=False))
        if raw[0] or raw[1]
    )
    return RenameQueue(entries, malformed)


def judge_rename_queue(queue: RenameQueue, rules: Iterable[RenameRule], *, now: datetime | None) -> RenameQueue:
    """The same queue, each entry with the id of the first rule that ignores it, or None.

    `now` is aware; without it no rule that has an expiry is used. Shipped rules never ignore a significant entry.
    """
    in_force = tuple(rule for rule in rules if rule.applies_at(now))
    fitting: dict[tuple[Operation, Place, bool], _Searches] = {}
    judged = []
    for entry in queue.entries:
        kind = (entry.operation, entry.place, entry.significant)
        searches = fitting.get(kind)
        if searches is None:
            searches = fitting[kind] = _searches(in_force, entry)
        rule = _first_rule(entry, searches)
        judged.append(entry if rule == entry.rule else _with_rule(entry, rule))
    return RenameQueue(tuple(judged), queue.malformed)


def is_significant(operation: Operation, place: Place, path: str) -> bool:
    """Whether such an operation can change what runs: the fixed rule of the rename queue.

    Anything in System32, SysWOW64, WinSxS and drivers; elsewhere a program file that is renamed or replaced outside
    temp, profile and spool folders. Path (in normal form) and place are the target's, for a deletion the file's.
    """
    if place in _ALWAYS_SIGNIFICANT:
        return True
    return operation != "delete" and place not in _NEVER_SIGNIFICANT and extension_of_normal(path) in PROGRAM_EXTENSIONS


_Searches = tuple[tuple[str, Callable[[str], object] | None], ...]


def _searches(rules: Iterable[RenameRule], entry: RenameEntry) -> _Searches:
    """What is left to ask about entries of this kind: rule ids, each with its search of the path, if it has one."""
    return tuple(
        (rule.id, rule.match.search if rule.match else None)
        for rule in rules
        if rule.operation in (None, entry.operation)
        and rule.place in (None, entry.place)
        and not (rule.shipped and entry.significant)
    )


def _first_rule(entry: RenameEntry, searches: _Searches) -> str | None:
    if not searches:
        return None
    path = normal_path(entry.source if entry.target is None else entry.target)
    return next((rule for rule, search in searches if search is None or search(path)), None)


def _with_rule(entry: RenameEntry, rule: str | None) -> RenameEntry:
    # Not dataclasses.replace: three times slower, and queues can be long.
    return RenameEntry(
        entry.queue,
        entry.index,
        entry.operation,
        entry.source,
        entry.target,
        entry.place,
        entry.significant,
        rule,
        entry.mark,
        entry.malformed,
        entry.raw,
    )


def _texts(strings: object, queue: str) -> Sequence[str]:
    if not isinstance(strings, (list, tuple)):
        raise RenameQueueError(f"{queue}: must be a list of texts, not {type_name(strings)}")
    for index, text in enumerate(strings):
        if not isinstance(text, str):
            raise RenameQueueError(f"{queue}[{index}]: must be text, not {type_name(text)}", index=index)
    return strings


def _entry(queue: str, index: int, raw: tuple[str, str], *, padded: bool) -> RenameEntry:
    source, source_mark, source_sign = _read(raw[0])
    target, target_mark, replace = _read(raw[1])
    unusable = _unusable(source, target, raw)
    operation: Operation = ("replace" if replace else "rename") if raw[1] else "delete"
    path = normal_path(target if raw[1] else source)
    place = place_of_normal(path)
    return RenameEntry(
        queue=queue,
        index=index,
        operation=operation,
        source=source,
        target=target if raw[1] else None,
        place=place,
        significant=unusable is not None or is_significant(operation, place, path),
        rule=None,
        mark=source_mark or target_mark,
        malformed=unusable or (_SIGN_ON_SOURCE if source_sign else _PADDED if padded else None),
        raw=raw,
    )


def _read(text: str) -> tuple[str, str | None, bool]:
    """Path, mark and `!` of one string."""
    if not text:
        return "", None, False
    if text.startswith(_NT_PREFIX, 0, 4) and text[4:5] != "\\":
        return text[4:].rstrip("\0"), None, False
    form = _FORM.fullmatch(text)
    if form is None:
        return text, None, False
    before, mark, replace, path = form.groups()
    return path.rstrip("\0"), mark, bool(before or replace)


def _unusable(source: str, target: str, raw: tuple[str, str]) -> str | None:
    """Why nobody can say what this entry will do; such an entry is significant."""
    if not source:
        return _NO_SOURCE_PATH if raw[0] else _NO_SOURCE
    if raw[1] and not target:
        return _NO_TARGET_PATH
    if "\0" in source or "\0" in target:
        return _NUL_INSIDE
    if _NT_PREFIX in source or _NT_PREFIX in target:
        return _UNKNOWN_SIGN
    return None
