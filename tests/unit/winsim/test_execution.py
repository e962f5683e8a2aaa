# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Commands find who answers them; what nobody knows is refused by name; every answer is counted by its tier."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

import winsim
from winsim import boot, misbehaviour
from winsim.catalogue import MODULES, fault_table, rows, table
from winsim.denial import CBS, SESSION_MANAGER
from winsim.execution import Executor
from winsim.host import TCPIP


def run_module(host, name: str, *, by: Executor | None = None, **words: object) -> dict[str, object]:
    """The answer of a module; `become`, `job` and `limit` are the run's, the other words are arguments."""
    run = {
        word: words.pop(key, None)
        for key, word in (("become", "become_user"), ("job", "async_jid"), ("limit", "async_timeout_sec"))
    }
    document = {"module_args": {**words, "_ansible_module_name": name}, **run}
    outcome = (by or Executor())(host, "powershell", b"x\0\0\0\0" + json.dumps(document).encode())
    assert outcome.code == 0
    return json.loads(outcome.stdout)


def run_script(host, text: str, stdin: bytes = b""):
    line = "PowerShell -NoProfile -EncodedCommand " + base64.b64encode(text.encode("utf-16-le")).decode()
    return Executor()(host, line, stdin)


def multi(*strings: str) -> dict[str, object]:
    return {"values": {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": list(strings)}}}


def reasons(host) -> list[str]:
    return [reason["source"] for reason in run_module(host, "win_reboot_info")["reboot_required_reasons"]]


def test_win_ping_answers_with_its_data(make_host):
    assert run_module(make_host(), "win_ping", data="é") == {"changed": False, "ping": "é"}


def test_a_module_that_nobody_knows_is_refused_by_name(make_host):
    answer = run_module(make_host(), "ansible.windows.win_shell")
    assert answer["failed"] is True
    served, _, emulated = answer["msg"].partition("; it emulates ")
    assert served.startswith("winsim does not know the module ansible.windows.win_shell (it serves winops.patching.")
    assert "winops.patching.win_patch_job" in served
    assert "ansible.windows.win_ping" in emulated


def test_a_script_that_nobody_knows_is_refused_with_its_text(make_host):
    outcome = run_script(make_host(), "Format-Volume")
    assert (outcome.code, outcome.stdout) == (1, b"")
    assert b"winsim does not know this script and does not run PowerShell: Format-Volume" in outcome.stderr


def test_a_damaged_payload_is_a_failure_that_says_so(make_host):
    outcome = Executor()(make_host(), "powershell", b"x\0\0\0\0{")
    assert "cannot read this payload" in json.loads(outcome.stdout)["msg"]


def test_the_reader_refuses_arguments_it_does_not_have(make_host):
    answer = run_module(make_host(), "winops.patching.win_probe", probes=[], colour="red")
    assert "no argument colour" in answer["msg"]
    assert "needs probes" in run_module(make_host(), "winops.patching.win_probe")["msg"]


def test_the_reader_is_served(make_host):
    probes = [{"id": "m", "kind": "mutex", "name": "x"}]
    answer = run_module(make_host(), "winops.patching.win_probe", probes=probes, time_limit=60)
    assert answer["changed"] is False
    assert answer["probes"] == {"m": {"state": "absent", "ms": 1}}
    assert answer["system"]["computer_name"] == "web01"


def test_become_changes_who_reads(make_host):
    answer = run_module(make_host(), "winops.patching.win_probe", become="SYSTEM", probes=[])
    assert (answer["system"]["user"], answer["system"]["is_system"], answer["system"]["elevated"]) == (
        "NT AUTHORITY\\SYSTEM",
        True,
        True,
    )


@pytest.mark.parametrize("user", ["LocalService", r"NT AUTHORITY\NETWORK SERVICE"])
def test_become_reaches_the_service_accounts_without_being_system(make_host, user):
    answer = run_module(make_host(), "winops.patching.win_probe", become=user, probes=[])
    assert (answer["system"]["is_system"], answer["system"]["elevated"]) == (False, False)


def test_become_to_the_own_account_changes_nothing(make_host):
    host = make_host()
    answer = run_module(host, "winops.patching.win_probe", become=host.user, probes=[])
    assert answer["system"]["user"] == rf"web01\{host.user}"


def test_become_fails_for_an_account_that_the_host_does_not_have(make_host):
    answer = run_module(make_host(), "win_ping", become="bob")
    assert answer["failed"] is True
    assert answer["msg"].startswith("internal error: failed to become user 'bob': Failed to logon bob")


def test_a_filtered_token_cannot_become_system(make_host):
    answer = run_module(make_host(token={"elevated": False}), "win_ping", become="SYSTEM")
    assert answer["failed"] is True
    assert "Failed to get token for NT AUTHORITY" in answer["msg"]


def test_every_command_is_told_with_who_ran_it_and_how(make_host):
    told: list[tuple[str, str | None, str | None, str | None]] = []
    keep = Executor(lambda _, facts: told.append((facts["name"], facts["user"], facts["become"], facts["job"])))
    host = make_host()
    run_module(host, "win_ping", become="SYSTEM", by=keep)
    run_module(host, "win_ping", job="j1", by=keep)
    run_module(host, "win_shell", by=keep)
    own = rf"web01\{host.user}"
    assert told == [
        ("ansible.windows.win_ping", "NT AUTHORITY\\SYSTEM", "SYSTEM", None),
        ("ansible.windows.win_ping", own, None, "j1"),
        ("ansible.windows.win_shell", None, None, None),
    ]


def status_of(host, job: str) -> dict[str, object]:
    return run_module(host, "async_status", jid=job, mode="status")


def wait_until_finished(host, job: str) -> dict[str, object]:
    until = time.monotonic() + 5
    while not (answer := status_of(host, job))["finished"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    return answer


def test_an_asynchronous_run_takes_as_long_as_the_host_takes(make_host):
    host = make_host(network={"run_ms": 300})
    job = run_module(host, "win_ping", job="j1")["ansible_job_id"]
    assert status_of(host, job)["finished"] == 0
    assert wait_until_finished(host, job)["ping"] == "pong"


def test_an_asynchronous_run_ends_at_its_limit(make_host):
    host = make_host(network={"run_ms": 60_000})
    job = run_module(host, "win_ping", job="j1", limit=0.05)["ansible_job_id"]
    answer = wait_until_finished(host, job)
    assert (answer["failed"], answer["msg"]) == (
        True,
        "failure during async watchdog: timed out waiting for module completion",
    )


def test_a_boot_ends_an_asynchronous_run_and_keeps_the_results_that_are_there(make_host):
    host = make_host()
    finished = run_module(host, "win_ping", job="j1")["ansible_job_id"]
    host.network.run_ms = 100
    running = run_module(host, "win_ping", job="j2")["ansible_job_id"]
    boot.carry_out(host, "test", host.clock.now())
    time.sleep(0.2)
    assert [status_of(host, job)["finished"] for job in (finished, running)] == [1, 0]


def test_a_command_keeps_its_client_waiting_as_long_as_the_host_takes(make_host):
    assert run_script(make_host(network={"run_ms": 250}), "hostname").takes == 0.25


def test_an_asynchronous_run_is_finished_at_the_first_question(make_host):
    host = make_host()
    started = run_module(host, "win_ping", job="j1")
    assert (started["started"], started["finished"]) == (True, False)
    status = run_module(host, "async_status", jid=started["ansible_job_id"], mode="status")
    assert (status["ping"], status["finished"]) == ("pong", 1)
    assert "erased" in run_module(host, "async_status", jid=started["ansible_job_id"], mode="cleanup")
    assert run_module(host, "async_status", jid="gone")["failed"] is True


def test_win_reboot_info_gives_each_of_its_six_reasons(make_host):
    keys = {
        rf"{CBS}\RebootPending": {},
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired": {},
        SESSION_MANAGER: multi("a", ""),
        r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName": {
            "values": {"ComputerName": {"type": "REG_SZ", "data": "NEW"}},
        },
        r"HKLM\SYSTEM\CurrentControlSet\Services\Netlogon": {
            "values": {"JoinDomain": {"type": "REG_DWORD", "data": 0}}
        },
        r"HKLM\SOFTWARE\Microsoft\ServerManager\ServicingStorage\ServerComponentCache": {
            "values": {"RestartRequired": {"type": "REG_DWORD", "data": 1}},
        },
    }
    assert reasons(make_host(registry=keys)) == [
        "component_based_servicing",
        "windows_update",
        "pending_file_rename",
        "pending_computer_rename",
        "domain_join",
        "server_manager",
    ]
    assert reasons(make_host()) == []


@pytest.mark.parametrize(("strings", "pending"), [((), False), (("",), False), (("", ""), True), (("a", ""), True)])
def test_win_reboot_info_takes_a_queue_of_empty_strings_for_a_reason(make_host, strings, pending):
    assert (reasons(make_host(registry={SESSION_MANAGER: multi(*strings)})) == ["pending_file_rename"]) is pending


def test_win_reboot_info_reads_a_refused_value_as_no_and_a_refused_key_as_yes(make_host):
    host = make_host(registry={SESSION_MANAGER: multi("a", "")}, denied=[SESSION_MANAGER, CBS])
    assert reasons(host) == ["component_based_servicing"]


def test_win_reboot_info_does_not_see_the_subkeys_of_a_join(make_host):
    assert reasons(make_host(registry={r"HKLM\SYSTEM\CurrentControlSet\Services\Netlogon\JoinDomain": {}})) == []


def test_win_reboot_info_tells_of_the_last_restart(make_host):
    data = ["shutdown.exe", "WEB01", "why", "0x80040002", "restart", "comment", "someone"]
    event = {"log": "System", "provider": "User32", "id": 1074, "time": "2026-11-01T03:10:00Z", "data": data}
    last = run_module(make_host(events=[event]), "win_reboot_info")["last_reboot"]
    assert (last["time"], last["time_epoch"]) == ("2026-11-01T03:12:00Z", 1793502720)
    assert (last["details"]["reason_code"], last["details"]["initiated_by"]) == (0x80040002, "someone")
    old = {**event, "time": "2026-11-01T03:00:00Z"}
    assert run_module(make_host(events=[old]), "win_reboot_info")["last_reboot"]["details"] is None


def test_setup_gathers_subsets_as_asked(make_host):
    facts = run_module(make_host(), "setup", gather_subset=["!all"])["ansible_facts"]
    assert facts["ansible_os_family"] == "Windows"
    assert facts["ansible_reboot_pending"] is False
    assert "ansible_uptime_seconds" not in facts
    assert "ansible_uptime_seconds" in run_module(make_host(), "setup")["ansible_facts"]
    few = run_module(make_host(), "setup", gather_subset=["!all", "!min", "uptime"])["ansible_facts"]
    assert sorted(few) == ["ansible_lastboot", "ansible_uptime_seconds", "gather_subset", "module_setup"]
    assert run_module(make_host(), "setup", filter="*hostname")["ansible_facts"] == {"ansible_hostname": "web01"}


def test_setup_tells_the_new_name_only_after_a_boot(make_host):
    new = {"values": {"NV Hostname": {"type": "REG_SZ", "data": "new"}}}
    facts = run_module(make_host(registry={TCPIP: new}), "setup", gather_subset="min")["ansible_facts"]
    assert facts["ansible_hostname"] == "web01"


def test_the_reboot_fact_looks_at_its_three_signals(make_host):
    pending = [
        {SESSION_MANAGER: multi("a", "")},
        {rf"{CBS}\RebootPending": {}},
        {
            r"HKLM\SOFTWARE\Microsoft\ServerManager\ServicingStorage\ServerComponentCache": {
                "values": {"RestartRequired": {"type": "REG_DWORD", "data": 1}},
            },
        },
    ]
    for keys in pending:
        assert run_module(make_host(registry=keys), "setup")["ansible_facts"]["ansible_reboot_pending"] is True
    update = {r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired": {}}
    assert run_module(make_host(registry=update), "setup")["ansible_facts"]["ansible_reboot_pending"] is False


def test_win_stat_knows_files_and_folders(make_host):
    host = make_host(files={r"C:\Windows\x.log": {"text": "abc"}}, denied=[r"C:\secret"])
    stat = run_module(host, "win_stat", path=r"%windir%\x.log", checksum_algorithm="sha256")["stat"]
    assert (stat["exists"], stat["isreg"], stat["size"], stat["extension"]) == (True, True, 3, ".log")
    assert stat["checksum"].startswith("ba7816bf")
    assert run_module(host, "win_stat", path=r"C:\Windows")["stat"]["isdir"] is True
    assert run_module(host, "win_stat", path=r"C:\gone") == {"changed": False, "stat": {"exists": False}}


def test_the_scripts_of_win_reboot_are_answered(make_host):
    host = make_host()
    asked: list[tuple[float, str]] = []
    host.shut_down = lambda seconds, cause: asked.append((seconds, cause)) is None
    boot_time = (
        "(Get-CimInstance -ClassName Win32_OperatingSystem -Property LastBootUpTime).LastBootUpTime.ToFileTime()"
    )
    assert run_script(host, boot_time).stdout == b"134379763200000000\r\n"
    restart = r". { C:\Windows\System32\shutdown.exe /r /t 2 /c 'it''s time' | Set-Variable stdout }; ConvertTo-Json"
    assert json.loads(run_script(host, restart).stdout) == {"stdout": "", "stderr": "", "rc": 0}
    assert asked == [(2.0, "it's time")]
    ready = r"Get-Item -LiteralPath 'HKLM:\…\AutoLogonChecked' -ErrorAction Stop; 'success-12ab'"
    assert run_script(host, ready).stdout == b"success-12ab\r\n"


def test_a_second_restart_is_told_of_the_first(make_host):
    host = make_host()
    host.shut_down = lambda _seconds, _cause: False
    assert json.loads(run_script(host, "shutdown.exe /r /t 2 /c 'x'; ConvertTo-Json").stdout)["rc"] == 1190
    assert run_script(host, "shutdown.exe /a").code == 1116


def test_files_that_ansible_puts_exists_and_removes(make_host):
    host = make_host()
    stdin = base64.b64encode(b"hello") + b"\r\n"
    assert json.loads(run_script(host, "begin {\n $path = 'C:\\t\\x'\n", stdin).stdout)["sha1"].startswith("aaf4c61d")
    exists = "If (Test-Path 'C:\\t\\x')\n{ $res = 0; } Else { $res = 1; } Write-Output '$res'; Exit $res;"
    assert run_script(host, exists).code == 0
    run_script(host, "Remove-Item 'C:\\t\\.' -Force -Recurse;")
    assert run_script(host, exists).code == 1


def test_answers_are_counted_by_tier(make_host):
    executor = Executor()
    executor(make_host(), "powershell", b'x\0\0\0\0{"module_args": {"_ansible_module_name": "win_ping"}}')
    executor(make_host(), "powershell", b'x\0\0\0\0{"module_args": {"_ansible_module_name": "win_copy"}}')
    assert executor.counts == {("emulated", "ansible.windows.win_ping"): 1, ("refused", "ansible.windows.win_copy"): 1}


def test_every_answer_stands_in_the_catalogue():
    assert {what for _, what, _ in rows()} > set(MODULES)
    assert {tier for tier, _, _ in rows()} == {"served", "emulated"}
    assert len(table().splitlines()) == len(rows()) + 2


def test_the_readme_holds_the_tables_of_the_code():
    readme = (Path(winsim.__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert table() in readme
    assert fault_table() in readme
    assert misbehaviour.table() in readme
