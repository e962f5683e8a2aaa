# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Downloads and installations of the update agent: how long they take, how they end, what they leave on the host."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..host import Host
from ..mishaps import INSTALLERS, lasts
from ..registry import Key, Value
from ..timetable import Appointment
from . import rename_queue
from .errors import EULAS_DECLINED, INSTALL_NOT_ALLOWED, NOT_DOWNLOADED, AgentError
from .services import agent_of

AUTO_UPDATE: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update"
REBOOT_REQUIRED: Final = f"{AUTO_UPDATE}\\RebootRequired"
RUN_ONCE: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\RunOnce"
CLIENT: Final = "winops.patching"
OK: Final = "0x00000000"
ALREADY_INSTALLED: Final = "0x00240006"
ROLLED_BACK: Final = "0x80242016"
DOWNLOAD_MINUTES: Final = 0.1
RUN_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the agent answers for one update; `result` is a word of its result codes."""

    result: str
    hresult: str
    reboot_required: bool | None


@dataclass(eq=False, slots=True)
class Installation:
    """One update that the agent is busy with. It goes on when the worker dies; a boot ends it without an outcome."""

    update: dict[str, Any]
    outcome: Outcome | None = None
    client: str = CLIENT

    def answer(self) -> Outcome | None:
        """None while it has not ended."""
        return self.outcome


def download_takes(update: dict[str, Any]) -> float:
    """In the host's seconds."""
    return float(update.get("download_minutes", DOWNLOAD_MINUTES)) * 60


def download(update: dict[str, Any]) -> None:
    """At its end. Raises AgentError."""
    said, times = str(update.get("download", "ok")), update.get("download_fails")
    if said != "ok" and times != 0:
        if times is not None:
            update["download_fails"] = times - 1
        raise AgentError(_code(said))
    update["downloaded"] = True


def accept_eula(update: dict[str, Any]) -> None:
    """Raises AgentError."""
    if update.get("refuses_eula"):
        raise AgentError(EULAS_DECLINED)
    update["eula_accepted"] = True


def installation_takes(update: dict[str, Any]) -> float | None:
    """In the host's seconds; None for one that hangs."""
    return None if update.get("result") == "hang" else float(update.get("run_minutes", RUN_MINUTES)) * 60


def install(host: Host, update: dict[str, Any], moment: datetime, *, client: str = CLIENT) -> Installation:
    """Begins at this moment of steady time; the outcome is there `installation_takes` later. Raises AgentError."""
    agent = agent_of(host)
    if agent.busy or host.installation is not None or agent.refuses_to_install:
        raise AgentError(INSTALL_NOT_ALLOWED)
    if not update.get("downloaded"):
        raise AgentError(NOT_DOWNLOADED)
    if not update.get("eula_accepted", True):
        raise AgentError(EULAS_DECLINED)
    if update.get("installed"):
        return Installation(update, Outcome("succeeded", ALREADY_INSTALLED, reboot_required=False))
    host.installation = found = Installation(update, client=client)
    takes = installation_takes(update)
    if takes is not None:
        due = moment + timedelta(seconds=takes)
        host.appointments.append(Appointment(due, lambda now: _end(host, found, now)))
    return found


def _end(host: Host, installation: Installation, moment: datetime) -> None:
    """The result stands."""
    host.installation = None
    update = installation.update
    said = str(update.get("result", "ok"))
    if said.startswith("fail:"):
        installation.outcome = Outcome("failed", _code(said), reboot_required=False)
        tell(host, update, moment, said, installation.outcome, client=installation.client)
        return
    _disturb(host, update)
    if minutes := update.get("lingers_minutes"):
        lasts(host, moment, minutes, INSTALLERS["lingering"])
    queued = rename_queue.add(host, update.get("renames", []), host.clock.wall(moment))
    waits = waits_for_boot(update, queued=queued)
    installation.outcome = Outcome("succeeded", OK, reboot_required=waits)
    update.update(installed=True, present=True)
    if waits:
        wait_for_boot(host, update, moment)
    tell(host, update, moment, "ok", installation.outcome, client=installation.client)
    if host.network.dies_after == str(update["id"]).lower():
        host.cut_network()
    if update.get("reboots_itself"):
        host.boot_now(f"restarted by the update {str(update['id']).lower()}")


def waits_for_boot(update: dict[str, Any], *, queued: int) -> bool:
    """Design §8; what rolls back at a boot, or waits for a logon after it, waits for the boot in any case."""
    behavior = update.get("reboot_behavior", "never")
    asks = behavior == "always_requires" or (behavior == "can_request" and queued > 0)
    return bool(asks or update.get("result") == "roll_back" or update.get("interactive") or update.get("hard_reboot"))


def wait_for_boot(host: Host, update: dict[str, Any], moment: datetime) -> None:
    """The flags, and the GUID below RebootRequired. Others may still be installed, unless the reboot is a hard one."""
    agent = agent_of(host)
    if update.get("hard_reboot"):
        agent.reboot_required_before_installation = True
    elif agent.reboot_required_before_installation is None:
        agent.reboot_required_before_installation = agent.refuses_to_install
    update["reboot_required"] = agent.reboot_required = True
    key = host.registry.key(REBOOT_REQUIRED)
    if key is None or not key.listed:
        key = host.registry.add(Key(path=REBOOT_REQUIRED, volatile=True))
    key.write_time = host.clock.wall(moment)
    key.put(Value(str(update["id"]).lower(), "REG_DWORD", 1))


def _disturb(host: Host, update: dict[str, Any]) -> None:
    """An installer that writes its own over what others have left for the next boot."""
    if update.get("overwrites_queue"):
        rename_queue.clear(host)
    key = host.registry.key(RUN_ONCE)
    if update.get("overwrites_run_once") and key is not None:
        key.values.clear()


def tell(
    host: Host, update: dict[str, Any], moment: datetime, said: str, outcome: Outcome, *, client: str = CLIENT
) -> None:
    """An entry in the log of the state file, and one in the agent's history."""
    name, revision = str(update["id"]).lower(), update.get("revision", 1)
    host.record("install", moment, id=name, revision=revision, result=said)
    entry = {
        "at": host.clock.wall(moment),
        "operation": "install",
        "result": outcome.result,
        "hresult": outcome.hresult,
        "id": name,
        "revision": revision,
        "client": client,
    }
    if "title" in update:
        entry["title"] = update["title"]
    agent_of(host).history.append(entry)


def finish_at_boot(host: Host) -> None:
    """Before the rename queue is carried out: what rolls back takes its entries with it."""
    agent = host.update_agent
    for update in agent.updates if agent else ():
        if update.get("result") == "roll_back" and update.get("installed") and update.get("reboot_required"):
            rename_queue.remove(host, update.get("renames", []))
            update.update(installed=False, present=False)
            outcome = Outcome("failed", ROLLED_BACK, reboot_required=False)
            tell(host, update, host.clock.steady(), "rolled_back", outcome)


def wait_on_after_boot(host: Host) -> None:
    """What needs somebody to log on is not completed by a boot: it waits on, and says so again."""
    agent = host.update_agent
    for update in agent.updates if agent else ():
        if update.get("interactive") and update.get("installed"):
            wait_for_boot(host, update, host.clock.steady())


def _code(said: str) -> str:
    """`fail:0x80070643` -> `0x80070643`, written as codes are."""
    return f"0x{said.partition(':')[2][2:].upper()}"
