# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Probe kinds `process`, `service` and `mutex`: what runs on the host."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..clock import stamp
from ..host import Access
from .answers import AbsentError, Ask, denied


def read_processes(access: Access, ask: Ask) -> dict[str, Any]:
    """Names come without `.exe` and ignore case; none of them running is absent."""
    names = {str(name).lower() for name in ask["names"]}
    if any(access.denies_name(name) or access.denies_name(f"{name}.exe") for name in names):
        raise denied()
    started = stamp(min(access.host.os.boot_time + timedelta(minutes=1), access.now))
    running = [
        {"name": name, "id": process.id, "started": stamp(process.started) if process.started else started}
        for process in access.host.processes
        if (name := _bare(process.name)).lower() in names
    ]
    if not running:
        raise AbsentError
    return {"running": running}


def _bare(name: str) -> str:
    return name[:-4] if name.lower().endswith(".exe") else name


def read_services(access: Access, ask: Ask) -> dict[str, Any]:
    names = [str(name) for name in ask["names"]]
    if any(access.denies_name(name) for name in names):
        raise denied()
    found = [access.host.services[name.lower()] for name in names if name.lower() in access.host.services]
    if not found:
        raise AbsentError
    return {"services": [{"name": s.name, "state": s.state, "start": s.start} for s in found]}


def read_mutex(access: Access, ask: Ask) -> dict[str, Any]:
    name = str(ask["name"])
    if access.denies_name(name):
        raise denied()
    if name.lower() not in {mutex.lower() for mutex in access.host.mutexes}:
        raise AbsentError
    return {"exists": True}
