# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the parts of a number say where the code itself is not known: severity, facility, and part of the update agent.

Layout of an HRESULT and the facilities: winerror.h. Parts of the update agent: Microsoft's list of error codes by part.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WIN32 = 7
HTTP = 25
WINDOWS_UPDATE = 36

FACILITIES: Mapping[int, str] = MappingProxyType(
    {
        0: "NULL",
        1: "RPC",
        2: "DISPATCH",
        3: "STORAGE",
        4: "ITF",
        WIN32: "WIN32",
        8: "WINDOWS",
        9: "SECURITY",
        11: "CERT",
        12: "INTERNET",
        15: "SETUPAPI",
        19: "URT",
        HTTP: "HTTP",
        27: "WER",
        32: "BACKGROUNDCOPY",
        33: "CONFIGURATION",
        WINDOWS_UPDATE: "WINDOWSUPDATE",
        40: "TPM_SERVICES",
        48: "PLA",
        49: "FVE",
        50: "FWP",
        51: "WINRM",
        55: "USERMODE_VIRTUALIZATION",
        400: "MOSETUP",
        2000: "CONFIGMGR",
    }
)
# The same as people know them, where they do.
KNOWN_AS: Mapping[int, str] = MappingProxyType(
    {
        1: "remote procedure calls between programs",
        9: "security and logon",
        11: "certificates",
        12: "Internet Explorer's network layer",
        15: "setup and component servicing",
        19: ".NET",
        HTTP: "the web",
        32: "background transfers (BITS)",
        WINDOWS_UPDATE: "the update agent",
        51: "WinRM",
        400: "the upgrade of Windows",
        2000: "the ConfigMgr client",
    }
)
_SERVER = "Look at the connection to the update server and at the server itself."
_HANDLER = "Read CBS.log and the log of the installer."
_STORE = "Scan again; then stop wuauserv, rename SoftwareDistribution and scan anew."
# The first four of the lower bits tell the part of the update agent: (its name, where to look).
AGENT_PARTS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        0x0: ("the agent in general", "Read the agent's log (Get-WindowsUpdateLog)."),
        0x1: ("Windows Installer within the agent", "Read the log of Windows Installer."),
        0x2: ("the handlers that install updates", _HANDLER),
        0x3: ("the agent's user interface", "Read the agent's log (Get-WindowsUpdateLog)."),
        0x4: ("the conversation with the server", _SERVER),
        0x5: ("the redirector", _SERVER),
        0x6: ("the download manager", "Look at BITS, the free disk space and the server's content."),
        0x7: ("offline scans", "Fetch wsusscn2.cab again; update the agent."),
        0x8: ("the agent's store", _STORE),
        0x9: ("the inventory", "Read the agent's log (Get-WindowsUpdateLog)."),
        0xA: ("Automatic Updates and the orchestrator", "Restart wuauserv and UsoSvc, then scan again."),
        0xB: ("the agent's tasks and its checks of trust", "Read the agent's log (Get-WindowsUpdateLog)."),
        0xC: ("drivers", "Leave drivers out of the run, or install them by hand."),
        0xD: ("the agent's own setup", "Update the agent through the latest servicing stack."),
        0xE: ("the rules of updates", _STORE),
        0xF: ("reports to the server", _SERVER),
    }
)
# NTSTATUS values that programs end with when they die.
NTSTATUS: Mapping[int, str] = MappingProxyType(
    {
        0xC0000005: "the program crashed (access violation)",
        0xC000013A: "the program was closed from outside (Ctrl+C or a logoff)",
        0xC0000142: "the program could not be initialised",
        0xC0000409: "the program crashed (stack buffer overrun)",
    }
)


def is_error(code: int) -> bool:
    """Return what the highest bit says."""
    return bool(code & 0x80000000)


def severity_of(code: int) -> str:
    """Return ``an error`` or ``a success``."""
    return "an error" if is_error(code) else "a success"


def facility_of(code: int) -> int:
    """Return the number of the facility, eleven bits."""
    return code >> 16 & 0x7FF


def part_of_agent(code: int) -> tuple[str, str] | None:
    """Return (part of the update agent, where to look) of a code of WINDOWSUPDATE, or None where there is none."""
    return AGENT_PARTS.get(code >> 12 & 0xF)
