# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is known about one code, and the words for what kind of trouble it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Fixed words: plays branch on them.
CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "success": "It worked, or there was nothing to do.",
        "success_reboot": "It worked, and a reboot completes it.",
        "reboot": "Nothing goes on before a reboot.",
        "busy": "Something else is installing. Wait.",
        "transient": "The agent was in a state that passes by itself.",
        "network": "The host does not reach the server: connection, name or time.",
        "server": "The server was reached and could not serve the request.",
        "proxy": "The server or a proxy refuses the request: logon, address or filter.",
        "policy": "A policy forbids it or contradicts itself.",
        "access": "The account or its logon may not do it.",
        "service": "A Windows service is stopped, disabled or has crashed.",
        "corrupt": "Data on the host or a download is damaged.",
        "not_applicable": "The update or package does not fit this host as it is.",
        "prerequisite": "Something else has to be installed or changed first.",
        "interaction": "It wants a person: a logged-on user, a licence, an answer.",
        "cancelled": "Somebody or something stopped it.",
        "installer": "The installer ran and failed: its own log says why.",
        "usage": "It was called wrongly: command line, package or search.",
        "unknown": "Nobody can say what kind of trouble it is.",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One known code. ``kind`` is a word of CLASSES; the flags say what may be tried before anything is repaired."""

    name: str
    kind: str
    cause: str
    next_step: str
    retryable: bool = False
    reboot_may_help: bool = False
