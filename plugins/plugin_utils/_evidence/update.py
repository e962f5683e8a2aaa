# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One update as the update agent described it on one host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from .fields import FieldReader
from .times import time_or_none
from .wording import printable, type_name

MAX_TEXT = 300
_KB = re.compile(r"(?:KB)?([0-9]{4,12})", re.IGNORECASE)
_MAPPINGS = (dict, Mapping)


class Product(NamedTuple):
    """A product that the update is for; names are in the language of the host."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Update:
    """What a scan says of one update. None is what it does not say, or what could not be read: never a "no".

    ``id`` is in lower case, ``kb`` holds digits only, times are aware UTC instants, ``size`` is in bytes.
    ``reboot_behavior`` (never, can_request, always_requires) is a forecast, ``reboot_required`` what is so now.
    ``reboot_untold``: the agent was asked for ``reboot_required`` and did not tell it.
    ``supersedes`` are the ids of the updates that this one replaces. ``problems`` name what was damaged.
    """

    id: str
    revision: int | None = None
    kb: tuple[str, ...] = ()
    title: str = ""
    classification: str | None = None
    classification_id: str | None = None
    products: tuple[Product, ...] = ()
    type: str | None = None
    severity: str | None = None
    cves: tuple[str, ...] = ()
    bulletin: str | None = None
    size: int | None = None
    installed: bool | None = None
    downloaded: bool | None = None
    hidden: bool | None = None
    mandatory: bool | None = None
    browse_only: bool | None = None
    reboot_required: bool | None = None
    reboot_untold: bool = False
    reboot_behavior: str | None = None
    impact: str | None = None
    user_input: bool | None = None
    eula_accepted: bool | None = None
    beta: bool | None = None
    uninstallable: bool | None = None
    deadline: datetime | None = None
    released: datetime | None = None
    supersedes: tuple[str, ...] = ()
    max_run_minutes: int | None = None
    problems: tuple[str, ...] = ()

    def __hash__(self) -> int:
        # Thirty fields are too many to hash for each host of a fleet.
        return hash(self.id)


def update_id(value: object) -> str | None:
    """Return an id as ids are compared: lower case, without braces; None where it is no text."""
    if not isinstance(value, str):
        return None
    return printable(value[:MAX_TEXT]).strip().strip("{}").lower() or None


def kb_number(value: object) -> str | None:
    """Return ``5030216`` for 5030216, "5030216" and "KB5030216"; None for all else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    found = _KB.fullmatch(value.strip()) if isinstance(value, str) else None
    return found.group(1) if found else None


def read_update(raw: object) -> tuple[Update | None, str]:
    """Return the Update of a mapping, or None and what is wrong with it; damaged fields become its ``problems``."""
    if not isinstance(raw, _MAPPINGS):
        return None, f"is no mapping but {type_name(raw)}"
    name = update_id(raw.get("id"))
    if name is None:
        return None, "has no id"
    reader = _Reader(raw)
    classification, classification_id = reader.classification()
    fields: dict[str, Any] = {
        "kb": reader.numbers("kb"),
        "title": reader.text("title") or "",
        "classification": classification,
        "classification_id": classification_id,
        "products": reader.products(),
        "reboot_untold": "reboot_required" in raw and raw["reboot_required"] is None,
        "cves": reader.texts("cves"),
        "supersedes": tuple(text.strip("{}").lower() for text in reader.texts("supersedes")),
        **{key: reader.text(key) for key in _TEXTS},
        **{key: reader.flag(key) for key in _FLAGS},
        **{key: reader.number(key) for key in _NUMBERS},
        **{key: reader.time(key) for key in _TIMES},
    }
    return Update(id=name, problems=tuple(reader.problems), **fields), ""


_TEXTS = ("type", "severity", "bulletin", "reboot_behavior", "impact")
_FLAGS = (
    "installed",
    "downloaded",
    "hidden",
    "mandatory",
    "browse_only",
    "reboot_required",
    "user_input",
    "eula_accepted",
    "beta",
    "uninstallable",
)
_NUMBERS = ("revision", "size", "max_run_minutes")
_TIMES = ("deadline", "released")


class _Reader(FieldReader):
    """Reads the fields of one update."""

    __slots__ = ()

    def text(self, key: str) -> str | None:
        """Return a text that may be shown, or None."""
        return self._text(key, self.values.get(key))

    def _text(self, key: str, value: object) -> str | None:
        if value is None:
            return None
        if isinstance(value, str):
            return printable(value[:MAX_TEXT])
        self.damaged(key, f"no text but {type_name(value)}")
        return None

    def time(self, key: str) -> datetime | None:
        """Return an instant, or None."""
        value = self.values.get(key)
        found = time_or_none(value) if value is not None else None
        if value is not None and found is None:
            self.damaged(key, "no time")
        return found

    def _entries(self, key: str) -> list[Any]:
        """A list that the agent has is empty; null is one that it did not give."""
        found = self.entries(key)
        if key in self.values and self.values[key] is None:
            self.damaged(key, "not told by the agent")
        return found or []

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list that are not empty."""
        return tuple(text for text in (self._text(key, entry) for entry in self._entries(key)) if text)

    def numbers(self, key: str) -> tuple[str, ...]:
        """Return the KB numbers of a list, or of a single one."""
        value = self.values.get(key)
        single = isinstance(value, (str, int)) and not isinstance(value, bool)
        found = []
        for entry in [value] if single else self._entries(key):
            number = kb_number(entry)
            if number is None:
                self.damaged(key, "not made of digits")
            else:
                found.append(number)
        return tuple(found)

    def classification(self) -> tuple[str | None, str | None]:
        """Return (name, id) of the classification, which may also be a mapping of both."""
        value = self.values.get("classification")
        if isinstance(value, _MAPPINGS):
            name, key = self._text("classification", value.get("name")), value.get("id")
            if name is None and key is None:
                self.damaged("classification", "a mapping without name and id")
        else:
            name, key = self._text("classification", value), self.values.get("classification_id")
        found = self._text("classification_id", key)
        return name, found.strip("{}").lower() if found else None

    def products(self) -> tuple[Product, ...]:
        """Return the products; a plain text is a product's name."""
        found = []
        for entry in self._entries("products"):
            if isinstance(entry, _MAPPINGS):
                key, name = self._text("products", entry.get("id")), self._text("products", entry.get("name"))
                found.append(Product((key or "").strip("{}").lower(), name or ""))
            elif (name := self._text("products", entry)) is not None:
                found.append(Product("", name))
        return tuple(found)
