# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Every signal that a Windows host waits for a reboot: where it is read, how much it weighs, when it lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_HKLM = "HKEY_LOCAL_MACHINE\\"
_CURRENT = _HKLM + "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\"
_UPDATE = _CURRENT + "WindowsUpdate\\"
_CBS = _CURRENT + "Component Based Servicing\\"
_NAMES = _HKLM + "SYSTEM\\CurrentControlSet\\Control\\ComputerName\\"


def _key(path: str, *values: str, **options: bool) -> Mapping[str, Any]:
    """A registry probe of the named values; without names all values come back, of which such keys have few."""
    named = {"values": list(values)} if values else {}
    return MappingProxyType({"kind": "registry", "path": path, **named, **options})


# What is asked of the host, by probe id.
PROBES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "wu_reboot_required": _key(_UPDATE + "Auto Update\\RebootRequired"),
        "wu_reporting": _key(_UPDATE + "Auto Update\\PostRebootReporting"),
        "wu_orchestrator": _key(_UPDATE + "Orchestrator\\RebootRequired"),
        "wu_ux_state": _key(_HKLM + "SOFTWARE\\Microsoft\\WindowsUpdate\\UX\\StateVariables", "RebootRequired"),
        "cbs_reboot_pending": _key(_CBS + "RebootPending"),
        "cbs_reboot_in_progress": _key(_CBS + "RebootInProgress"),
        "cbs_packages_pending": _key(_CBS + "PackagesPending", subkeys=True),
        "cbs_interface": _key(_CBS + "Interface", "ServicingInProgress"),
        "session_manager": _key(
            _HKLM + "SYSTEM\\CurrentControlSet\\Control\\Session Manager",
            "PendingFileRenameOperations",
            "PendingFileRenameOperations2",
        ),
        "update_exe": _key(_HKLM + "SOFTWARE\\Microsoft\\Updates\\UpdateExeVolatile", "Flags", write_time=True),
        "update_exe_32": _key(
            _HKLM + "SOFTWARE\\Wow6432Node\\Microsoft\\Updates\\UpdateExeVolatile", "Flags", write_time=True
        ),
        "name_active": _key(_NAMES + "ActiveComputerName", "ComputerName"),
        "name_next": _key(_NAMES + "ComputerName", "ComputerName"),
        "tcpip": _key(_HKLM + "SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters", "Hostname", "NV Hostname"),
        "netlogon": _key(
            _HKLM + "SYSTEM\\CurrentControlSet\\Services\\Netlogon", "JoinDomain", "AvoidSpnSet", subkeys=True
        ),
        "server_manager": _key(_HKLM + "SOFTWARE\\Microsoft\\ServerManager", "CurrentRebootAttempts"),
        "component_cache": _key(
            _HKLM + "SOFTWARE\\Microsoft\\ServerManager\\ServicingStorage\\ServerComponentCache", "RestartRequired"
        ),
        "run_once": _key(_CURRENT + "RunOnce", "DVDRebootSignal"),
        "reboot_witness": _key(_HKLM + "SOFTWARE\\winops.patching\\RebootWitness"),
        "running_job": _key(_HKLM + "SOFTWARE\\winops.patching\\RunningJob"),
        "pending_xml": MappingProxyType({"kind": "file", "path": "%SystemRoot%\\WinSxS\\pending.xml"}),
        "processes": MappingProxyType({"kind": "process", "names": ["TiWorker", "wusa", "powershell"]}),
        "msi_mutex": MappingProxyType({"kind": "mutex", "name": "Global\\_MSIExecute"}),
        "ccm_service": MappingProxyType({"kind": "service", "names": ["CcmExec"]}),
        "ccm_reboot": MappingProxyType(
            {
                "kind": "cim_method",
                "namespace": "root\\ccm\\ClientSDK",
                "class": "CCM_ClientUtilities",
                "method": "DetermineIfRebootPending",
            }
        ),
        "dsc_lcm": MappingProxyType(
            {
                "kind": "cim_method",
                "namespace": "root\\Microsoft\\Windows\\DesiredStateConfiguration",
                "class": "MSFT_DSCLocalConfigurationManager",
                "method": "GetMetaConfiguration",
            }
        ),
        "system_info": MappingProxyType(
            {"kind": "com_property", "progid": "Microsoft.Update.SystemInfo", "property": "RebootRequired"}
        ),
        "shutdown_events": MappingProxyType(
            {"kind": "event", "log": "System", "provider": "User32", "ids": [1074, 1075], "max": 4}
        ),
    }
)

# Not asked of the host by the reader: a finished scan job adds it to the evidence.
SCAN_PROBE = "update_agent"

STRENGTHS = ("informational", "weak", "strong", "conclusive")
DECIDING = frozenset({"strong", "conclusive"})


@dataclass(frozen=True, slots=True)
class SignalDefinition:
    """One signal: its id, what it weighs, the probes it is judged from, and what to know about it.

    ``source`` groups signals that one product writes: two weak signals of one source are one voice, not two.
    ``process`` is the one process of the shared list that the signal looks for.
    ``upstream`` is the name of the same finding in ansible.windows.win_reboot_info, where it has one.
    """

    id: str
    title: str
    strength: str
    source: str
    probes: tuple[str, ...]
    meaning: str
    pitfalls: str
    scope: str = "machine"
    kind: str = "soft"
    upstream: str | None = None
    process: str | None = None

    @property
    def read_from(self) -> tuple[str, ...]:
        """The places on the host, as a person would name them."""
        return tuple(
            f"process {self.process}" if name == "processes" and self.process else place_of_probe(name)
            for name in self.probes
        )


def place_of_probe(name: str) -> str:
    """Return where a probe of the catalogue reads, e.g. ``HKLM\\SOFTWARE\\…`` or ``System log, events 1074``."""
    probe = PROBES.get(name)
    if probe is None:
        return "scan job of the update agent" if name == SCAN_PROBE else name
    kind = probe["kind"]
    if kind == "registry":
        path = str(probe["path"]).replace(_HKLM, "HKLM\\", 1)
        values = probe.get("values") or []
        return f"{path} : {', '.join(values)}" if values else path
    if kind == "cim_method":
        return f"{probe['namespace']}:{probe['class']}.{probe['method']}"
    if kind == "com_property":
        return f"{probe['progid']}.{probe['property']}"
    if kind == "event":
        return f"{probe['log']} log, {probe['provider']}, events {', '.join(str(number) for number in probe['ids'])}"
    if kind == "file":
        return str(probe["path"])
    if kind == "mutex":
        return f"mutex {probe['name']}"
    return f"{kind} {', '.join(probe['names'])}"


_QUEUE = (
    "Files that are renamed, replaced or deleted at the next boot, in order. A renamed or replaced program file, "
    "or anything inside System32, SysWOW64, WinSxS or drivers, is significant."
)
_NOISE = (
    "The noisiest place of all: browsers, virus scanners, the spooler and temporary files fill it daily. Entries "
    "are judged one by one; minor ones alone weigh weak, ignored ones nothing."
)

_DEFINITIONS = (
    SignalDefinition(
        "wu_reboot_required",
        "Windows Update waits for a reboot",
        "conclusive",
        "windows_update",
        ("wu_reboot_required",),
        "The update agent installed something that answered 3010. Each value name is the id of such an update; the key "
        "is volatile and dies with the boot.",
        "The key counts without values too. A package run by hand never sets it.",
        scope="update",
        upstream="windows_update",
    ),
    SignalDefinition(
        "agent_reboot_required",
        "The update agent says that a reboot is required",
        "conclusive",
        "windows_update",
        ("system_info",),
        "The machine-wide answer of the Windows Update Agent.",
        "Closed to network logons on most builds: denied and null are unknown, never no. A scan job answers as SYSTEM.",
    ),
    SignalDefinition(
        "agent_updates_pending_reboot",
        "Updates of the update agent wait for a reboot",
        "conclusive",
        "windows_update",
        (SCAN_PROBE,),
        "The updates for which a search of the agent says RebootRequired=1.",
        "Only a finished scan job knows. A scan older than the boot or than max_scan_age counts as not asked.",
        scope="update",
    ),
    SignalDefinition(
        "cbs_reboot_pending",
        "Component servicing waits for a reboot",
        "conclusive",
        "component_servicing",
        ("cbs_reboot_pending",),
        "The component store finishes a transaction at the next boot. The key is volatile.",
        "The key itself is the signal: looking for its subkeys or for a value of that name finds nothing.",
        upstream="component_based_servicing",
    ),
    SignalDefinition(
        "cbs_reboot_in_progress",
        "A reboot of component servicing is running",
        "conclusive",
        "component_servicing",
        ("cbs_reboot_in_progress",),
        "Servicing runs its shutdown or start-up phase.",
        "It means wait, not reboot again: it also makes the host busy.",
        kind="in_progress",
    ),
    SignalDefinition(
        "ccm_reboot_pending",
        "The ConfigMgr client waits for a reboot",
        "conclusive",
        "configmgr",
        ("ccm_reboot", "ccm_service"),
        "RebootPending is soft: other updates may still install. IsHardRebootPending is hard: nothing else may.",
        "No client (no namespace) is an answer. Refused, or a return value other than 0, is unknown; it decides only "
        "where the service CcmExec runs.",
    ),
    SignalDefinition(
        "reboot_witness",
        "An installer asked for a reboot",
        "conclusive",
        "winops_patching",
        ("reboot_witness",),
        "Our own volatile key, written when an installer we ran answered 3010 or 1641.",
        "It knows only of installers run by this collection.",
    ),
    SignalDefinition(
        "pending_file_rename",
        "Files wait to be replaced at the next boot",
        "strong",
        "rename_queue",
        ("session_manager",),
        _QUEUE,
        _NOISE,
        upstream="pending_file_rename",
    ),
    SignalDefinition(
        "pending_file_rename_2",
        "Files of the second queue wait to be replaced at the next boot",
        "strong",
        "rename_queue",
        ("session_manager",),
        "The overflow of the first queue. " + _QUEUE,
        _NOISE,
        upstream="pending_file_rename",
    ),
    SignalDefinition(
        "computer_rename",
        "The computer is renamed at the next boot",
        "strong",
        "computer_name",
        ("name_active", "name_next"),
        "The active and the next computer name differ, case ignored.",
        "Every Windows has both names: a missing one is unknown.",
        upstream="pending_computer_rename",
    ),
    SignalDefinition(
        "hostname_rename",
        "The host name changes at the next boot",
        "strong",
        "computer_name",
        ("tcpip",),
        "Hostname and NV Hostname differ, case ignored: this also shows DNS names beyond 15 characters.",
        "Every Windows has both values: a missing one is unknown.",
        upstream="pending_computer_rename",
    ),
    SignalDefinition(
        "domain_join",
        "A domain join finishes at the next boot",
        "strong",
        "netlogon",
        ("netlogon",),
        "JoinDomain or AvoidSpnSet stands under Netlogon.",
        "Found as a subkey on some hosts and as a value on others: both are read.",
        upstream="domain_join",
    ),
    SignalDefinition(
        "dsc_pending_reboot",
        "Desired State Configuration waits for a reboot",
        "strong",
        "dsc",
        ("dsc_lcm",),
        "The Local Configuration Manager is in the state PendingReboot.",
        "A manager that refuses the call is unknown.",
    ),
    SignalDefinition(
        "update_exe_volatile",
        "An Update.exe package waits for a reboot",
        "strong",
        "update_exe",
        ("update_exe", "update_exe_32"),
        "Flags of both registry views: bit 0 a removal waits, bit 1 an installation waits.",
        "Windows itself writes it no more since Vista, and a flag may survive for years: written before the boot it is "
        "stale and informational, with an unreadable write time weak.",
    ),
    SignalDefinition(
        "server_manager_attempts",
        "Server Manager counts reboot attempts",
        "weak",
        "server_manager",
        ("server_manager",),
        "CurrentRebootAttempts is above zero while a role is installed or removed.",
        "It counts attempts; it may exist without data.",
    ),
    SignalDefinition(
        "server_manager_restart",
        "Server Manager asks for a restart",
        "weak",
        "server_manager",
        ("component_cache",),
        "RestartRequired of the component cache.",
        "A cache: it may lag behind.",
        upstream="server_manager",
    ),
    SignalDefinition(
        "cbs_packages_pending",
        "Packages of component servicing are pending",
        "weak",
        "component_servicing",
        ("cbs_packages_pending",),
        "Packages that start-up processing has not finished.",
        "The key often stays behind: only subkeys count.",
    ),
    SignalDefinition(
        "winsxs_pending_xml",
        "WinSxS has a pending.xml",
        "weak",
        "component_servicing",
        ("pending_xml",),
        "The list of component operations for the next boot.",
        "The file may stay behind, and not every list asks for a boot.",
    ),
    SignalDefinition(
        "dvd_reboot_signal",
        "RunOnce holds a DVDRebootSignal",
        "weak",
        "run_once",
        ("run_once",),
        "Setup from media asked for a reboot.",
        "Undocumented.",
    ),
    SignalDefinition(
        "wu_ux_reboot_required",
        "The update orchestrator mentions a reboot",
        "weak",
        "orchestrator",
        ("wu_ux_state", "wu_orchestrator"),
        "What the orchestrator of Windows 10 and later shows to people.",
        "Undocumented.",
    ),
    SignalDefinition(
        "wu_post_reboot_reporting",
        "Windows Update has results to report after a boot",
        "informational",
        "windows_update",
        ("wu_reporting",),
        "Book-keeping of the update agent.",
        "It does not ask for a reboot and may linger after one.",
    ),
    SignalDefinition(
        "shutdown_scheduled",
        "A shutdown was announced and not taken back",
        "informational",
        "event_log",
        ("shutdown_events",),
        "The newest of the events 1074 (shutdown initiated) and 1075 (aborted) since the boot is a 1074.",
        "Says that somebody else reboots the host, not that it needs it.",
    ),
    SignalDefinition(
        "servicing_in_progress",
        "Component servicing is working",
        "informational",
        "component_servicing",
        ("cbs_interface", "processes"),
        "ServicingInProgress is above 1, or TiWorker runs.",
        "Missing, 0 and 1 mean idle; TrustedInstaller alone says nothing.",
        process="TiWorker",
    ),
    SignalDefinition(
        "installer_running",
        "An installer is running",
        "informational",
        "installers",
        ("msi_mutex", "processes"),
        "Windows Installer holds its mutex, or wusa runs.",
        "A mutex that may not be opened is unknown.",
        process="wusa",
    ),
    SignalDefinition(
        "patch_job_running",
        "A patch job of this collection is running",
        "informational",
        "winops_patching",
        ("running_job", "processes"),
        "The volatile mark of a job whose process still runs.",
        "A mark whose process is gone is left over and counts as absent.",
        process="powershell",
    ),
)

SIGNALS: Mapping[str, SignalDefinition] = MappingProxyType({entry.id: entry for entry in _DEFINITIONS})

# Any of them present: do not reboot now.
BUSY_SIGNALS = ("cbs_reboot_in_progress", "servicing_in_progress", "installer_running", "patch_job_running")

# Without an answer to these there is no "no".
REQUIRED_SIGNALS = (
    "wu_reboot_required",
    "cbs_reboot_pending",
    "pending_file_rename",
    "pending_file_rename_2",
    "computer_rename",
)


def probes_for(signals: Iterable[str], *, write_times: bool = False, also: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return the probes, as the reader takes them, that the named signals need, in the order of the catalogue.

    ``also`` names further probes.
    ``write_times`` asks every registry probe for the write time of its key, which costs a compiler run on the host.
    """
    wanted = {name for signal in signals for name in SIGNALS[signal].probes}.union(also)
    probes = []
    for name, options in PROBES.items():
        if name in wanted:
            probe = {"id": name, **options}
            if write_times and probe["kind"] == "registry":
                probe["write_time"] = True
            probes.append(probe)
    return probes
