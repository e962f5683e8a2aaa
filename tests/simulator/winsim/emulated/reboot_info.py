# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.win_reboot_info` 3.8.0: its six checks, with what they make of a key that is refused.

Its `Get-ItemProperty … SilentlyContinue` reads a refused value as "nothing pending"; its `Test-Path` takes a refused
key for an existing one (PowerShell's RegistryProvider.ItemExists), so it reports a reboot. It looks for values of
Netlogon, never for its subkeys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from ..boot import NETLOGON, SERVER_MANAGER
from ..clock import stamp
from ..denial import CBS, OPEN_NAMESPACE, SESSION_MANAGER
from ..host import ACTIVE_COMPUTER_NAME, COMPUTER_NAME, Access
from .result import ModuleFailedError

WINDOWS_UPDATE: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired"
COMPONENT_CACHE: Final = f"{SERVER_MANAGER}\\ServicingStorage\\ServerComponentCache"


def path_exists(access: Access, key: str) -> bool:
    """`Test-Path` on a registry key."""
    return access.denies_key(key) or access.host.registry.key(key) is not None


def property_of(access: Access, key: str, name: str) -> object:
    """`(Get-ItemProperty … -ErrorAction SilentlyContinue).Name`: null for what is refused or missing."""
    value = None if access.denies_key(key) else access.host.registry.value(key, name)
    return value.data if value else None


def is_true(value: object) -> bool:
    """PowerShell's truth of a value: a list of one counts as its item, a longer one is true whatever it holds."""
    if isinstance(value, list):
        return is_true(value[0]) if len(value) == 1 else len(value) > 1
    return bool(value)


def win_reboot_info(access: Access, _args: Mapping[str, Any]) -> dict[str, Any]:
    if access.denies_cim(OPEN_NAMESPACE, "Win32_OperatingSystem"):
        raise ModuleFailedError("Failed to get last boot time from CIM: Access denied")
    boot_time = access.host.os.boot_time
    reasons = list(_reasons(access))
    return {
        "changed": False,
        "last_reboot": {
            "time": stamp(boot_time),
            "time_epoch": int(boot_time.timestamp()),
            "details": _last_event(access),
        },
        "reboot_required": bool(reasons),
        "reboot_required_reasons": reasons,
    }


def _reasons(access: Access) -> Iterator[dict[str, str]]:
    if path_exists(access, f"{CBS}\\RebootPending"):
        yield _reason("component_based_servicing", "Component Based Servicing has a pending reboot.")
    if path_exists(access, WINDOWS_UPDATE):
        yield _reason("windows_update", "Windows Update has installed updates that require a reboot.")
    if is_true(property_of(access, SESSION_MANAGER, "PendingFileRenameOperations")):
        yield _reason("pending_file_rename", "There are pending file rename operations that require a reboot.")
    wanted = property_of(access, COMPUTER_NAME, "ComputerName")
    active = property_of(access, ACTIVE_COMPUTER_NAME, "ComputerName")
    if wanted and active and str(wanted).lower() != str(active).lower():
        yield _reason("pending_computer_rename", f"Computer name change pending from '{active}' to '{wanted}'.")
    if any(_has_value(access, NETLOGON, name) for name in ("JoinDomain", "AvoidSpnSet")):
        yield _reason("domain_join", "A domain join operation is pending and requires a reboot.")
    if is_true(property_of(access, COMPONENT_CACHE, "RestartRequired")):
        yield _reason("server_manager", "Server Manager indicates a component change requires a reboot.")


def _reason(source: str, description: str) -> dict[str, str]:
    return {"source": source, "description": description}


def _has_value(access: Access, key: str, name: str) -> bool:
    return not access.denies_key(key) and access.host.registry.value(key, name) is not None


def _last_event(access: Access) -> dict[str, Any] | None:
    """The newest event 1074, unless it is older than five minutes before the boot."""
    if access.denies_log("System"):
        return None
    found = [e for e in access.host.events if e.log.lower() == "system" and e.id == 1074]
    if not found:
        return None
    newest = max(found, key=lambda event: event.time)
    if newest.time < access.host.os.boot_time - timedelta(minutes=5):
        return None
    data = [*newest.data, *[None] * 7]
    return {
        "process": data[0],
        "reason": data[2],
        "reason_code": _code(data[3]),
        "type": data[4],
        "comment": data[5],
        "initiated_by": data[6],
        "event_time": stamp(newest.time),
    }


def _code(text: str | None) -> int | str | None:
    """A number where it is one, as PowerShell converts to a long."""
    try:
        return int(text, 0) if text else None
    except ValueError:
        return text
