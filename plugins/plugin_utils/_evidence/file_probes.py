# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Probes for the versions of many files, bounded, and the facts that come of their answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .probes import MAX_INPUT_BYTES
from .wording import printable

_SYSTEM_ROOT = re.compile(r"\\systemroot(?=\\)", re.IGNORECASE)
_DRIVE_PATH = re.compile(r"[A-Za-z]:\\[^%:*?\"<>|\x00-\x1f]+|%SystemRoot%\\[^%:*?\"<>|\x00-\x1f]+")
_MOST_BYTES = MAX_INPUT_BYTES - 10_000


def readable_path(path: str) -> str | None:
    """Return the path as the reader takes it, or None where the reader could look at another file or at none.

    The reader expands `%…%`, which the boot does not; volumes without a drive letter and streams are left alone.
    """
    text = _SYSTEM_ROOT.sub("%SystemRoot%", path, count=1) if path.startswith("\\") else path
    return text if _DRIVE_PATH.fullmatch(text) else None


def file_probes(
    paths: Iterable[str], *, most: int, hashes: frozenset[str] = frozenset()
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return (probes, left out): one `file` probe a path, at most so many and no more than one message carries.

    Spellings that differ in case only are asked once. ``hashes`` are the paths whose SHA-256 is wanted too.
    """
    probes: list[dict[str, Any]] = []
    left_out: list[str] = []
    seen: set[str] = set()
    size = 0
    for path in paths:
        if path.lower() in seen:
            continue
        seen.add(path.lower())
        text = readable_path(path)
        probe = {"id": f"file_{len(probes)}", "kind": "file", "path": text, "version": True}
        if path in hashes:
            probe["hash"] = True
        size += len(json.dumps(probe)) + 2
        if text is None or len(probes) >= most or size > _MOST_BYTES:
            left_out.append(path)
        else:
            probes.append({**probe, "named": path})
    return probes, tuple(left_out)


def files_of(probes: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return ``{path: {version, sha256, state}}`` of the answers, with `reason` where a file was not read.

    A probe without an answer, or with a damaged one, is an error.
    """
    files: dict[str, dict[str, Any]] = {}
    for probe in probes:
        found = answers.get(str(probe["id"]))
        answer = found if isinstance(found, Mapping) else {"state": "error"}
        data = answer.get("data")
        facts = data if isinstance(data, Mapping) else {}
        state = answer.get("state")
        if state not in ("ok", "absent", "denied", "timeout") or (state == "ok" and not facts):
            state = "error"
        entry = {"version": facts.get("version"), "sha256": facts.get("sha256"), "state": state}
        error = answer.get("error")
        if state not in ("ok", "absent") and isinstance(error, Mapping):
            entry["reason"] = printable(str(error.get("message") or "")[:200])
        files[str(probe["named"])] = entry
    return files
