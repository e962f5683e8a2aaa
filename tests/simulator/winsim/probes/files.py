# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Probe kinds `file` and `text_tail`."""

from __future__ import annotations

from typing import Any, Final

from ..clock import stamp
from ..host import Access
from ..model import File
from .answers import AbsentError, Ask, denied

DEFAULT_TAIL: Final = 65536


def read_file(access: Access, ask: Ask) -> dict[str, Any]:
    """Version and hash are null unless asked for; a folder has no length."""
    path = str(ask["path"])
    file = _found(access, path)
    if file is None:
        if access.host.is_folder(path):
            return {"length": None, "modified": stamp(access.host.os.boot_time), "version": None, "sha256": None}
        raise AbsentError
    return {
        "length": file.length,
        "modified": stamp(file.modified or access.host.os.boot_time),
        "version": _four_parts(file.version) if ask.get("version") else None,
        "sha256": file.digest("sha256") if ask.get("hash") else None,
    }


def read_tail(access: Access, ask: Ask) -> dict[str, Any]:
    """From `offset` on, or the last `max_bytes`. What ends before the file does ends after its last line feed."""
    file = _found(access, str(ask["path"]))
    if file is None:
        raise AbsentError
    length = file.length
    most = int(ask.get("max_bytes") or DEFAULT_TAIL)
    start = max(0, length - most)
    if ask.get("offset") is not None:
        start = min(int(ask["offset"]), length)
    data = file.read(start, most)
    if start + len(data) < length and b"\n" in data:
        data = data[: data.rindex(b"\n") + 1]
    return {"text": data.decode("utf-8", "replace"), "offset": start + len(data), "length": length}


def _found(access: Access, path: str) -> File | None:
    if access.denies_file(path):
        raise denied(f"Access to the path '{path}' is denied.")
    return access.host.file(path)


def _four_parts(version: str | None) -> str | None:
    return ".".join([*version.split("."), "0", "0", "0"][:4]) if version else None
