# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Probe kind `registry`."""

from __future__ import annotations

from typing import Any, Final

from ..clock import stamp
from ..host import Access
from ..registry import HIVES, Data, Value
from .answers import AbsentError, Ask, invalid, key_denied

_BITS: Final = {"REG_DWORD": 32, "REG_QWORD": 64}


def read_key(access: Access, ask: Ask) -> dict[str, Any]:
    """`values` holds those of the asked names that exist; `subkeys` and `write_time` come when asked for."""
    path = str(ask["path"])
    if path.partition("\\")[0].upper() not in HIVES.values():
        raise invalid(f"'{path}' does not begin with a full hive name such as HKEY_LOCAL_MACHINE")
    if access.denies_key(path):
        raise key_denied()
    registry = access.host.registry
    key = registry.key(path)
    if key is None:
        raise AbsentError
    wanted = None if ask.get("values") is None else {str(name).lower() for name in ask["values"]}
    data: dict[str, Any] = {
        "values": {
            value.name: {"kind": value.kind, "data": _as_read(value)}
            for name, value in key.values.items()
            if wanted is None or name in wanted
        },
    }
    if ask.get("subkeys"):
        data["subkeys"] = registry.subkeys(path)
    if ask.get("write_time"):
        data["write_time"] = stamp(key.write_time) if key.write_time else None
    return data


def _as_read(value: Value) -> Data:
    """PowerShell reads numbers as signed: 0xFFFFFFFF arrives as -1. Binary is lower-case hexadecimal."""
    if value.kind in _BITS and isinstance(value.data, int):
        top = 1 << (_BITS[value.kind] - 1)
        return (value.data + top) % (2 * top) - top
    if value.kind in {"REG_BINARY", "REG_NONE"} and isinstance(value.data, str):
        return value.data.lower()
    return value.data
