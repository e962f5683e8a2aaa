# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where the agent searches: its services, and what a server selection comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..host import Host
from ..model import UpdateAgent
from .errors import NO_CLASS, NOT_REGISTERED, SERVER_NOT_SET, UNKNOWN_SERVICE, WU_DISABLED, AgentError

# windows.md §2.1.
WINDOWS_UPDATE: Final = "9482f4b4-e343-43b6-b170-9a65bc822c77"
MICROSOFT_UPDATE: Final = "7971f918-a847-4430-9279-4a52d1efe18d"
MANAGED_SERVER: Final = "3da21691-e39d-4da6-8a4b-b43877bcb1b7"
NAMES: Final = {
    WINDOWS_UPDATE: "Windows Update",
    MICROSOFT_UPDATE: "Microsoft Update",
    MANAGED_SERVER: "Windows Server Update Service",
}
SELECTIONS: Final = ("default", "managed_server", "windows_update", "microsoft_update", "service")
POLICY: Final = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate"
NO_INTERNET: Final = "DoNotConnectToWindowsUpdateInternetLocations"


@dataclass(frozen=True, slots=True)
class Source:
    """A service of the agent; `word` is the selection that leads to it."""

    word: str
    service_id: str
    name: str | None
    managed: bool
    server: str | None = None


def agent_of(host: Host) -> UpdateAgent:
    """Raises AgentError where the agent is not installed."""
    if host.update_agent is None:
        raise AgentError(NOT_REGISTERED, NO_CLASS)
    return host.update_agent


def source_of(host: Host, selection: str, service_id: str | None, *, online: bool = True) -> Source:
    """The service that is asked. Raises AgentError as the agent does when there is none, or policy forbids it."""
    agent = agent_of(host)
    managed = bool(agent.source.get("managed"))
    word = ("managed_server" if managed else "windows_update") if selection == "default" else selection
    if word == "managed_server":
        return _managed(agent, online=online)
    if online and _internet_is_forbidden(host):
        raise AgentError(WU_DISABLED)
    if word == "windows_update":
        return Source(word, WINDOWS_UPDATE, NAMES[WINDOWS_UPDATE], managed=False)
    return _other(agent, word, MICROSOFT_UPDATE if word == "microsoft_update" else str(service_id or "").lower())


def _managed(agent: UpdateAgent, *, online: bool) -> Source:
    server = agent.source.get("server")
    if not server and online:
        raise AgentError(SERVER_NOT_SET)
    return Source(
        "managed_server", MANAGED_SERVER, NAMES[MANAGED_SERVER], managed=True, server=str(server) if server else None
    )


def _other(agent: UpdateAgent, word: str, service_id: str) -> Source:
    """A service that has been added to the agent; Windows Update is there from the start."""
    known: list[dict[str, Any]] = [{"id": WINDOWS_UPDATE}, *agent.services]
    for service in known:
        if str(service["id"]).lower() == service_id:
            name = service.get("name") or NAMES.get(service_id)
            return Source(word, service_id, name, bool(service.get("managed")), service.get("server"))
    raise AgentError(UNKNOWN_SERVICE)


def _internet_is_forbidden(host: Host) -> bool:
    value = host.registry.value(POLICY, NO_INTERNET)
    return value is not None and value.data == 1
