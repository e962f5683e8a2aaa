# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Files and keys that jobs leave on a host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ..host import Host
from ..model import File, Folder, expand
from ..registry import Key, Value
from . import places

SYSTEM: Final = "NT AUTHORITY\\SYSTEM"


def one_line(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def put_file(host: Host, path: str, text: str, at: datetime) -> None:
    host.files[path.lower()] = File(path=path, text=text, modified=at)


def append_line(host: Host, path: str, document: Mapping[str, Any], at: datetime) -> None:
    before = host.file(path)
    put_file(host, path, (before.text or "" if before else "") + one_line(document) + "\n", at)


def count_lines(host: Host, path: str) -> int:
    """Lines that have ended."""
    file = host.file(path)
    return (file.text or "").count("\n") if file else 0


def tear_last_line(host: Host, path: str, at: datetime) -> None:
    """Half of the last line has reached the disk."""
    file = host.file(path)
    *whole, last = (file.text or "").splitlines(keepends=True) if file else [""]
    put_file(host, path, "".join(whole) + last[: len(last) // 2], at)


def end_last_line(host: Host, path: str, at: datetime) -> None:
    """What is written next begins a line of its own."""
    file = host.file(path)
    if file is not None and file.text and not file.text.endswith("\n"):
        put_file(host, path, file.text + "\n", at)


def make_folders(host: Host, paths: Iterable[str], owner: str) -> None:
    """Folders that are there keep their owner."""
    for path in paths:
        if path.lower() not in host.folders:
            host.folders[path.lower()] = Folder(path, owner)


def drop_folder(host: Host, path: str) -> None:
    """The folder with everything in it."""
    top = path.lower()
    for known in (host.files, host.folders):
        for name in [name for name in known if name == top or name.startswith(f"{top}\\")]:
            del known[name]


def put_key(host: Host, path: str, at: datetime, **values: str | int) -> None:
    """A volatile key; texts and numbers become values of their type."""
    key = host.registry.add(Key(path=path, volatile=True, write_time=at))
    for name, data in values.items():
        key.put(Value(name, "REG_DWORD" if isinstance(data, int) else "REG_SZ", data))


def free_process_id(host: Host) -> int:
    return max((process.id for process in host.processes), default=4000) + 4


def job_ids(host: Host) -> list[str]:
    """The jobs that have a folder, newest first."""
    top = places.JOBS.lower() + "\\"
    paths = [*(expand(f.path) for f in host.folders.values()), *(expand(f.path) for f in host.files.values())]
    names = {path[len(top) :].partition("\\")[0] for path in paths if path.lower().startswith(top)}
    return sorted(filter(places.kind_of, names), key=lambda job: job.partition("-")[2], reverse=True)


def journal_of(host: Host, job: str) -> list[dict[str, Any]]:
    """The lines of a job's journal that are JSON."""
    file = host.file(f"{places.folder_of(job)}\\journal.jsonl")
    found: list[dict[str, Any]] = []
    # Only whole lines: a worker that was killed may have left half of one.
    for line in (file.text or "").split("\n")[:-1] if file else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found
