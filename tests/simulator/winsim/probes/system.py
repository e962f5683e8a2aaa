# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The block `system` of a reader's answer: who reads, on what, when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..clock import stamp
from ..denial import OPEN_NAMESPACE
from ..host import Access
from .answers import ProbeError, cim_denied, key_denied
from .cim import find_instances, plain_map

CURRENT_VERSION: Final = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"


def read_system(access: Access) -> dict[str, Any]:
    """Every field; one that cannot be read is null and has an entry in `errors`."""
    host, identity = access.host, access.identity
    fields: dict[str, Callable[[], object]] = {
        "computer_name": lambda: host.computer_name,
        "os_caption": lambda: _of_os(access, "Caption"),
        "os_build": lambda: _build(access),
        "product_type": lambda: _of_os(access, "ProductType"),
        "boot_time": lambda: _of_os(access, "LastBootUpTime"),
        "time_zone": lambda: host.os.timezone,
        "powershell": lambda: f"5.1.{host.os.build}",
        "is_64bit": lambda: True,
        "user": lambda: identity.user,
        "elevated": lambda: identity.elevated,
        "is_system": lambda: identity.is_system,
        "language_mode": lambda: host.powershell.language_mode,
        "execution_policy": lambda: host.powershell.execution_policy,
        "clock": lambda: stamp(host.clock.now()),
    }
    system: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for name, read in fields.items():
        try:
            system[name] = read()
        except ProbeError as error:
            system[name] = None
            errors.append({"field": name, "error": error.as_error()})
    return {**system, "errors": errors}


def _of_os(access: Access, name: str) -> object:
    if access.denies_cim(OPEN_NAMESPACE, "Win32_OperatingSystem"):
        raise cim_denied()
    instances = find_instances(access.host, OPEN_NAMESPACE, "Win32_OperatingSystem")
    return plain_map(instances[0]).get(name) if instances else None


def _build(access: Access) -> str:
    if access.denies_key(CURRENT_VERSION):
        raise key_denied()
    return access.host.os.build
