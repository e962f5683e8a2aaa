# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""On the way to the source of updates: talking to the server, downloads, catalogues, the orchestrator (wuerror.h)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..entry import Entry

_LATER = "Try again with growing pauses; if many hosts see it, the server is overloaded: let fewer scan at once."


def _http(name: str, status: int, kind: str, cause: str, next_step: str, *, retryable: bool = False) -> Entry:
    """An answer of HTTP that stopped the conversation."""
    return Entry(f"WU_E_PT_HTTP_STATUS_{name}", kind, f"HTTP {status}: {cause}", next_step, retryable=retryable)


CODES: Mapping[int, Entry] = MappingProxyType(
    {
        0x80244007: Entry(
            "WU_E_PT_SOAPCLIENT_SOAPFAULT",
            "server",
            "The server answered with a fault, often because of a cookie that it no longer knows or an overload.",
            "Try again: it often works at the fourth or fifth time. If not, look at the WSUS: application pool, "
            "database, clean-up.",
            retryable=True,
        ),
        0x80244010: Entry(
            "WU_E_PT_EXCEEDED_MAX_SERVER_TRIPS",
            "server",
            "The scan needs more round trips to the server than one search may have.",
            "Try again: every search gets further. Clean the WSUS of superseded updates.",
            retryable=True,
        ),
        0x80244011: Entry(
            "WU_E_PT_SUS_SERVER_NOT_SET",
            "policy",
            "Policy says that a WSUS is used (UseWUServer), and names none (WUServer).",
            "Set WUServer and WUStatusServer, or take UseWUServer away.",
        ),
        0x80244016: _http(
            "BAD_REQUEST", 400, "proxy", "the server did not understand the request.", "Look for a proxy in between."
        ),
        0x80244017: _http(
            "DENIED",
            401,
            "proxy",
            "the server asks for a logon.",
            "Allow anonymous access to the virtual folders of the WSUS, and see whether a proxy is in between.",
        ),
        0x80244018: _http(
            "FORBIDDEN",
            403,
            "proxy",
            "the request is forbidden.",
            "Check address, port and TLS of the WSUS, its file permissions, and proxies and web filters in between.",
        ),
        0x80244019: _http(
            "NOT_FOUND",
            404,
            "proxy",
            "the address does not exist on the server.",
            "Check WUServer (port 8530 or 8531), the virtual folders of the WSUS, and the proxy.",
        ),
        0x8024401B: _http(
            "PROXY_AUTH_REQ",
            407,
            "proxy",
            "the proxy asks for a logon, which the machine account cannot give.",
            "Let the proxy pass the update server without a logon, or go past it: netsh winhttp show proxy.",
        ),
        0x8024401C: _http("REQUEST_TIMEOUT", 408, "network", "the server waited too long.", _LATER, retryable=True),
        0x8024401F: _http(
            "SERVER_ERROR",
            500,
            "server",
            "the server failed.",
            f"{_LATER} Look at the application pool and the database of the WSUS.",
            retryable=True,
        ),
        0x80244021: _http("BAD_GATEWAY", 502, "server", "a proxy or gateway got no answer.", _LATER, retryable=True),
        0x80244022: _http(
            "SERVICE_UNAVAIL",
            503,
            "server",
            "the server is overloaded, or its application pool has stopped.",
            f"{_LATER} Start the application pool WsusPool and give it more memory.",
            retryable=True,
        ),
        0x80244023: _http("GATEWAY_TIMEOUT", 504, "server", "a gateway waited too long.", _LATER, retryable=True),
        0x8024402C: Entry(
            "WU_E_PT_WINHTTP_NAME_NOT_RESOLVED",
            "network",
            "The name of the server or of the proxy could not be resolved.",
            "Check the spelling of WUServer, DNS, and the machine's proxy. It may pass: try a few times.",
            retryable=True,
        ),
        0x8024402F: Entry(
            "WU_E_PT_ECP_SUCCEEDED_WITH_ERRORS",
            "network",
            "A downloaded catalogue file could not be processed; a web filter often has changed it.",
            "Try again; exempt the update addresses from web filters.",
            retryable=True,
        ),
        0x80246001: Entry(
            "WU_E_DM_URLNOTAVAILABLE",
            "server",
            "The source names no address for the file.",
            "See whether the WSUS has downloaded and approved the update.",
        ),
        0x80246002: Entry(
            "WU_E_DM_INCORRECTFILEHASH",
            "corrupt",
            "The downloaded file is not the published one.",
            "Download again; then check the content of the WSUS (wsusutil reset) and web filters.",
            retryable=True,
        ),
        0x80246007: Entry(
            "WU_E_DM_NOTDOWNLOADED",
            "usage",
            "The update was to be installed before it was downloaded.",
            "Download it first.",
        ),
        0x80246008: Entry(
            "WU_E_DM_FAILTOCONNECTTOBITS",
            "service",
            "The background transfer service (BITS) could not be reached.",
            "Start the service BITS (it may be disabled), then try again.",
            retryable=True,
        ),
        0x80246017: Entry(
            "WU_E_DM_UNAUTHORIZED_LOCAL_USER",
            "access",
            "The user may not start downloads.",
            "Use an elevated account, or run it as a job on the host.",
        ),
        0x80247001: Entry(
            "WU_E_OL_INVALID_SCANFILE",
            "corrupt",
            "The offline catalogue is no valid one: cut off, unsigned, or not wsusscn2.cab.",
            "Fetch wsusscn2.cab again and compare its hash.",
        ),
        0x80247002: Entry(
            "WU_E_OL_NEWCLIENT_REQUIRED",
            "prerequisite",
            "The update agent is too old for the offline catalogue.",
            "Update the agent, as a rule through the latest servicing stack.",
        ),
        0x80248007: Entry(
            "WU_E_DS_NODATA",
            "corrupt",
            "The agent's store lacks what it was asked for, such as the licence terms of an update.",
            "Scan again; then stop wuauserv, rename SoftwareDistribution and scan anew.",
            retryable=True,
        ),
        0x80248014: Entry(
            "WU_E_DS_UNKNOWNSERVICE",
            "policy",
            "The service that was named is not in the agent's store.",
            "Register the service, or use server_selection default.",
        ),
        0x8024A10A: Entry(
            "USO_E_SERVICE_SHUTTING_DOWN",
            "service",
            "The update orchestrator was going down.",
            "Try again in a few minutes.",
            retryable=True,
        ),
    }
)
