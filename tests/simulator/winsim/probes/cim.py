# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Probe kinds `cim_query` and `cim_method`, and the classes that every host has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ..clock import stamp
from ..denial import OPEN_NAMESPACE, normal_namespace
from ..host import Access, Host, cim_names
from . import wql
from .answers import AbsentError, Ask, cim_denied, invalid

# Methods that only read: design §4, decided for the reader.
ALLOWED_METHODS: Final = (
    "CCM_ClientUtilities.DetermineIfRebootPending",
    "MSFT_DSCLocalConfigurationManager.GetMetaConfiguration",
)
Instances = list[dict[str, Any]]


def read_query(access: Access, ask: Ask) -> dict[str, Any]:
    namespace, class_name = str(ask["namespace"]), str(ask["class"])
    if access.denies_cim(namespace, class_name):
        raise cim_denied()
    instances = find_instances(access.host, namespace, class_name)
    if instances is None:
        raise AbsentError
    wanted = [str(name).lower() for name in ask.get("properties") or []]
    matches = wql.parse(str(ask["filter"])) if ask.get("filter") else _every
    return {"instances": [_projected(instance, wanted) for instance in map(plain_map, instances) if matches(instance)]}


def _every(_instance: Mapping[str, Any]) -> bool:
    return True


def _projected(instance: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    return {name: value for name, value in instance.items() if not wanted or name.lower() in wanted}


def read_method(access: Access, ask: Ask) -> dict[str, Any]:
    namespace, class_name, method = str(ask["namespace"]), str(ask["class"]), str(ask["method"])
    asked = f"{class_name}.{method}"
    if asked.lower() not in {name.lower() for name in ALLOWED_METHODS}:
        raise invalid(f"{asked} is not on the list of methods that only read")
    if access.denies_cim(namespace, class_name, method):
        raise cim_denied()
    target = normal_namespace(f"{namespace}:{asked}")
    for path, result in access.host.methods.items():
        if normal_namespace(path) == target:
            return plain_map(result)
    raise AbsentError


def find_instances(host: Host, namespace: str, class_name: str) -> Instances | None:
    """The instances of a class, or None without such a class. The host file wins over what every host has."""
    target = f"{normal_namespace(namespace)}:{class_name.lower()}"
    for path, instances in host.cim.items():
        if normal_namespace(path) == target:
            return instances
    if normal_namespace(namespace) == OPEN_NAMESPACE and class_name.lower() in BUILT_IN:
        return BUILT_IN[class_name.lower()](host)
    return [] if class_name.lower() in cim_names(host).get(normal_namespace(namespace), set()) else None


def plain_map(source: Mapping[str, Any]) -> dict[str, Any]:
    """Times as text; embedded objects stay nested maps."""
    return {str(name): _plain(value) for name, value in source.items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Mapping):
        return plain_map(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _operating_system(host: Host) -> Instances:
    build = host.os.build.partition(".")[0]
    return [
        {
            "Name": f"{host.os.caption}|C:\\Windows|\\Device\\Harddisk0\\Partition4",
            "Caption": host.os.caption,
            "Version": f"10.0.{build}",
            "BuildNumber": build,
            "ProductType": host.os.product_type,
            "LastBootUpTime": host.os.boot_time,
            "LocalDateTime": host.clock.now(),
            "OSArchitecture": "64-bit",
            "CSName": host.computer_name.upper(),
            "WindowsDirectory": "C:\\Windows",
            "SystemDirectory": "C:\\Windows\\system32",
            "Status": "OK",
        },
    ]


def _computer_system(host: Host) -> Instances:
    return [
        {
            "Name": host.computer_name.upper(),
            "DNSHostName": host.host_name,
            "Domain": "WORKGROUP",
            "PartOfDomain": False,
            "Manufacturer": "winsim",
            "Model": "Simulated host",
            "SystemType": "x64-based PC",
        },
    ]


def _processes(host: Host) -> Instances:
    return [
        {
            "Name": f"{process.name.removesuffix('.exe')}.exe",
            "ProcessId": process.id,
            "CreationDate": process.started or host.os.boot_time,
        }
        for process in host.processes
    ]


def _services(host: Host) -> Instances:
    states = {"running": "Running", "stopped": "Stopped", "paused": "Paused"}
    starts = {"auto": "Auto", "manual": "Manual", "disabled": "Disabled", "boot": "Boot", "system": "System"}
    return [
        {
            "Name": s.name,
            "State": states.get(s.state, s.state),
            "StartMode": starts[s.start],
            "Started": s.state == "running",
        }
        for s in host.services.values()
    ]


def _quick_fixes(host: Host) -> Instances:
    """What component servicing has installed: packages of the host file that have an article's number."""
    servicing = (package for package in host.packages if package.kind in ("msu", "cab") and package.installed)
    return [{"HotFixID": f"KB{package.kb}", "Description": "Update"} for package in servicing if package.kb]


BUILT_IN: Final[Mapping[str, Callable[[Host], Instances]]] = {
    "win32_operatingsystem": _operating_system,
    "win32_computersystem": _computer_system,
    "win32_process": _processes,
    "win32_service": _services,
    "win32_quickfixengineering": _quick_fixes,
}
