# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How an emulated module fails, and how its arguments are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ModuleFailedError(Exception):
    """The module ends with `failed: true` and this message."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts

    def as_result(self) -> dict[str, Any]:
        return {"changed": False, "failed": True, "msg": str(self), **self.facts}


def truth(args: Mapping[str, Any], name: str, default: bool) -> bool:
    """A boolean argument in any of Ansible's spellings."""
    value = args.get(name)
    if value is None:
        return default
    return str(value).lower() in {"true", "yes", "on", "1", "y", "t"}


def words(value: object) -> list[str]:
    """A list argument, which may come as one comma-separated text."""
    if value is None:
        return []
    items = value if isinstance(value, list) else str(value).split(",")
    return [str(item).strip() for item in items if str(item).strip()]
