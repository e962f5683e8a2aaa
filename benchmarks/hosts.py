# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The simulated hosts that everything is measured on: mostly healthy, as fleets are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_CURRENT: Final = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
_SESSION_MANAGER: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
QUEUE_OF_A_NOISY_HOST: Final = 40

Words = dict[str, Any]


def host_name(number: int) -> str:
    """The first host is 1."""
    return f"bench-{number:03d}"


def fleet_words(count: int) -> dict[str, Words]:
    """Host files by name. Of ten hosts one waits for a reboot, one has a noisy queue, one refuses a key."""
    return {host_name(number): host_words(number) for number in range(1, count + 1)}


def host_words(number: int) -> Words:
    """One host; the update agent refuses network logons, as it really does."""
    words = _BY_LAST_DIGIT.get(number % 10, _healthy)(number)
    return {
        "os": {"boot_time": f"2026-10-{1 + number % 28:02d}T02:{number % 60:02d}:00Z"},
        "services": {"wuauserv": {"state": "stopped", "start": "manual"}},
        "update_agent": {"remote": "denied", "scan_minutes": 0.05},
        **words,
    }


def noise(entries: int, *, number: int = 0) -> list[str]:
    """A rename queue as REG_MULTI_SZ holds it: source and target by turns, none of it worth a reboot."""
    queue = []
    for entry in range(entries):
        kind = entry % len(_NOISE)
        queue += [_NOISE[kind].format(a=f"{number:04X}", b=f"{entry:06X}"), ""]
    return queue


def work(entries: int) -> list[str]:
    """A rename queue in which every entry replaces a file of Windows."""
    queue = []
    for entry in range(entries):
        queue += [rf"\??\C:\Windows\System32\SET{entry:06X}.tmp", rf"!\??\C:\Windows\System32\lib{entry:06x}.dll"]
    return queue


_NOISE: Final = (
    r"\??\C:\Program Files\Google\Chrome\Temp\source{a}_{b}\Chrome-bin\129.0.6668.101\chrome.dll",
    r"*1\??\C:\Program Files (x86)\Microsoft\EdgeUpdate\1.3.{b}\msedgeupdate.dll",
    r"\??\C:\Users\user{a}\AppData\Local\Temp\nsu{b}.tmp\System.dll",
    r"\??\C:\Windows\System32\spool\V4Dirs\{a}-{b}\merged.gpd",
    r"\??\C:\Config.Msi\{b}.rbf",
)


def _healthy(_number: int) -> Words:
    return {}


def _waiting(number: int) -> Words:
    update = {f"0f4b1a3e-9a4e-4a52-bb5f-{number:012x}": {"type": "REG_DWORD", "data": 1}}
    return {
        "registry": {
            rf"{_CURRENT}\WindowsUpdate\Auto Update\RebootRequired": {"volatile": True, "values": update},
            rf"{_CURRENT}\Component Based Servicing\RebootPending": {"volatile": True},
            _SESSION_MANAGER: _queue(work(3)),
        }
    }


def _noisy(number: int) -> Words:
    return {"registry": {_SESSION_MANAGER: _queue(noise(QUEUE_OF_A_NOISY_HOST, number=number))}}


def _refusing(_number: int) -> Words:
    return {"denied": [r"HKLM\SYSTEM\CurrentControlSet\Services\Netlogon", r"root\ccm"]}


def _queue(strings: list[str]) -> Words:
    return {"values": {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": strings}}}


_BY_LAST_DIGIT: Final[dict[int, Callable[[int], Words]]] = {1: _waiting, 4: _noisy, 7: _refusing}
