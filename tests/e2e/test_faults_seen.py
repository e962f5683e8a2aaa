# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a user sees of each fault on the line and of each boot that goes wrong, and that none of them gives a "no"."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from winsim.faults import KINDS
from winsim.testing import serve

INFO = "winops.patching.win_reboot_pending_info"
REBOOT = "ansible.windows.win_reboot"
REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
FLAG = {"guid": {"type": "REG_DWORD", "data": 1}}
# Waits for a reboot, whatever happens: for these hosts "no" is always wrong.
WAITS = {"os": {}, "registry": {REQUIRED: {"values": FLAG}}}
# Waits until its next boot.
WAITS_ONCE = {"os": {}, "registry": {REQUIRED: {"volatile": True, "values": FLAG}}}
# The requests of one reading over NTLM; the first three are the logon.
CREATE, _COMMAND, SEND, RECEIVE, SIGNAL, DELETE = range(4, 10)


def faulty(do: str, at_request: int, **words: int) -> dict[str, object]:
    return WAITS | {"network": {"faults": [{"at_request": at_request, "do": do, **words}]}}


# By host: the fault, how the task ends, and the words a user reads.
SEEN = {
    "drop-create": (faulty("drop", CREATE), "unreachable", "Remote end closed connection"),
    "drop-receive": (faulty("drop", RECEIVE), "failed", "Remote end closed connection"),
    "slow-receive": (faulty("slow", RECEIVE, seconds=3), "ok", ""),
    "slow-create": (faulty("slow", CREATE, seconds=4), "unreachable", "Read timed out"),
    "truncate-receive": (faulty("truncate", RECEIVE), "failed", "the host was reached, but it could not be read"),
    "error_500-create": (faulty("error_500", CREATE), "unreachable", "Code 500"),
    "error_500-receive": (faulty("error_500", RECEIVE), "failed", "Code 500"),
    "reboot-logon": (faulty("reboot", 1), "unreachable", "Remote end closed connection"),
    "reboot-receive": (faulty("reboot", RECEIVE), "failed", ""),
    "never_return-logon": (faulty("never_return", 1), "unreachable", "Remote end closed connection"),
    "never_return-receive": (faulty("never_return", RECEIVE), "failed", ""),
}
# What is slow must not be waited for in vain: this host's client gives up after two seconds.
IMPATIENT = {"ansible_winrm_operation_timeout_sec": 1, "ansible_winrm_read_timeout_sec": 2}
# A truncation waits for the next output, so that one request stands for all; what is slow takes its time; to the
# client a host that goes away is a connection that drops and is refused from then on.
REQUESTS_OF = {
    "truncate": (RECEIVE,),
    "slow": (1, CREATE, RECEIVE, SIGNAL),
    "reboot": (1, CREATE, SEND, RECEIVE, SIGNAL, DELETE),
    "never_return": (1, CREATE, SEND, RECEIVE, SIGNAL, DELETE),
}
SWEPT = {
    f"{kind}-{request}": faulty(kind, request, **({"seconds": 1} if kind == "slow" else {}))
    for kind in KINDS
    for request in REQUESTS_OF.get(kind, range(1, DELETE + 1))
}


@pytest.fixture(scope="module")
def asked(once, commands):
    """Every host of SEEN, asked once by the ad hoc command."""

    def make(work: Path):
        with serve({host: words for host, (words, _, _) in SEEN.items()}, work / "sim") as fleet:
            extra = work / "impatient.yml"
            extra.write_text(yaml.safe_dump({"windows": {"hosts": {"slow-create": IMPATIENT}}}), encoding="utf-8")
            return commands(work / "ansible").adhoc("all", fleet.inventory, INFO, None, "-i", str(extra), "-f", "20")

    return once("faults-asked", make)


@pytest.fixture(scope="module")
def swept(once, commands):
    """Every fault at every request of a reading, assessed once."""

    def make(work: Path):
        with serve(SWEPT, work / "sim") as fleet:
            return commands(work / "ansible").assess(fleet.inventory, "-f", "20")

    return once("faults-swept", make)


def test_every_kind_of_fault_is_looked_at():
    assert {host.partition("-")[0] for host in SEEN} == set(KINDS)
    assert {host.partition("-")[0] for host in SWEPT} == set(KINDS)


@pytest.mark.parametrize("host", SEEN)
def test_an_ad_hoc_question_ends_as_the_fault_deserves_and_says_what_happened(asked, host):
    _, state, words = SEEN[host]
    assert asked.states(INFO)[host] == state, asked.output
    assert words in str(asked.of(INFO, host).get("msg", ""))


@pytest.mark.parametrize("host", SEEN)
def test_an_ad_hoc_question_never_says_no_to_a_host_that_waits(asked, host):
    result = asked.of(INFO, host)
    answered = SEEN[host][1] == "ok"
    assert result.get("verdict", {}).get("reboot") in ({"required"} if answered else {"unknown", None})
    assert ("reboot_required" in result) is answered


def test_a_truncated_answer_is_unknown_and_shows_what_came(asked):
    result = asked.of(INFO, "truncate-receive")
    assert result["verdict"]["reboot"] == "unknown"
    assert 'it printed "{\\"changed\\": false' in result["msg"]
    decisive = [entry for entry in result["verdict"]["unknown"] if entry["decisive"]]
    assert decisive
    assert all(entry["reason"] for entry in decisive)


@pytest.mark.parametrize("kind", KINDS)
def test_no_fault_at_any_request_makes_a_report_say_no(swept, kind):
    rows = {host: row for host, row in swept.fleet["hosts"].items() if host.startswith(f"{kind}-")}
    assert len(rows) == len([host for host in SWEPT if host.startswith(f"{kind}-")])
    for host, row in rows.items():
        read = row["error"] is None
        assert row["reboot"] == ("required" if read else "unknown"), host
        assert row["safe_to_reboot"] == ("yes" if read else "unknown"), host


@pytest.mark.parametrize("kind", ["drop", "error_500", "reboot", "never_return"])
def test_a_fault_after_the_answer_does_not_take_the_answer_away(swept, kind):
    assert swept.fleet["hosts"][f"{kind}-{DELETE}"]["reboot"] == "required"
    assert swept.fleet["hosts"][f"{kind}-{RECEIVE}"]["reboot"] == "unknown"


def test_what_is_only_slow_is_answered(swept):
    assert {row["reboot"] for host, row in swept.fleet["hosts"].items() if host.startswith("slow-")} == {"required"}


def test_a_host_that_is_gone_before_it_is_read_is_called_unreachable(swept):
    for request in (1, CREATE):
        assert swept.fleet["hosts"][f"never_return-{request}"]["error"].startswith("unreachable: ")


def test_a_run_with_faults_is_red_and_its_report_holds_every_host(swept):
    assert swept.code != 0
    assert set(swept.fleet["hosts"]) == set(SWEPT)


def test_a_reading_that_takes_too_long_fails_when_the_task_may_not_take_so_long(ansible, tmp_path):
    with serve({"busy": WAITS | {"network": {"run_ms": 30_000}}}, tmp_path / "sim") as fleet:
        run = ansible.adhoc("busy", fleet.inventory, INFO, None, "--task-timeout", "3")
    assert run.code == 2, run.output
    assert "3 second" in run.of(INFO)["msg"]
    assert "reboot_required" not in run.of(INFO)


def test_a_host_that_boots_while_it_is_read_gives_the_true_answer_afterwards(ansible, tmp_path):
    host = WAITS_ONCE | {"network": {"faults": [{"at_request": RECEIVE, "do": "reboot"}]}}
    tasks = [
        {"name": "during", INFO: {}, "ignore_errors": True, "ignore_unreachable": True},
        {"name": "wait", "ansible.builtin.wait_for_connection": {"timeout": 30, "sleep": 1}},
        {"name": "after", INFO: {}},
    ]
    with serve({"boots": host}, tmp_path / "sim") as fleet:
        run = ansible.play(fleet.inventory, tasks)
        assert [entry["event"] for entry in fleet.state("boots")["log"]] == ["boot"]
    assert run.code == 0, run.output
    assert "reboot_required" not in run.of("during")
    assert run.of("after")["verdict"]["reboot"] == "not_required"


def test_a_host_that_never_returns_from_its_reboot_is_named_unreachable(ansible, tmp_path):
    with serve({"gone": WAITS_ONCE | {"network": {"faults": [{"do": "never_return"}]}}}, tmp_path / "sim") as fleet:
        rebooting = ansible.adhoc("gone", fleet.inventory, REBOOT, {"reboot_timeout": 4, "connect_timeout": 1})
        report = ansible.assess(fleet.inventory)
        assert fleet.state("gone")["log"] == []
    assert rebooting.code != 0
    assert "Timed out waiting for last boot time check" in rebooting.of(REBOOT)["msg"]
    row = report.fleet["hosts"]["gone"]
    assert (row["reboot"], report.code != 0) == ("unknown", True)
    assert row["error"].startswith("unreachable: ")


# Hosts whose reboot misbehaves: both ends of what the update agent may say, and servicing that goes on.
STILL_PENDING = {"update_agent": {"remote": "allowed", "reboot_required": True}, "misbehaves": ["keeps_update_pending"]}
STILL_PENDING_AND_DENIED = STILL_PENDING | {"update_agent": {"remote": "denied", "reboot_required": True}}
REBOOTED = {
    "services": WAITS_ONCE | {"misbehaves": ["services_after_boot"]},
    "pending": WAITS_ONCE | STILL_PENDING,
    "pending-denied": WAITS_ONCE | STILL_PENDING_AND_DENIED,
}


@pytest.fixture(scope="module")
def rebooted(once, commands):
    """The hosts of REBOOTED, rebooted and asked; their clocks run 20 times as fast, so that a boot takes 3 seconds."""

    def make(work: Path):
        tasks = [{"name": "reboot", REBOOT: {"reboot_timeout": 60}}, {"name": "after", INFO: {}}]
        with serve(REBOOTED, work / "sim", time_factor=20) as fleet:
            return commands(work / "ansible").play(fleet.inventory, tasks)

    return once("faults-rebooted", make)


def test_a_host_that_answers_while_servicing_runs_is_busy_and_not_safe_to_reboot(rebooted):
    verdict = rebooted.of("after", "services")["verdict"]
    assert verdict["busy"] == ["servicing_in_progress"], rebooted.output
    assert (verdict["reboot"], verdict["safe_to_reboot"]) == ("not_required", "no")


def test_an_update_that_stays_pending_is_seen_where_the_agent_may_be_asked(rebooted):
    verdict = rebooted.of("after", "pending")["verdict"]
    assert (verdict["reboot"], verdict["because"]) == ("required", ["agent_reboot_required"]), rebooted.output


def test_where_the_agent_may_not_be_asked_the_answer_says_that_it_was_not(rebooted):
    verdict = rebooted.of("after", "pending-denied")["verdict"]
    assert (verdict["reboot"], verdict["update_agent"]) == ("not_required", "denied"), rebooted.output
    assert "could not be asked" in verdict["sentence"]


def test_a_host_that_boots_a_second_time_by_itself_is_judged_by_its_last_boot(ansible, tmp_path):
    with serve({"host": WAITS_ONCE | {"misbehaves": ["boots_twice"]}}, tmp_path / "sim") as fleet:
        rebooted = ansible.adhoc("host", fleet.inventory, REBOOT, {"reboot_timeout": 60})
        fleet.wait_for("host", "boot", number=2, seconds=60)
        run = ansible.adhoc("host", fleet.inventory, INFO)
        last = fleet.state("host")["os"]["boot_time"]
    assert rebooted.code == 0, rebooted.output
    assert run.code == 0, run.output
    assert run.of(INFO)["last_reboot"]["time"] == last
    assert run.of(INFO)["verdict"]["reboot"] == "not_required"
