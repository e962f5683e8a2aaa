# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What an update must be like to be meant: words that must all fit, each with its alternatives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..._evidence.scan import Update
from ..._evidence.wording import nearest
from .classifications import CLASSIFICATIONS, classification_by_name, classification_of
from .values import (
    LONGEST_TITLE,
    Mistakes,
    read_cve,
    read_entries,
    read_id,
    read_kb,
    read_mapping,
    read_pattern,
    read_text,
    read_word,
)

SELECTOR_KEYS = ("classification", "severity", "product", "kb", "cve", "id", "title")
SEVERITIES = ("Critical", "Important", "Moderate", "Low", "Unspecified")
_GUID = re.compile(r"\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Selector:
    """Means the updates that fit in all its words; a word that is empty was not given and fits every update.

    ``classifications`` are category ids, ``severities``, ``products`` (names or ids) and ``ids`` in lower case, ``kbs``
    digits, ``cves`` in upper case.
    """

    classifications: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    kbs: frozenset[str] = frozenset()
    cves: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    titles: tuple[re.Pattern[str], ...] = ()

    def fits(self, update: Update) -> bool | None:
        """Whether the update is meant; None where a word does not contradict but could not be compared.

        Every update has a classification, a product and a title: where a scan lacks one, it is not known. A missing
        severity is an answer (Unspecified), and so are no KB number and no CVE, unless what is there is damaged.
        """
        answers = [
            not self.ids or update.id in self.ids,
            not self.kbs or not self.kbs.isdisjoint(update.kb) or _no(update, "kb"),
            not self.cves or not self.cves.isdisjoint(cve.upper() for cve in update.cves) or _no(update, "cves"),
            not self.severities
            or (update.severity or "unspecified").lower() in self.severities
            or _no(update, "severity"),
            self._fits_classification(update),
            self._fits_product(update),
            self._fits_title(update),
        ]
        if False in answers:
            return False
        return None if None in answers else True

    def _fits_classification(self, update: Update) -> bool | None:
        if not self.classifications:
            return True
        found = classification_of(update.classification_id, update.classification)
        return None if found is None else found in self.classifications

    def _fits_product(self, update: Update) -> bool | None:
        if not self.products:
            return True
        if not update.products:
            return None
        return not self.products.isdisjoint(word.lower() for product in update.products for word in product if word)

    def _fits_title(self, update: Update) -> bool | None:
        if not self.titles:
            return True
        if not update.title:
            return None
        return any(pattern.search(update.title[:LONGEST_TITLE]) for pattern in self.titles)


def _no(update: Update, key: str) -> bool | None:
    """A "no", or None where the scan's words on it were damaged."""
    return None if any(problem.startswith(f"{key} ") for problem in update.problems) else False


def parse_selectors(value: object, where: str, mistakes: Mistakes) -> tuple[Selector, ...]:
    """Return the selectors of a list; what is wrong is noted, and then nobody uses them."""
    entries = read_entries(value, "selectors", where, mistakes)
    return tuple(_parse(entry, f"{where}[{place}]", mistakes) for place, entry in enumerate(entries))


def one_update(item: Mapping[str, object], where: str, mistakes: Mistakes) -> Selector:
    """Return the selector of an entry that names updates by exactly one of kb, id and title."""
    given = [key for key in ("kb", "id", "title") if item.get(key) is not None]
    if len(given) != 1:
        mistakes.note(where, f"needs exactly one of kb, id and title, not {' and '.join(given) or 'none of them'}")
        return Selector()
    key = given[0]
    field, reader = _WORDS[key]
    found = reader(item[key], f"{where}.{key}", mistakes)
    if found is None:
        return Selector()
    fields: dict[str, Any] = {field: (found,) if key == "title" else frozenset({found})}
    return Selector(**fields)


def _parse(entry: object, where: str, mistakes: Mistakes) -> Selector:
    words = read_mapping(entry, SELECTOR_KEYS, where, mistakes)
    if words is None:
        return Selector()
    if not words:
        mistakes.note(where, f"names no word, so it would mean every update; there are {', '.join(SELECTOR_KEYS)}")
    fields: dict[str, Any] = {}
    for key, value in words.items():
        if key in _WORDS:
            field, reader = _WORDS[key]
            found = _alternatives(value, reader, f"{where}.{key}", mistakes)
            fields[field] = tuple(found) if key == "title" else frozenset(found)
    return Selector(**fields)


def _alternatives(
    value: object, reader: Callable[[object, str, Mistakes], Any], where: str, wrong: Mistakes
) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        found = reader(value, where, wrong)
        return [] if found is None else [found]
    entries = read_entries(value, "at least one value", where, wrong)
    read = [reader(entry, f"{where}[{place}]", wrong) for place, entry in enumerate(entries)]
    return [entry for entry in read if entry is not None]


def _read_classification(value: object, where: str, mistakes: Mistakes) -> str | None:
    text = read_text(value, where, mistakes)
    if text is None:
        return None
    guid = _GUID.fullmatch(text)
    found = guid.group(1).lower() if guid else classification_by_name(text)
    if found is None:
        names = list(CLASSIFICATIONS)
        hint = nearest(text, names)
        mistakes.note(where, f"{text[:60]!r} is no classification{hint}; there are {', '.join(names)}, or give its id")
    return found


def _read_severity(value: object, where: str, mistakes: Mistakes) -> str | None:
    found = read_word(value, SEVERITIES, where, mistakes)
    return found.lower() if found else None


def _read_product(value: object, where: str, mistakes: Mistakes) -> str | None:
    text = read_text(value, where, mistakes)
    return text.strip("{}").lower() if text else None


_WORDS: Mapping[str, tuple[str, Callable[[object, str, Mistakes], Any]]] = MappingProxyType(
    {
        "classification": ("classifications", _read_classification),
        "severity": ("severities", _read_severity),
        "product": ("products", _read_product),
        "kb": ("kbs", read_kb),
        "cve": ("cves", read_cve),
        "id": ("ids", read_id),
        "title": ("titles", read_pattern),
    }
)
