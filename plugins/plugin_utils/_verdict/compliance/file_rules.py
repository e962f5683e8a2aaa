# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""File rules: which file of which version shows that an update is there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..._evidence.scan import FileReading, Update
from ..._evidence.update import kb_number, update_id
from ..._evidence.wording import nearest, printable, type_name
from ..policy import PolicyError
from .paths import file_name, path_key

Answer = Literal["passes", "fails", "unknown"]

MAX_RULES = 2000
_KEYS = ("update", "path", "min_version", "sha256")
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}")
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_PATH = re.compile(r"(?:[A-Za-z]:|%[A-Za-z()0-9]+%)[\\/][^*?\"<>|]+")


@dataclass(frozen=True, slots=True)
class FileRule:
    """An update is there when the file at ``path`` has at least ``min_version``, or has exactly ``sha256``."""

    path: str
    min_version: tuple[int, ...] | None
    sha256: str | None
    update: str | None = None
    kb: str | None = None

    @property
    def key(self) -> str:
        """The path as paths are compared."""
        return path_key(self.path)

    @property
    def wants(self) -> str:
        """What the rule asks for, for people."""
        if self.sha256 is not None:
            return f"sha256 {self.sha256[:12]}…"
        return f"at least {'.'.join(map(str, self.min_version or ()))}"

    def check(self, found: FileReading | None, what: str) -> tuple[Answer, str]:
        """Return the answer for one file, and what was seen; ``what`` names the file in it."""
        if found is None:
            return "unknown", f"{what} was not read by the scan"
        if found.state == "absent":
            return "fails", f"{what} is not there"
        if found.state != "ok":
            return "unknown", f"{what} could not be read ({printable(found.state[:20])})"
        if self.sha256 is not None:
            if not found.sha256:
                return "unknown", f"the hash of {what} was not read"
            return ("passes" if found.sha256 == self.sha256 else "fails"), f"{what} has sha256 {found.sha256[:12]}…"
        version = parse_version(found.version)
        if version is None:
            return "unknown", f"{what} has no version that could be read"
        fits = _padded(version) >= _padded(self.min_version or ())
        return ("passes" if fits else "fails"), f"{what} has version {'.'.join(map(str, version))}"


class RuleBook:
    """The rules of a policy by the update that they are about."""

    __slots__ = ("_by_id", "_by_kb", "rules")

    def __init__(self, rules: Sequence[FileRule]) -> None:
        self.rules = tuple(rules)
        self._by_id: dict[str, list[FileRule]] = {}
        self._by_kb: dict[str, list[FileRule]] = {}
        for rule in rules:
            if rule.update is not None:
                self._by_id.setdefault(rule.update, []).append(rule)
            elif rule.kb is not None:
                self._by_kb.setdefault(rule.kb, []).append(rule)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def about(self, update: Update) -> tuple[FileRule, ...]:
        """Return the rules of one update, by its id and by its KB numbers."""
        found = list(self._by_id.get(update.id, ()))
        for number in update.kb:
            found.extend(self._by_kb.get(number, ()))
        return tuple(found)


def parse_version(text: object) -> tuple[int, ...] | None:
    """Return the numbers of ``10.0.20348.1``; None for all else, also for texts such as ``10.0.1.2 (WinBuild.1)``."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or not _VERSION.fullmatch(text.strip()):
        return None
    return tuple(int(part) for part in text.strip().split("."))


def _padded(version: tuple[int, ...]) -> tuple[int, ...]:
    return (*version, 0, 0, 0, 0)[:4]


def parse_file_rules(value: object, where: str = "policy.file_rules") -> tuple[FileRule, ...]:
    """Return the rules of a list of ``{update, path, min_version | sha256}``; raise PolicyError with every mistake."""
    if not isinstance(value, (list, tuple)):
        raise PolicyError([f"{where}: must be a list of rules with update, path and min_version or sha256"])
    if len(value) > MAX_RULES:
        raise PolicyError([f"{where}: {len(value)} rules are more than the {MAX_RULES} that are allowed"])
    mistakes: list[str] = []
    rules = [_rule(entry, f"{where}[{place}]", mistakes) for place, entry in enumerate(value)]
    if mistakes:
        raise PolicyError(mistakes)
    return tuple(rule for rule in rules if rule is not None)


def _rule(entry: object, where: str, mistakes: list[str]) -> FileRule | None:
    if not isinstance(entry, Mapping):
        mistakes.append(f"{where}: must be a mapping with {', '.join(_KEYS)}, not {type_name(entry)}")
        return None
    mistakes.extend(
        f"{where}.{str(key)[:60]}: no such key{nearest(str(key), _KEYS)}; there are {', '.join(_KEYS)}"
        for key in entry
        if key not in _KEYS
    )
    kb = kb_number(entry.get("update"))
    update = None if kb else update_id(entry.get("update"))
    if kb is None and update is None:
        mistakes.append(f"{where}.update: must be the id of an update or a KB number such as KB5030216")
    path = entry.get("path")
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        mistakes.append(f"{where}.path: must be a full path such as C:\\Windows\\System32\\clbcatq.dll, no wildcards")
        path = ""
    version, digest = _wanted(entry, where, mistakes)
    return FileRule(path=path, min_version=version, sha256=digest, update=update, kb=kb)


def _wanted(entry: Mapping[str, object], where: str, mistakes: list[str]) -> tuple[tuple[int, ...] | None, str | None]:
    given = [name for name in ("min_version", "sha256") if entry.get(name) is not None]
    if len(given) != 1:
        mistakes.append(f"{where}: needs exactly one of min_version and sha256")
        return None, None
    if given == ["min_version"]:
        version = parse_version(entry["min_version"])
        if version is None:
            given_text = str(entry["min_version"])[:60]
            mistakes.append(f"{where}.min_version: {given_text!r} is not a version such as 10.0.0.0")
        return version, None
    digest = entry["sha256"]
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest.strip()):
        mistakes.append(f"{where}.sha256: must be 64 hexadecimal digits")
        return None, None
    return None, digest.strip().lower()


def shown_file(rule: FileRule) -> str:
    """Return the file of a rule as sentences name it."""
    return file_name(rule.path)
