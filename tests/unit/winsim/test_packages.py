# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The emulated win_package: what is there already, who runs what, what it answers, and what it leaves on the host."""

from __future__ import annotations

import hashlib

import pytest

from winsim import boot
from winsim.denial import SESSION_MANAGER
from winsim.emulated.package import REBOOT_PENDING, UNINSTALL, package_takes, win_package
from winsim.emulated.result import ModuleFailedError
from winsim.host import Access
from winsim.hostfile.problems import HostFileError
from winsim.probes.run import run_probe
from winsim.statefile import as_document

FOLDER = "C:\\install"
WUSA, DISM = "C:\\Windows\\System32\\wusa.exe", "C:\\Windows\\System32\\dism.exe"
MUTEX = "Global\\_MSIExecute"


def a_host(make_host, *packages, **words):
    """A host with these packages, each with its file."""
    entries = [{"path": f"{FOLDER}\\{name}", "kind": name.rpartition(".")[2], **own} for name, own in packages]
    files = {entry["path"]: {"text": entry["path"]} for entry in entries}
    return make_host(packages=entries, files={**files, **words.pop("files", {})}, **words)


def access(host, *, become=None):
    """The network logon, or SYSTEM."""
    return Access(host, host.identity(become))


def msi(name="a.msi", **more):
    """The arguments of an MSI or a program."""
    return {"path": f"{FOLDER}\\{name}", **more}


def wusa(name="a.msu"):
    """The arguments of wusa."""
    return {"path": WUSA, "arguments": f'"{FOLDER}\\{name}" /quiet /norestart', "provider": "registry"}


def dism(name="a.cab"):
    """The arguments of DISM."""
    command = f'/Online /Add-Package /PackagePath:"{FOLDER}\\{name}" /Quiet /NoRestart'
    return {"path": DISM, "arguments": command, "provider": "registry"}


def refused(host, args, **how):
    """The facts of a call that fails."""
    with pytest.raises(ModuleFailedError) as caught:
        win_package(access(host, **how), args)
    return caught.value.as_result()


def runs(host):
    """(the file, its exit code) of what has run."""
    return [(entry["package"].rpartition("\\")[2], entry["exit_code"]) for entry in host.log if entry["event"] == "run"]


def test_an_installation_answers_its_code_and_leaves_its_traces_when_it_ends(make_host, wind):
    renames = [[f"{FOLDER}\\new.tmp", "C:\\App\\a.dll"]]
    host = a_host(make_host, ("a.msi", {"exit_code": 3010, "run_minutes": 2, "renames": renames}))
    answer = win_package(access(host), msi())
    assert (answer["changed"], answer["rc"], answer["reboot_required"]) == (True, 3010, True)
    assert (host.mutexes, [process.name for process in host.processes], runs(host)) == ([MUTEX], ["msiexec"], [])
    wind(host, 120)
    assert (host.mutexes, host.processes, runs(host)) == ([], [], [("a.msi", 3010)])
    assert host.registry.value(SESSION_MANAGER, "PendingFileRenameOperations") is not None
    assert win_package(access(host), msi())["changed"] is False


def test_the_answer_comes_when_the_installer_has_ended(make_host):
    host = a_host(make_host, ("a.msi", {"run_minutes": 2}))
    assert package_takes(access(host), msi()) == host.clock.real_seconds(120)
    assert package_takes(access(host), {**msi(), "_ansible_check_mode": True}) == 0
    assert package_takes(access(host), msi("gone.msi")) == 0


def test_check_mode_runs_nothing(make_host):
    host = a_host(make_host, ("a.msi", {}))
    assert win_package(access(host), {**msi(), "_ansible_check_mode": True})["changed"] is True
    assert (host.appointments, host.processes) == ([], [])


def test_while_the_mutex_is_held_windows_installer_answers_1618_at_once(make_host):
    host = a_host(make_host, ("a.msi", {}), mutexes=[MUTEX])
    answer = refused(host, msi())
    assert (answer["rc"], answer["failed"], answer["changed"]) == (1618, True, False)
    assert answer["msg"].startswith("unexpected rc from ")
    assert (runs(host), host.appointments) == ([("a.msi", 1618)], [])


def test_a_list_of_codes_is_answered_in_turn_and_the_last_one_for_good(make_host, wind):
    host = a_host(make_host, ("a.exe", {"exit_code": [1618, 1603], "run_minutes": 1}))
    for code in (1618, 1603, 1603):
        assert refused(host, msi("a.exe", provider="registry"))["rc"] == code
        wind(host, 60)
    assert runs(host) == [("a.exe", 1618), ("a.exe", 1603), ("a.exe", 1603)]


def test_a_program_is_known_by_its_key_below_uninstall(make_host, wind):
    host = a_host(make_host, ("a.exe", {"product_id": "Contoso"}))
    args = msi("a.exe", provider="registry", product_id="Contoso")
    assert win_package(access(host), args)["changed"] is True
    wind(host, 60)
    assert host.registry.key(f"{UNINSTALL}\\Contoso") is not None
    assert win_package(access(host), args) == {"changed": False, "rc": 0, "reboot_required": False}


def test_a_wrong_hash_is_refused_with_the_exit_code_0_that_the_module_has_set_before(make_host):
    host = a_host(make_host, ("a.msi", {}))
    answer = refused(host, msi(checksum="0" * 64, checksum_algorithm="sha256"))
    assert (answer["rc"], answer["checksum"]) == (0, hashlib.sha256(f"{FOLDER}\\a.msi".encode()).hexdigest().upper())
    assert "did not match" in answer["msg"]
    assert runs(host) == []


def test_only_system_gets_wusa_to_work(make_host, wind):
    host = a_host(make_host, ("a.msu", {"kb": "5030216", "exit_code": 3010}))
    assert refused(host, wusa())["rc"] == 5
    assert win_package(access(host, become="SYSTEM"), wusa())["rc"] == 3010
    wind(host, 60)
    assert host.registry.key(REBOOT_PENDING).volatile
    assert refused(host, wusa(), become="SYSTEM")["rc"] == 2359302


def test_what_servicing_has_installed_is_among_the_fixes(make_host, wind):
    host = a_host(make_host, ("a.cab", {"kb": "5030216"}), ("b.msi", {"kb": "5030217", "installed": True}))
    ask = {"id": "fixes", "kind": "cim_query", "namespace": "root\\cimv2", "class": "Win32_QuickFixEngineering"}
    assert run_probe(access(host), ask)["data"] == {"instances": []}
    win_package(access(host), dism())
    wind(host, 60)
    assert [fix["HotFixID"] for fix in run_probe(access(host), ask)["data"]["instances"]] == ["KB5030216"]


@pytest.mark.parametrize(
    ("build", "beside", "code"),
    [("20348.2700", True, -2145124322), ("26100.1", False, -2146498529), ("26100.1", True, 0)],
)
def test_dism_takes_an_msu_from_26100_on_and_only_with_its_checkpoints(make_host, build, beside, code):
    files = {f"{FOLDER}\\first.msu": {"text": "x"}} if beside else {}
    words = {"os": {"build": build, "boot_time": "2026-11-01T03:12:00Z"}, "files": files}
    host = a_host(make_host, ("a.msu", {"checkpoints": ["first.msu"]}), **words)
    answer = win_package(access(host), dism("a.msu")) if code == 0 else refused(host, dism("a.msu"))
    assert answer["rc"] == code


def test_an_installer_may_overwrite_what_others_have_queued(make_host, wind):
    queue = {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": ["\\??\\C:\\x.tmp", ""]}}
    own = {"overwrites_queue": True, "renames": [["C:\\new.tmp", "C:\\App\\b.dll"]]}
    host = a_host(make_host, ("a.msi", own), registry={SESSION_MANAGER: {"values": queue}})
    win_package(access(host), msi())
    wind(host, 60)
    found = host.registry.value(SESSION_MANAGER, "PendingFileRenameOperations").data
    assert found == ["\\??\\C:\\new.tmp", "!\\??\\C:\\App\\b.dll"]


def test_an_installer_that_answers_1641_takes_the_host_down(make_host, wind):
    host = a_host(make_host, ("a.msi", {"exit_code": 1641}))
    asked = []
    host.shut_down = lambda seconds, cause: asked.append(cause) is None
    win_package(access(host), msi(expected_return_code=[0, 1641]))
    assert asked == []
    wind(host, 60)
    assert asked == [f"restarted by the package {FOLDER}\\a.msi"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"path": f"{FOLDER}\\a.msi", "state": "absent"}, "state absent"),
        ({"path": f"{FOLDER}\\a.msi", "creates_path": "C:\\x"}, "creates_path"),
        ({"path": f"{FOLDER}\\a.msi", "provider": "msix"}, "not msix"),
        ({"path": f"{FOLDER}\\other.msi"}, "knows no package"),
        ({"path": WUSA, "arguments": f'"{FOLDER}\\a.msi"'}, "does not run a package of the kind msi"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(make_host, args, said):
    assert said in refused(a_host(make_host, ("a.msi", {})), args)["msg"]


def test_a_missing_file_is_told_as_the_module_does(make_host):
    host = make_host(packages=[{"path": f"{FOLDER}\\a.msi", "kind": "msi"}])
    assert refused(host, msi())["msg"] == f"the file at the path '{FOLDER}\\a.msi' cannot be reached"


def test_a_boot_in_the_middle_leaves_nothing_installed(make_host, wind):
    host = a_host(make_host, ("a.msi", {"run_minutes": 5}))
    win_package(access(host), msi())
    boot.carry_out(host, "power cut", host.clock.now())
    wind(host, 600)
    assert (runs(host), host.packages[0].installed, host.processes, host.mutexes) == ([], False, [], [])


def test_the_state_file_has_the_packages_as_they_are(make_host, wind):
    host = a_host(make_host, ("a.msi", {"kb": "5030216"}))
    win_package(access(host), msi())
    wind(host, 60)
    (entry,) = as_document(host)["packages"]
    assert (entry["path"], entry["installed"], entry["exit_code"]) == (f"{FOLDER}\\a.msi", True, [0])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"path": "a.msi", "kind": "msi"}, "full Windows path"),
        ({"path": "C:\\a.msi", "kind": "rpm"}, "msi, exe, msu"),
        ({"path": "C:\\a.msi", "kind": "msi", "exit_code": []}, "at least"),
        ({"path": "C:\\a.msi", "kind": "msi", "exit_code": "x"}, "whole number"),
        ({"path": "C:\\a.msi"}, "kind"),
    ],
)
def test_a_mistake_in_an_entry_is_refused(make_host, entry, said):
    with pytest.raises(HostFileError, match=said):
        make_host(packages=[entry])
