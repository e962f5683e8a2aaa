# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.win_ping`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..host import Access
from .result import ModuleFailedError


def win_ping(_access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    data = args.get("data") or "pong"
    if data == "crash":
        raise ModuleFailedError("Unhandled exception while executing module: boom")
    return {"changed": False, "ping": data}
