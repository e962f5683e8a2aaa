# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A scan from the task to the host and back: made, used again, attached to, refused, and failed in many ways."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
import yaml
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan

from winsim.testing import serve

SCAN = "winops.patching.win_patch_info"
JOB = "winops.patching.win_patch_job"
PENDING = "winops.patching.win_reboot_pending_info"
FACTS = "winops.patching.win_patch_facts"
POLICY_KEY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
DLL, SET = r"C:\Windows\System32\clbcatq.dll", r"C:\Windows\System32\SET31.tmp"
MANY = 3000
BOOTED = {"boot_time": "2026-10-01T03:12:00Z"}


def guid(number):
    return f"d3b36f5d-2f4d-4cbd-9e4f-{number:012x}"


def update(number, **words):
    kb = str(5_030_000 + number)
    about = {"kb": [kb], "title": f"Update (KB{kb})", "severity": "Critical", "classification": "Security Updates"}
    return {"id": guid(number), "revision": 201, "size": 7_000_000, **about, **words}


UPDATES = [
    update(1, installed=True),
    update(2),
    update(3, installed=True, reboot_required=True),
    update(4, hidden=True),
]
HOSTS = {
    "healthy": {
        "os": BOOTED,
        "registry": {
            POLICY_KEY: {"values": {"WUServer": {"type": "REG_SZ", "data": "https://wsus.example:8531"}}},
            SESSION_MANAGER: {
                "values": {
                    "PendingFileRenameOperations": {
                        "type": "REG_MULTI_SZ",
                        "data": [rf"\??\{SET}", rf"!\??\{DLL}"],
                    },
                },
            },
        },
        "files": {DLL: {"version": "2001.12.4720.0"}, SET: {"version": "2001.12.8707.0"}},
        "update_agent": {
            "remote": "denied",
            "reboot_required": True,
            "source": {"managed": True, "server": "https://wsus.example:8531"},
            "updates": UPDATES,
            "history": [{"id": guid(1), "at": "2026-10-10T02:11:00Z", "result": "succeeded", "title": "Update"}],
        },
    },
    "many": {"os": BOOTED, "update_agent": {"updates": [update(number) for number in range(MANY)]}},
    "no-server": {
        "os": BOOTED,
        "update_agent": {"updates": UPDATES, "search_fails": [{"hresult": "0x80240438", "source": "windows_update"}]},
    },
    "flaky-server": {
        "os": BOOTED,
        "update_agent": {"updates": UPDATES, "search_fails": [{"hresult": "0x8024401F", "source": "windows_update"}]},
    },
    "down-once": {
        "os": BOOTED,
        "update_agent": {
            "updates": UPDATES,
            "search_fails": [{"hresult": "0x8024401F", "source": "windows_update", "times": 5}],
        },
    },
    "silent": {
        "os": BOOTED,
        "update_agent": {"updates": [update(1, installed=True, unreadable=["reboot_required"])]},
    },
    "no-agent": {"os": BOOTED},
    "dying": {"os": BOOTED, "update_agent": {"updates": UPDATES, "search_kills_worker": True}},
    "squatted": {
        "os": BOOTED,
        "update_agent": {"updates": UPDATES},
        "folders": {r"C:\Program Files\winops.patching": {"owner": r"SQUATTED\mallory"}},
    },
    "filtered": {"os": BOOTED, "update_agent": {"updates": UPDATES}, "token": {"elevated": False}},
    "constrained": {
        "os": BOOTED,
        "update_agent": {"updates": UPDATES},
        "powershell": {"language_mode": "ConstrainedLanguage"},
    },
    "dropping": {
        "os": BOOTED,
        "update_agent": {"updates": UPDATES, "scan_minutes": 20},
        "network": {"auth": ["basic"], "faults": [{"at_request": 15, "do": "drop"}]},
    },
    "dead": {"os": BOOTED, "network": {"listen": False}},
}
RULES = [{"update": "KB824146", "path": r"%SystemRoot%\System32\clbcatq.dll", "min_version": "2001.12.8707.0"}]
# The clocks of the hosts race, so a scan of a minute ago is hours old to them.
QUICK = {"poll": 1, "jitter": "0", "max_age": "7d"}


@pytest.fixture(scope="module")
def scanned(once, commands):
    """All hosts: scan, scan again, ask for the verdict, refresh, list."""

    def make(work: Path):
        tasks = [
            {"name": "scan", SCAN: {**QUICK, "file_rules": RULES}, "ignore_errors": True},
            {"name": "again", SCAN: {**QUICK, "evidence": "return"}, "ignore_errors": True},
            {"name": "ask", PENDING: {"evidence": "return"}, "ignore_errors": True},
            {
                "name": "refresh",
                SCAN: {**QUICK, "refresh": True},
                "check_mode": True,
                "when": "inventory_hostname == 'healthy'",
            },
            {"name": "facts", FACTS: {"update_agent": "scan"}, "when": "inventory_hostname == 'healthy'"},
            {"name": "list", JOB: {"operation": "list"}, "ignore_errors": True},
        ]
        with serve(HOSTS, work / "sim", time_factor=400) as fleet:
            run = commands(work / "ansible").play(fleet.inventory, tasks, "-v", strategy="ansible.builtin.free")
            run.notes["logs"] = {host: fleet.state(host)["log"] for host in HOSTS}
        return run

    return once("scanned", make)


def scan_of(run, host, task="scan"):
    return run.of(task, host)["scan"]


def jobs_of(run, host):
    return list(dict.fromkeys(entry["id"] for entry in run.notes["logs"][host] if entry["event"] == "job"))


class TestWhole:
    """A host whose agent answers."""

    def test_the_scan_holds_all_that_the_agent_knows(self, scanned):
        scan = scan_of(scanned, "healthy")
        assert (scan["complete"], scan["errors"], scan["coverage"]) == (True, [], ["all"])
        assert {entry["id"]: entry["installed"] for entry in scan["updates"]} == {
            guid(1): True,
            guid(2): False,
            guid(3): True,
            guid(4): False,
        }
        assert scan["reboot_required_updates"] == [guid(3)]
        assert [entry["result"] for entry in scan["history"]] == ["succeeded"]
        assert scan["updates"][0]["classification"] == "Security Updates"
        assert parse_scan(scan).problems == ()

    def test_it_says_who_answered_and_which_policy_leads_there(self, scanned):
        source = scan_of(scanned, "healthy")["source"]
        assert (source["managed"], source["server"], source["online"]) == (True, "https://wsus.example:8531", True)
        assert (source["policy"], source["policy_state"]) == ({"WUServer": "https://wsus.example:8531"}, "ok")

    def test_files_of_rules_and_what_takes_their_place_are_read(self, scanned):
        scan = scan_of(scanned, "healthy")
        assert {path: entry["version"] for path, entry in scan["files"].items()} == {
            RULES[0]["path"]: "2001.12.4720.0",
            SET: "2001.12.8707.0",
        }
        assert [entry["source"] for entry in scan["queue"]] == [SET]

    def test_three_thousand_updates_come_whole(self, scanned):
        scan = scan_of(scanned, "many")
        assert (scan["complete"], len(scan["updates"])) == (True, MANY)

    def test_the_steps_are_told_to_who_wants_them(self, scanned):
        assert f"healthy: {scan_of(scanned, 'healthy')['job']['id']} " in scanned.output

    def test_a_line_that_breaks_while_the_scan_runs_is_mended(self, scanned):
        scan = scan_of(scanned, "dropping")
        assert (scan["complete"], len(jobs_of(scanned, "dropping"))) == (True, 1)


class TestAgain:
    """The second task finds what the first one left."""

    def test_a_finished_scan_is_used_again(self, scanned):
        first, again = scan_of(scanned, "healthy"), scan_of(scanned, "healthy", "again")
        assert (again["job"]["reused"], again["job"]["id"]) == (True, first["job"]["id"])
        assert again["updates"] == first["updates"]
        assert len(jobs_of(scanned, "many")) == 1

    def test_a_scan_that_could_not_reach_its_server_is_made_again(self, scanned):
        first, again = scan_of(scanned, "down-once"), scan_of(scanned, "down-once", "again")
        assert (first["complete"], again["complete"], again["job"]["reused"]) == (False, True, False)

    def test_what_the_agent_did_not_tell_is_unknown_to_who_only_asks_and_no_damage(self, scanned):
        asked = scanned.of("ask", "silent")
        assert asked["evidence"]["probes"]["update_agent"]["data"]["updates_pending_reboot"] is None
        assert [entry["id"] for entry in asked["verdict"]["unknown"]] == ["agent_updates_pending_reboot"]
        assert scan_of(scanned, "silent", "again")["job"]["reused"] is True

    def test_refresh_makes_another_in_check_mode_too(self, scanned):
        assert scan_of(scanned, "healthy", "refresh")["job"]["reused"] is False
        assert [entry["state"] for entry in scanned.of("list", "healthy")["jobs"]] == ["finished"] * 2

    def test_the_evidence_holds_scan_and_signals(self, scanned):
        evidence = scanned.of("again", "healthy")["evidence"]
        assert evidence["scan"]["complete"] is True
        assert evidence["probes"]["update_agent"]["data"]["updates_pending_reboot"] == [guid(3)]
        assert evidence["probes"]["cbs_reboot_pending"]["state"] == "absent"

    def test_the_verdict_of_who_only_asks_knows_the_scan(self, scanned):
        asked = scanned.of("ask", "healthy")
        assert "agent_updates_pending_reboot" in asked["verdict"]["because"]
        assert asked["verdict"]["update_agent"] == "read"
        assert "update_agent" not in scanned.of("ask", "no-agent")["evidence"]["probes"]

    def test_the_fact_of_a_scanned_host_says_how_its_updates_stand(self, scanned):
        fact = scanned.of("facts", "healthy")["ansible_facts"]["winops_patching"]
        assert (fact["machine"], fact["reboot"]) == ("non_compliant", "required")
        assert sum(fact["updates"].values()) == 4
        assert len(json.dumps(fact)) <= 2048


class TestFailures:
    """Unknown with a reason, and never a crash."""

    @pytest.mark.parametrize(
        ("host", "step", "words"),
        [
            ("no-server", "searching", "0x80240438"),
            ("no-agent", "searching", "0x80040154"),
            ("dying", "job", "the job died"),
        ],
    )
    def test_a_failing_scan_is_returned_with_its_reason(self, scanned, host, step, words):
        result = scanned.of("scan", host)
        assert scanned.states("scan")[host] == "ok"
        assert (result["scan"]["complete"], result["scan"]["updates"]) == (False, [])
        error = result["scan"]["errors"][0]
        assert error["step"] == step
        assert words in f"{error['hresult']} {error['message']}"
        assert "the scan is not complete" in result["warnings"][0]

    def test_a_server_that_fails_for_good_leaves_the_local_store_which_is_not_the_whole_truth(self, scanned):
        scan = scan_of(scanned, "flaky-server")
        assert (scan["complete"], scan["source"]["online"], len(scan["updates"])) == (False, False, 4)
        assert scan["errors"][0]["hresult"] == "0x8024401F"

    @pytest.mark.parametrize(
        ("host", "reason", "words"),
        [
            ("squatted", "foreign_owner", ["belongs to SQUATTED\\mallory", "takeown"]),
            ("filtered", "not_elevated", ["token"]),
            ("constrained", "constrained_language", ["constrained language"]),
        ],
    )
    def test_a_refusal_fails_with_owner_and_remedy(self, scanned, host, reason, words):
        assert scanned.states("scan")[host] == "failed"
        result = scanned.of("scan", host)
        assert (result["reason"], "scan" in result) == (reason, False)
        assert all(word in result["msg"] for word in words)
        assert jobs_of(scanned, host) == []

    def test_a_dead_host_is_unreachable(self, scanned):
        assert scanned.states("scan")["dead"] == "unreachable"


@pytest.fixture(scope="module")
def killed(once, commands):
    """A controller dies in the middle of a long scan; another one comes."""

    def make(work: Path):
        hosts = {"web01": {"os": BOOTED, "update_agent": {"updates": UPDATES, "scan_minutes": 12}}}
        ansible = commands(work / "ansible")
        play = [{"hosts": "all", "gather_facts": False, "tasks": [{"name": "scan", SCAN: QUICK}]}]
        book = work / "ansible" / "scan.yml"
        book.write_text(yaml.safe_dump(play), encoding="utf-8")
        with serve(hosts, work / "sim", time_factor=100) as fleet:
            with ansible.begun("ansible-playbook", [str(book), "-i", str(fleet.inventory)]) as first:
                fleet.wait_for("web01", "job", number=2)
                os.killpg(first.pid, signal.SIGKILL)
            run = ansible.command("ansible-playbook", [str(book), "-i", str(fleet.inventory)])
            run.notes["log"] = fleet.state("web01")["log"]
        return run

    return once("killed-scan", make)


def test_a_second_controller_attaches_to_the_scan_of_the_dead_one_and_returns_its_result(killed):
    scan = killed.of("scan")["scan"]
    assert (scan["complete"], len(scan["updates"]), scan["job"]["attached"]) == (True, 4, True)
    assert {(entry["id"], entry["phase"]) for entry in killed.notes["log"]} == {
        (scan["job"]["id"], phase) for phase in ("armed", "scanning", "done")
    }


@pytest.fixture(scope="module")
def assessed(once, commands):
    """The role with scans, over hosts that can and cannot be scanned."""

    def make(work: Path):
        names = ("healthy", "squatted", "no-agent", "dead")
        with serve({name: HOSTS[name] for name in names}, work / "sim", time_factor=400) as fleet:
            ansible = commands(work / "ansible")
            run = ansible.assess(fleet.inventory, patch_assess_update_agent="scan", patch_assess_scan_throttle=2)
            saved = ansible.work / "report" / "evidence" / "healthy.json"
            run.notes["healthy"] = json.loads(saved.read_text(encoding="utf-8"))
        return run

    return once("assessed-with-scans", make)


def test_assess_with_scans_knows_the_updates_that_wait(assessed):
    hosts = assessed.fleet["hosts"]
    assert "agent_updates_pending_reboot" in hosts["healthy"]["because"]
    assert assessed.notes["healthy"]["scan"]["complete"] is True


def test_assess_with_scans_judges_the_signals_of_hosts_that_refuse_them(assessed):
    hosts = assessed.fleet["hosts"]
    assert hosts["squatted"]["reboot"] == "not_required"
    assert "foreign" in str(hosts["squatted"]["unknown"]) or "mallory" in str(hosts["squatted"]["unknown"])
    assert hosts["no-agent"]["reboot"] == "not_required"
    assert hosts["dead"]["reboot"] == "unknown"
