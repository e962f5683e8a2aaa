# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The catalogue: the fixed signals with their strengths and places, and probes that the reader takes."""

from __future__ import annotations

import re

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import (
    BUSY_SIGNALS,
    DECIDING,
    PROBES,
    REQUIRED_SIGNALS,
    SCAN_PROBE,
    SIGNALS,
    STRENGTHS,
    place_of_probe,
    probes_for,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import validate_probes

# The fixed list: ids and strengths.
STRENGTH_OF = {
    "conclusive": (
        "wu_reboot_required agent_reboot_required agent_updates_pending_reboot cbs_reboot_pending "
        "cbs_reboot_in_progress ccm_reboot_pending reboot_witness"
    ),
    "strong": (
        "pending_file_rename pending_file_rename_2 computer_rename hostname_rename domain_join dsc_pending_reboot "
        "update_exe_volatile"
    ),
    "weak": (
        "server_manager_attempts server_manager_restart cbs_packages_pending winsxs_pending_xml dvd_reboot_signal "
        "wu_ux_reboot_required"
    ),
    "informational": (
        "wu_post_reboot_reporting shutdown_scheduled servicing_in_progress installer_running patch_job_running"
    ),
}

_WINDOWS = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion"
_CONTROL = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet"
# Where Windows and its products keep each, value names included: the facts of the reference, not a copy of the code.
REGISTRY_PLACES = {
    "wu_reboot_required": {(f"{_WINDOWS}\\WindowsUpdate\\Auto Update\\RebootRequired", None)},
    "wu_post_reboot_reporting": {(f"{_WINDOWS}\\WindowsUpdate\\Auto Update\\PostRebootReporting", None)},
    "wu_ux_reboot_required": {
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\WindowsUpdate\\UX\\StateVariables", "RebootRequired"),
        (f"{_WINDOWS}\\WindowsUpdate\\Orchestrator\\RebootRequired", None),
    },
    "cbs_reboot_pending": {(f"{_WINDOWS}\\Component Based Servicing\\RebootPending", None)},
    "cbs_reboot_in_progress": {(f"{_WINDOWS}\\Component Based Servicing\\RebootInProgress", None)},
    "cbs_packages_pending": {(f"{_WINDOWS}\\Component Based Servicing\\PackagesPending", None)},
    "servicing_in_progress": {(f"{_WINDOWS}\\Component Based Servicing\\Interface", "ServicingInProgress")},
    "pending_file_rename": {(f"{_CONTROL}\\Control\\Session Manager", "PendingFileRenameOperations")},
    "pending_file_rename_2": {(f"{_CONTROL}\\Control\\Session Manager", "PendingFileRenameOperations2")},
    "update_exe_volatile": {
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Updates\\UpdateExeVolatile", "Flags"),
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\Updates\\UpdateExeVolatile", "Flags"),
    },
    "computer_rename": {
        (f"{_CONTROL}\\Control\\ComputerName\\ActiveComputerName", "ComputerName"),
        (f"{_CONTROL}\\Control\\ComputerName\\ComputerName", "ComputerName"),
    },
    "hostname_rename": {
        (f"{_CONTROL}\\Services\\Tcpip\\Parameters", "Hostname"),
        (f"{_CONTROL}\\Services\\Tcpip\\Parameters", "NV Hostname"),
    },
    "domain_join": {
        (f"{_CONTROL}\\Services\\Netlogon", "JoinDomain"),
        (f"{_CONTROL}\\Services\\Netlogon", "AvoidSpnSet"),
    },
    "server_manager_attempts": {("HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\ServerManager", "CurrentRebootAttempts")},
    "server_manager_restart": {
        (
            "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\ServerManager\\ServicingStorage\\ServerComponentCache",
            "RestartRequired",
        )
    },
    "dvd_reboot_signal": {(f"{_WINDOWS}\\RunOnce", "DVDRebootSignal")},
    "reboot_witness": {("HKEY_LOCAL_MACHINE\\SOFTWARE\\winops.patching\\RebootWitness", None)},
    "patch_job_running": {("HKEY_LOCAL_MACHINE\\SOFTWARE\\winops.patching\\RunningJob", None)},
}


def places(name):
    """(key, value) of every registry probe of a signal; a probe without values reads them all."""
    found = [PROBES[probe] for probe in SIGNALS[name].probes if probe in PROBES]
    return {(probe["path"], value) for probe in found if "path" in probe for value in probe.get("values") or [None]}


def test_the_signals_and_their_strengths_are_the_fixed_ones():
    fixed = {name: strength for strength, names in STRENGTH_OF.items() for name in names.split()}
    assert {name: definition.strength for name, definition in SIGNALS.items()} == fixed
    assert set(STRENGTHS) == set(STRENGTH_OF)
    assert frozenset({"strong", "conclusive"}) == DECIDING


def test_the_required_and_the_busy_signals_are_the_fixed_ones():
    assert set(REQUIRED_SIGNALS) == {
        "wu_reboot_required",
        "cbs_reboot_pending",
        "pending_file_rename",
        "pending_file_rename_2",
        "computer_rename",
    }
    assert set(BUSY_SIGNALS) == {
        "cbs_reboot_in_progress",
        "servicing_in_progress",
        "installer_running",
        "patch_job_running",
    }


def test_kind_and_scope_depart_from_soft_and_machine_only_where_they_must():
    assert {name: entry.kind for name, entry in SIGNALS.items() if entry.kind != "soft"} == {
        "cbs_reboot_in_progress": "in_progress"
    }
    assert {name for name, entry in SIGNALS.items() if entry.scope == "update"} == {
        "wu_reboot_required",
        "agent_updates_pending_reboot",
    }


@pytest.mark.parametrize("name", REGISTRY_PLACES)
def test_a_signal_is_read_where_windows_keeps_it(name):
    assert REGISTRY_PLACES[name] <= places(name)


def test_what_is_not_in_the_registry_is_asked_by_its_own_kind():
    assert PROBES["pending_xml"] == {"kind": "file", "path": "%SystemRoot%\\WinSxS\\pending.xml"}
    assert PROBES["msi_mutex"] == {"kind": "mutex", "name": "Global\\_MSIExecute"}
    assert PROBES["ccm_service"] == {"kind": "service", "names": ["CcmExec"]}
    assert {"TiWorker", "wusa", "powershell"} <= set(PROBES["processes"]["names"])
    assert "TrustedInstaller" not in PROBES["processes"]["names"]
    assert (PROBES["system_info"]["progid"], PROBES["system_info"]["property"]) == (
        "Microsoft.Update.SystemInfo",
        "RebootRequired",
    )
    assert (PROBES["ccm_reboot"]["class"], PROBES["ccm_reboot"]["method"]) == (
        "CCM_ClientUtilities",
        "DetermineIfRebootPending",
    )
    assert PROBES["ccm_reboot"]["namespace"].replace("/", "\\").lower() == "root\\ccm\\clientsdk"
    assert PROBES["dsc_lcm"]["namespace"].replace("/", "\\") == "root\\Microsoft\\Windows\\DesiredStateConfiguration"
    assert set(PROBES["shutdown_events"]["ids"]) == {1074, 1075}


def test_keys_with_meaningful_names_are_read_with_all_values_and_subkeys_where_they_count():
    assert "values" not in PROBES["wu_reboot_required"]
    assert PROBES["netlogon"]["subkeys"] is True
    assert PROBES["cbs_packages_pending"]["subkeys"] is True


def test_the_write_time_of_update_exe_is_always_asked_for_and_no_other():
    asked = {probe["id"] for probe in probes_for(SIGNALS) if probe.get("write_time")}
    assert asked == {"update_exe", "update_exe_32"}


def test_with_since_the_write_time_of_every_key_is_asked_for_and_of_nothing_else():
    probes = probes_for(SIGNALS, write_times=True)
    assert {probe["kind"] == "registry" for probe in probes if "write_time" in probe} == {True}
    assert all(probe["write_time"] is True for probe in probes if probe["kind"] == "registry")
    assert "write_time" not in PROBES["wu_reboot_required"]


@pytest.mark.parametrize("write_times", [False, True])
def test_the_probes_of_the_catalogue_are_valid(write_times):
    probes = probes_for(SIGNALS, write_times=write_times)
    assert validate_probes(probes) == probes
    assert [probe["id"] for probe in probes] == list(PROBES)


def test_every_signal_has_probes_and_every_probe_a_signal():
    used = {probe for entry in SIGNALS.values() for probe in entry.probes}
    assert used == {*PROBES, SCAN_PROBE}
    assert all(entry.probes for entry in SIGNALS.values())


@pytest.mark.parametrize("name", [name for name, probe in PROBES.items() if probe["kind"] == "registry"])
def test_a_registry_path_is_full_and_well_formed(name):
    path = PROBES[name]["path"]
    assert re.fullmatch(r"HKEY_LOCAL_MACHINE(\\[^\\/*?:\"<>|]+)+", path)
    assert all(part == part.strip() for part in path.split("\\"))
    assert ("Wow6432Node" in path) == (name == "update_exe_32")


@pytest.mark.parametrize("name", list(SIGNALS))
def test_no_more_is_asked_than_the_signal_needs(name):
    assert [probe["id"] for probe in probes_for([name])] == [probe for probe in PROBES if probe in SIGNALS[name].probes]


def test_a_probe_that_two_signals_need_is_asked_once():
    probes = probes_for(["pending_file_rename_2", "pending_file_rename"])
    assert [probe["id"] for probe in probes] == ["session_manager"]
    assert probes_for([]) == []


def test_an_unknown_signal_is_refused():
    with pytest.raises(KeyError):
        probes_for(["wu_reboot"])


def test_the_catalogue_cannot_be_changed_by_a_caller():
    probes_for(["servicing_in_progress"])[0]["kind"] = "mutex"
    assert PROBES["cbs_interface"]["kind"] == "registry"
    with pytest.raises(TypeError):
        PROBES["x"] = {}
    with pytest.raises(TypeError):
        PROBES["cbs_interface"]["kind"] = "mutex"


@pytest.mark.parametrize("name", list(SIGNALS))
def test_a_signal_tells_where_it_was_read_and_what_to_know_about_it(name):
    entry = SIGNALS[name]
    assert entry.id == name
    assert len(entry.read_from) == len(entry.probes)
    assert all(text.strip() for text in (entry.title, entry.meaning, entry.pitfalls, entry.source, *entry.read_from))
    assert not any("HKEY_LOCAL_MACHINE" in place for place in entry.read_from)


def test_places_are_named_as_a_person_would():
    assert place_of_probe("name_next").startswith(
        "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName"
    )
    assert "Hostname, NV Hostname" in place_of_probe("tcpip")
    assert place_of_probe("shutdown_events") == "System log, User32, events 1074, 1075"
    assert place_of_probe("msi_mutex") == "mutex Global\\_MSIExecute"
    assert place_of_probe("ccm_service") == "service CcmExec"
    assert place_of_probe("pending_xml") == "%SystemRoot%\\WinSxS\\pending.xml"
    assert place_of_probe("ccm_reboot").endswith(":CCM_ClientUtilities.DetermineIfRebootPending")
    assert "scan" in place_of_probe(SCAN_PROBE)
