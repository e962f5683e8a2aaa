# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The scan document: what the update agent of one host answered about all its updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from .history import HistoryEntry, read_history
from .known_updates import known_update
from .times import time_or_none
from .update import Product, Update, update_id
from .wording import printable, type_name

__all__ = [
    "SCAN_SCHEMA",
    "Complaint",
    "FileReading",
    "HistoryEntry",
    "Product",
    "QueuedMove",
    "Scan",
    "ScanError",
    "Update",
    "parse_scan",
]

SCAN_SCHEMA = "winops.patching/scan/1"
MAX_PROBLEMS = 20
_MAPPINGS = (dict, Mapping)
_LISTS = (list, tuple)
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_MAX_TEXT = 400


class ScanError(ValueError):
    """A document that is no scan; the message names what is wrong with it and what to do."""


class FileReading(NamedTuple):
    """What a scan found at a path. ``state`` is ok, absent, denied, timeout or error."""

    state: str
    version: str | None
    sha256: str | None


class QueuedMove(NamedTuple):
    """One operation that Windows carries out at its next start; ``target`` is None for a deletion."""

    operation: str
    source: str
    target: str | None


class Complaint(NamedTuple):
    """What the agent or the reading of its answer complained about; texts may be empty."""

    step: str
    hresult: str
    message: str

    @property
    def text(self) -> str:
        """The complaint for people."""
        return ": ".join(part for part in self if part)


@dataclass(frozen=True, slots=True)
class Scan:
    """One host's scan. Times are aware UTC instants or None.

    ``complete`` None: the document does not say. ``queue`` None: it was not read. ``files`` have their paths as keys,
    as written in the document. ``problems`` name what is damaged: what it hides nobody knows.
    ``judged_at`` is the instant given to parse_scan.
    """

    host: str
    scanned_at: datetime | None
    updates: tuple[Update, ...]
    complete: bool | None = None
    boot_time: datetime | None = None
    catalog_date: datetime | None = None
    catalog_file_date: datetime | None = None
    source: Mapping[str, Any] = field(default_factory=dict)
    coverage: tuple[str, ...] = ("all",)
    asked: Mapping[str, Any] = field(default_factory=dict)
    job: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, FileReading] = field(default_factory=dict)
    queue: tuple[QueuedMove, ...] | None = None
    reboot_required_updates: frozenset[str] = frozenset()
    reboot_required: bool | None = None
    reboot_required_before_installation: bool | None = None
    raw_history: tuple[Any, ...] = ()
    errors: tuple[Complaint, ...] = ()
    warnings: tuple[Complaint, ...] = ()
    problems: tuple[str, ...] = ()
    judged_at: datetime | None = None

    @property
    def incomplete(self) -> bool:
        """Whether the agent's answer may lack something. A rename queue that was not read is no part of its answer."""
        return self.complete is False or any(error.step != "queue" for error in self.errors)

    @property
    def history(self) -> tuple[HistoryEntry, ...]:
        """What was installed and removed, in the order of the document (newest first)."""
        return tuple(entry for entry in map(read_history, self.raw_history) if entry is not None)


def parse_scan(document: object, *, now: datetime | None = None) -> Scan:
    """Return the Scan of a document; raise ScanError where it is none.

    Most keys may be missing: what is missing is not known. A damaged update, or a damaged part of the document, is
    named in ``problems``, and nothing else is lost.
    """
    if isinstance(document, Scan):
        return document
    if not isinstance(document, _MAPPINGS):
        raise ScanError(
            f"a scan is a mapping, not {type_name(document)}: give the key scan of what win_patch_info returned"
        )
    schema = document.get("schema")
    if schema is not None and schema != SCAN_SCHEMA:
        raise ScanError(
            f"a scan of schema {printable(str(schema)[:80])!r} cannot be judged here, only {SCAN_SCHEMA!r}: "
            "scan again, or use the version of winops.patching that wrote it"
        )
    reader = _Reader(document)
    updates = reader.updates()
    return Scan(
        host=reader.text("host"),
        scanned_at=reader.time("scanned_at"),
        updates=updates,
        complete=reader.flag("complete"),
        boot_time=reader.time("boot_time"),
        catalog_date=reader.time("catalog_date"),
        catalog_file_date=reader.time("catalog_file_date"),
        source=reader.mapping("source"),
        coverage=reader.words("coverage") or ("all",),
        asked=reader.mapping("asked"),
        job=reader.mapping("job"),
        files=reader.files(),
        queue=reader.queue(),
        reboot_required_updates=reader.ids("reboot_required_updates"),
        reboot_required=reader.flag("reboot_required"),
        reboot_required_before_installation=reader.flag("reboot_required_before_installation"),
        raw_history=reader.history(),
        errors=reader.complaints("errors"),
        warnings=reader.complaints("warnings"),
        problems=reader.all_problems(),
        judged_at=now,
    )


class _Reader:
    """Reads the parts of one document; what is there and makes no sense is empty, and named in ``problems``."""

    __slots__ = ("document", "problems")

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.problems: list[str] = []

    def all_problems(self) -> tuple[str, ...]:
        """Return what was damaged so far, bounded in number and length."""
        shown = [printable(problem[:_MAX_TEXT]) for problem in self.problems[:MAX_PROBLEMS]]
        if len(self.problems) > MAX_PROBLEMS:
            shown.append(f"{len(self.problems) - MAX_PROBLEMS} more")
        return tuple(shown)

    def updates(self) -> tuple[Update, ...]:
        """Return the updates that have an id; raise ScanError where there is no list of them."""
        entries = self.document.get("updates")
        if not isinstance(entries, _LISTS):
            raise ScanError(
                f"the scan's updates are no list ({type_name(entries)}): the document is damaged, was cut off or is no "
                "scan; scan again"
            )
        found: list[Update] = []
        for place, raw in enumerate(entries):
            update, problem = known_update(raw)
            if update is None:
                self.problems.append(f"updates[{place}] {problem}")
                continue
            if update.problems:
                self.problems.append(f"updates[{place}] ({update.id}): {', '.join(update.problems)}")
            found.append(update)
        return tuple(found)

    def _damaged(self, key: str, what: str) -> None:
        self.problems.append(f"{key} is {what}")

    def text(self, key: str) -> str:
        """Return a text that may be shown, else an empty one."""
        value = self.document.get(key)
        if isinstance(value, str):
            return printable(value[:_MAX_TEXT])
        if value is not None:
            self._damaged(key, f"no text but {type_name(value)}")
        return ""

    def time(self, key: str) -> datetime | None:
        """Return an instant, or None."""
        value = self.document.get(key)
        if value is None:
            return None
        found = time_or_none(value)
        if found is None:
            self._damaged(key, "no time")
        return found

    def flag(self, key: str) -> bool | None:
        """Return true or false, or None."""
        value = self.document.get(key)
        if value is True or value is False or value is None:
            return value
        self._damaged(key, f"neither true nor false but {type_name(value)}")
        return None

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Return a mapping, else an empty one."""
        value = self.document.get(key)
        if isinstance(value, _MAPPINGS):
            return value
        if value is not None:
            self._damaged(key, f"no mapping but {type_name(value)}")
        return _NOTHING

    def entries(self, key: str) -> list[Any] | tuple[Any, ...]:
        """Return a list, else an empty one."""
        value = self.document.get(key)
        if isinstance(value, _LISTS):
            return value
        if value is not None:
            self._damaged(key, f"no list but {type_name(value)}")
        return ()

    def words(self, key: str) -> tuple[str, ...]:
        """Return the words of a list in lower case."""
        found = []
        for entry in self.entries(key):
            if isinstance(entry, str):
                found.append(printable(entry[:_MAX_TEXT]).strip().lower())
            else:
                self._damaged(f"an entry of {key}", f"no text but {type_name(entry)}")
        return tuple(found)

    def ids(self, key: str) -> frozenset[str]:
        """Return the ids of a list as ids are compared."""
        names = [update_id(entry) for entry in self.entries(key)]
        if None in names:
            self._damaged(f"an entry of {key}", "no id")
        return frozenset(name for name in names if name is not None)

    def files(self) -> Mapping[str, FileReading]:
        """Return what was read of files, by path."""
        found = {}
        entries: Mapping[Any, Any] = self.mapping("files")
        for path, entry in entries.items():
            if isinstance(path, str) and isinstance(entry, _MAPPINGS):
                found[path] = _file(entry)
            else:
                self._damaged("an entry of files", "damaged")
        return found

    def queue(self) -> tuple[QueuedMove, ...] | None:
        """Return the rename queue, or None where it was not read."""
        entries = self.entries("queue")
        if not isinstance(self.document.get("queue"), _LISTS):
            return None
        found = []
        for entry in entries:
            move = _move(entry)
            if move is None:
                self._damaged("an entry of queue", "damaged")
            else:
                found.append(move)
        return tuple(found)

    def history(self) -> tuple[Any, ...]:
        """Return the history as it is in the document."""
        entries = tuple(self.entries("history"))
        if not all(isinstance(entry, _MAPPINGS) for entry in entries):
            self._damaged("an entry of history", "no mapping")
        return entries

    def complaints(self, key: str) -> tuple[Complaint, ...]:
        """Return what was complained about."""
        return tuple(_complaint(entry) for entry in self.entries(key))


def _file(entry: Mapping[str, Any]) -> FileReading:
    version, digest, state = entry.get("version"), entry.get("sha256"), entry.get("state", "ok")
    return FileReading(
        state if isinstance(state, str) else "error",
        printable(version[:_MAX_TEXT]) if isinstance(version, str) else None,
        digest.lower()[:64] if isinstance(digest, str) else None,
    )


def _move(entry: object) -> QueuedMove | None:
    if not isinstance(entry, _MAPPINGS):
        return None
    source, target, operation = entry.get("source"), entry.get("target"), entry.get("operation")
    if not isinstance(source, str) or not isinstance(target, (str, type(None))):
        return None
    if not isinstance(operation, str):
        operation = "rename" if target else "delete"
    return QueuedMove(operation, source, target)


def _complaint(entry: object) -> Complaint:
    if not isinstance(entry, _MAPPINGS):
        return Complaint("", "", _words(entry))
    step = entry.get("step") or entry.get("context")
    return Complaint(*(_words(part) for part in (step, entry.get("hresult"), entry.get("message"))))


def _words(value: object) -> str:
    """Text and numbers as they are; of anything else, however deep, its kind."""
    if value is None:
        return ""
    plain = isinstance(value, (str, int))
    return printable(str(value)[:_MAX_TEXT]) if plain else f"damaged ({type_name(value)})"
