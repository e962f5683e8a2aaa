# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Scripts that come without a module around them: those of win_reboot, wait loops and Ansible's own shell plugin."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..denial import CBS, OPEN_NAMESPACE
from ..host import Access
from ..model import expand
from .files import write_file


@dataclass(frozen=True, slots=True)
class Printed:
    """What a script leaves on its streams."""

    out: str = ""
    err: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class RawKind:
    """A script that is known by its text."""

    name: str
    pattern: re.Pattern[str]
    run: Callable[[Access, re.Match[str], bytes], Printed]


_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)


def find(text: str) -> tuple[RawKind, re.Match[str]] | None:
    for kind in KINDS:
        match = kind.pattern.search(text)
        if match:
            return kind, match
    return None


def _boot_time(access: Access, _match: re.Match[str], _stdin: bytes) -> Printed:
    if access.denies_cim(OPEN_NAMESPACE, "Win32_OperatingSystem"):
        return Printed(err="Get-CimInstance : Access denied", code=1)
    since = access.host.os.boot_time - _EPOCH
    return Printed(f"{(since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10}\r\n")


def _restart(access: Access, match: re.Match[str], _stdin: bytes) -> Printed:
    comment = match["comment"].replace("''", "'") if match["comment"] is not None else ""
    started = access.host.shut_down(float(match["delay"] or 30), comment)
    error, code = ("", 0) if started else ("A system shutdown has already been scheduled.(1190)", 1190)
    # win_reboot asks for the result as JSON, since shells between it and the host mangle exit codes.
    if "ConvertTo-Json" in match.string:
        return Printed(json.dumps({"stdout": "", "stderr": error, "rc": code}) + "\r\n")
    return Printed(err=error, code=code)


def _abort(access: Access, _match: re.Match[str], _stdin: bytes) -> Printed:
    if access.host.abort_shutdown():
        return Printed()
    return Printed(err="Unable to abort the system shutdown because no shutdown was in progress.(1116)", code=1116)


def _ready(_access: Access, match: re.Match[str], _stdin: bytes) -> Printed:
    """LogonUI makes the key AutoLogonChecked when the host is ready for a logon: here as soon as the port is open."""
    return Printed(f"{match['token']}\r\n")


def _servicing(access: Access, _match: re.Match[str], _stdin: bytes) -> Printed:
    value = access.host.registry.value(f"{CBS}\\Interface", "ServicingInProgress")
    busy = isinstance(value.data, int) and value.data > 1 if value else False
    return Printed(code=1 if busy else 0)


def _exists(access: Access, match: re.Match[str], _stdin: bytes) -> Printed:
    path = match["path"].replace("''", "'")
    missing = access.host.file(path) is None and not access.host.is_folder(path)
    return Printed(f"{int(missing)}\r\n", code=int(missing))


def _remove(access: Access, match: re.Match[str], _stdin: bytes) -> Printed:
    path = expand(match["path"].replace("''", "'")).rstrip("\\.").lower()
    for known in [p for p in access.host.files if p == path or p.startswith(path + "\\")]:
        del access.host.files[known]
        access.host.touch()
    return Printed()


def _make_folder(_access: Access, match: re.Match[str], _stdin: bytes) -> Printed:
    return Printed(f"C:\\Windows\\Temp\\{match['name']}\r\n")


def _print_path(_access: Access, match: re.Match[str], _stdin: bytes) -> Printed:
    return Printed(expand(match["path"]).replace("~", "C:\\Users\\Administrator", 1) + "\r\n")


def _put_file(access: Access, match: re.Match[str], stdin: bytes) -> Printed:
    content = b"".join(base64.b64decode(line) for line in stdin.split())
    return Printed(write_file(access, match["path"].replace("''", "'"), content))


def _who(access: Access, _match: re.Match[str], _stdin: bytes) -> Printed:
    return Printed(f"{access.identity.user.lower()}\r\n")


def _name(access: Access, _match: re.Match[str], _stdin: bytes) -> Printed:
    return Printed(f"{access.host.host_name}\r\n")


def _exit(_access: Access, match: re.Match[str], _stdin: bytes) -> Printed:
    return Printed(code=int(match["code"] or 0))


def _kind(name: str, pattern: str, run: Callable[[Access, re.Match[str], bytes], Printed]) -> RawKind:
    return RawKind(name, re.compile(pattern, re.IGNORECASE | re.DOTALL), run)


# The order matters: win_reboot's restart script names AutoLogonChecked too.
KINDS: Final = (
    _kind(
        "restart (win_reboot)",
        r"shutdown(?:\.exe)?\s+/r(?:\s+/f)?(?:\s+/t\s+(?P<delay>\d+))?(?:\s+/c\s+'(?P<comment>(?:[^']|'')*)')?",
        _restart,
    ),
    _kind("abort of a restart (win_reboot)", r"shutdown(?:\.exe)?\s+/a\b", _abort),
    _kind("boot time (win_reboot)", r"LastBootUpTime\)?\.LastBootUpTime\.ToFileTime\(\)", _boot_time),
    _kind("readiness (win_reboot)", r"AutoLogonChecked'.*'(?P<token>success-[0-9a-f-]+)'", _ready),
    _kind("servicing at an end (win_updates)", r"ServicingInProgress", _servicing),
    _kind("exists (shell plugin)", r"If \(Test-Path '(?P<path>(?:[^']|'')*)'\).*Exit \$res", _exists),
    _kind(
        "remove (shell plugin)",
        r"^\s*(?:Set-StrictMode -Version Latest\s+)?Remove-Item '(?P<path>(?:[^']|'')*)' -Force",
        _remove,
    ),
    _kind(
        "temporary folder (shell plugin)",
        r"New-Item -Type Directory -Path \$tmp_path -Name '(?P<name>[^']+)'",
        _make_folder,
    ),
    _kind("home folder (shell plugin)", r"Write-Output '(?P<path>[^']*)'", _print_path),
    _kind("put_file (winrm plugin up to 2.18)", r"^begin \{\s*\$path = '(?P<path>(?:[^']|'')*)'", _put_file),
    _kind("whoami", r"^\s*whoami(?:\.exe)?\s*(?:;|$)", _who),
    _kind("hostname", r"^\s*hostname(?:\.exe)?\s*(?:;|$)", _name),
    _kind("exit", r"^\s*exit(?:\s+(?P<code>\d+))?\s*(?:;|$)", _exit),
)
