# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Probe kind `com_property`: the update agent's objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..agent.lines import INSTALLER_FLAGS, UNSPECIFIED, UNSPECIFIED_TEXT
from ..host import Access, Host
from ..model import UpdateAgent
from .answers import AbsentError, Ask, denied, failed

_COM_ERROR: Final = "System.Runtime.InteropServices.COMException"
# What a reader may want, by program id; any other property is an error, as COM's own DISP_E_UNKNOWNNAME.
PROGRAMS: Final[Mapping[str, Mapping[str, Callable[[UpdateAgent, Host], object]]]] = {
    "microsoft.update.systeminfo": {
        "rebootrequired": lambda agent, _host: agent.reboot_required,
        "oemhardwaresupportlink": lambda _agent, _host: "",
    },
    "microsoft.update.installer": {
        "isbusy": lambda agent, host: agent.busy or host.installation is not None,
        "rebootrequiredbeforeinstallation": lambda agent, _host: agent.refuses_to_install,
    },
    "microsoft.update.autoupdate": {"serviceenabled": lambda _agent, _host: True},
    "microsoft.update.session": {
        "clientapplicationid": lambda _agent, _host: "",
        "readonly": lambda _agent, _host: False,
    },
}


def read_property(access: Access, ask: Ask) -> dict[str, Any]:
    """`{value}`. An unknown program id is absent; a refusal by the list, the token or the agent is denied."""
    progid, name = str(ask["progid"]), str(ask["property"])
    if access.denies_program(progid):
        raise denied("Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))")
    agent = access.host.update_agent
    if agent is None or progid.lower() not in PROGRAMS:
        raise AbsentError
    properties = PROGRAMS[progid.lower()]
    if name.lower() not in properties:
        raise failed(f"Unknown name. ({progid}.{name})", kind=_COM_ERROR, hresult="0x80020006")
    if name.lower() in {INSTALLER_FLAGS[word].lower() for word in agent.unreadable}:
        raise failed(UNSPECIFIED_TEXT, kind=_COM_ERROR, hresult=UNSPECIFIED)
    return {"value": properties[name.lower()](agent, access.host)}
