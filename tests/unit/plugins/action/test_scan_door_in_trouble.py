# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_patch_info when things go wrong on the host or on the line, and what it returns beside the updates."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import scan_reading
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan
from ansible_collections.winops.patching.tests.unit.plugins.action.scanned_host import (
    IDS,
    PLACE,
    ScannedHost,
    result_lines,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import verdict

LOST = AnsibleConnectionFailure("the line is dead")


class TestNoResult:
    """What goes wrong on the host is told in the scan; the task does not crash."""

    @pytest.mark.parametrize(
        ("outcome", "error", "step", "words"),
        [
            (
                "failed",
                {"step": "search", "type": "x", "hresult": "0x8024402C", "message": "no server"},
                "search",
                "no server",
            ),
            ("failed", None, "job", "does not say why"),
            ("stopped", None, "job", "was stopped"),
            ("exploded", None, "job", "does not say why"),
            ("died", None, "job", "the job died while searching, attempt 1: its process is gone"),
        ],
    )
    def test_a_job_without_a_result_is_a_scan_that_is_not_complete(self, scan, outcome, error, step, words):
        host = ScannedHost(outcome=outcome)
        host.error = error
        result = scan(host)
        assert not result.get("failed")
        found = result["scan"]
        assert (found["complete"], found["updates"], found["scanned_at"]) == (False, [], None)
        assert found["errors"][0]["step"] == step
        assert words in found["errors"][0]["message"]
        assert "the scan is not complete" in result["warnings"][0]
        assert parse_scan(found).complete is False

    def test_the_code_of_a_failure_is_kept(self, scan):
        host = ScannedHost(outcome="failed")
        host.error = {"step": "search", "hresult": "0x8024402C", "message": "no server"}
        result = scan(host)
        assert result["scan"]["errors"][0]["hresult"] == "0x8024402C"
        assert "0x8024402C" in result["warnings"][0]

    def test_a_known_code_is_explained_where_it_is_warned_of(self, scan):
        host = ScannedHost(outcome="failed")
        host.error = {"step": "searching", "hresult": "0x80248014", "message": "Exception from HRESULT: 0x80248014"}
        warning = scan(host)["warnings"][0]
        assert "WU_E_DS_UNKNOWNSERVICE" in warning
        assert "Register the service, or use server_selection default." in warning

    def test_nothing_is_made_up_about_a_code_that_nobody_knows(self, scan):
        host = ScannedHost(outcome="failed")
        host.error = {"step": "searching", "hresult": "0x80249999", "message": "bad"}
        assert scan(host)["warnings"] == ["the scan is not complete: searching: 0x80249999, bad"]

    def test_unknown_may_fail_the_task(self, scan):
        result = scan(ScannedHost(outcome="died"), unknown_is="fail")
        assert result["failed"] is True
        assert "the job died" in result["msg"]
        assert result["scan"]["complete"] is False
        assert not scan(ScannedHost(), unknown_is="fail").get("failed")

    def test_a_task_that_never_starts_is_given_up_after_five_minutes(self, scan):
        host = ScannedHost()
        host.start = lambda job, plan: (host.plans.append(plan), host.say(job, phase="armed", id=job, kind="scan"))
        result = scan(host)
        assert "did not start the job's task within five minutes" in result["scan"]["errors"][0]["message"]
        assert 300 <= host.elapsed < 400

    def test_a_process_that_starts_between_the_two_readings_of_a_look_is_not_dead(self, scan):
        host = ScannedHost(takes=60)
        mark = host._mark
        seen = []

        def late():
            # The first look after the start sees the journal's line, but not yet the process.
            seen.append(host.running)
            return mark() if seen.count(host.running) > 1 or host.running is None else {"state": "absent", "ms": 1}

        host._mark = late
        assert scan(host)["scan"]["complete"] is True

    def test_the_patience_of_the_task_ends_and_the_job_goes_on(self, scan):
        host = ScannedHost(takes=10_000)
        result = scan(host, timeout="10m")
        error = result["scan"]["errors"][0]
        assert (error["step"], result["scan"]["complete"]) == ("wait", False)
        assert "it goes on, and the next run attaches" in error["message"]
        assert 600 <= host.elapsed < 620
        host.sleep(10_000)
        assert scan(host)["scan"]["job"]["reused"] is True
        assert len(host.plans) == 1

    def test_a_journal_that_cannot_be_read_is_told_after_three_looks(self, scan):
        host = ScannedHost()
        start = host.start

        def secretive(job, plan):
            start(job, plan)
            host.denied.add(f"{PLACE}\\jobs\\{job}\\journal.jsonl")

        host.start = secretive
        result = scan(host)
        assert result["scan"]["errors"][0]["message"].startswith(
            "the journal of the job could not be read: access denied"
        )

    def test_a_refused_result_is_told(self, scan):
        host = ScannedHost()
        start = host.start

        def secretive(job, plan):
            start(job, plan)
            host.denied.add(f"{PLACE}\\jobs\\{job}\\result.jsonl")

        host.start = secretive
        result = scan(host)
        assert result["scan"]["errors"][0]["message"].startswith(
            "the result of the job could not be read: access denied"
        )
        assert (result["scan"]["complete"], result["scan"]["updates"]) == (False, [])


class TestResult:
    """The result comes in pieces and is whole, or it is none."""

    def test_many_pieces_are_one_result(self, scan):
        host = ScannedHost()
        host.text_limit = 1500
        result = scan(host)
        assert (result["scan"]["complete"], len(result["scan"]["updates"])) == (True, 2)
        assert host.modules().count("win_probe") > 5

    @pytest.mark.parametrize(
        "cut",
        [
            lambda lines: lines[:-1],
            lambda lines: lines[:2] + lines[3:],
            lambda lines: lines[1:],
            lambda lines: [],
            lambda lines: [*lines[:-1], {**lines[-1], "updates": 3}],
        ],
    )
    def test_what_was_cut_off_gives_no_updates_at_all(self, scan, cut):
        host = ScannedHost()
        host.lines = cut(result_lines())
        result = scan(host)
        assert (result["scan"]["complete"], result["scan"]["updates"], result["scan"]["history"]) == (False, [], [])
        assert result["scan"]["errors"][0]["step"] == "result"
        assert result["warnings"]

    def test_a_result_beyond_the_limit_is_an_error_that_says_what_to_do(self, scan, monkeypatch):
        monkeypatch.setattr(scan_reading, "MAX_RESULT_BYTES", 1000)
        result = scan(ScannedHost())
        assert "ask for less" in result["scan"]["errors"][0]["message"]
        assert result["scan"]["updates"] == []

    def test_a_reader_that_does_not_come_further_is_an_error(self, scan):
        host = ScannedHost()
        tail = host._tail
        host._tail = lambda probe: tail(
            {**probe, "offset": 0, "max_bytes": 300} if probe["path"].endswith("result.jsonl") else probe
        )
        assert "does not come further" in scan(host)["scan"]["errors"][0]["message"]

    def test_a_search_that_fell_back_to_the_local_store_is_not_complete(self, scan):
        host = ScannedHost()
        failure = {"step": "search", "hresult": "0x8024401F", "message": "HTTP 500"}
        host.lines = result_lines(online=False, errors=[failure])
        result = scan(host)
        assert (result["scan"]["complete"], len(result["scan"]["updates"])) == (False, 2)
        assert result["scan"]["source"]["online"] is False
        assert "0x8024401F" in result["warnings"][0]

    def test_policy_values_stand_in_the_source(self, scan):
        host = ScannedHost()
        answer = host._answer
        wsus = {
            "state": "ok",
            "data": {"values": {"WUServer": {"kind": "REG_SZ", "data": "https://wsus.example:8531"}}},
        }
        host._answer = lambda probe: wsus if probe["id"] == "wu_policy" else answer(probe)
        source = scan(host)["scan"]["source"]
        assert (source["policy"], source["policy_state"]) == ({"WUServer": "https://wsus.example:8531"}, "ok")
        assert (source["managed"], source["server"]) == (True, "https://wsus.example:8531")


class TestFiles:
    """What rules and the rename queue say of files."""

    DLL = "C:\\Windows\\System32\\clbcatq.dll"
    SET = "C:\\Windows\\System32\\SET31.tmp"
    RULES = ({"update": "KB824146", "path": "%SystemRoot%\\System32\\clbcatq.dll", "min_version": "2001.12.8707.0"},)

    def host(self):
        host = ScannedHost()
        host.versions = {self.RULES[0]["path"]: "2001.12.4720.0", self.SET: "2001.12.8707.0"}
        host.queue = [f"\\??\\{self.SET}", f"!\\??\\{self.DLL}", "\\??\\C:\\Temp\\x.tmp", ""]
        return host

    @pytest.mark.parametrize("option", ["file_rules", "policy"])
    def test_every_path_of_a_rule_and_what_takes_its_place_are_read(self, scan, option):
        host = self.host()
        rules = list(self.RULES)
        result = scan(host, **({option: rules} if option == "file_rules" else {"policy": {"file_rules": rules}}))
        assert result["scan"]["files"] == {
            self.RULES[0]["path"]: {"version": "2001.12.4720.0", "sha256": None, "state": "ok"},
            self.SET: {"version": "2001.12.8707.0", "sha256": None, "state": "ok"},
        }
        assert [entry["operation"] for entry in result["scan"]["queue"]] == ["replace", "delete"]

    def test_without_rules_no_file_is_read_and_the_queue_is_there_all_the_same(self, scan):
        host = self.host()
        result = scan(host)
        assert result["scan"]["files"] == {}
        assert len(result["scan"]["queue"]) == 2
        assert not [
            name
            for place in range(len(host.calls))
            if host.modules()[place] == "win_probe"
            for name in host.asked(place)
            if name.startswith(("rule_", "file_"))
        ]

    def test_a_queue_that_cannot_be_read_is_null_and_named(self, scan):
        host = self.host()
        host.denied.add("HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager")
        result = scan(host)
        assert result["scan"]["queue"] is None
        assert result["scan"]["errors"][-1]["step"] == "queue"
        assert "the scan has errors: queue: the rename queue was not read: access denied" in result["warnings"][0]


class TestLine:
    """A host that refuses, breaks off or is not there."""

    def test_a_refusal_fails_the_task_with_the_hosts_sentence_and_reason(self, scan):
        host = ScannedHost()
        text = "C:\\Program Files\\winops.patching belongs to WEB01\\mallory: takeown /F it"
        host.refusal = {"failed": True, "msg": text, "reason": "foreign_owner"}
        result = scan(host)
        assert (result["failed"], result["msg"], result["reason"]) == (True, text, "foreign_owner")
        assert "scan" not in result

    def test_a_module_that_breaks_is_an_error_with_what_it_said(self, scan):
        host = ScannedHost()
        host.refusal = {"failed": True, "msg": "MODULE FAILURE", "module_stdout": "junk\x1b[31m"}
        result = scan(host)
        assert (result["failed"], result["reason"]) == (True, "error")
        assert "MODULE FAILURE" in result["msg"]
        assert "\x1b" not in result["msg"]

    @pytest.mark.parametrize("answer", [{"changed": True}, {"changed": True, "id": "..\\..\\evil"}, {"id": 7}])
    def test_a_host_that_names_no_job_is_an_error(self, scan, answer):
        host = ScannedHost()
        host.refusal = answer
        assert scan(host)["reason"] == "error"

    def test_a_reader_that_fails_at_the_first_word_fails_the_task(self, scan):
        host = ScannedHost()
        host.losses[1] = {"failed": True, "msg": "MODULE FAILURE"}
        result = scan(host)
        assert result["msg"] == "the host was reached, but it could not be read: MODULE FAILURE"

    def test_a_host_that_is_not_there_is_left_to_ansible(self, scan):
        host = ScannedHost()
        host.losses[1] = LOST
        with pytest.raises(AnsibleConnectionFailure):
            scan(host)

    @pytest.mark.parametrize("loss", [LOST, ConnectionResetError("reset"), {"failed": True, "msg": "MODULE FAILURE"}])
    def test_a_line_lost_for_a_moment_is_tried_again(self, scan, loss):
        host = ScannedHost(takes=100)
        host.losses.update({4: loss, 5: loss, 9: loss})
        result = scan(host)
        assert result["scan"]["complete"] is True
        assert len(host.plans) == 1

    def test_a_line_lost_for_longer_ends_the_task_and_the_next_run_attaches(self, scan):
        host = ScannedHost(takes=600)
        host.losses.update(dict.fromkeys(range(5, 9), LOST))
        result = scan(host)
        assert result["unreachable"] is True
        assert "the job goes on, and the next run attaches" in result["msg"]
        assert "scan" not in result
        again = scan(host)
        assert again["scan"]["job"] == {
            "id": host.plans[0]["id"],
            "reused": False,
            "attached": True,
            "worker_sha256": "ab" * 32,
        }

    def test_a_line_lost_while_the_result_is_read_is_told_too(self, scan):
        host = ScannedHost(takes=1)
        host.text_limit = 1500
        host.losses.update(dict.fromkeys(range(6, 10), LOST))
        result = scan(host)
        assert result["unreachable"] is True
        assert scan(host)["scan"]["job"]["reused"] is True


class TestEvidence:
    """One document holds signals and scan."""

    def test_the_document_holds_the_scan_and_the_agents_answer(self, scan, tmp_path):
        host = ScannedHost()
        result = scan(host, evidence="file", evidence_dir=str(tmp_path), run_id="r1", policy={"max_scan_age": "3d"})
        saved = json.loads((tmp_path / "web01.json").read_text(encoding="utf-8"))
        assert result["evidence_file"] == str(tmp_path / "web01.json")
        assert saved["scan"] == result["scan"]
        assert (saved["run_id"], saved["policy"]) == ("r1", {"max_scan_age": "3d"})
        agent = saved["probes"]["update_agent"]
        assert agent["asked"] == {"kind": "scan", "job": host.plans[0]["id"]}
        assert agent["state"] == "ok"
        assert agent["data"]["updates_pending_reboot"] == [IDS[0]]
        assert "last_scan" not in saved["probes"]
        assert "agent_updates_pending_reboot" in verdict(saved)["because"]

    def test_signals_are_asked_in_the_run_that_reads_the_result(self, scan):
        host = ScannedHost()
        result = scan(host, evidence="return")
        assert {"cbs_reboot_pending", "result", "last_scan"} <= set(host.asked(-1))
        assert result["evidence"]["scan"]["complete"] is True
        assert result["signals"] == verdict(result["evidence"])["signals"]

    def test_a_scan_that_failed_makes_the_agent_unknown_never_silent(self, scan):
        result = scan(ScannedHost(outcome="failed"), evidence="return")
        assert result["evidence"]["probes"]["update_agent"]["state"] == "error"
        signals = {signal["id"]: signal["state"] for signal in result["signals"]}
        assert signals["agent_updates_pending_reboot"] == "unknown"
