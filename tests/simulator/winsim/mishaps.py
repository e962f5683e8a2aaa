# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What else goes on while updates are installed: another installer, servicing after a boot, a clock that jumps.

`clock_jump` and `second_installer` count from the first line of the host's first install job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from .denial import CBS
from .host import Host
from .model import Process
from .registry import Key, Value
from .timetable import AT_ONCE, KEEP, Appointment

SERVICING_KEY: Final = f"{CBS}\\Interface"
SERVICING_VALUE: Final = "ServicingInProgress"
MSI_MUTEX: Final = "Global\\_MSIExecute"
TI_WORKER: Final = "TiWorker"
INSTALLS: Final = "the update agent is installing"
HELD: Final = "Windows Installer is installing"
SERVICED: Final = "Windows is being serviced"
WORKS: Final = f"{TI_WORKER} is running"
TakeBack = Callable[[], None]
# The words of a host file that are fields of Mishaps.
MISHAPS: Final = ("clock_jump", "second_installer", "power_cut")
POWER_CUT: Final = "power cut"


def begin_servicing(host: Host) -> TakeBack:
    """Servicing runs, until the function that comes back is called. The host's lock is held, both times."""
    worker = _process(host, "TiWorker")
    key = host.registry.key(SERVICING_KEY)
    made = key is None
    key = key or host.registry.add(Key(path=SERVICING_KEY))
    before = key.value(SERVICING_VALUE)
    key.put(Value(SERVICING_VALUE, "REG_DWORD", 2))

    def take_back() -> None:
        _end(host, worker)
        if made:
            host.registry.drop_tree(SERVICING_KEY)
        elif before is not None:
            key.put(before)
        else:
            host.registry.drop_value(SERVICING_KEY, SERVICING_VALUE, at=host.clock.now())

    return take_back


def _begin_msi(host: Host) -> TakeBack:
    installer = _process(host, "msiexec")
    host.mutexes.append(MSI_MUTEX)

    def take_back() -> None:
        _end(host, installer)
        if MSI_MUTEX in host.mutexes:
            host.mutexes.remove(MSI_MUTEX)

    return take_back


def _begin_agent(host: Host) -> TakeBack:
    agent = host.update_agent
    if agent is None:
        return lambda: None
    before, agent.busy = agent.busy, True

    def take_back() -> None:
        agent.busy = before

    return take_back


def _begin_lingering(host: Host) -> TakeBack:
    worker = _process(host, TI_WORKER)
    return lambda: _end(host, worker)


INSTALLERS: Final[Mapping[str, Callable[[Host], TakeBack]]] = {
    "msi": _begin_msi,
    "servicing": begin_servicing,
    "agent": _begin_agent,
    "lingering": _begin_lingering,
}


def _process(host: Host, name: str) -> Process:
    process = Process(name, max((known.id for known in host.processes), default=4000) + 4)
    host.processes.append(process)
    return process


def _end(host: Host, process: Process) -> None:
    if process in host.processes:
        host.processes.remove(process)


def installers(host: Host) -> dict[str, bool]:
    """Who may install, in words, in the order in which a worker asks, and whether they do at this moment."""
    value = host.registry.value(SERVICING_KEY, SERVICING_VALUE)
    agent = host.update_agent
    names = {process.name.lower().removesuffix(".exe") for process in host.processes}
    return {
        INSTALLS: agent is not None and (agent.busy or host.installation is not None),
        HELD: MSI_MUTEX.lower() in {mutex.lower() for mutex in host.mutexes},
        SERVICED: value is not None and isinstance(value.data, int) and value.data > 1,
        WORKS: TI_WORKER.lower() in names,
    }


def other_installer(host: Host) -> str | None:
    """Who else installs at this moment, in words; None when nobody does."""
    return next((who for who, busy in installers(host).items() if busy), None)


def seen_installer(host: Host) -> tuple[str, str] | None:
    """The same as a worker sees it, with its reason: who cannot be asked counts as one who installs."""
    agent = host.update_agent
    unknown = {
        INSTALLS: agent is not None and "busy" in agent.unreadable,
        HELD: host.denied.name(MSI_MUTEX),
        SERVICED: host.denied.key(SERVICING_KEY),
        WORKS: host.denied.name(TI_WORKER),
    }
    answers = {who: None if unknown.get(who) else busy for who, busy in installers(host).items()}
    found = [("other_installer", who) for who, busy in answers.items() if busy]
    found += [("unknown", f"whether {who} could not be read") for who, busy in answers.items() if busy is None]
    return found[0] if found else None


def lasts(host: Host, begins: datetime, minutes: float, begin: Callable[[Host], TakeBack]) -> None:
    """Something begins at a moment of steady time and is over after some minutes, or with the next boot."""

    def start(moment: datetime) -> None:
        take_back = begin(host)
        ends = moment + timedelta(minutes=minutes)
        host.appointments.append(Appointment(ends, lambda _moment: take_back(), AT_ONCE))

    host.appointments.append(Appointment(begins, start, KEEP))


def first_job_begins(host: Host, moment: datetime) -> None:
    """From here on the mishaps of the host file count."""
    mishaps = host.mishaps
    if mishaps.begun:
        return
    mishaps.begun = True
    if jump := mishaps.clock_jump:
        host.clock.jumps.append((moment + _after(jump), timedelta(seconds=jump["seconds"])))
    if second := mishaps.second_installer:
        installer = INSTALLERS[second.get("kind", "msi")]
        lasts(host, moment + _after(second), second["minutes"], installer)


def cuts_power(host: Host, lines: int) -> bool:
    """Whether the host goes down without notice now that a journal of an install job has so many lines; only once."""
    cut = host.mishaps.power_cut
    if cut is None or host.mishaps.cut or lines != cut["at_line"]:
        return False
    host.mishaps.cut = True
    host.boot_now(POWER_CUT)
    return True


def _after(words: Mapping[str, Any]) -> timedelta:
    return timedelta(minutes=words["after_minutes"])
