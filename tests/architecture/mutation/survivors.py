# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a mutant may survive: read from survivors.yml, and refused where it says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from .mutants import Mutant

Key = tuple[str, str, str]
FIELDS = ("file", "function", "change", "reason")


class ReasonsError(ValueError):
    """The file of reasons is not what it should be; the message says where."""


def read_reasons(path: Path) -> dict[Key, str]:
    """Each reason by file, function and change of its mutant."""
    return parse_reasons(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)


def parse_reasons(entries: object, name: str) -> dict[Key, str]:
    """The same of what was read; raises ReasonsError for the first entry that is wrong."""
    if not isinstance(entries, list):
        raise ReasonsError(f"{name}: must be a list of entries")
    reasons: dict[Key, str] = {}
    for index, entry in enumerate(entries):
        where = f"{name}[{index}]"
        if not isinstance(entry, Mapping) or sorted(entry) != sorted(FIELDS):
            raise ReasonsError(f"{where}: must have the keys {', '.join(FIELDS)}")
        if not all(isinstance(entry[field], str) and entry[field].strip() for field in FIELDS):
            raise ReasonsError(f"{where}: every key must hold a text")
        key = (entry["file"], entry["function"], entry["change"])
        if key in reasons:
            raise ReasonsError(f"{where}: a second reason for the same mutant")
        reasons[key] = " ".join(entry["reason"].split())
    return reasons


def stale(reasons: Iterable[Key], survivors: Iterable[Mutant], files: Iterable[str]) -> list[Key]:
    """Reasons for mutants of these files that a test kills by now, or that are no mutants any more."""
    alive = {mutant.key for mutant in survivors}
    looked_at = set(files)
    return [key for key in reasons if key[0] in looked_at and key not in alive]
