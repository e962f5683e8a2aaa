# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A boot does to the state what design §8 lists, and `survives_reboot` opts out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from winsim import boot
from winsim.denial import SESSION_MANAGER
from winsim.host import ACTIVE_COMPUTER_NAME, COMPUTER_NAME, TCPIP

BOOT_TIME = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
AUTO_UPDATE = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
CBS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
METHOD = r"root\ccm\ClientSDK:CCM_ClientUtilities.DetermineIfRebootPending"
SERVER_MANAGER = r"HKLM\SOFTWARE\Microsoft\ServerManager"
CACHE = rf"{SERVER_MANAGER}\ServicingStorage\ServerComponentCache"
NETLOGON = r"HKLM\SYSTEM\CurrentControlSet\Services\Netlogon"


def booted(host):
    boot.carry_out(host, "test", BOOT_TIME)
    return host


def number(value: int = 1) -> dict[str, object]:
    return {"type": "REG_DWORD", "data": value}


def queue(*first: str, second: tuple[str, ...] = ()) -> dict[str, object]:
    values = {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": list(first)}}
    if second:
        values["PendingFileRenameOperations2"] = {"type": "REG_MULTI_SZ", "data": list(second)}
    return {SESSION_MANAGER: {"values": values}}


def test_volatile_keys_vanish_with_what_is_below_them_and_others_stay(make_host):
    keys = {
        rf"{AUTO_UPDATE}\RebootRequired": {"volatile": True},
        rf"{AUTO_UPDATE}\RebootRequired\x": {},
        rf"{CBS}\Kept": {},
    }
    host = booted(make_host(registry=keys))
    assert host.registry.key(rf"{AUTO_UPDATE}\RebootRequired") is None
    assert host.registry.key(rf"{AUTO_UPDATE}\RebootRequired\x") is None
    assert host.registry.key(AUTO_UPDATE) is not None
    assert host.registry.key(rf"{CBS}\Kept") is not None


def test_the_active_names_are_rebuilt_from_the_new_ones(make_host):
    new = {"type": "REG_SZ", "data": "NEW"}
    host = make_host(
        registry={COMPUTER_NAME: {"values": {"ComputerName": new}}, TCPIP: {"values": {"NV Hostname": new}}}
    )
    assert (host.computer_name, host.host_name) == ("web01", "web01")
    booted(host)
    assert (host.computer_name, host.host_name) == ("NEW", "NEW")
    assert host.registry.value(ACTIVE_COMPUTER_NAME, "ComputerName").data == "NEW"


def test_the_boot_time_moves_and_the_boot_is_logged(make_host):
    host = booted(make_host())
    assert host.os.boot_time == BOOT_TIME
    assert host.log == [{"at": "2026-11-18T03:20:00Z", "event": "boot", "cause": "test"}]


FILES = {r"C:\new.dll": {"version": "2.0"}, r"C:\old.dll": {"version": "1.0"}, r"C:\junk.tmp": {}}


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ((r"\??\C:\junk.tmp", ""), {r"C:\new.dll": "2.0", r"C:\old.dll": "1.0"}),
        ((r"\??\C:\new.dll", r"!\??\C:\old.dll"), {r"C:\old.dll": "2.0", r"C:\junk.tmp": None}),
        ((r"*1\??\C:\new.dll", r"*1!\??\C:\OLD.dll"), {r"C:\OLD.dll": "2.0", r"C:\junk.tmp": None}),
        ((r"\??\C:\new.dll", r"\??\C:\old.dll"), {r"C:\new.dll": "2.0", r"C:\old.dll": "1.0", r"C:\junk.tmp": None}),
        ((r"\??\C:\old.dll", "", r"\??\C:\new.dll", r"\??\C:\old.dll"), {r"C:\old.dll": "2.0", r"C:\junk.tmp": None}),
        ((r"\??\C:\gone.dll", r"!\??\C:\old.dll"), {r"C:\new.dll": "2.0", r"C:\old.dll": "1.0", r"C:\junk.tmp": None}),
        (("", "", r"\??\C:\junk.tmp"), {r"C:\new.dll": "2.0", r"C:\old.dll": "1.0"}),
    ],
    ids=["delete", "replace", "marks", "target in the way", "delete then rename", "missing source", "odd count"],
)
def test_the_rename_queue_is_carried_out_on_the_files(make_host, entries, left):
    host = booted(make_host(files=FILES, registry=queue(*entries)))
    assert {file.path: file.version for file in host.files.values()} == left
    assert host.registry.value(SESSION_MANAGER, "PendingFileRenameOperations") is None


def test_the_second_queue_runs_after_the_first_and_both_are_emptied(make_host):
    second = (r"\??\C:\b", r"\??\C:\c")
    host = booted(make_host(files={r"C:\a": {"version": "1"}}, registry=queue(r"\??\C:\a", r"\??\C:\b", second=second)))
    assert [file.path for file in host.files.values()] == [r"C:\c"]
    assert host.registry.key(SESSION_MANAGER).values == {}


def test_what_waits_for_a_boot_is_cleared(make_host):
    keys = {
        NETLOGON: {"values": {"JoinDomain": number(), "AvoidSpnSet": number(), "Other": number()}},
        rf"{NETLOGON}\JoinDomain": {},
        SERVER_MANAGER: {"values": {"CurrentRebootAttempts": number()}},
        CACHE: {"values": {"RestartRequired": number()}},
        rf"{CBS}\PackagesPending\Package_1": {},
    }
    agent = {"reboot_required": True, "updates": [{"id": "a", "reboot_required": True, "installed": True}]}
    methods = {METHOD: {"ReturnValue": 0, "RebootPending": True, "IsHardRebootPending": True}}
    host = booted(make_host(registry=keys, update_agent=agent, methods=methods))
    assert list(host.registry.key(NETLOGON).values) == ["other"]
    assert host.registry.key(rf"{NETLOGON}\JoinDomain") is None
    assert host.registry.value(SERVER_MANAGER, "CurrentRebootAttempts") is None
    assert host.registry.value(CACHE, "RestartRequired") is None
    assert host.registry.key(rf"{CBS}\PackagesPending") is None
    assert host.methods[METHOD] == {"ReturnValue": 0, "RebootPending": False, "IsHardRebootPending": False}
    assert host.update_agent.reboot_required is False
    assert host.update_agent.updates == [{"id": "a", "reboot_required": False, "installed": True}]


def test_what_survives_a_reboot_stays(make_host):
    required = rf"{AUTO_UPDATE}\RebootRequired"
    keys = {
        required: {"volatile": True, "values": {"guid": number()}},
        rf"{CBS}\RebootPending": {"volatile": True, "values": {"keep": number(), "go": number()}},
        CACHE: {"values": {"RestartRequired": number()}},
        **queue(r"\??\C:\a", ""),
    }
    stuck = [
        required.replace("HKLM", "HKEY_LOCAL_MACHINE").lower(),
        rf"{CBS}\RebootPending\keep",
        rf"{CACHE}\RestartRequired",
        rf"{SESSION_MANAGER}\PendingFileRenameOperations",
        METHOD,
        "update_agent",
    ]
    host = make_host(
        registry=keys,
        survives_reboot=stuck,
        methods={METHOD: {"RebootPending": True}},
        update_agent={"reboot_required": True},
    )
    booted(host)
    assert host.registry.value(required, "guid") is not None
    assert list(host.registry.key(rf"{CBS}\RebootPending").values) == ["keep"]
    assert host.registry.value(CACHE, "RestartRequired") is not None
    assert host.registry.value(SESSION_MANAGER, "PendingFileRenameOperations") is not None
    assert host.methods[METHOD]["RebootPending"] is True
    assert host.update_agent.reboot_required is True


def test_a_restart_is_announced_as_event_1074(make_host):
    host = make_host()
    boot.announce(host, "patches")
    (event,) = host.events
    assert (event.log, event.provider, event.id) == ("System", "User32", 1074)
    assert event.data[4:6] == ["restart", "patches"]
