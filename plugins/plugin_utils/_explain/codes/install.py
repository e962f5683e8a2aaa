# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""While an update is installed: the agent's handlers, component servicing, ConfigMgr (wuerror.h, cbs, ccm)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..entry import Entry

_REPAIR = "Repair it with DISM /Online /Cleanup-Image /RestoreHealth, then install again."

CODES: Mapping[int, Entry] = MappingProxyType(
    {
        0x00242015: Entry(
            "WU_S_UH_INSTALLSTILLPENDING",
            "busy",
            "The installation is still going on.",
            "Wait and ask again.",
            retryable=True,
        ),
        0x80242006: Entry(
            "WU_E_UH_INVALIDMETADATA",
            "corrupt",
            "The data with which the update is installed is invalid.",
            "Stop wuauserv, rename SoftwareDistribution, scan anew and try once more.",
            retryable=True,
        ),
        0x8024200B: Entry(
            "WU_E_UH_INSTALLERFAILURE",
            "installer",
            "The update's installer failed; its own code is the unmapped result code of the history.",
            "Look up that code and read the installer's log.",
        ),
        0x80242014: Entry(
            "WU_E_UH_POSTREBOOTSTILLPENDING",
            "reboot",
            "What the update does after a reboot has not ended.",
            "Wait while servicing runs; if no reboot came since the installation, reboot.",
            retryable=True,
            reboot_may_help=True,
        ),
        0x80242015: Entry(
            "WU_E_UH_POSTREBOOTRESULTUNKNOWN",
            "unknown",
            "What came of the update after the reboot is not known.",
            "Scan again: the scan says whether it is installed.",
        ),
        0x80242016: Entry(
            "WU_E_UH_POSTREBOOTUNEXPECTEDSTATE",
            "installer",
            "After the reboot the update was not in the state it should be in, often because it was rolled back.",
            "Scan again; where it is still needed read CBS.log for the reason.",
        ),
        0x80242017: Entry(
            "WU_E_UH_NEW_SERVICING_STACK_REQUIRED",
            "prerequisite",
            "The update needs a newer servicing stack.",
            "Install the servicing stack update first, then this one.",
        ),
        0x8024201D: Entry(
            "WU_E_UH_HANDLER_DISABLEDUNTILREBOOT",
            "reboot",
            "This kind of update can only be installed after a reboot.",
            "Reboot, then install.",
            reboot_may_help=True,
        ),
        0x800F081E: Entry(
            "CBS_E_NOT_APPLICABLE",
            "not_applicable",
            "The package does not fit this Windows: build, edition, architecture or a missing prerequisite.",
            "Compare the package with the host's build; no retry helps.",
        ),
        0x800F081F: Entry(
            "CBS_E_SOURCE_MISSING",
            "prerequisite",
            "Files for the repair or the feature were not found.",
            "Name a source of the same build (DISM /Source), or allow Windows Update as one.",
        ),
        0x800F0823: Entry(
            "CBS_E_NEW_SERVICING_STACK_REQUIRED",
            "prerequisite",
            "The package needs a newer servicing stack.",
            "Install the servicing stack update first, then this package.",
        ),
        0x800F0922: Entry(
            "CBS_E_INSTALLERS_FAILED",
            "installer",
            "An installer within the package failed, and the package was rolled back. Often the system-reserved "
            "partition is full.",
            "Read CBS.log around the error; check the free space of the system-reserved partition.",
        ),
        0x87D00664: Entry(
            "CCM updates handler job cancelled",
            "cancelled",
            "The ConfigMgr client cancelled its job, for example because a window closed.",
            "Start the evaluation again; see UpdatesHandler.log for the reason.",
            retryable=True,
        ),
        0x87D00692: Entry(
            "CCM group policy conflict",
            "policy",
            'A Group Policy of the domain replaces the update server that ConfigMgr sets ("overwritten by a higher '
            'authority").',
            "Take WUServer, WUStatusServer and UseWUServer out of the domain's Group Policy for ConfigMgr clients.",
        ),
        0xC1900101: Entry(
            "MOSETUP feature update rolled back",
            "installer",
            "The upgrade of Windows was rolled back, as a rule because of a driver.",
            "Read setuperr.log in C:\\$WINDOWS.~BT\\Sources\\Panther; update or remove the driver that it names.",
        ),
        0xC1900208: Entry(
            "MOSETUP incompatible software",
            "prerequisite",
            "Software on the host keeps Windows from being upgraded.",
            "Find its name in the CompatData file of setup; update or remove it.",
        ),
    }
)

# 0x8007xxxx that Windows calls by another name than the Win32 number within, or means more by.
HRESULTS: Mapping[int, Entry] = MappingProxyType(
    {
        0x80004005: Entry(
            "E_FAIL",
            "unknown",
            "Something failed, and nobody says what.",
            "Read the log of the part that answered: CBS.log, the agent's log, the installer's log.",
        ),
        0x80070005: Entry(
            "E_ACCESSDENIED",
            "access",
            "Not an administrator, or a network logon, which the update agent refuses to everybody.",
            "Run it as a job on the host (a scheduled task as SYSTEM) or with become.",
        ),
        0x8007000E: Entry(
            "E_OUTOFMEMORY",
            "transient",
            "The update agent ran out of memory, as it does on hosts with little of it and large catalogues.",
            "Reboot or restart wuauserv and try again; clean the WSUS of superseded updates.",
            retryable=True,
            reboot_may_help=True,
        ),
        0x80070057: Entry(
            "E_INVALIDARG",
            "usage",
            "A parameter is not valid.",
            "Correct the call. wusa answers it to a switch that it does not know.",
        ),
        0x80073712: Entry(
            "ERROR_SXS_COMPONENT_STORE_CORRUPT", "corrupt", "The component store of Windows is damaged.", _REPAIR
        ),
        0x80070490: Entry(
            "ERROR_NOT_FOUND", "corrupt", "Component servicing misses a part of the component store.", _REPAIR
        ),
    }
)
