# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What may this identity not read? The `denied` list of the host file, the token, and the update agent's own rule."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from .model import expand
from .registry import HIVES, normal

CBS: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing"
SESSION_MANAGER: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
# A filtered token is stricter here than on some real hosts, where part of these stays readable.
FILTERED_TOKEN_KEYS: Final = (CBS, SESSION_MANAGER)
OPEN_NAMESPACE: Final = "root\\cimv2"

_DRIVE = re.compile(r"^(?:[A-Za-z]:\\|\\\\|%)")
_HIVE_WORDS = {word.lower() for pair in HIVES.items() for word in pair}


def normal_namespace(name: str) -> str:
    r"""`ROOT/ccm` and `root\ccm` are one namespace."""
    return name.replace("/", "\\").strip("\\").lower()


class DenialList:
    """The entries of a host file's `denied`, sorted by what they can name. An entry covers what lies below it too."""

    def __init__(self, entries: Iterable[str]) -> None:
        self.entries = list(entries)
        self._keys: list[str] = []
        self._files: list[str] = []
        self._names: list[str] = []
        for entry in self.entries:
            if entry.partition("\\")[0].lower() in _HIVE_WORDS:
                self._keys.append(normal(entry))
            elif _DRIVE.match(entry):
                self._files.append(expand(entry).rstrip("\\").lower())
            else:
                self._names.append(normal_namespace(entry))

    def key(self, path: str) -> bool:
        return _covered(normal(path), self._keys, "\\")

    def file(self, path: str) -> bool:
        return _covered(expand(path).lower(), self._files, "\\")

    def name(self, name: str) -> bool:
        """Program ids, mutexes, services, event logs, processes."""
        return normal_namespace(name) in self._names

    def cim(self, namespace: str, class_name: str, method: str = "") -> bool:
        target = f"{normal_namespace(namespace)}:{class_name.lower()}"
        if method:
            target += f".{method.lower()}"
        return _covered(target, self._names, "\\:.")


def _covered(target: str, entries: list[str], separators: str) -> bool:
    return any(target == e or (target.startswith(e) and target[len(e)] in separators) for e in entries)
