# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the doors of the rename queue read of a host, and how much of an analysis they return."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .._evidence.catalogue import BUSY_SIGNALS, probes_for
from .._verdict.rename_analysis.analysis import Analysis, analyse
from .._verdict.rename_analysis.queues import Queues, read_queues
from .._verdict.rename_analysis.snapshot import RUN_ONCE_PROBES
from .._verdict.rename_queue import RenameEntry
from .asking import MAX_FILES, Ask, FilesRead, checked_most, read_files

ANALYSIS_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "analyse_rename_queue": {"type": "bool", "default": False},
        "max_files": {"type": "int", "default": MAX_FILES},
    }
)
MAX_BYTES = 8000
_STEPS = (20, 10, 5, 3, 2, 1, 0)


def queue_probes() -> list[dict[str, Any]]:
    """Return the probes of both queues, RunOnce, and whether an installer is at work."""
    return [*probes_for(["pending_file_rename", *BUSY_SIGNALS]), *(dict(probe) for probe in RUN_ONCE_PROBES)]


def paths_of(queues: Queues) -> list[str]:
    """Return the paths whose versions matter: of renames, the significant ones first. A deletion needs no version."""
    renames = [entry for entry in queues.entries if entry.target is not None]
    ordered = sorted(renames, key=_minor)
    return list(dict.fromkeys(path for entry in ordered for path in (entry.source, entry.target or "") if path))


def _minor(entry: RenameEntry) -> bool:
    return not entry.significant


def read_files_of_queue(ask: Ask, queue: object, *, most: int) -> FilesRead:
    """Ask for the versions of the files that a queue renames, and of those it renames something to."""
    return read_files(ask, paths_of(read_queues(queue)), most=most)


def analyse_further(ask: Ask, document: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the analysis under its key, where it is asked for; the facts of the files stay with the evidence."""
    if not options["analyse_rename_queue"]:
        return {}
    read = read_files_of_queue(ask, document, most=checked_most(options["max_files"]))
    document["files"] = read.files
    return {"rename_queue": shown_analysis(document, read)}


def shown_analysis(
    document: Mapping[str, Any], read: FilesRead, *, snapshot: object = None, limit: int = MAX_BYTES
) -> dict[str, Any]:
    """Return an analysis small enough for a result; what is left out is counted."""
    return bounded(analyse(document, read.files, snapshot=snapshot), read, limit=limit)


def bounded(analysis: Analysis, read: FilesRead, *, limit: int = MAX_BYTES) -> dict[str, Any]:
    """Return the published shape with lists so short that all of it fits, and which files were looked at."""
    shape: dict[str, Any] = {}
    for most in _STEPS:
        shape = analysis.as_dict(most=most)
        shape["files_asked"] = len(read.files)
        shape["files_left_out"] = len(read.left_out)
        if len(json.dumps(shape)) <= limit:
            break
    return shape


def cut(items: Sequence[Any], most: int) -> list[Any]:
    """Return the first items."""
    return list(items[:most])
