# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Answers of the update agent itself: 0x0024xxxx and 0x80240xxx (wuerror.h)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..entry import Entry

CODES: Mapping[int, Entry] = MappingProxyType(
    {
        0x00240001: Entry(
            "WU_S_SERVICE_STOP", "success", "The update agent was stopped in good order.", "Nothing is to be done."
        ),
        0x00240003: Entry(
            "WU_S_UPDATE_ERROR",
            "installer",
            "The operation ended, and some of its updates failed.",
            "Look at the code of each update; those without an error are done.",
        ),
        0x00240005: Entry(
            "WU_S_REBOOT_REQUIRED",
            "success_reboot",
            "The update is installed, and a restart completes it (2359301; not to be taken for 2359302).",
            "Reboot in the maintenance window, then scan again.",
            reboot_may_help=True,
        ),
        0x00240006: Entry(
            "WU_S_ALREADY_INSTALLED",
            "success",
            "The update was installed already (2359302; not to be taken for 2359301, which asks for a reboot).",
            "Nothing is to be done. If it is still offered, look for a pending reboot and scan again.",
        ),
        0x00240007: Entry(
            "WU_S_ALREADY_UNINSTALLED",
            "success",
            "The update that was to be removed is not installed.",
            "Nothing is to be done.",
        ),
        0x00240008: Entry(
            "WU_S_ALREADY_DOWNLOADED",
            "success",
            "The update was downloaded already.",
            "Go on with the installation.",
        ),
        0x80240001: Entry(
            "WU_E_NO_SERVICE",
            "service",
            "The update agent could not serve the call: its service does not run or is damaged.",
            "Restart the service wuauserv and try once more; after that read the agent's log.",
            retryable=True,
        ),
        0x80240004: Entry(
            "WU_E_NOT_INITIALIZED",
            "transient",
            "The call came before the agent was ready.",
            "Try once more; after that restart the service wuauserv.",
            retryable=True,
        ),
        0x80240007: Entry(
            "WU_E_INVALIDINDEX",
            "usage",
            "An index or a count was out of range, for example when the history is read although it is empty.",
            "Correct the caller: ask for the number of entries first.",
        ),
        0x80240008: Entry(
            "WU_E_ITEMNOTFOUND",
            "not_applicable",
            "The agent no longer knows the update that was named.",
            "Scan again and use the ids and revisions of the new scan.",
        ),
        0x80240009: Entry(
            "WU_E_OPERATIONINPROGRESS",
            "busy",
            "The agent is doing something that excludes this call.",
            "Wait until it is idle and try again, with growing pauses.",
            retryable=True,
        ),
        0x8024000B: Entry(
            "WU_E_CALL_CANCELLED",
            "cancelled",
            "The operation was cancelled.",
            "Find out who stopped it (a shutdown, another tool), then try once more.",
            retryable=True,
        ),
        0x8024000C: Entry("WU_E_NOOP", "success", "There was nothing to do.", "Nothing is to be done."),
        0x8024000D: Entry(
            "WU_E_XML_MISSINGDATA",
            "corrupt",
            "The description of an update lacks data.",
            "Synchronise the WSUS again; decline the update if it stays so.",
        ),
        0x8024000E: Entry(
            "WU_E_XML_INVALID",
            "corrupt",
            "The description of an update is no valid XML.",
            "Repair the source: synchronise the WSUS again or fetch the offline catalogue anew.",
        ),
        0x80240010: Entry(
            "WU_E_TOO_DEEP_RELATION",
            "corrupt",
            "The relations between updates are nested too deeply.",
            "Clean the WSUS of superseded and expired updates.",
        ),
        0x80240016: Entry(
            "WU_E_INSTALL_NOT_ALLOWED",
            "busy",
            "Another installation runs, or a reboot has to come first (not to be taken for 0x80240017).",
            "If a reboot is pending, reboot; else wait until the other installation has ended. Then try again.",
            retryable=True,
            reboot_may_help=True,
        ),
        0x80240017: Entry(
            "WU_E_NOT_APPLICABLE",
            "not_applicable",
            "The update does not apply here: another Windows or architecture, a prerequisite is missing, or it is "
            "superseded (not to be taken for 0x80240016).",
            "No retry helps. Compare the package with the host's build, and scan for what is really needed.",
        ),
        0x80240018: Entry(
            "WU_E_NO_USERTOKEN",
            "access",
            "The call needs a user's token, and there is none.",
            "Run it as a scheduled task; the patch jobs of this collection do.",
        ),
        0x80240019: Entry(
            "WU_E_EXCLUSIVE_INSTALL_CONFLICT",
            "usage",
            "An update that must be installed alone was installed together with others.",
            "Install it in a run of its own, and reboot before the rest if it asks for that.",
        ),
        0x8024001A: Entry(
            "WU_E_POLICY_NOT_SET",
            "policy",
            "A policy value that the call relies on is not set.",
            "Set the missing update policy; the findings about the update source name it.",
        ),
        0x8024001B: Entry(
            "WU_E_SELFUPDATE_IN_PROGRESS",
            "busy",
            "The update agent is updating itself.",
            "Try again in five to ten minutes.",
            retryable=True,
        ),
        0x8024001D: Entry(
            "WU_E_INVALID_UPDATE",
            "corrupt",
            "The description of the update has invalid data.",
            "Synchronise the source again; decline the update if it stays so.",
        ),
        0x8024001E: Entry(
            "WU_E_SERVICE_STOP",
            "service",
            "The agent's service or the whole host was going down.",
            "Wait until the host is up and the service runs, then try again.",
            retryable=True,
        ),
        0x8024001F: Entry(
            "WU_E_NO_CONNECTION",
            "network",
            "The host had no network connection.",
            "Check the connection, then try again.",
            retryable=True,
        ),
        0x80240020: Entry(
            "WU_E_NO_INTERACTIVE_USER",
            "interaction",
            "The update only installs while somebody is logged on.",
            "Leave it out of unattended runs and say so in the ignore list; install it in a session.",
        ),
        0x80240021: Entry(
            "WU_E_TIME_OUT",
            "transient",
            "The operation did not end in time.",
            "Try again, with a longer limit if there is one.",
            retryable=True,
        ),
        0x80240022: Entry(
            "WU_E_ALL_UPDATES_FAILED",
            "installer",
            "Every update of the operation failed.",
            "Look at the code of each update.",
        ),
        0x80240023: Entry(
            "WU_E_EULAS_DECLINED",
            "interaction",
            "The licence terms of the update were not accepted.",
            "Accept them for this update, or leave it out.",
        ),
        0x80240024: Entry(
            "WU_E_NO_UPDATE",
            "usage",
            "The list of updates was empty.",
            "Nothing was to be done, or the caller lost its list: check the selection.",
        ),
        0x80240025: Entry(
            "WU_E_USER_ACCESS_DISABLED",
            "policy",
            "A Group Policy takes away the access to Windows Update.",
            "Change that policy, or install from a package.",
        ),
        0x80240028: Entry(
            "WU_E_UNINSTALL_NOT_ALLOWED",
            "not_applicable",
            "The update cannot be removed in this way.",
            "Remove it with DISM, or keep it; servicing stack updates can never be removed.",
        ),
        0x8024002B: Entry(
            "WU_E_LEGACYSERVER",
            "server",
            "The update server is too old for this agent.",
            "Upgrade the WSUS.",
        ),
        0x8024002E: Entry(
            "WU_E_WU_DISABLED",
            "policy",
            "Policy allows the managed server only, and another service was asked.",
            "Use server_selection managed_server or default, or change the policy.",
        ),
        0x8024002F: Entry(
            "WU_E_CALL_CANCELLED_BY_POLICY",
            "policy",
            "DisableWindowsUpdateAccess is set, so the call was refused.",
            "Remove DisableWindowsUpdateAccess from the Group Policy.",
        ),
        0x80240030: Entry(
            "WU_E_INVALID_PROXY_SERVER",
            "network",
            "The proxy's address is in a wrong form.",
            "Correct the proxy of the machine: netsh winhttp show proxy.",
        ),
        0x80240032: Entry(
            "WU_E_INVALID_CRITERIA",
            "usage",
            "The search text breaks the rules of the agent: `or` is allowed at the top level only.",
            "Correct the criteria.",
        ),
        0x80240033: Entry(
            "WU_E_EULA_UNAVAILABLE",
            "server",
            "The licence terms of the update could not be downloaded.",
            "Check the content of the WSUS (wsusutil reset), then try again.",
            retryable=True,
        ),
        0x80240034: Entry(
            "WU_E_DOWNLOAD_FAILED",
            "network",
            "The update could not be downloaded.",
            "Try up to three times; then look at connection, disk space and the server's content folder.",
            retryable=True,
        ),
        0x80240035: Entry(
            "WU_E_UPDATE_NOT_PROCESSED",
            "transient",
            "The agent did not come to this update, as a rule because the run ended before.",
            "Scan again and try again.",
            retryable=True,
        ),
        0x80240036: Entry(
            "WU_E_INVALID_OPERATION",
            "usage",
            "The object is in a state that does not allow the call.",
            "Correct the caller. With an offline catalogue: scan services may be locked down by policy.",
        ),
        0x80240041: Entry(
            "WU_E_SYSPREP_IN_PROGRESS",
            "busy",
            "Windows is being prepared for imaging (sysprep).",
            "Wait until that has ended.",
            retryable=True,
        ),
        0x80240042: Entry(
            "WU_E_UNKNOWN_SERVICE",
            "policy",
            "The service that was named is not registered with Automatic Updates.",
            "Register the service again, or use server_selection default.",
        ),
        0x80240044: Entry(
            "WU_E_PER_MACHINE_UPDATE_ACCESS_DENIED",
            "access",
            "Only administrators may do that, and a network logon does not count as one here.",
            "Use an elevated account and run it as a job on the host.",
        ),
        0x8024004A: Entry(
            "WU_E_SETUP_IN_PROGRESS",
            "busy",
            "Windows itself is being set up or upgraded.",
            "Wait until that has ended, then try again.",
            retryable=True,
        ),
        0x8024004C: Entry(
            "WU_E_LOW_BATTERY",
            "prerequisite",
            "The battery is too low to install updates.",
            "Connect the host to power, then try again.",
        ),
        0x80240FFF: Entry(
            "WU_E_UNEXPECTED",
            "transient",
            "The agent failed for a reason that it has no code for.",
            "Reboot and try once more; then read the agent's log.",
            retryable=True,
            reboot_may_help=True,
        ),
    }
)
