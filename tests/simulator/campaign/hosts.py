# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The words of the hosts that faults happen to, in those of a host file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from campaign.model import Words

CBS: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing"
SESSION_MANAGER: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
AUTO_UPDATE: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update"
REBOOT_REQUIRED: Final = f"{AUTO_UPDATE}\\RebootRequired"
POLICY: Final = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU"
OLD, NEW = "C:\\Windows\\System32\\a.dll", "C:\\Windows\\System32\\SET1.tmp"
# Automatic updates are off, so that nobody else patches the host and the run may.
HANDS_OFF: Final = {POLICY: {"values": {"NoAutoUpdate": {"type": "REG_DWORD", "data": 1}}}}


def update(number: int, **words: Any) -> dict[str, Any]:
    """An update that takes two minutes."""
    return {
        "id": f"{number:08x}-0000-4000-8000-{number:012x}",
        "revision": 200 + number,
        "title": f"2026-11 Update {number} (KB{5000000 + number})",
        "kb": [str(5000000 + number)],
        "classification": "Security Updates",
        "run_minutes": 2,
        **words,
    }


# What nobody has asked for: no run may ever install it.
BAITS: Final = (
    update(901, title="Printer driver", classification="Drivers"),
    update(902, title="2026-11 Preview", browse_only=True),
    update(903, title="Hidden by an administrator", hidden=True),
    update(904, title="Windows, version 26H2", classification="Upgrades"),
)
BAIT_IDS: Final = frozenset(str(bait["id"]) for bait in BAITS)


def host(*updates: Mapping[str, Any], agent: Words | None = None, **words: Any) -> dict[str, Any]:
    """A healthy host that is offered these updates and the baits."""
    return {
        "os": {"boot_time": "2026-11-01T03:12:00Z", "build": "20348.2700"},
        "registry": HANDS_OFF | words.pop("registry", {}),
        "network": {"auth": ["basic"], **words.pop("network", {})},
        "update_agent": {
            "remote": "denied",
            "scan_minutes": 0.5,
            "updates": [dict(one) for one in (*updates, *BAITS)],
            **(agent or {}),
        },
        **words,
    }


def idle(**words: Any) -> dict[str, Any]:
    """Nothing is missing: what happens to it happens while it is looked at."""
    return host(update(1, installed=True), update(2, installed=True), **words)


def quiet(**words: Any) -> dict[str, Any]:
    """Two updates, and no reboot."""
    return host(update(1), update(2), **words)


def reboots(**words: Any) -> dict[str, Any]:
    """Two updates, of which one waits for a reboot."""
    return host(update(1), update(2, reboot_behavior="always_requires"), **words)


TEMPLATES: Final = {"idle": idle, "quiet": quiet, "reboots": reboots}
BY_HOST: Final = {"patch_reboot_by": "host"}


def wanted_of(words: Words) -> frozenset[str]:
    """The updates of a host file that a run should install."""
    updates = words.get("update_agent", {}).get("updates", [])
    return frozenset(one["id"] for one in updates if one["id"] not in BAIT_IDS and not one.get("installed"))
