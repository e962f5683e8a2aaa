# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What waits for the next boot at one moment: both rename queues and RunOnce, by name and hash.

A snapshot holds names of files and of values and hashes of commands, never the commands themselves: RunOnce may hold
passwords. It is plain data of its own schema, so that it can be saved and compared later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..._evidence.answers import Answer, Reading, answer_of
from ..._evidence.times import format_time, time_or_none
from ..._evidence.wording import printable
from .queues import Queues, read_queues
from .spelling import key_of

SCHEMA = "winops.patching/snapshot/1"
_CURRENT = "Microsoft\\Windows\\CurrentVersion\\RunOnce"
_HKLM = "HKEY_LOCAL_MACHINE\\SOFTWARE\\"
# Both views of RunOnce, whole: the catalogue's probe of it asks for one value only.
RUN_ONCE_PROBES: tuple[Mapping[str, Any], ...] = (
    {"id": "run_once_all", "kind": "registry", "path": f"{_HKLM}{_CURRENT}"},
    {"id": "run_once_all_32", "kind": "registry", "path": f"{_HKLM}Wow6432Node\\{_CURRENT}"},
)
MAX_NAME = 260


def snapshot_of(source: object, *, boot_time: object = None, taken_at: object = None) -> dict[str, Any]:
    """Return the snapshot of an evidence document, a reader's result, or whatever `read_queues` takes; never raises.

    ``{schema, host, taken_at, boot_time, queue: [{queue, index, operation, source, target, malformed, sha256}],
    queue_problems, run_once: [{view, name, sha256}] | None, run_once_problems}``; times are `…Z` or None. A snapshot is
    returned as it is.
    """
    if isinstance(source, Mapping) and source.get("schema") == SCHEMA:
        return dict(source)
    queues = read_queues(source)
    document: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
    system = document.get("system")
    system = system if isinstance(system, Mapping) else {}
    run_once, problems = _run_once(document.get("probes"))
    return {
        "schema": SCHEMA,
        "host": printable(str(document.get("host") or system.get("computer_name") or "")[:MAX_NAME]) or None,
        "taken_at": _time(taken_at, document.get("collected_at"), document.get("scanned_at"), system.get("clock")),
        "boot_time": _time(boot_time, document["boot_time"] if "boot_time" in document else system.get("boot_time")),
        "queue": _entries(queues),
        "queue_problems": list(queues.problems),
        "run_once": run_once,
        "run_once_problems": problems,
    }


def _time(*texts: object) -> str | None:
    found = (time_or_none(text) for text in texts)
    return next((format_time(instant) for instant in found if instant is not None), None)


def _entries(queues: Queues) -> list[dict[str, Any]]:
    return [
        {
            "queue": entry.queue,
            "index": entry.index,
            "operation": entry.operation,
            "source": entry.source,
            "target": entry.target,
            "malformed": entry.malformed,
            "sha256": digest([entry.operation, key_of(entry.source), key_of(entry.target or "")]),
        }
        for entry in queues.entries
    ]


def digest(value: object) -> str:
    """Return the SHA-256 of plain data in hexadecimal."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode("ascii")).hexdigest()


def _run_once(probes: object) -> tuple[list[dict[str, Any]] | None, list[str]]:
    """Values of both views; None where neither was asked for as a whole."""
    if not isinstance(probes, Mapping):
        return None, ["RunOnce was not read"]
    values: list[dict[str, Any]] = []
    problems: list[str] = []
    asked = False
    for view, names in (("64-bit", ("run_once_all", "run_once")), ("32-bit", ("run_once_all_32",))):
        answer = next((found for found in (_whole(probes, name) for name in names) if found is not None), None)
        if answer is None:
            problems.append(f"the {view} view of RunOnce was not read as a whole")
            continue
        asked = True
        if answer.reading is Reading.UNKNOWN:
            problems.append(f"the {view} view of RunOnce could not be read: {answer.reason}")
        elif answer.reading is Reading.FOUND:
            values += _values(answer.data.get("values"), view, problems)
    return values if asked else None, problems


def _whole(probes: Mapping[str, Any], name: str) -> Answer | None:
    """The answer of a probe, unless it asked for single values only."""
    entry = probes.get(name)
    if entry is None:
        return None
    asked = entry.get("asked") if isinstance(entry, Mapping) else None
    narrow = name == "run_once" if not isinstance(asked, Mapping) else asked.get("values") is not None
    return None if narrow else answer_of(probes, name)


def _values(values: object, view: str, problems: list[str]) -> list[dict[str, Any]]:
    if not isinstance(values, Mapping):
        problems.append(f"the {view} view of RunOnce: the answer is damaged")
        return []
    return [
        {"view": view, "name": printable(str(name)[:MAX_NAME]), "sha256": digest(value)}
        for name, value in values.items()
    ]
