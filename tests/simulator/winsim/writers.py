# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The two modules of this collection that write to the registry, answered by doubles that keep their contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .denial import SESSION_MANAGER
from .emulated.result import ModuleFailedError
from .host import Access, Host
from .registry import Key, Value

OWN: Final = "HKLM\\SOFTWARE\\winops.patching"
BACKUP: Final = f"{OWN}\\RenameQueueBackup"
AGENT: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update"
# What `win_reboot_mark` may touch: the key, and the one above it.
MARK_KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "witness": (f"{OWN}\\RebootWitness", OWN),
    "marks": (f"{OWN}\\RebootRequiredMarks", OWN),
    "update_agent": (f"{AGENT}\\RebootRequired", AGENT),
    "persistent": (f"{OWN}\\PersistentSignals", OWN),
}
LASTING: Final = "persistent"
_DIRECT: Final = "runs through its action plugin: call it by its full name"


def win_rename_queue(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """`changes: [{name, expected, wanted}]` and `stamp` in, `{changed, backup}` out."""
    changes, stamp = args.get("changes"), args.get("stamp")
    if not isinstance(changes, list) or not stamp:
        raise ModuleFailedError(f"winops.patching.win_rename_queue {_DIRECT}", reason="error")
    _must_write(access, SESSION_MANAGER)
    host = access.host
    for change in changes:
        held = host.registry.value(SESSION_MANAGER, change["name"])
        if not _equals(held, change["expected"]):
            text = f"{change['name']} has changed meanwhile; nothing was changed: run the task again"
            raise ModuleFailedError(text, reason="queue_changed")
    backup = f"{BACKUP}\\{stamp}"
    for change in changes:
        _key(host, backup).put(Value(change["name"], "REG_MULTI_SZ", list(change["expected"])))
        if change["wanted"]:
            _key(host, SESSION_MANAGER).put(Value(change["name"], "REG_MULTI_SZ", list(change["wanted"])))
        else:
            host.registry.drop_value(SESSION_MANAGER, change["name"], at=access.now)
    host.touch()
    return {"changed": True, "backup": backup}


def _equals(held: Value | None, wanted: list[str]) -> bool:
    if held is None:
        return not wanted
    return held.kind == "REG_MULTI_SZ" and held.data == wanted


def win_reboot_mark(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """`steps: [{key, set, remove, drop}]` in, `{changed, steps}` out."""
    steps = args.get("steps")
    if not isinstance(steps, list) or not steps or any(step.get("key") not in MARK_KEYS for step in steps):
        raise ModuleFailedError(f"winops.patching.win_reboot_mark {_DIRECT}", reason="error")
    for step in steps:
        _carry_out(access, step)
    access.host.touch()
    return {"changed": True, "steps": len(steps)}


def _carry_out(access: Access, step: Mapping[str, Any]) -> None:
    host = access.host
    path, parent = MARK_KEYS[step["key"]]
    _must_write(access, path)
    if step.get("drop"):
        host.registry.drop_tree(path)
        return
    if step["key"] == "update_agent" and host.registry.key(parent) is None:
        text = f"there is no key {parent.removeprefix('HKLM' + chr(92))}: Windows Update is not set up here"
        raise ModuleFailedError(f"the mark could not be written: {text}", reason="error")
    key = _key(host, path, volatile=step["key"] != LASTING)
    for name, data in (step.get("set") or {}).items():
        key.put(Value(name, "REG_SZ", data) if isinstance(data, str) else Value(name, "REG_DWORD", data & 0xFFFFFFFF))
    for name in step.get("remove") or []:
        host.registry.drop_value(path, name, at=access.now)


def _must_write(access: Access, path: str) -> None:
    """Keys of the machine are written by an elevated token only."""
    if not access.identity.elevated or access.denies_key(path):
        text = "Requested registry access is not allowed."
        remedy = "connect as an administrator with an elevated token"
        raise ModuleFailedError(f"access denied: {remedy} ({text})", reason="not_elevated")


def _key(host: Host, path: str, *, volatile: bool = False) -> Key:
    """The key, made where it is not there; an existing one stays as volatile as it is."""
    found = host.registry.key(path)
    if found is None:
        return host.registry.add(Key(path=path, volatile=volatile))
    found.listed = True
    return found
