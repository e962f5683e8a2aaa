# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What installations put into the rename queue, and how it is read: pairs of texts, both values as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ..denial import SESSION_MANAGER
from ..host import Host
from ..model import File
from ..registry import Key, Value

NAMES: Final = ("PendingFileRenameOperations", "PendingFileRenameOperations2")
NT: Final = "\\??\\"
NEW_FILE_BYTES: Final = 4096
Pair = tuple[str, str]


def read(host: Host) -> list[Pair]:
    """In the order in which a boot carries them out; an odd last text counts as a deletion."""
    return [pair for name in NAMES for pair in _pairs(host, name)]


def _pairs(host: Host, name: str) -> list[Pair]:
    value = host.registry.value(SESSION_MANAGER, name)
    texts = list(value.data) if value and isinstance(value.data, list) else []
    texts += [""] * (len(texts) % 2)
    return list(zip(texts[::2], texts[1::2], strict=True))


def add(host: Host, renames: Iterable[Sequence[str]], at: datetime) -> int:
    """Appends them as an installer does, with the new files they need; how many there are."""
    pairs = [_entry(source, target) for source, target in renames]
    for source, target in renames:
        _put_new_file(host, source, target, at)
    if pairs:
        _write(host, NAMES[0], [*_pairs(host, NAMES[0]), *pairs])
    return len(pairs)


def remove(host: Host, renames: Iterable[Sequence[str]]) -> None:
    """Takes back what `add` has put there; the new files stay."""
    gone = {_entry(source, target) for source, target in renames}
    for name in NAMES:
        before = _pairs(host, name)
        if gone & set(before):
            _write(host, name, [pair for pair in before if pair not in gone])


def clear(host: Host) -> None:
    """Nothing waits any more."""
    for name in NAMES:
        if host.registry.value(SESSION_MANAGER, name) is not None:
            _write(host, name, [])


def _write(host: Host, name: str, pairs: list[Pair]) -> None:
    key = host.registry.key(SESSION_MANAGER)
    if key is None or not key.listed:
        key = host.registry.add(Key(path=SESSION_MANAGER))
    if pairs:
        key.put(Value(name, "REG_MULTI_SZ", [text for pair in pairs for text in pair]))
    else:
        key.values.pop(name.lower(), None)


def _entry(source: str, target: str) -> Pair:
    """As MoveFileEx writes it (windows.md §1.2); a text that is written so already stays."""
    marked = source.startswith(("*", NT))
    return (source, target) if marked else (f"{NT}{source}", f"!{NT}{target}" if target else "")


def _put_new_file(host: Host, source: str, target: str, at: datetime) -> None:
    """The file that will take the target's place, unless the host file lists one: the target's next version."""
    if source.startswith(("*", NT)) or not target or host.file(source) is not None:
        return
    old = host.file(target)
    new = replace(old, path=source, modified=at) if old else File(source, size=NEW_FILE_BYTES, modified=at)
    if new.version:
        *first, last = new.version.split(".")
        new.version = ".".join([*first, str(int(last) + 1)])
    host.files[source.lower()] = new
