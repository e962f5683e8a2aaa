# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The real `ansible` command, through the real WinRM client, against simulated hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import certifi
import pytest

from winsim.testing import NotServingError, serve

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE = Path(sys.executable).with_name("ansible")
AUTO_UPDATE = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
NEW_NAME = {"type": "REG_SZ", "data": "renamed"}


def fault(do: str, at_request: int) -> dict[str, object]:
    return {"os": {}, "network": {"faults": [{"at_request": at_request, "do": do}]}}


# Over NTLM the requests of a run are: three of the logon, Create, Command, Send, Receive, Signal, Delete.
HOSTS = {
    "plain": {"os": {}, "files": {r"C:\Windows\x.log": {"text": "grüße\n"}}},
    "basic": {"os": {}, "network": {"auth": ["basic"]}},
    "secure": {"os": {}, "network": {"https": True}},
    "busy": {"os": {}, "network": {"run_ms": 1500}},
    "dead": {"os": {}, "network": {"listen": False}},
    "waiting": {
        "os": {"boot_time": "2026-11-01T03:12:00Z"},
        "registry": {
            rf"HKLM\{AUTO_UPDATE}": {"volatile": True, "values": {"guid": {"type": "REG_DWORD", "data": 1}}},
            SESSION_MANAGER: {
                "values": {
                    "PendingFileRenameOperations": {
                        "type": "REG_MULTI_SZ",
                        "data": [r"\??\C:\a.dll", r"!\??\C:\b.dll"],
                    },
                },
            },
            r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName": {"values": {"ComputerName": NEW_NAME}},
        },
        "files": {r"C:\a.dll": {"version": "2.0"}, r"C:\b.dll": {"version": "1.0"}},
        "update_agent": {"remote": "denied", "reboot_required": True},
    },
    "dropped": fault("drop", 4),
    "dropped-later": fault("drop", 7),
    "truncated": fault("truncate", 7),
    "late": fault("slow", 7),
    "gone": fault("never_return", 4),
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with serve(HOSTS, tmp_path_factory.mktemp("winsim"), time_factor=60) as running:
        yield running


@pytest.fixture
def ansible(fleet, tmp_path):
    """`ansible(host, module, args={…}, extra={…})`: the exit code and what Ansible said of the host."""

    def run(
        host: str, module: str, *options: str, args: object = None, **extra: object
    ) -> tuple[int, dict[str, object]]:
        command = [str(ANSIBLE), host, "-i", str(fleet.inventory), "-m", module, *options]
        command += ["-a", json.dumps(args)] if args else []
        command += ["-e", json.dumps(extra)] if extra else []
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
            "ANSIBLE_HOME": str(tmp_path),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            # Nothing listens there: the simulated hosts must be reached past the proxy of a developer's machine.
            "HTTP_PROXY": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
        }
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)
        _, _, said = done.stdout.partition("=> ")
        assert said, f"{done.stdout}{done.stderr}"
        result, _ = json.JSONDecoder().raw_decode(said)
        return done.returncode, result

    return run


@pytest.mark.parametrize("host", ["plain", "basic", "secure"])
def test_win_ping_answers_over_ntlm_and_basic(ansible, host):
    assert ansible(host, "ansible.windows.win_ping") == (0, {"changed": False, "ping": "pong"})


def test_a_certificate_that_is_not_trusted_makes_the_host_unreachable(ansible):
    code, result = ansible("secure", "ansible.windows.win_ping", ansible_winrm_ca_trust_path=certifi.where())
    assert (code, result["unreachable"]) == (4, True)
    assert "CERTIFICATE_VERIFY_FAILED" in result["msg"]


@pytest.mark.parametrize("host", ["plain", "basic", "secure"])
def test_a_wrong_password_is_unreachable(ansible, host):
    code, result = ansible(host, "ansible.windows.win_ping", ansible_password="not-the-password")
    assert (code, result["unreachable"]) == (4, True)
    assert "credentials were rejected" in result["msg"]


def test_a_closed_port_is_unreachable(ansible):
    code, result = ansible("dead", "ansible.windows.win_ping")
    assert (code, result["unreachable"]) == (4, True)


def test_setup_gives_the_facts_of_the_host(ansible):
    code, result = ansible("waiting", "ansible.windows.setup", args={"gather_subset": ["!all"]})
    facts = result["ansible_facts"]
    assert code == 0
    assert (facts["ansible_os_family"], facts["ansible_reboot_pending"]) == ("Windows", True)


def test_win_stat_sees_the_files_of_the_host(ansible):
    _, result = ansible("plain", "ansible.windows.win_stat", args={"path": r"C:\Windows\x.log"})
    assert (result["stat"]["exists"], result["stat"]["size"]) == (True, 8)


def test_the_reader_is_served_end_to_end(ansible):
    probes = [
        {"id": "wu", "kind": "registry", "path": rf"HKEY_LOCAL_MACHINE\{AUTO_UPDATE}"},
        {"id": "log", "kind": "text_tail", "path": r"C:\Windows\x.log"},
        {"id": "event", "kind": "event", "log": "System", "max": 1},
    ]
    code, result = ansible("plain", "winops.patching.win_probe", args={"probes": probes})
    answers = result["probes"]
    assert (code, answers["wu"]["state"], answers["log"]["data"]["text"]) == (0, "absent", "grüße\n")
    assert answers["event"]["data"] == {"events": []}
    assert result["system"]["computer_name"] == "plain"


def test_become_system_reads_what_a_network_logon_may_not(ansible, fleet):
    asked = {"id": "a", "kind": "com_property", "progid": "Microsoft.Update.SystemInfo", "property": "RebootRequired"}
    _, refused = ansible("waiting", "winops.patching.win_probe", args={"probes": [asked]})
    assert refused["probes"]["a"]["state"] == "denied"
    variables = {"ansible_become_method": "runas", "ansible_become_user": "SYSTEM"}
    _, read = ansible("waiting", "winops.patching.win_probe", "-b", args={"probes": [asked]}, **variables)
    assert (read["probes"]["a"]["state"], read["system"]["is_system"]) == ("ok", True)
    ran = [(run["user"], run["become"]) for run in fleet.runs("waiting") if run["name"] == "winops.patching.win_probe"]
    assert ran[-1] == ("NT AUTHORITY\\SYSTEM", "SYSTEM")
    assert ran[-2][1] is None


def test_become_to_a_user_that_the_host_does_not_know_fails_the_task(ansible):
    variables = {"ansible_become_method": "runas", "ansible_become_user": "bob", "ansible_become_password": "wrong-one"}
    code, result = ansible("plain", "ansible.windows.win_ping", "-b", **variables)
    assert code == 2
    assert "failed to become user 'bob'" in result["msg"]


def test_an_asynchronous_run_is_fetched(ansible, fleet):
    code, result = ansible("plain", "ansible.windows.win_ping", "-B", "30", "-P", "1")
    assert (code, result["ping"], bool(result["finished"])) == (0, "pong", True)
    assert [run["name"] for run in fleet.runs("plain") if run["job"]] == ["ansible.windows.win_ping"]


def test_an_asynchronous_run_is_polled_until_the_host_is_ready(ansible, fleet):
    code, result = ansible("busy", "ansible.windows.win_ping", "-B", "60", "-P", "1")
    assert (code, result["ping"]) == (0, "pong")
    names = [run["name"].rpartition(".")[2] for run in fleet.runs("busy")]
    assert names[:3] == ["win_ping", "async_status", "async_status"]


def test_a_command_that_runs_long_is_waited_for(ansible):
    code, result = ansible("busy", "ansible.windows.win_ping")
    assert (code, result["ping"]) == (0, "pong")


def test_a_module_that_winsim_does_not_know_fails_by_name(ansible):
    code, result = ansible("plain", "ansible.windows.win_service_info")
    assert code == 2
    assert "winsim does not know the module ansible.windows.win_service_info" in result["msg"]


def test_a_connection_that_drops_is_unreachable_once(ansible):
    code, result = ansible("dropped", "ansible.windows.win_ping")
    assert (code, result["unreachable"]) == (4, True)
    assert ansible("dropped", "ansible.windows.win_ping")[0] == 0


def test_a_connection_that_drops_while_a_command_runs_fails_the_task(ansible):
    code, result = ansible("dropped-later", "ansible.windows.win_ping")
    assert code in {2, 4}
    assert "Remote end closed connection" in result["msg"]


def test_a_truncated_answer_fails_the_task(ansible):
    code, result = ansible("truncated", "ansible.windows.win_ping")
    assert code == 2
    assert result["module_stdout"] == '{"changed": false,'


def test_an_answer_that_comes_late_is_waited_for_through_operation_time_outs(ansible):
    code, result = ansible("late", "ansible.windows.win_ping", ansible_winrm_connection_timeout=3)
    assert (code, result["ping"]) == (0, "pong")


def test_a_host_that_never_returns_stays_unreachable(ansible):
    assert [ansible("gone", "ansible.windows.win_ping")[0] for _ in range(2)] == [4, 4]


def test_win_reboot_boots_the_host_and_nothing_is_pending_afterwards(ansible, fleet):
    _, before = ansible("waiting", "ansible.windows.win_reboot_info")
    sources = {reason["source"] for reason in before["reboot_required_reasons"]}
    assert sources == {"windows_update", "pending_file_rename", "pending_computer_rename"}
    code, result = ansible("waiting", "ansible.windows.win_reboot", args={"reboot_timeout": 60, "msg": "it's time"})
    assert (code, result["rebooted"]) == (0, True)
    _, after = ansible("waiting", "ansible.windows.win_reboot_info")
    assert (after["reboot_required"], after["reboot_required_reasons"]) == (False, [])
    assert after["last_reboot"]["details"]["comment"] == "it's time"
    state = fleet.state("waiting")
    assert [(entry["event"], entry["cause"]) for entry in state["log"]] == [("boot", "it's time")]
    assert {path: words["version"] for path, words in state["files"].items()} == {r"C:\b.dll": "2.0"}


def test_a_mistake_in_a_host_file_stops_the_start_with_its_line(tmp_path):
    with (
        pytest.raises(NotServingError, match=r"bad\.yml:1: tokn: unknown word"),
        serve({"bad": "{name: bad, os: {}, tokn: {}}"}, tmp_path),
    ):
        pytest.fail("it started")


def test_the_simulator_says_how_it_answered_when_it_ends(tmp_path):
    with serve({"one": {"os": {}}}, tmp_path) as running:
        assert running.process.poll() is None
    assert running.process.returncode == 0
    assert running.output.read_text(encoding="utf-8").startswith("listening: 1 hosts, inventory ")
    assert running.state("one")["log"] == []
