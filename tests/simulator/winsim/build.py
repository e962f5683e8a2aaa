# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Makes a host out of what its file says, filling in what every Windows has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from .clock import HostClock
from .denial import DenialList
from .host import ACTIVE_COMPUTER_NAME, COMPUTER_NAME, FREE_MB, TCPIP, Host
from .model import (
    Event,
    Fault,
    File,
    Folder,
    Mishaps,
    Network,
    OperatingSystem,
    PowerShell,
    Process,
    ScheduledTask,
    Service,
    UpdateAgent,
    expand,
)
from .package import Package
from .registry import Key, Registry, Value

DEFAULT_CAPTION = "Microsoft Windows Server 2022 Datacenter"
DEFAULT_BUILD = "20348.2700"
FIRST_FREE_PROCESS_ID = 4000
NAMES_OF_EVERY_HOST = {
    COMPUTER_NAME: ("ComputerName",),
    ACTIVE_COMPUTER_NAME: ("ComputerName",),
    TCPIP: ("Hostname", "NV Hostname"),
}


def build_host(document: Mapping[str, Any], clock: HostClock) -> Host:
    """`document` is one validated host file."""
    os = document["os"]
    host = Host(
        name=document["name"],
        clock=clock.of_one_host(),
        os=OperatingSystem(
            caption=os.get("caption", DEFAULT_CAPTION),
            build=os.get("build", DEFAULT_BUILD),
            boot_time=os.get("boot_time") or (clock.now() - timedelta(days=1)).replace(microsecond=0),
            timezone=os.get("timezone", "UTC"),
        ),
        registry=_registry(document),
        denied=DenialList(document.get("denied", [])),
        files={expand(path).lower(): File(path=path, **words) for path, words in document.get("files", {}).items()},
        folders={expand(path).lower(): Folder(path, **words) for path, words in document.get("folders", {}).items()},
        processes=_processes(document.get("processes", [])),
        services={name.lower(): Service(name=name, **words) for name, words in document.get("services", {}).items()},
        mutexes=list(document.get("mutexes", [])),
        cim={path: list(instances) for path, instances in document.get("cim", {}).items()},
        methods={path: dict(result) for path, result in document.get("methods", {}).items()},
        events=[Event(**event) for event in document.get("events", [])],
        tasks={path.lower(): ScheduledTask(path, **words) for path, words in document.get("tasks", {}).items()},
        powershell=PowerShell(**document.get("powershell", {})),
        packages=[Package(**words) for words in document.get("packages", [])],
        groups=list(document.get("groups", [])),
        elevated=document.get("token", {}).get("elevated", True),
        network=_network(document.get("network", {})),
        survives_reboot=list(document.get("survives_reboot", [])),
        misbehaves=list(document.get("misbehaves", [])),
        mishaps=Mishaps(document.get("clock_jump"), document.get("second_installer"), document.get("power_cut")),
        free_mb=document.get("free_mb", FREE_MB),
        servicing_after_boot_minutes=document.get("servicing_after_boot_minutes", 0),
    )
    if "update_agent" in document:
        host.update_agent = UpdateAgent(**document["update_agent"])
    return host


def _registry(document: Mapping[str, Any]) -> Registry:
    registry = Registry()
    for path, words in document.get("registry", {}).items():
        key = Key(path=path, volatile=words.get("volatile", False), write_time=words.get("write_time"))
        for given, value in words.get("values", {}).items():
            name = "" if given.lower() == "(default)" else given
            key.put(Value(name=name, kind=value["type"], data=value.get("data", "")))
        registry.add(key)
    for path, names in NAMES_OF_EVERY_HOST.items():
        _fill_in(registry, path, names, document["name"])
    return registry


def _fill_in(registry: Registry, path: str, names: tuple[str, ...], text: str) -> None:
    """The names that every host has. A key that the file lists without any value is meant so: nothing is filled in."""
    key = registry.key(path)
    if key is not None and key.listed and not key.values:
        return
    if key is None or not key.listed:
        key = registry.add(Key(path=path, volatile=path == ACTIVE_COMPUTER_NAME))
    for name in names:
        if key.value(name) is None:
            key.put(Value(name=name, kind="REG_SZ", data=text))


def _processes(entries: list[dict[str, Any]]) -> list[Process]:
    taken = {entry["id"] for entry in entries if "id" in entry}
    free = (number for number in range(FIRST_FREE_PROCESS_ID, 1 << 20, 4) if number not in taken)
    return [Process(name=entry["name"], id=entry["id"] if "id" in entry else next(free)) for entry in entries]


def _network(words: Mapping[str, Any]) -> Network:
    faults = [Fault(**fault) for fault in words.get("faults", [])]
    dies_after = str(words["dies_after"]).lower() if "dies_after" in words else None
    return Network(**{**words, "faults": faults, "dies_after": dies_after})
