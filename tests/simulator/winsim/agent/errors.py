# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How a call of the update agent fails."""

from __future__ import annotations

from typing import Any, Final

COM_EXCEPTION: Final = "System.Runtime.InteropServices.COMException"
NOT_REGISTERED: Final = "0x80040154"
NO_SIGNATURE: Final = "0x800B0100"
INVALID_CRITERIA: Final = "0x80240032"
WU_DISABLED: Final = "0x8024002E"
SERVER_NOT_SET: Final = "0x80244011"
UNKNOWN_SERVICE: Final = "0x80248014"
INVALID_SCAN_FILE: Final = "0x80247001"
INSTALL_NOT_ALLOWED: Final = "0x80240016"
EULAS_DECLINED: Final = "0x80240023"
DOWNLOAD_FAILED: Final = "0x80240034"
SHUTDOWN_IN_PROGRESS: Final = "0x8007045B"
NOT_DOWNLOADED: Final = "0x80246007"
NO_CLASS: Final = (
    "Retrieving the COM class factory for component with CLSID {00000000-0000-0000-0000-000000000000} failed due to "
    "the following error: 80040154 Class not registered (Exception from HRESULT: 0x80040154 (REGDB_E_CLASSNOTREG))."
)


class AgentError(Exception):
    """A failed call; `hresult` is written like `0x8024401F`."""

    def __init__(self, hresult: str, message: str = "", kind: str = COM_EXCEPTION) -> None:
        super().__init__(message or f"Exception from HRESULT: {hresult}")
        self.hresult = hresult
        self.kind = kind

    def as_error(self, step: str) -> dict[str, Any]:
        return {"step": step, "type": self.kind, "hresult": self.hresult, "message": str(self)}
