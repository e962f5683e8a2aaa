# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The journal of a host on the controller: JSON lines that are only ever appended, by one writer at a time."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .._evidence.patch_job import json_lines
from .core import ActionFail
from .files import host_file_name

# What is older than this much of a journal is not looked at again.
MOST_READ = 32 * 1024 * 1024
_MODE = 0o600
_PIECE = 1 << 20

Lines = Sequence[Mapping[str, Any]]


def journal_path(report_dir: Path, host: str) -> Path:
    """Return where the journal of a host lies."""
    return report_dir / "journal" / f"{host_file_name(host)}.jsonl"


def append(path: Path, lines: Lines) -> None:
    """Append lines to a journal."""
    with _only_writer(path) as handle:
        _write(handle, lines)


def append_new(path: Path, choose: Callable[[list[dict[str, Any]]], Lines]) -> int:
    """Append what ``choose`` returns of the lines that are there, while nobody else writes; return how many."""
    with _only_writer(path) as handle:
        lines = choose(json_lines(_text(handle))[0])
        _write(handle, lines)
    return len(lines)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a journal, none where there is no journal; damaged ones are left out."""
    with _failing(path, "read"):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return []
        try:
            return json_lines(_text(handle))[0]
        finally:
            os.close(handle)


@contextmanager
def _only_writer(path: Path) -> Iterator[int]:
    """Open a journal while nobody else writes to it. Where a file system has no locks, lines still go there whole."""
    with _failing(path, "write"):
        for folder in reversed([path.parent, *path.parent.parents]):
            folder.mkdir(exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)


def _text(handle: int) -> str:
    size = _size(handle)
    parts = []
    place = max(0, size - MOST_READ)
    while part := os.pread(handle, _PIECE, place):
        parts.append(part)
        place += len(part)
    return b"".join(parts).decode("utf-8", "replace")


def _size(handle: int) -> int:
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(None, "it is not a regular file")
    return found.st_size


def _write(handle: int, lines: Lines) -> None:
    """Append lines in one write. What a controller left that was killed while it wrote is ended first."""
    size = _size(handle)
    torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
    text = "".join(f"{json.dumps(line, default=str)}\n" for line in lines)
    content = (f"\n{text}" if torn else text).encode() if text else b""
    while content:
        content = content[os.write(handle, content) :]


@contextmanager
def _failing(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "name a folder that the controller may write to"
        raise ActionFail(f"cannot {what} the journal {path}: {error.strerror or error}; {remedy}") from error
