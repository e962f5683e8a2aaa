# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Numbers of Windows itself (winerror.h): what installers end with, and what 0x8007xxxx carries in its lower half."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..entry import Entry

_STORE = "Repair the component store with DISM /Online /Cleanup-Image /RestoreHealth, then install again."
_NETWORK = "Check connection, firewall and proxy on the way to the update server, then try again."
_LOG = "Read the log of the installer (msiexec /l*v FILE) around 'Return value 3'."
_PACKAGE = "Fetch the package again and compare its hash; then check the command line."
_PATCH = "Compare the patch with the installed product and its version."
_SESSION = "Run it as a job on the host instead of through a remote session."

CODES: Mapping[int, Entry] = MappingProxyType(
    {
        0: Entry("ERROR_SUCCESS", "success", "It worked.", "Nothing is to be done."),
        2: Entry(
            "ERROR_FILE_NOT_FOUND", "usage", "A file was not found.", "Check the path of the package and of its logs."
        ),
        3: Entry(
            "ERROR_PATH_NOT_FOUND", "usage", "A folder was not found.", "Check the path of the package and of its logs."
        ),
        5: Entry(
            "ERROR_ACCESS_DENIED",
            "access",
            "Access was denied: not elevated, or wusa was called through WinRM, where it always answers this.",
            "Run it as a scheduled task, or install the .cab within with DISM.",
        ),
        13: Entry(
            "ERROR_INVALID_DATA",
            "corrupt",
            "Data is invalid, as a rule a download that was damaged.",
            "Download again; then stop wuauserv, rename SoftwareDistribution and scan anew.",
            retryable=True,
        ),
        14: Entry(
            "ERROR_OUTOFMEMORY",
            "transient",
            "There was not enough memory.",
            "Reboot or end what takes the memory, then try again.",
            retryable=True,
            reboot_may_help=True,
        ),
        32: Entry(
            "ERROR_SHARING_VIOLATION",
            "busy",
            "Another program holds a file open, often a virus scanner.",
            "Try again; a reboot lets go of the file.",
            retryable=True,
            reboot_may_help=True,
        ),
        87: Entry(
            "ERROR_INVALID_PARAMETER",
            "usage",
            "A parameter is not valid; wusa answers it to a switch that it does not know.",
            "Correct the command line.",
        ),
        112: Entry("ERROR_DISK_FULL", "prerequisite", "The disk is full.", "Make room, then try again."),
        1058: Entry(
            "ERROR_SERVICE_DISABLED",
            "service",
            "A service is disabled, as a rule wuauserv or BITS.",
            "Set its start type to manual, then try again.",
            retryable=False,
        ),
        1115: Entry(
            "ERROR_SHUTDOWN_IN_PROGRESS",
            "busy",
            "The host is shutting down or restarting now.",
            "Wait for the boot, then go on; do not ask for another restart.",
            retryable=True,
        ),
        1168: Entry("ERROR_NOT_FOUND", "corrupt", "Component servicing misses a part of the component store.", _STORE),
        1223: Entry("ERROR_CANCELLED", "cancelled", "Somebody cancelled it.", "Start it again, unattended."),
        1601: Entry(
            "ERROR_INSTALL_SERVICE_FAILURE",
            "service",
            "The Windows Installer service could not be reached.",
            "Check that the service msiserver can start, then try again.",
            retryable=True,
        ),
        1602: Entry(
            "ERROR_INSTALL_USEREXIT",
            "cancelled",
            "A user cancelled the installation.",
            "Run it unattended (/qn).",
        ),
        1603: Entry(
            "ERROR_INSTALL_FAILURE",
            "installer",
            "The installation failed with a fatal error; the code says no more than that.",
            _LOG,
        ),
        1604: Entry(
            "ERROR_INSTALL_SUSPEND",
            "reboot",
            "The installation is incomplete: it asked for a reboot in the middle (ForceReboot).",
            "Reboot, then run the same installation again: it goes on where it stopped.",
            reboot_may_help=True,
        ),
        1605: Entry(
            "ERROR_UNKNOWN_PRODUCT",
            "not_applicable",
            "The product is not installed.",
            "When it was to be removed nothing is to be done; else check the product code.",
        ),
        1612: Entry(
            "ERROR_INSTALL_SOURCE_ABSENT",
            "prerequisite",
            "The source from which the product was installed is not there.",
            "Make the original source available, or install from the full package.",
        ),
        1614: Entry(
            "ERROR_PRODUCT_UNINSTALLED",
            "not_applicable",
            "The product was removed.",
            "When it was to be removed nothing is to be done.",
        ),
        1618: Entry(
            "ERROR_INSTALL_ALREADY_RUNNING",
            "busy",
            "Another installation by Windows Installer is running.",
            "Wait until it has ended, then try again; win_installer_activity_info says who it is.",
            retryable=True,
        ),
        1619: Entry("ERROR_INSTALL_PACKAGE_OPEN_FAILED", "usage", "The package could not be opened.", _PACKAGE),
        1620: Entry("ERROR_INSTALL_PACKAGE_INVALID", "corrupt", "The package is not valid.", _PACKAGE),
        1622: Entry(
            "ERROR_INSTALL_LOG_FAILURE",
            "usage",
            "The log file could not be opened.",
            "Make sure that its folder exists and may be written to.",
        ),
        1624: Entry(
            "ERROR_INSTALL_TRANSFORM_FAILURE",
            "usage",
            "A transform could not be applied.",
            "Check the path and the version of the transform.",
        ),
        1625: Entry(
            "ERROR_INSTALL_PACKAGE_REJECTED",
            "policy",
            "A policy forbids this installation.",
            "Look at the software restriction and Windows Installer policies of the host.",
        ),
        1633: Entry(
            "ERROR_INSTALL_PLATFORM_UNSUPPORTED",
            "not_applicable",
            "The package is for another processor.",
            "Take the package for the host's architecture.",
        ),
        1635: Entry("ERROR_PATCH_PACKAGE_OPEN_FAILED", "usage", "The patch could not be opened.", _PACKAGE),
        1636: Entry("ERROR_PATCH_PACKAGE_INVALID", "corrupt", "The patch is not valid.", _PACKAGE),
        1637: Entry(
            "ERROR_PATCH_PACKAGE_UNSUPPORTED",
            "prerequisite",
            "This Windows Installer is too old for the patch.",
            "Update Windows Installer first.",
        ),
        1638: Entry(
            "ERROR_PRODUCT_VERSION",
            "not_applicable",
            "Another version of the product is installed.",
            "Remove it first, or use a package that upgrades it.",
        ),
        1639: Entry(
            "ERROR_INVALID_COMMAND_LINE",
            "usage",
            "The command line is not valid.",
            "Correct it; properties with blanks need quotes.",
        ),
        1640: Entry(
            "ERROR_INSTALL_REMOTE_DISALLOWED", "access", "It may not be installed from a remote session.", _SESSION
        ),
        1641: Entry(
            "ERROR_SUCCESS_REBOOT_INITIATED",
            "success_reboot",
            "It is installed, and the installer has started the reboot by itself.",
            "Wait for the boot and do not start another one; use /norestart the next time.",
            reboot_may_help=True,
        ),
        1642: Entry("ERROR_PATCH_TARGET_NOT_FOUND", "not_applicable", "What the patch is for is not there.", _PATCH),
        1643: Entry(
            "ERROR_PATCH_PACKAGE_REJECTED",
            "policy",
            "A policy forbids this patch.",
            "Look at the Windows Installer policies and the signature of the patch.",
        ),
        1644: Entry(
            "ERROR_INSTALL_TRANSFORM_REJECTED",
            "policy",
            "A policy forbids the transform.",
            "Look at the Windows Installer policies of the host.",
        ),
        1645: Entry(
            "ERROR_INSTALL_REMOTE_PROHIBITED", "access", "It may not be installed from a remote session.", _SESSION
        ),
        1646: Entry(
            "ERROR_PATCH_REMOVAL_UNSUPPORTED",
            "not_applicable",
            "The patch cannot be removed.",
            "Remove the product, or install a newer patch over it.",
        ),
        1647: Entry(
            "ERROR_UNKNOWN_PATCH",
            "not_applicable",
            "The patch is not applied to this product.",
            "When it was to be removed nothing is to be done; else check its code.",
        ),
        1648: Entry(
            "ERROR_PATCH_NO_SEQUENCE",
            "not_applicable",
            "No valid order was found for the set of patches.",
            _PATCH,
        ),
        1649: Entry(
            "ERROR_PATCH_REMOVAL_DISALLOWED",
            "policy",
            "A policy forbids that patches are removed.",
            "Look at the Windows Installer policies of the host.",
        ),
        1650: Entry("ERROR_INVALID_PATCH_XML", "corrupt", "The description of the patch is no valid XML.", _PACKAGE),
        1651: Entry(
            "ERROR_PATCH_MANAGED_ADVERTISED_PRODUCT",
            "prerequisite",
            "The product is only advertised here, not installed, so it cannot be patched.",
            "Install at least one feature of the product, then the patch.",
        ),
        1652: Entry(
            "ERROR_INSTALL_SERVICE_SAFEBOOT",
            "reboot",
            "The host runs in safe mode, where Windows Installer does not.",
            "Reboot into normal mode.",
            reboot_may_help=True,
        ),
        1653: Entry(
            "ERROR_ROLLBACK_DISABLED",
            "policy",
            "Rollback is disabled, and the installation needs it.",
            "Allow rollback (policy DisableRollback), then try again.",
        ),
        1654: Entry(
            "ERROR_INSTALL_REJECTED",
            "not_applicable",
            "The installation was rejected: this platform does not take such packages.",
            "Take a package for this Windows and its processor.",
        ),
        1722: Entry(
            "RPC_S_SERVER_UNAVAILABLE",
            "service",
            "A service that was called does not run, has crashed or is restarting.",
            "Restart wuauserv and TrustedInstaller, then try once or twice.",
            retryable=True,
        ),
        1726: Entry(
            "RPC_S_CALL_FAILED",
            "service",
            "A service went away during the call.",
            "Restart wuauserv and TrustedInstaller, then try once or twice.",
            retryable=True,
        ),
        3010: Entry(
            "ERROR_SUCCESS_REBOOT_REQUIRED",
            "success_reboot",
            "It is installed, and a reboot completes it (not to be taken for 3011, which asks for none).",
            "Reboot in the maintenance window.",
            reboot_may_help=True,
        ),
        3011: Entry(
            "ERROR_SUCCESS_RESTART_REQUIRED",
            "success",
            "It is installed, and its service has to be restarted, not the host (not to be taken for 3010).",
            "Restart the service of the product.",
        ),
        3017: Entry(
            "ERROR_FAIL_REBOOT_REQUIRED",
            "reboot",
            "It failed, and a reboot takes back what was changed.",
            "Reboot, scan again, and install once more if it is still needed.",
            reboot_may_help=True,
        ),
        3018: Entry(
            "ERROR_FAIL_REBOOT_INITIATED",
            "reboot",
            "It failed, and the reboot that takes back what was changed has been started.",
            "Wait for the boot, then scan again.",
            reboot_may_help=True,
        ),
        12002: Entry("ERROR_INTERNET_TIMEOUT", "network", "The server did not answer in time.", _NETWORK, True),
        12007: Entry(
            "ERROR_INTERNET_NAME_NOT_RESOLVED",
            "network",
            "The name of the server could not be resolved.",
            "Check the spelling of WUServer, DNS and the proxy, then try again.",
            retryable=True,
        ),
        12029: Entry("ERROR_INTERNET_CANNOT_CONNECT", "network", "No connection to the server.", _NETWORK, True),
        12030: Entry("ERROR_INTERNET_CONNECTION_ABORTED", "network", "The connection was cut off.", _NETWORK, True),
        12175: Entry(
            "ERROR_INTERNET_DECODING_FAILED",
            "network",
            "The secure connection failed: certificate, TLS version or the clock of the host.",
            "Check the clock, the certificate of the server and whether the host trusts it.",
        ),
        14098: Entry("ERROR_SXS_COMPONENT_STORE_CORRUPT", "corrupt", "The component store is damaged.", _STORE),
    }
)
