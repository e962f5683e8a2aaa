# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Files that a run leaves on the controller: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from .core import ActionFail

_LONGEST_NAME = 180
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024


def host_file_name(host: str) -> str:
    """Return a file name for an inventory name; what could leave the folder or hide is percent-encoded."""
    name = quote(host, safe=" ()[]{}@+=,;~!#$&'-_.")
    if len(name.encode()) > _LONGEST_NAME:
        # File systems take 255 bytes; the digest keeps names apart that begin alike.
        name = f"{name[: _LONGEST_NAME - 40]}~{hashlib.sha256(host.encode()).hexdigest()[:32]}"
    return name.replace(".", "%2E", 1) if name.startswith(".") else name


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document with mode 0600; whoever reads the path meanwhile sees the old or the new one, never half."""

    def fill(stream: IO[str]) -> None:
        """Write the document and end its last line."""
        json.dump(document, stream, indent=1, default=str)
        stream.write("\n")

    _write(path, fill)


def write_text(path: Path, text: str) -> None:
    """Write a text in the same way."""
    _write(path, lambda stream: stream.write(text))


def _write(path: Path, fill: Callable[[IO[str]], object]) -> None:
    try:
        # mkdir gives its mode to the last folder only.
        for folder in reversed([path.parent, *path.parent.parents]):
            folder.mkdir(exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                fill(stream)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ActionFail(
            f"cannot write {path}: {error.strerror or error}; name a folder that the controller may write to"
        ) from error


def previous(report: Path) -> Path:
    """Return where the report of the run before is kept: ``gate.json`` becomes ``gate-previous.json``."""
    return report.with_name(f"{report.stem}-previous{report.suffix}")


def set_aside(report: Path) -> None:
    """Take an earlier run's report away: a JSON document is kept as the previous one, any other file is removed."""
    try:
        if report.suffix == ".json":
            report.replace(previous(report))
        else:
            report.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ActionFail(
            f"cannot take away {report}, the report of an earlier run: {error.strerror or error}; "
            "name a folder that the controller may write to"
        ) from error


def read_json(path: Path) -> Any:
    """Return the JSON of a file; raise OSError or ValueError with the reason for what is not there or damaged."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        # A pipe would be waited for, and not every device ends.
        raise ValueError(f"{path.name} is not a regular file")
    if found.st_size > MAX_DOCUMENT_BYTES:
        raise ValueError(f"{path.name} is larger than {MAX_DOCUMENT_BYTES} bytes")
    try:
        with path.open(encoding="utf-8") as stream:
            return json.load(stream)
    except RecursionError:
        raise ValueError(f"{path.name} is nested too deep") from None
