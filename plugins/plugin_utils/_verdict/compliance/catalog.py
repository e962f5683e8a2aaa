# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The catalogue of a policy: which updates there are, so that one that a scan lacks can be told from an unknown one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..._evidence.times import TimeTextError, parse_time
from ..._evidence.update import update_id
from ..._evidence.wording import nearest, printable, type_name
from ..policy import PolicyError

MAX_ENTRIES = 100_000
_KEYS = ("as_of", "updates")
_ENTRY_KEYS = ("id", "revision", "title", "classification")


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One update of the catalogue; what is not given is not known."""

    id: str
    revision: int | None = None
    title: str = ""
    classification: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """What there was at an instant."""

    as_of: datetime
    entries: Mapping[str, CatalogEntry]

    def newer_than(self, scanned_at: datetime | None) -> bool:
        """Whether a scan may not know what the catalogue knows; a scan without a time never does."""
        return scanned_at is None or scanned_at <= self.as_of


def parse_catalog(value: object, where: str = "policy.catalog") -> Catalog:
    """Return the Catalog of ``{as_of, updates: [{id, revision}]}``; raise PolicyError with every mistake."""
    if not isinstance(value, Mapping):
        raise PolicyError([f"{where}: must be a mapping with as_of and updates, not {type_name(value)}"])
    mistakes = _unknown_keys(value, _KEYS, where)
    as_of = None
    try:
        as_of = parse_time(value.get("as_of"))
    except TimeTextError as error:
        mistakes.append(f"{where}.as_of: {error}")
    listed = value.get("updates")
    if not isinstance(listed, (list, tuple)):
        mistakes.append(f"{where}.updates: must be a list of mappings with id and revision")
        listed = ()
    if len(listed) > MAX_ENTRIES:
        mistakes.append(f"{where}.updates: {len(listed)} entries are more than the {MAX_ENTRIES} that are allowed")
        listed = ()
    entries: dict[str, CatalogEntry] = {}
    for place, item in enumerate(listed):
        entry = _entry(item, f"{where}.updates[{place}]", mistakes)
        if entry is not None:
            entries[entry.id] = _newest(entries.get(entry.id), entry)
    if mistakes or as_of is None:
        raise PolicyError(mistakes)
    return Catalog(as_of, entries)


def _newest(known: CatalogEntry | None, entry: CatalogEntry) -> CatalogEntry:
    return entry if known is None or (entry.revision or 0) >= (known.revision or 0) else known


def _unknown_keys(value: Mapping[str, object], keys: Sequence[str], where: str) -> list[str]:
    return [
        f"{where}.{str(key)[:60]}: no such key{nearest(str(key), keys)}; there are {', '.join(keys)}"
        for key in value
        if key not in keys
    ]


def _entry(item: object, where: str, mistakes: list[str]) -> CatalogEntry | None:
    if not isinstance(item, Mapping):
        mistakes.append(f"{where}: must be a mapping with id and revision, not {type_name(item)}")
        return None
    mistakes.extend(_unknown_keys(item, _ENTRY_KEYS, where))
    name = update_id(item.get("id"))
    if name is None:
        mistakes.append(f"{where}.id: must be the id of an update")
        return None
    revision = item.get("revision")
    if revision is not None and (isinstance(revision, bool) or not isinstance(revision, int) or revision < 0):
        mistakes.append(f"{where}.revision: must be a whole number")
        revision = None
    return CatalogEntry(name, revision, _text(item.get("title")) or "", _text(item.get("classification")))


def _text(value: object) -> str | None:
    return printable(value[:300]) if isinstance(value, str) else None
