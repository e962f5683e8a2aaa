# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One simulated Windows host: its state, and what each identity may see of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from .clock import HostClock, stamp
from .denial import FILTERED_TOKEN_KEYS, OPEN_NAMESPACE, DenialList, normal_namespace
from .model import (
    Event,
    File,
    Folder,
    Identity,
    Job,
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
from .registry import Registry, normal
from .worker.places import PROGRAM_FOLDER

if TYPE_CHECKING:
    from .agent.install import Installation
    from .emulated.updates_run import UpdateRun
    from .timetable import Appointment
    from .worker.run import WorkerRun

COMPUTER_NAME: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName"
ACTIVE_COMPUTER_NAME: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName"
TCPIP: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
# Of the system drive, where the host file says nothing.
FREE_MB: Final = 100_000
# Whom `become` reaches without a password: the name a session runs under, and whether it is SYSTEM.
SERVICE_ACCOUNTS: Final[Mapping[str, tuple[str, bool]]] = {
    "system": ("NT AUTHORITY\\SYSTEM", True),
    "localsystem": ("NT AUTHORITY\\SYSTEM", True),
    "localservice": ("NT AUTHORITY\\LOCAL SERVICE", False),
    "networkservice": ("NT AUTHORITY\\NETWORK SERVICE", False),
}
# Ansible.Become takes SYSTEM's token from a process, which needs the rights of an elevated token.
NO_SYSTEM_TOKEN: Final = (
    "Failed to get token for NT AUTHORITY\\SYSTEM required for become as a service account "
    "or an account without a password"
)


class BecomeError(Exception):
    """The user that `become` names cannot be reached; the message is Windows' or Ansible's own."""


@dataclass(eq=False)
class Host:
    """The state of one host. `lock` guards all of it; `changed` tells who keeps the state file."""

    name: str
    os: OperatingSystem
    clock: HostClock
    registry: Registry = field(default_factory=Registry)
    denied: DenialList = field(default_factory=lambda: DenialList([]))
    files: dict[str, File] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    services: dict[str, Service] = field(default_factory=dict)
    mutexes: list[str] = field(default_factory=list)
    cim: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    update_agent: UpdateAgent | None = None
    packages: list[Package] = field(default_factory=list)
    tasks: dict[str, ScheduledTask] = field(default_factory=dict)
    powershell: PowerShell = field(default_factory=PowerShell)
    groups: list[str] = field(default_factory=list)
    elevated: bool = True
    network: Network = field(default_factory=Network)
    survives_reboot: list[str] = field(default_factory=list)
    misbehaves: list[str] = field(default_factory=list)
    user: str = "Administrator"
    log: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    workers: list[WorkerRun] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    installation: Installation | None = None
    mishaps: Mishaps = field(default_factory=Mishaps)
    free_mb: int = FREE_MB
    servicing_after_boot_minutes: float = 0
    update_runs: dict[str, UpdateRun] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    changed: Callable[[Host], None] = lambda _host: None
    shut_down: Callable[[float, str], bool] = lambda _seconds, _cause: False
    boot_now: Callable[[str], None] = lambda _cause: None
    cut_network: Callable[[], None] = lambda: None
    abort_shutdown: Callable[[], bool] = lambda: False

    @property
    def computer_name(self) -> str:
        """The name the running system goes by."""
        value = self.registry.value(ACTIVE_COMPUTER_NAME, "ComputerName")
        return str(value.data) if value and value.data else self.name

    @property
    def host_name(self) -> str:
        value = self.registry.value(TCPIP, "Hostname")
        return str(value.data) if value and value.data else self.name

    def identity(self, become: str | None) -> Identity:
        """Who a command runs as: the network logon, or the user that `become` names. Raises BecomeError."""
        logon = Identity(user=f"{self.computer_name}\\{self.user}", elevated=self.elevated)
        name = become.lower().rpartition("\\")[2].replace(" ", "") if become is not None else self.user.lower()
        if name == self.user.lower():
            return logon
        if name not in SERVICE_ACCOUNTS:
            raise BecomeError(f"Failed to logon {become} (The user name or password is incorrect, Win32ErrorCode 1326)")
        if not self.elevated:
            raise BecomeError(NO_SYSTEM_TOKEN)
        user, is_system = SERVICE_ACCOUNTS[name]
        return Identity(user=user, elevated=is_system, is_system=is_system)

    def file(self, path: str) -> File | None:
        return self.files.get(expand(path).lower())

    def is_folder(self, path: str) -> bool:
        """A folder exists when it is listed, or as soon as a listed file or folder lies in it."""
        top = expand(path).rstrip("\\").lower() + "\\"
        listed = any(f"{known}\\".startswith(top) for known in self.folders)
        return listed or any(known.startswith(top) for known in self.files)

    def record(self, event: str, moment: datetime | None = None, **facts: object) -> None:
        """Adds one entry to the log that tests and campaigns compare reports with; `moment` is steady time."""
        at = self.clock.now() if moment is None else self.clock.wall(moment)
        self.log.append({"at": stamp(at), "event": event, **facts})

    def touch(self) -> None:
        """Says that the state has changed."""
        self.changed(self)

    def survives(self, path: str) -> bool:
        r"""Whether `survives_reboot` lists this key, this `KEY\value`, or something above it."""
        target = normal(path) if path.upper().startswith("HK") else normal_namespace(path)
        for entry in self.survives_reboot:
            kept = normal(entry) if entry.upper().startswith("HK") else normal_namespace(entry)
            if target == kept or target.startswith(kept + "\\"):
                return True
        return False


@dataclass(frozen=True)
class Access:
    """A host as one identity sees it: every question a probe may ask before it reads."""

    host: Host
    identity: Identity

    @property
    def now(self) -> datetime:
        return self.host.clock.now()

    @property
    def _filtered(self) -> bool:
        return not self.identity.elevated

    def denies_key(self, path: str) -> bool:
        if self._filtered and DenialList(FILTERED_TOKEN_KEYS).key(path):
            return True
        return self.host.denied.key(path)

    def denies_file(self, path: str) -> bool:
        """The folder of the jobs is for SYSTEM and administrators only."""
        if self._filtered and DenialList([PROGRAM_FOLDER]).file(path):
            return True
        return self.host.denied.file(path)

    def denies_name(self, name: str) -> bool:
        return self.host.denied.name(name)

    def denies_log(self, log: str) -> bool:
        return self._filtered or self.denies_name(log)

    def denies_cim(self, namespace: str, class_name: str, method: str = "") -> bool:
        if self._filtered and normal_namespace(namespace) != OPEN_NAMESPACE:
            return True
        return self.host.denied.cim(namespace, class_name, method)

    def denies_program(self, progid: str) -> bool:
        """COM: a filtered token, the list, and the update agent that refuses a network logon."""
        if self._filtered or self.denies_name(progid):
            return True
        agent = self.host.update_agent
        refuses = agent is not None and agent.remote == "denied" and not self.identity.is_system
        return refuses and progid.lower().startswith("microsoft.update.")


def split_class(path: str) -> tuple[str, str]:
    r"""`root\ccm:X` -> (`root\ccm`, `X`)."""
    namespace, _, name = path.rpartition(":")
    return namespace, name


def cim_names(host: Host) -> Mapping[str, set[str]]:
    """The namespaces the host file gives, each with its classes, all in lower case."""
    found: dict[str, set[str]] = {}
    for path in [*host.cim, *(m.rpartition(".")[0] for m in host.methods)]:
        namespace, name = split_class(path)
        found.setdefault(normal_namespace(namespace), set()).add(name.lower())
    return found
