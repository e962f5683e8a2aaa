# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The helper scripts of ansible-core from 2.19 on, sent like modules but without one."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Final

from ..host import Access
from ..model import expand
from ..payload import UtilityRun
from .files import write_file
from .raw import Printed

PROFILE: Final = "C:\\Users\\Administrator"


def _mkdtemp(_access: Access, run: UtilityRun) -> Printed:
    return Printed(f"{expand(str(run.params['Directory']))}\\{run.params['Name']}\r\n")


def _expand_user(_access: Access, run: UtilityRun) -> Printed:
    path = str(run.params["Path"])
    home = path == "~" or path.startswith("~\\")
    return Printed((PROFILE + path[1:] if home else path) + "\r\n")


def _put_file(access: Access, run: UtilityRun) -> Printed:
    content = b"".join(base64.b64decode(line) for line in run.input.split())
    return Printed(write_file(access, str(run.params["Path"]), content))


def _fetch_file(access: Access, run: UtilityRun) -> Printed:
    path = str(run.params["Path"])
    if access.denies_file(path):
        return Printed(err=f"Access to the path '{path}' is denied.", code=1)
    file = access.host.file(path)
    if file is None:
        if access.host.is_folder(path):
            return Printed("[DIR]\r\n")
        return Printed(err=f"{path} does not exist", code=1)
    data = file.read(int(run.params["Offset"]), int(run.params["BufferSize"]))
    return Printed(base64.b64encode(data).decode() + "\r\n" if data else "")


UTILITIES: Final[Mapping[str, Callable[[Access, UtilityRun], Printed]]] = {
    "powershell_mkdtemp.ps1": _mkdtemp,
    "powershell_expand_user.ps1": _expand_user,
    "winrm_put_file.ps1": _put_file,
    "winrm_fetch_file.ps1": _fetch_file,
}
