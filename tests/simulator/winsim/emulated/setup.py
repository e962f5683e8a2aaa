# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.setup` (also `gather_facts`): the facts a play needs, in the subsets of ansible.windows 3.8.0."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ..denial import CBS, SESSION_MANAGER
from ..host import Access
from .reboot_info import COMPONENT_CACHE, is_true, path_exists, property_of
from .result import words

Facts = dict[str, Any]


def setup(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    chosen = words(args.get("gather_subset")) or ["all"]
    warnings: list[str] = []
    subsets = _subsets(chosen, warnings)
    facts: Facts = {"gather_subset": chosen, "module_setup": True}
    for name, gather in SUBSETS.items():
        if name in subsets:
            facts.update(gather(access))
    patterns = words(args.get("filter"))
    if patterns and "*" not in patterns:
        facts = {name: value for name, value in facts.items() if any(_matches(name, p) for p in patterns)}
    result: dict[str, Any] = {"changed": False, "ansible_facts": facts}
    return {**result, "warnings": warnings} if warnings else result


def _matches(fact: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(fact, pattern) or fnmatch.fnmatchcase(fact.removeprefix("ansible_"), pattern)


def _subsets(chosen: list[str], warnings: list[str]) -> set[str]:
    """As setup.ps1 counts: start from all, take away what is excluded, add what is named; `!all` leaves the minimum."""
    every = {name for members in GROUPS.values() for name in members}
    groups = {**GROUPS, "all": sorted(every)}
    included: set[str] = set()
    excluded: set[str] = set()
    for item in chosen:
        name = item.removeprefix("!")
        members = set(groups.get(name, [name] if name in every else []))
        if item.startswith("!"):
            excluded |= members - set(GROUPS["min"]) if name == "all" else members
        elif members:
            included |= members
        else:
            warnings.append(f"invalid value {name} specified in gather_subset")
    return (every - excluded) | included


def _date_time(access: Access) -> Facts:
    now = access.now
    return {
        "ansible_date_time": {
            "date": now.strftime("%Y-%m-%d"),
            "day": now.strftime("%d"),
            "epoch": str(now.timestamp()),
            "epoch_int": int(now.timestamp()),
            "hour": now.strftime("%H"),
            "iso8601": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "iso8601_basic": now.strftime("%Y%m%dT%H%M%S%f"),
            "iso8601_basic_short": now.strftime("%Y%m%dT%H%M%S"),
            "iso8601_micro": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "minute": now.strftime("%M"),
            "month": now.strftime("%m"),
            "second": now.strftime("%S"),
            "time": now.strftime("%H:%M:%S"),
            "tz": access.host.os.timezone,
            # The local time of a simulated host is UTC, whatever its zone is called.
            "tz_offset": "+0000",
            "weekday": now.strftime("%A"),
            "weekday_number": now.strftime("%w"),
            "weeknumber": str(int(now.strftime("%U"))),
            "year": now.strftime("%Y"),
        },
    }


def _distribution(access: Access) -> Facts:
    os = access.host.os
    server = os.product_type == 3
    return {
        "ansible_distribution": os.caption if access.identity.elevated else None,
        "ansible_distribution_version": f"10.0.{os.build.partition('.')[0]}.0",
        "ansible_distribution_major_version": "10",
        "ansible_os_family": "Windows",
        "ansible_os_name": os.caption if access.identity.elevated else None,
        "ansible_os_product_type": "server" if server else "workstation",
        "ansible_os_installation_type": "Server" if server else "Client",
        "ansible_os_install_date": None,
    }


def _env(access: Access) -> Facts:
    return {
        "ansible_env": {
            "COMPUTERNAME": access.host.computer_name.upper(),
            "OS": "Windows_NT",
            "ProgramData": "C:\\ProgramData",
            "ProgramFiles": "C:\\Program Files",
            "SystemDrive": "C:",
            "SystemRoot": "C:\\Windows",
            "TEMP": "C:\\Windows\\Temp",
            "USERNAME": _user(access),
            "USERPROFILE": f"C:\\Users\\{_user(access)}",
            "windir": "C:\\Windows",
        },
    }


def _platform(access: Access) -> Facts:
    host = access.host
    elevated = access.identity.elevated
    return {
        "ansible_domain": "",
        "ansible_fqdn": host.host_name,
        "ansible_hostname": host.host_name,
        "ansible_netbios_name": host.computer_name.upper(),
        "ansible_kernel": f"10.0.{host.os.build.partition('.')[0]}.0",
        "ansible_nodename": host.host_name,
        "ansible_machine_id": None,
        "ansible_owner_name": "",
        "ansible_owner_contact": "",
        "ansible_system": "Win32NT",
        "ansible_system_description": "",
        "ansible_system_vendor": "winsim",
        "ansible_architecture": "64-bit" if elevated else None,
        "ansible_architecture2": "x86_64",
        "ansible_reboot_pending": _reboot_pending(access),
    }


def _reboot_pending(access: Access) -> bool:
    """The three signals that setup looks at, refused values read as "no" and a refused CBS key as "yes", as there."""
    return (
        is_true(property_of(access, SESSION_MANAGER, "PendingFileRenameOperations"))
        or path_exists(access, f"{CBS}\\RebootPending")
        or is_true(property_of(access, COMPONENT_CACHE, "RestartRequired"))
    )


def _user(access: Access) -> str:
    return access.identity.user.rpartition("\\")[2]


def _user_facts(access: Access) -> Facts:
    return {
        "ansible_user_dir": f"C:\\Users\\{_user(access)}",
        "ansible_user_gecos": "",
        "ansible_user_id": _user(access),
        "ansible_user_sid": "S-1-5-18" if access.identity.is_system else "S-1-5-21-1004336348-1177238915-682003330-500",
    }


def _uptime(access: Access) -> Facts:
    boot = access.host.os.boot_time
    return {
        "ansible_lastboot": boot.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
        "ansible_uptime_seconds": max(0, int((_now(access) - boot).total_seconds())),
    }


def _now(access: Access) -> datetime:
    return access.now


def _domain(_access: Access) -> Facts:
    return {
        "ansible_windows_domain": "WORKGROUP",
        "ansible_windows_domain_member": False,
        "ansible_windows_domain_role": "Stand-alone server",
    }


SUBSETS: Final[Mapping[str, Callable[[Access], Facts]]] = {
    "date_time": _date_time,
    "distribution": _distribution,
    "env": _env,
    "platform": _platform,
    "powershell_version": lambda _access: {"ansible_powershell_version": 5},
    "user": _user_facts,
    "all_ipv4_addresses": lambda _access: {"ansible_ip_addresses": ["127.0.0.1"]},
    "interfaces": lambda _access: {"ansible_interfaces": []},
    "windows_domain": _domain,
    "memory": lambda _access: {"ansible_memtotal_mb": 8192, "ansible_memfree_mb": 4096, "ansible_swaptotal_mb": 0},
    "processor": lambda _access: {
        "ansible_processor_vcpus": 2,
        "ansible_processor_count": 1,
        "ansible_processor_cores": 2,
    },
    "uptime": _uptime,
    "virtual": lambda _access: {"ansible_virtualization_role": "NA", "ansible_virtualization_type": "NA"},
}
# Names that a playbook may give; those without a function above gather nothing here.
GROUPS: Final[Mapping[str, list[str]]] = {
    "min": ["date_time", "distribution", "dns", "env", "local", "platform", "powershell_version", "user"],
    "network": ["all_ipv4_addresses", "all_ipv6_addresses", "interfaces", "windows_domain", "winrm"],
    "hardware": ["bios", "memory", "processor", "uptime", "virtual"],
    "external": ["facter"],
}
