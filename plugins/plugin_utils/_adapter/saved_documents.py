# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A folder of saved evidence: its documents, by the hosts that they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from .._evidence.document import SCHEMA
from .._evidence.scan import SCAN_SCHEMA
from .._evidence.wording import printable
from .core import ActionFail
from .files import read_json

# Reports that lie beside evidence are no evidence.
_REPORTS = ("winops.patching/fleet/", "winops.patching/gate/")


@dataclass(frozen=True)
class SavedDocument:
    """One file: the host it is of, its evidence or scan, or why it cannot be used."""

    host: str
    document: Mapping[str, Any] | None
    problem: str


def evidence_files(folder: Path) -> list[Path]:
    """Return the JSON files of a folder of evidence, or of the folder ``evidence`` of a report folder, by name."""
    inner = folder / "evidence"
    found = _json_files(inner) if inner.is_dir() else []
    return found or _json_files(folder)


def holds_a_document(folder: Path) -> bool:
    """Return whether a folder holds evidence, or at least a file that should be some."""
    return next(saved_documents(folder), None) is not None


def saved_documents(folder: Path) -> Iterator[SavedDocument]:
    """Yield the documents of a folder one by one; a file that cannot be used is there with its reason.

    A host that two files claim is in both, see ``SavedDocument.host``.
    """
    for path in evidence_files(folder):
        try:
            document = read_json(path)
        except (OSError, ValueError) as error:
            yield _unusable(path, f"its file {path.name} cannot be read: {error}"[:400])
            continue
        schema = document.get("schema") if isinstance(document, dict) else None
        if isinstance(schema, str) and schema.startswith(_REPORTS):
            continue
        if schema not in (SCHEMA, SCAN_SCHEMA):
            yield _unusable(path, f"its file {path.name} is no evidence: its schema is {str(schema)[:60]!r}")
            continue
        host = document.get("host")
        if not isinstance(host, str) or not host:
            yield _unusable(path, f"its file {path.name} names no host")
            continue
        yield SavedDocument(host, document, "")


def _json_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except OSError as error:
        raise ActionFail(f"the folder of evidence {folder} cannot be read: {error.strerror or error}") from error


def _unusable(path: Path, problem: str) -> SavedDocument:
    return SavedDocument(printable(unquote(path.stem)), None, printable(problem))
