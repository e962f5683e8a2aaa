# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a simulated host is made of, besides its registry."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ENVIRONMENT = {
    "%systemroot%": "C:\\Windows",
    "%windir%": "C:\\Windows",
    "%programfiles%": "C:\\Program Files",
    "%programfiles(x86)%": "C:\\Program Files (x86)",
    "%programdata%": "C:\\ProgramData",
    "%systemdrive%": "C:",
    "%temp%": "C:\\Windows\\Temp",
    "%tmp%": "C:\\Windows\\Temp",
}


def expand(path: str, *, profile: str = "C:\\Users\\Administrator") -> str:
    """`path` with the environment variables of the host filled in."""
    expanded = path
    for name, text in {**ENVIRONMENT, "%userprofile%": profile}.items():
        at = expanded.lower().find(name)
        while at >= 0:
            expanded = expanded[:at] + text + expanded[at + len(name) :]
            at = expanded.lower().find(name, at + len(text))
    return expanded


@dataclass(slots=True)
class OperatingSystem:
    caption: str
    build: str
    boot_time: datetime
    timezone: str

    @property
    def product_type(self) -> int:
        """Win32_OperatingSystem.ProductType: 1 workstation, 3 server (2, domain controller, is not simulated)."""
        return 3 if "server" in self.caption.lower() else 1


@dataclass(slots=True)
class File:
    """A file. Without `text` its bytes are made up from its version and size, so that replacing it changes its hash."""

    path: str
    version: str | None = None
    size: int | None = None
    modified: datetime | None = None
    text: str | None = None
    raw: bytes | None = None

    @property
    def length(self) -> int:
        if self.raw is not None:
            return len(self.raw)
        if self.text is not None:
            return len(self.text.encode())
        return self.size or 0

    def read(self, start: int, count: int) -> bytes:
        """At most `count` bytes from `start`."""
        if self.raw is not None:
            return self.raw[start : start + count]
        if self.text is not None:
            return self.text.encode()[start : start + count]
        count = max(0, min(count, self.length - start))
        block = hashlib.sha256((self.version or "").encode()).digest()
        skip = start % len(block)
        return (block * ((skip + count) // len(block) + 1))[skip : skip + count]

    def digest(self, algorithm: str) -> str:
        """Hash of the content, lower-case hexadecimal."""
        state = hashlib.new(algorithm, usedforsecurity=False)
        for start in range(0, self.length, 1 << 20):
            state.update(self.read(start, 1 << 20))
        return state.hexdigest()


@dataclass(slots=True)
class Process:
    """A running program; without `started` it began with the system."""

    name: str
    id: int
    started: datetime | None = None


@dataclass(slots=True)
class Service:
    name: str
    state: str = "running"
    start: str = "auto"


@dataclass(slots=True)
class Event:
    log: str
    id: int
    time: datetime
    provider: str = ""
    data: list[str] = field(default_factory=list)
    message: str | None = None


@dataclass(slots=True)
class Folder:
    """What is known of a folder besides that it exists; Windows' own folders have healthy owners unless listed."""

    path: str
    owner: str = "BUILTIN\\Administrators"
    reparse: bool = False


@dataclass(slots=True)
class ScheduledTask:
    """A task of the scheduler; `state` is `ready`, `queued`, `running` or `disabled`.

    `at` (the host's clock) and `at_startup` are its triggers.
    """

    path: str
    user: str = "SYSTEM"
    command: str = ""
    state: str = "ready"
    at: datetime | None = None
    at_startup: bool = False


@dataclass(slots=True)
class Mishaps:
    """What goes wrong on a host once its first install job has begun (`mishaps.py`); `begun` when it has.

    `power_cut` is about the lines of its journal; `cut` when it has happened.
    """

    clock_jump: dict[str, Any] | None = None
    second_installer: dict[str, Any] | None = None
    power_cut: dict[str, Any] | None = None
    begun: bool = False
    cut: bool = False


@dataclass(slots=True)
class PowerShell:
    """What policy makes of Windows PowerShell: `execution_policy` is the one that no command line overrides."""

    language_mode: str = "FullLanguage"
    execution_policy: str = "Unrestricted"


@dataclass(slots=True)
class UpdateAgent:
    """Updates, history, catalogs and the rest are maps in the words of the host file (`hostfile/agent_words.py`)."""

    remote: str = "allowed"
    reboot_required: bool = False
    source: dict[str, Any] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    scan_minutes: float = 2
    search_fails: list[dict[str, Any]] = field(default_factory=list)
    search_kills_worker: bool = False
    warnings: list[dict[str, Any]] = field(default_factory=list)
    catalogs: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: list[dict[str, Any]] = field(default_factory=list)
    language: str = "en"
    version: str | None = None
    busy: bool = False
    reboot_required_before_installation: bool | None = None
    unreadable: list[str] = field(default_factory=list)

    @property
    def refuses_to_install(self) -> bool:
        """IUpdateInstaller.RebootRequiredBeforeInstallation: as the host file says, else when a reboot waits."""
        said = self.reboot_required_before_installation
        return self.reboot_required if said is None else said


@dataclass(slots=True, frozen=True)
class Fault:
    """What goes wrong, and at which request; without a request number a `never_return` waits for the next boot.

    `seconds` (real ones) belong to `slow`.
    """

    do: str
    at_request: int | None = None
    seconds: int | None = None


@dataclass(slots=True)
class Network:
    listen: bool = True
    auth: list[str] = field(default_factory=lambda: ["ntlm", "basic"])
    https: bool = False
    latency_ms: int = 0
    run_ms: int = 0
    dies_after: str | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class Job:
    """An asynchronous run: `result` is None while it runs, and for ever when a boot has ended it."""

    result: dict[str, Any] | None = None
    lost: bool = False


@dataclass(slots=True, frozen=True)
class Identity:
    """Who runs a command on the host."""

    user: str
    elevated: bool = True
    is_system: bool = False
