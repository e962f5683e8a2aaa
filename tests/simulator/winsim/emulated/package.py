# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.win_package` with `state: present`, for the packages of the host file and what runs them.

Shapes from the module (ansible.windows 3.8.0). Its provider `registry` starts any program: here wusa, dism and the
`.exe` packages of the host file. It does not know `.msu` and `.cab` itself; neither does this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..agent import rename_queue
from ..denial import CBS
from ..host import Access, Host
from ..mishaps import MSI_MUTEX, TakeBack, lasts
from ..model import Process
from ..package import Package
from ..registry import Key, Value
from ..timetable import Appointment
from ..worker.run import settle
from .result import ModuleFailedError, truth
from .stat import ALGORITHMS

OPTIONS: Final = frozenset(
    {"arguments", "checksum", "checksum_algorithm", "expected_return_code", "log_path", "path", "product_id"}
    | {"provider", "state"}
)
PROVIDERS: Final = ("auto", "msi", "registry")
SYSTEM32: Final = "C:\\Windows\\System32\\"
WUSA: Final = f"{SYSTEM32}wusa.exe"
DISM: Final = f"{SYSTEM32}dism.exe"
UNINSTALL: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
REBOOT_PENDING: Final = f"{CBS}\\RebootPending"
UUP_BUILD: Final = 26100
ACCESS_DENIED: Final = 5
BUSY: Final = 1618
ALREADY: Final = 2359302
REBOOT_STARTED: Final = 1641
NOT_ALLOWED: Final = -2145124330
OLD_DISM: Final = -2145124322
SOURCE_MISSING: Final = -2146498529
REBOOT_CODES: Final = frozenset({3010, REBOOT_STARTED})
SUCCESS: Final = frozenset({0, 3010, 3011, REBOOT_STARTED})
_QUOTED: Final = re.compile(r'(?:^|\s|:)"(?P<path>[A-Za-z]:\\[^"]+)"')


@dataclass(frozen=True, slots=True)
class _Call:
    """What was asked for: the program that starts, the package that it works on, and what they answer to the call."""

    program: str
    package: Package
    code: int
    works: bool


def win_package(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """One call. The answer is known when it begins and comes when the installer ends."""
    call = _call(access, args)
    if call is None:
        return {"changed": False, "rc": 0, "reboot_required": False}
    if truth(args, "_ansible_check_mode", default=False):
        return {"changed": True, "rc": 0, "reboot_required": False}
    checksum = _checksum(access, args)
    code = _begin(access, call)
    result = {"changed": True, "rc": code, "reboot_required": code == 3010, "checksum": checksum}
    expected = args.get("expected_return_code")
    if code in [int(given) for given in (expected if isinstance(expected, list) else [0, 3010])]:
        return {**result, "failed": False}
    log = {"log": call.package.log} if call.package.log is not None and call.package.kind == "msi" else {}
    text = f"unexpected rc from '{call.program}': see rc, stdout, and stderr for more details"
    raise ModuleFailedError(text, rc=code, stdout="", stderr="", reboot_required=False, checksum=checksum, **log)


def package_takes(access: Access, args: Mapping[str, Any]) -> float:
    """Real seconds until the installer has ended."""
    try:
        call = _call(access, args)
    except ModuleFailedError:
        return 0.0
    if call is None or not call.works or truth(args, "_ansible_check_mode", default=False):
        return 0.0
    return access.host.clock.real_seconds(call.package.run_minutes * 60)


def _call(access: Access, args: Mapping[str, Any]) -> _Call | None:
    """None where the package is there already. Raises ModuleFailedError as the module does."""
    unknown = sorted(name for name in args if not name.startswith("_ansible_") and name not in OPTIONS)
    if unknown or args.get("state", "present") != "present":
        what = ", ".join(unknown) or f"state {args.get('state')}"
        raise ModuleFailedError(f"winsim does not emulate this of win_package: {what}")
    path, provider = str(args.get("path") or ""), str(args.get("provider") or "auto")
    if provider not in PROVIDERS:
        raise ModuleFailedError(f"winsim emulates the providers {', '.join(PROVIDERS)}, not {provider}")
    program, package = _resolved(access.host, path, str(args.get("arguments") or ""))
    check_mode = truth(args, "_ansible_check_mode", default=False)
    if program not in (WUSA, DISM) and access.host.file(path) is None and not check_mode:
        raise ModuleFailedError(f"the file at the path '{path}' cannot be reached")
    if _is_there(access.host, package, args.get("product_id")):
        return None
    code = _refusal(access, program, package)
    return _Call(program, package, package.exit_code[0] if code is None else code, works=code is None)


def _resolved(host: Host, path: str, arguments: str) -> tuple[str, Package]:
    """(the program, the package): wusa and dism name it in their command line."""
    program = next((known for known in (WUSA, DISM) if known.lower() == path.lower()), path)
    named = path
    if program != path or program in (WUSA, DISM):
        found = _QUOTED.search(arguments)
        named = found["path"] if found else ""
    package = next((known for known in host.packages if known.path.lower() == named.lower()), None)
    if package is None:
        raise ModuleFailedError(f"winsim knows no package '{named}': the host file must list it under packages")
    fits = {WUSA: ("msu",), DISM: ("msu", "cab")}.get(program, ("msi", "exe"))
    if package.kind not in fits:
        raise ModuleFailedError(f"'{program}' does not run a package of the kind {package.kind}")
    return program, package


def _is_there(host: Host, package: Package, product_id: object) -> bool:
    """What the module finds itself: an MSI by its own product code, a program by the key of its product_id."""
    if package.kind == "msi":
        return package.installed
    return bool(product_id) and host.registry.key(f"{UNINSTALL}\\{product_id}") is not None


def _refusal(access: Access, program: str, package: Package) -> int | None:
    """What the program answers at once, without doing anything."""
    host = access.host
    if program == WUSA:
        return _refusal_of_wusa(access, package)
    if program == DISM:
        return _refusal_of_dism(host, package)
    held = MSI_MUTEX.lower() in {mutex.lower() for mutex in host.mutexes}
    return BUSY if package.kind == "msi" and held else None


def _refusal_of_wusa(access: Access, package: Package) -> int | None:
    agent = access.host.update_agent
    if not access.identity.is_system:
        return ACCESS_DENIED
    if agent is not None and (agent.busy or access.host.installation is not None):
        return NOT_ALLOWED
    return ALREADY if package.installed else None


def _refusal_of_dism(host: Host, package: Package) -> int | None:
    if package.kind == "msu" and int(host.os.build.partition(".")[0]) < UUP_BUILD:
        return OLD_DISM
    folder = package.path.rpartition("\\")[0]
    if any(host.file(f"{folder}\\{name}") is None for name in package.checkpoints):
        return SOURCE_MISSING
    return 0 if package.installed else None


def _checksum(access: Access, args: Mapping[str, Any]) -> str:
    """Raises ModuleFailedError where the file is another one."""
    path, algorithm = str(args["path"]), str(args.get("checksum_algorithm") or "sha1")
    if algorithm not in ALGORITHMS:
        raise ModuleFailedError(f"value of checksum_algorithm must be one of: {', '.join(ALGORITHMS)}")
    file = access.host.file(path)
    found = (file.digest(algorithm) if file else "0" * 40).upper()
    wanted = args.get("checksum")
    if wanted and str(wanted).upper() != found:
        text = f"The checksum for {path} did not match '{wanted}', it was '{found}'"
        raise ModuleFailedError(text, rc=0, reboot_required=False, checksum=found)
    return found


def _begin(access: Access, call: _Call) -> int:
    """The installer runs from now on; the exit code, which the log of the state file has when it has ended."""
    host, package = access.host, call.package
    if not call.works:
        host.record("run", package=package.path, exit_code=call.code)
        return call.code
    if len(package.exit_code) > 1:
        del package.exit_code[0]
    moment = host.clock.steady()
    lasts(host, moment, package.run_minutes, lambda _host: _appear(access, call))
    due = moment + timedelta(minutes=package.run_minutes)
    host.appointments.append(Appointment(due, lambda ended: _end(host, call, ended)))
    settle(host)
    return call.code


def _appear(access: Access, call: _Call) -> TakeBack:
    """The installer can be seen, until the function that comes back is called."""
    host, package = access.host, call.package
    program = "msiexec" if package.kind == "msi" else call.program.rpartition("\\")[2].removesuffix(".exe")
    number = max((known.id for known in host.processes), default=4000) + 4
    process = Process(program, number, access.now)
    host.processes.append(process)
    if package.kind == "msi":
        host.mutexes.append(MSI_MUTEX)

    def take_back() -> None:
        if process in host.processes:
            host.processes.remove(process)
        if package.kind == "msi" and MSI_MUTEX in host.mutexes:
            host.mutexes.remove(MSI_MUTEX)

    return take_back


def _end(host: Host, call: _Call, moment: datetime) -> None:
    host.record("run", moment, package=call.package.path, exit_code=call.code)
    if call.code in SUCCESS:
        _leave_traces(host, call, moment)
    if call.code == REBOOT_STARTED:
        host.shut_down(5, f"restarted by the package {call.package.path}")


def _leave_traces(host: Host, call: _Call, moment: datetime) -> None:
    package, at = call.package, host.clock.wall(moment)
    if package.overwrites_queue:
        rename_queue.clear(host)
    rename_queue.add(host, package.renames, at)
    package.installed = package.installs_product
    if package.product_id and package.installs_product:
        host.registry.add(Key(path=f"{UNINSTALL}\\{package.product_id}")).put(
            Value("DisplayName", "REG_SZ", package.path.rpartition("\\")[2])
        )
    if package.kind in ("msu", "cab") and call.code in REBOOT_CODES:
        host.registry.add(Key(path=REBOOT_PENDING, volatile=True, write_time=at))
