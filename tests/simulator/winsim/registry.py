# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The registry of one simulated host: keys, volatile or not, and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

HIVES: Mapping[str, str] = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}

Data = str | int | list[str]


def full_path(path: str) -> str:
    r"""`path` with its hive spelled out (`HKLM\X` -> `HKEY_LOCAL_MACHINE\X`), without a trailing backslash."""
    hive, _, rest = path.strip().rstrip("\\").partition("\\")
    hive = HIVES.get(hive.upper(), hive.upper())
    return f"{hive}\\{rest}" if rest else hive


def normal(path: str) -> str:
    """The form in which two spellings of one key are equal: Windows ignores case in key paths."""
    return full_path(path).lower()


@dataclass(slots=True)
class Value:
    """One registry value: `kind` is a REG_ word, binary `data` is hexadecimal text."""

    name: str
    kind: str
    data: Data


@dataclass(slots=True)
class Key:
    """One key. `listed` is false for keys that exist only because something below them does."""

    path: str
    volatile: bool = False
    write_time: datetime | None = None
    listed: bool = True
    values: dict[str, Value] = field(default_factory=dict)

    def value(self, name: str) -> Value | None:
        return self.values.get(name.lower())

    def put(self, value: Value) -> None:
        self.values[value.name.lower()] = value


class Registry:
    """All keys of a host. Paths ignore case and may be spelled with either form of the hive."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}

    def __iter__(self) -> Iterator[Key]:
        return iter(list(self._keys.values()))

    def key(self, path: str) -> Key | None:
        return self._keys.get(normal(path))

    def add(self, key: Key) -> Key:
        """Adds `key`, or replaces the one at its place; its ancestors exist from then on."""
        self._keys[normal(key.path)] = key
        parent = key.path.rpartition("\\")[0]
        if parent and normal(parent) not in self._keys:
            self.add(Key(path=parent, listed=False))
        return key

    def value(self, path: str, name: str) -> Value | None:
        key = self.key(path)
        return key.value(name) if key else None

    def drop_value(self, path: str, name: str, *, at: datetime) -> None:
        """Removes one value; the key's write time moves only where it was readable before."""
        key = self.key(path)
        if key and key.values.pop(name.lower(), None) and key.write_time:
            key.write_time = at

    def drop_tree(self, path: str) -> None:
        """Removes the key and everything below it."""
        top = normal(path)
        for known in [k for k in self._keys if k == top or k.startswith(top + "\\")]:
            del self._keys[known]

    def below(self, path: str) -> list[Key]:
        """Every key below `path`, at any depth."""
        top = normal(path) + "\\"
        return [key for known, key in self._keys.items() if known.startswith(top)]

    def subkeys(self, path: str) -> list[str]:
        """Names of the direct subkeys, sorted as Windows does: without regard to case."""
        depth = normal(path).count("\\") + 1
        names = [full_path(k.path).rpartition("\\")[2] for k in self.below(path) if normal(k.path).count("\\") == depth]
        return sorted(names, key=str.lower)
