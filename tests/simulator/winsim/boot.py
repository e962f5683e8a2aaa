# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a boot does to a host's state (design §8, "A boot")."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from .agent import install, rename_queue
from .denial import CBS, SESSION_MANAGER, normal_namespace
from .host import ACTIVE_COMPUTER_NAME, COMPUTER_NAME, TCPIP, Host
from .misbehaviour import KEEPS_UPDATE_PENDING
from .mishaps import begin_servicing, lasts
from .model import Event
from .registry import Key, Value
from .worker.run import kill_all
from .worker.triggers import start_up

SHUTDOWN: Final = "C:\\Windows\\system32\\shutdown.exe"
NETLOGON: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Netlogon"
SERVER_MANAGER: Final = "HKLM\\SOFTWARE\\Microsoft\\ServerManager"
# Values that whoever set them clears while the system starts.
CLEARED_VALUES: Final = (
    (NETLOGON, "JoinDomain"),
    (NETLOGON, "AvoidSpnSet"),
    (f"{SERVER_MANAGER}\\ServicingStorage\\ServerComponentCache", "RestartRequired"),
    (SERVER_MANAGER, "CurrentRebootAttempts"),
)
CLEARED_KEYS: Final = (f"{NETLOGON}\\JoinDomain", f"{NETLOGON}\\AvoidSpnSet", f"{CBS}\\PackagesPending")
CONFIGMGR_METHOD: Final = "ccm_clientutilities.determineifrebootpending"

# windows.md §1.2: an optional mark of Windows 11, an optional "replace", the NT prefix.
_QUEUED: Final = re.compile(r"^(?:\*\d+)?(?P<replace>!)?(?:\\\?\?\\)?(?P<path>.*)$", re.DOTALL)


def announce(host: Host, cause: str) -> None:
    """Event 1074, which Windows writes when a process asks for a restart; `data` is laid out as the real event's."""
    host.events.append(
        Event(
            log="System",
            provider="User32",
            id=1074,
            time=host.clock.now(),
            data=[
                SHUTDOWN,
                host.computer_name.upper(),
                "No title for this reason could be found",
                "0x800000ff",
                "restart",
                cause,
                f"{host.computer_name}\\{host.user}",
            ],
            message=f"{SHUTDOWN} has initiated the restart of computer {host.computer_name.upper()}: {cause}",
        ),
    )


def take_back(host: Host) -> None:
    """Event 1075: an announced restart was aborted."""
    data = [host.computer_name.upper(), f"{host.computer_name}\\{host.user}"]
    message = f"The attempt to restart computer {data[0]} has been aborted"
    host.events.append(Event("System", 1075, host.clock.now(), "User32", data, message))


def carry_out(host: Host, cause: str, boot_time: datetime) -> None:
    """Everything that is different once the host has come up again. `boot_time` is the new one."""
    kill_all(host)
    if not _keeps_updates(host):
        install.finish_at_boot(host)
    _rename_files(host)
    _clear(host, boot_time)
    _drop_volatile_keys(host)
    _rebuild_names(host, boot_time)
    _clear_agents(host)
    for job in host.jobs.values():
        job.lost = job.result is None
    _end_update_runs(host)
    host.os.boot_time = boot_time.replace(microsecond=0)
    host.record("boot", cause=cause)
    if host.servicing_after_boot_minutes:
        lasts(host, host.clock.steady(), host.servicing_after_boot_minutes, begin_servicing)
    start_up(host)


def _end_update_runs(host: Host) -> None:
    for run in host.update_runs.values():
        if run.process in host.processes:
            host.processes.remove(run.process)
    host.update_runs.clear()


def _rename_files(host: Host) -> None:
    """The rename queue, both values as one, in order."""
    for source, target in rename_queue.read(host):
        _rename(host, source, target)


def _rename(host: Host, source: str, target: str) -> None:
    """An empty target deletes; an existing target needs the `!`; a missing source fails. A failure stops nothing."""
    from_match, to_match = _QUEUED.match(source), _QUEUED.match(target)
    if from_match is None or to_match is None or not from_match["path"]:
        return
    file = host.file(from_match["path"])
    if file is None:
        return
    new_path = to_match["path"]
    if new_path:
        if host.file(new_path) and not to_match["replace"] and new_path.lower() != file.path.lower():
            return
        del host.files[_place(host, file.path)]
        host.files[new_path.lower()] = replace(file, path=new_path)
        return
    del host.files[_place(host, file.path)]


def _place(host: Host, path: str) -> str:
    file = host.file(path)
    return next(place for place, known in host.files.items() if known is file)


def _clear(host: Host, at: datetime) -> None:
    for key, name in (*CLEARED_VALUES, *((SESSION_MANAGER, queue) for queue in rename_queue.NAMES)):
        if not host.survives(f"{key}\\{name}"):
            host.registry.drop_value(key, name, at=at)
    for key in CLEARED_KEYS:
        _drop_tree(host, key)


def _drop_volatile_keys(host: Host) -> None:
    for key in host.registry:
        if key.volatile:
            _drop_tree(host, key.path)


def _drop_tree(host: Host, path: str) -> None:
    """Removes the key and what is below it, except the keys and values that survive."""
    top = host.registry.key(path)
    going = ([top] if top else []) + host.registry.below(path)
    host.registry.drop_tree(path)
    for key in going:
        if host.survives(key.path):
            host.registry.add(key)
            continue
        kept = {name: value for name, value in key.values.items() if host.survives(f"{key.path}\\{value.name}")}
        if kept:
            host.registry.add(replace(key, values=kept))


def _rebuild_names(host: Host, at: datetime) -> None:
    """The active names are made anew from the ones that were set."""
    for source_key, source_name, target_key, target_name in (
        (COMPUTER_NAME, "ComputerName", ACTIVE_COMPUTER_NAME, "ComputerName"),
        (TCPIP, "NV Hostname", TCPIP, "Hostname"),
    ):
        wanted = host.registry.value(source_key, source_name)
        if wanted is None or host.survives(f"{target_key}\\{target_name}"):
            continue
        key = host.registry.key(target_key)
        if key is None or not key.listed:
            key = host.registry.add(Key(path=target_key, volatile=target_key == ACTIVE_COMPUTER_NAME))
        held = key.value(target_name)
        if held is None or held.data != wanted.data:
            key.put(Value(name=target_name, kind="REG_SZ", data=wanted.data))
            key.write_time = at if key.write_time else None


def _clear_agents(host: Host) -> None:
    """ConfigMgr's client and the update agent see that the boot they waited for has been."""
    for path, result in host.methods.items():
        if normal_namespace(path).rpartition(":")[2] == CONFIGMGR_METHOD and not host.survives(path):
            result.update({word: False for word in ("RebootPending", "IsHardRebootPending") if word in result})
    agent = host.update_agent
    if agent is not None and not _keeps_updates(host):
        agent.reboot_required = False
        if agent.reboot_required_before_installation:
            agent.reboot_required_before_installation = None
        for update in agent.updates:
            update.update({word: False for word in ("reboot_required",) if word in update})
        install.wait_on_after_boot(host)


def _keeps_updates(host: Host) -> bool:
    """Whether the agent does not see the boot that its updates waited for."""
    return host.survives("update_agent") or KEEPS_UPDATE_PENDING in host.misbehaves
