# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The true state of a host, in the shape of its host file plus its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from .clock import stamp
from .host import Host
from .mishaps import MISHAPS
from .probes.cim import plain_map
from .registry import Key


def as_document(host: Host) -> dict[str, Any]:
    """The host as a host file would give it, and `log`. Times are text."""
    document: dict[str, Any] = {
        "name": host.name,
        "os": {
            "caption": host.os.caption,
            "build": host.os.build,
            "boot_time": stamp(host.os.boot_time),
            "timezone": host.os.timezone,
        },
        "registry": {key.path: _key(key) for key in host.registry if key.listed},
        "denied": host.denied.entries,
        "files": {
            file.path: _given(
                {"version": file.version, "size": file.length, "modified": file.modified, "text": file.text}
            )
            for file in host.files.values()
        },
        "folders": {f.path: {"owner": f.owner, "reparse": f.reparse} for f in host.folders.values()},
        "processes": [{"name": process.name, "id": process.id} for process in host.processes],
        "services": {s.name: {"state": s.state, "start": s.start} for s in host.services.values()},
        "mutexes": host.mutexes,
        "cim": {path: [plain_map(instance) for instance in instances] for path, instances in host.cim.items()},
        "methods": {path: plain_map(result) for path, result in host.methods.items()},
        "events": [_given(asdict(event)) for event in host.events],
        "tasks": {
            t.path: _given({word: v for word, v in asdict(t).items() if word != "path" and v is not False})
            for t in host.tasks.values()
        },
        "powershell": asdict(host.powershell),
        "groups": host.groups,
        "token": {"elevated": host.elevated},
        "network": {
            "listen": host.network.listen,
            "auth": host.network.auth,
            "https": host.network.https,
            "latency_ms": host.network.latency_ms,
            "run_ms": host.network.run_ms,
            "faults": [_given(asdict(fault)) for fault in host.network.faults],
            **_given({"dies_after": host.network.dies_after}),
        },
        "survives_reboot": host.survives_reboot,
        "misbehaves": host.misbehaves,
        **_given({word: getattr(host.mishaps, word) for word in MISHAPS}),
        "free_mb": host.free_mb,
        "servicing_after_boot_minutes": host.servicing_after_boot_minutes,
        "log": host.log,
    }
    if host.packages:
        document["packages"] = [_given(asdict(package)) for package in host.packages]
    agent = host.update_agent
    if agent is not None:
        document["update_agent"] = plain_map(_given({f.name: getattr(agent, f.name) for f in fields(agent)}))
    return document


def _key(key: Key) -> dict[str, Any]:
    values = {value.name: {"type": value.kind, "data": value.data} for value in key.values.values()}
    words = {"volatile": key.volatile or None, "write_time": key.write_time, "values": values or None}
    return _given(words)


def _given(words: Mapping[str, object]) -> dict[str, Any]:
    """The words that have a value, times as text."""
    return {word: stamp(v) if isinstance(v, datetime) else v for word, v in words.items() if v is not None}


def as_text(document: Mapping[str, Any]) -> str:
    """JSON with a line for each word: an indent for everything would cost a second where there are 3,000 updates."""
    words = (f"{json.dumps(word)}: {json.dumps(v, ensure_ascii=False, default=str)}" for word, v in document.items())
    return "{\n" + ",\n".join(words) + "\n}\n"


def write_atomically(file: Path, content: str, *, mode: int = 0o644) -> None:
    """Readers see the old file or the new one, never half of one."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=mode)
    draft.write_text(content, encoding="utf-8")
    draft.replace(file)


class StateFiles:
    """Keeps `FOLDER/HOST.json`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def write(self, host: Host) -> None:
        with host.lock:
            write_atomically(self._folder / f"{host.name}.json", as_text(as_document(host)))
