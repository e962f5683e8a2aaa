# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""patch_gate_report: hosts of this run, of the fact cache and of saved evidence, judged and reported."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import junitparser
import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.plugins.action.patch_begin import ActionModule as BeginDoor
from ansible_collections.winops.patching.plugins.action.patch_gate_report import ActionModule as GateDoor
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import (
    host_file_name,
    set_aside,
    write_json,
)
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reboot_result import verdict_fact
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import format_time
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    BOOT,
    document,
    refused,
    with_present,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.compliance.scans import (
    ID,
    OLD_SCAN,
    OTHER,
    attempt,
    scan,
    update,
)

RUN = "20261118T032000Z-0a1b2c3d"
MISSING = update(OTHER, installed=False)


def evidence(host="web01", scanned=None, **top):
    """A healthy host's evidence with a scan."""
    return document(host=host, run_id=RUN, scan={**(scan() if scanned is None else scanned), "host": host}, **top)


@pytest.fixture
def gate(tmp_path):
    """`gate(documents, …)`: writes them as evidence of this run, runs the door, and gives the result and both files."""

    def run(documents=(), *, hosts=None, folder=None, variables=None, **options):
        report = tmp_path / "report"
        for entry in documents:
            place = folder or report / "evidence"
            write_json(place / f"{host_file_name(entry.get('host') or 'unnamed')}.json", entry)
        door = Door(GateDoor, "winops.patching.patch_gate_report")
        arguments = {"report_dir": str(report), "run_id": RUN, "registered_as": "reading", **options}
        names = [entry["host"] for entry in documents] if hosts is None else hosts
        result = door.run(hosts=names, variables=variables, **arguments)
        assert door.calls == [], "nothing is asked of a host"
        found = json.loads((report / "gate.json").read_text(encoding="utf-8"))
        assert (found["passed"], found["totals"]) == (result["passed"], result["totals"])
        [suite] = junitparser.JUnitXml.fromfile(str(report / "junit.xml"))
        assert [case.name for case in suite] == list(found["hosts"])
        return result, found

    return run


def reasons(found):
    return {name: row["reason"] for name, row in found["hosts"].items()}


class TestCompliance:
    """The default question, of documents of this run."""

    def test_a_healthy_fleet_passes(self, gate):
        result, found = gate([evidence("web01"), evidence("web02")])
        assert (result["passed"], result["changed"]) == (True, False)
        assert reasons(found) == {"web01": None, "web02": None}
        row = found["hosts"]["web01"]
        assert (row["machine"], row["reboot"], row["safe_to_reboot"], row["read"]) == (
            "compliant",
            "not_required",
            "yes",
            True,
        )
        assert (row["scanned_at"], row["boot_time"]) == ("2026-11-18T00:00:00Z", BOOT)
        assert row["counts"]["installed"] == 1
        assert result["summary"] == "the gate is open: all 2 hosts are compliant"

    def test_each_host_fails_for_its_own_reason(self, gate):
        result, found = gate(
            [
                evidence("missing", scan(MISSING)),
                evidence("failed", scan(MISSING, history=[attempt(OTHER)])),
                evidence("rejected", scan(update(kb=["5001234"]))),
                evidence("waits") | {"probes": with_present("cbs_reboot_pending")["probes"]},
                evidence("stale", scan(scanned_at=OLD_SCAN)),
                evidence("damaged", {"updates": 7}),
                document(host="unscanned", run_id=RUN),
                evidence("unread", scan()) | {"probes": document({"cbs_reboot_pending": refused()})["probes"]},
                evidence("fine"),
            ],
            policy={"rejected": [{"kb": "5001234"}]},
        )
        assert reasons(found) == {
            "damaged": "unknown",
            "failed": "failed",
            "fine": None,
            "missing": "missing",
            "rejected": "rejected",
            "stale": "unknown",
            "unread": "unknown",
            "unscanned": "unknown",
            "waits": "needs_reboot",
        }
        assert result["passed"] is False
        assert "win_patch_info" in found["hosts"]["unscanned"]["message"]
        assert "no list" in found["hosts"]["damaged"]["error"]
        assert "missing: missing" in result["summary"]

    def test_a_host_without_a_scan_that_waits_for_a_reboot_has_both_reasons(self, gate):
        waiting = with_present("wu_reboot_required", host="web01", run_id=RUN)
        _result, found = gate([waiting], allow=["unknown"])
        assert [entry["reason"] for entry in found["hosts"]["web01"]["reasons"]] == ["needs_reboot", "unknown"]
        assert found["hosts"]["web01"]["passed"] is False

    def test_a_lenient_gate_passes_what_it_allows_and_nothing_else(self, gate):
        documents = [evidence("web01", scan(MISSING)), evidence("web02")]
        assert gate(documents, allow=["missing"])[0]["passed"] is True
        assert gate(documents, allow=["needs_reboot", "unknown"])[0]["passed"] is False

    def test_the_policy_of_the_gate_counts_and_not_that_of_the_document(self, gate):
        documents = [evidence(scanned=scan(MISSING), policy={"install": [{"kb": ["1111111"]}]})]
        assert gate(documents)[0]["passed"] is False
        assert gate(documents, policy={"install": [{"kb": ["1111111"]}]})[0]["passed"] is True

    def test_another_judge_may_decide(self, gate):
        old_tool = [evidence(scanned=scan(update(ID)))]
        assert gate(old_tool, judge="wua")[0]["passed"] is True
        assert reasons(gate(old_tool, judge="sms_2003")[1]) == {"web01": "unknown"}

    def test_ages_are_judged_when_the_host_was_read_unless_a_time_is_given(self, gate):
        assert gate([evidence()])[0]["passed"] is True
        assert reasons(gate([evidence()], now="2026-12-24T00:00:00Z")[1]) == {"web01": "unknown"}

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"policy": {"instal": []}}, r"policy\.instal: no such key \(did you mean install\?\)"),
            ({"policy": {"install": []}}, r"policy\.install: holds nothing"),
            ({"allow": ["misssing"]}, "misssing"),
            ({"for": "reboot"}, "for"),
            ({"judge": "me"}, "judge"),
            ({"now": "soon"}, "now: 'soon' is not a time"),
            ({"max_age": "soon"}, "max_age: 'soon' is not a duration"),
            ({"from": "evidence"}, "evidence_dir: from=evidence needs the folder"),
            ({"registered_as": None}, "registered_as: from=live needs the name"),
            ({"for": "reboot_done", "before": "/nowhere"}, "before: /nowhere is neither"),
        ],
    )
    def test_what_cannot_be_used_fails_the_task_by_name(self, gate, options, words):
        with pytest.raises(AnsibleError, match=words):
            gate([evidence()], **options)


class TestThisRun:
    """No host is left out, and no old document stands in."""

    def test_a_host_that_was_not_read_is_there_with_the_words_of_its_task(self, gate):
        results = {
            "dead": {"unreachable": True, "msg": "no route\nto host"},
            "broken": {"failed": True, "msg": "Task failed: the scan failed: 0x8024401C"},
        }
        variables = {"hostvars": {host: {"reading": result} for host, result in results.items()}}
        _result, found = gate([evidence()], hosts=["web01", "dead", "broken", "never"], variables=variables)
        assert reasons(found) == {"web01": None, "dead": "unreachable", "broken": "unknown", "never": "unknown"}
        assert found["hosts"]["dead"]["message"] == "no route to host"
        assert "0x8024401C" in found["hosts"]["broken"]["message"]
        assert "never reached" in found["hosts"]["never"]["message"]
        assert found["hosts"]["dead"]["read"] is False

    def test_the_failure_of_the_scan_is_the_reason_where_the_evidence_lacks_one(self, gate):
        variables = {"hostvars": {"web01": {"reading": {"failed": True, "msg": "the scan failed: 0x8024401C"}}}}
        _result, found = gate([document(host="web01", run_id=RUN)], variables=variables)
        assert found["hosts"]["web01"]["message"] == "the scan failed: 0x8024401C"

    def test_a_document_of_another_run_does_not_count(self, gate):
        assert reasons(gate([evidence() | {"run_id": "another"}])[1]) == {"web01": "unknown"}

    def test_a_run_with_a_given_name_counts_a_document_only_where_the_task_has_succeeded_now(self, gate):
        assert reasons(gate([evidence()], named=True)[1]) == {"web01": "unknown"}
        done = {"hostvars": {"web01": {"reading": {"changed": False, "scan": {}}}}}
        assert reasons(gate([evidence()], named=True, variables=done)[1]) == {"web01": None}
        dead = {"hostvars": {"web01": {"reading": {"unreachable": True, "msg": "gone"}}}}
        assert reasons(gate([evidence()], named=True, variables=dead)[1]) == {"web01": "unreachable"}

    def test_a_fleet_of_dead_hosts_never_passes(self, gate):
        dead = {"hostvars": {"web01": {"reading": {"unreachable": True, "msg": "gone"}}}}
        result, _found = gate(hosts=["web01"], variables=dead, allow=["unreachable", "unknown"])
        assert result["passed"] is False
        assert "not one was read" in result["summary"]


class TestBatches:
    """Only the last batch closes the gate: the others' hosts are not read yet."""

    @staticmethod
    def last(gate, begun, *, play, batch=("a",)):
        """What the door says on host a of a play; `begun` is what each host knows of the beginning."""
        variables = {
            "inventory_hostname": "a",
            "hostvars": {host: {"run": {"begun": {"at": token}}} for host, token in begun.items()},
            "ansible_play_hosts": list(play),
            "ansible_play_batch": list(batch),
        }
        return gate([], hosts=["a"], variables=variables, begun_as="run")[0]["last_batch"]

    @pytest.mark.parametrize(
        ("begun", "play", "last"),
        [
            ({"a": "now", "b": "now"}, "ab", True),
            ({"a": "now", "b": "now"}, "ba", True),
            ({"a": "now"}, "ab", False),
            ({"a": "now", "b": "an earlier play"}, "ab", False),
            # b has failed, and so it is in none of the lists.
            ({"a": "now"}, "a", True),
            # Nobody knows how the run has begun: better closed than open.
            ({}, "ab", True),
        ],
    )
    def test_a_batch_is_the_last_when_every_host_of_the_play_has_begun(self, gate, begun, play, last):
        assert self.last(gate, begun, play=play) is last

    def test_a_report_of_its_own_closes_the_gate(self, gate):
        assert gate([evidence()])[0]["last_batch"] is True


class TestSavedEvidence:
    """A folder, and no host at all."""

    @pytest.fixture
    def saved(self, gate, tmp_path):
        """`saved(documents, …)`: judged from a folder of their own."""
        folder = tmp_path / "saved"

        def run(documents=(), **options):
            hosts = options.pop("hosts", [])
            options = {"from": "evidence", "evidence_dir": str(folder), "registered_as": None, **options}
            return gate(documents, folder=options.pop("folder", folder), hosts=hosts, **options)

        folder.mkdir()
        return run

    def test_all_hosts_of_the_folder_are_judged_whichever_run_they_are_of(self, saved):
        result, found = saved([evidence("web01"), evidence("web02", scan(MISSING)) | {"run_id": None}])
        assert reasons(found) == {"web01": None, "web02": "missing"}
        assert (found["from"], result["passed"]) == ("evidence", False)

    def test_a_report_folder_is_as_good_as_its_folder_of_evidence(self, saved, tmp_path):
        (tmp_path / "saved" / "fleet.json").write_text('{"schema": "winops.patching/fleet/1"}', encoding="utf-8")
        _result, found = saved([evidence("web01")], folder=tmp_path / "saved" / "evidence")
        assert reasons(found) == {"web01": None}

    def test_a_scan_alone_is_unknown_about_its_reboot(self, saved):
        _result, found = saved([scan()], now="2026-11-18T04:00:00Z")
        assert reasons(found) == {"web01": "unknown"}
        assert "no evidence of the host" in found["hosts"]["web01"]["message"]
        assert (
            "the gate needs the evidence"
            in saved([scan()], **{"for": "reboot_allowed"})[1]["hosts"]["web01"]["message"]
        )

    def test_files_that_cannot_be_used_are_hosts_that_do_not_pass(self, saved, tmp_path):
        for name, text in {
            "cut.json": '{"sch',
            "list.json": "[]",
            "new.json": '{"schema": "winops.patching/evidence/9"}',
        }.items():
            (tmp_path / "saved" / name).write_text(text, encoding="utf-8")
        nameless = evidence() | {"host": None}
        result, found = saved([evidence("web01"), nameless])
        assert reasons(found) == {
            "web01": None,
            "cut": "unknown",
            "list": "unknown",
            "new": "unknown",
            "unnamed": "unknown",
        }
        assert result["passed"] is False
        assert "cut.json cannot be read" in found["hosts"]["cut"]["message"]
        assert "evidence/9" in found["hosts"]["new"]["message"]

    def test_reports_and_hidden_files_beside_the_evidence_are_no_hosts(self, saved, tmp_path):
        for name, text in {
            "gate.json": '{"schema": "winops.patching/gate/1"}',
            ".x.json": "{",
            "note.txt": "x",
        }.items():
            (tmp_path / "saved" / name).write_text(text, encoding="utf-8")
        assert reasons(saved([evidence("web01")])[1]) == {"web01": None}

    def test_two_files_of_one_host_are_no_answer(self, saved, tmp_path):
        write_json(tmp_path / "saved" / "copy.json", evidence("web01"))
        _result, found = saved([evidence("web01")])
        assert reasons(found) == {"web01": "unknown"}
        assert "keep one" in found["hosts"]["web01"]["message"]

    def test_hosts_that_are_named_must_all_be_there_and_no_other_counts(self, saved):
        documents = [evidence("web01"), evidence("web02", scan(MISSING))]
        assert reasons(saved(documents, hosts=["web01"])[1]) == {"web01": None}
        _result, found = saved(documents, hosts=["web01", "web03"])
        assert reasons(found) == {"web01": None, "web03": "unknown"}
        assert "holds no document of it" in found["hosts"]["web03"]["message"]

    def test_names_that_the_folder_does_not_know_at_all_are_not_its_hosts(self, saved):
        assert reasons(saved([evidence("web01")], hosts=["localhost"])[1]) == {"web01": None}

    def test_what_is_too_old_is_unknown(self, saved):
        now = datetime.now(UTC)
        young = evidence(system={"clock": format_time(now - timedelta(hours=1))}) | {
            "scan": scan(host="web01", scanned_at=format_time(now - timedelta(hours=2)))
        }
        assert reasons(saved([young], max_age="2h")[1]) == {"web01": None}
        _result, found = saved([young], max_age="30m")
        assert reasons(found) == {"web01": "unknown"}
        assert "too long; read it again" in found["hosts"]["web01"]["message"]
        assert reasons(saved([young | {"collected_at": None}], max_age="2h")[1]) == {"web01": "unknown"}


class TestReboots:
    """May it be rebooted, and did that work?"""

    def test_a_reboot_is_allowed_where_it_is_required_and_safe(self, gate):
        result, found = gate(
            [
                with_present("wu_reboot_required", host="waits", run_id=RUN),
                with_present("wu_reboot_required", "installer_running", host="busy", run_id=RUN),
                document(host="calm", run_id=RUN),
            ],
            **{"for": "reboot_allowed"},
        )
        assert reasons(found) == {"waits": None, "busy": "busy", "calm": "not_required"}
        assert result["passed"] is False
        assert found["hosts"]["waits"]["machine"] is None
        assert "installer_running" in found["hosts"]["busy"]["message"]

    def test_nothing_to_do_may_be_allowed(self, gate):
        options = {"for": "reboot_allowed", "allow": ["not_required"]}
        assert gate([document(host="web01", run_id=RUN)], **options)[0]["passed"] is True

    def test_a_reboot_is_done_only_after_the_boot_that_was_allowed(self, gate):
        waiting = with_present("wu_reboot_required", host="web01", run_id=RUN)
        assert gate([waiting], **{"for": "reboot_allowed"})[0]["passed"] is True
        cleaned = document(host="web01", run_id=RUN)
        _result, found = gate([cleaned], **{"for": "reboot_done"})
        assert reasons(found) == {"web01": "not_rebooted"}
        again = document(host="web01", run_id=RUN, system={"boot_time": "2026-11-18T03:00:00Z"})
        for _time in range(2):
            result, found = gate([again], **{"for": "reboot_done"})
            assert result["passed"] is True
            assert found["hosts"]["web01"]["boot_time_before"] == BOOT
        assert "only a fresh scan" in found["hosts"]["web01"]["message"]

    def test_a_host_that_was_not_allowed_to_reboot_need_not_have_booted(self, gate):
        calm = document(host="web01", run_id=RUN)
        gate([calm], **{"for": "reboot_allowed"})
        assert reasons(gate([calm], **{"for": "reboot_done"})[1]) == {"web01": None}

    def test_the_report_of_another_question_says_nothing_of_a_boot(self, gate):
        gate([evidence()])
        assert reasons(gate([evidence()], **{"for": "reboot_done"})[1]) == {"web01": None}

    @pytest.mark.parametrize("kind", ["folder", "gate.json"])
    def test_the_boot_time_of_before_may_be_given(self, gate, tmp_path, kind):
        if kind == "folder":
            before = tmp_path / "before"
            write_json(before / "a.json", document(host="web01"))
        else:
            gate([evidence()])
            before = tmp_path / "report" / "gate.json"
        options = {"for": "reboot_done", "before": str(before)}
        assert reasons(gate([document(host="web01", run_id=RUN)], **options)[1]) == {"web01": "not_rebooted"}

    @pytest.mark.parametrize("given", [False, True])
    def test_the_report_that_this_run_has_set_aside_is_the_report_of_before(self, gate, tmp_path, given):
        report = tmp_path / "report" / "gate.json"
        gate([with_present("wu_reboot_required", host="web01", run_id=RUN)], **{"for": "reboot_allowed"})
        set_aside(report)
        options = {"for": "reboot_done", **({"before": str(report)} if given else {})}
        cleaned = [document(host="web01", run_id=RUN)]
        assert reasons(gate(cleaned, **options)[1]) == {"web01": "not_rebooted"}
        # The next batch finds what this one has written, of hosts that were not read too.
        write_json(report, {"for": "reboot_done", "hosts": {"web01": {"read": False}}})
        assert reasons(gate(cleaned, **options)[1]) == {"web01": "not_rebooted"}

    def test_a_damaged_report_of_before_is_as_good_as_none(self, gate, tmp_path):
        (tmp_path / "report").mkdir()
        (tmp_path / "report" / "gate.json").write_text('{"hosts": 7, "for": "reboot_allowed"}', encoding="utf-8")
        assert reasons(gate([document(host="web01", run_id=RUN)], **{"for": "reboot_done"})[1]) == {"web01": None}


class TestFacts:
    """What the fact cache holds."""

    @staticmethod
    def run(gate, facts, **options):
        variables = {"hostvars": {host: {"ansible_facts": {"winops_patching": fact}} for host, fact in facts.items()}}
        return gate(hosts=list(facts), variables=variables, **{"from": "facts", "registered_as": None, **options})

    @staticmethod
    def fact(source):
        return verdict_fact(reboot_verdict(source), source)

    def test_reboots_are_judged_by_the_fact(self, gate):
        facts = {
            "a": self.fact(with_present("wu_reboot_required")),
            "b": self.fact(document()),
            "c": None,
            "d": {"reboot": 1},
        }
        _result, found = self.run(gate, facts, **{"for": "reboot_allowed"})
        assert reasons(found) == {"a": None, "b": "not_required", "c": "unknown", "d": "unknown"}
        assert "the fact cache holds no winops_patching" in found["hosts"]["c"]["message"]
        assert found["hosts"]["a"]["boot_time"] == BOOT

    @pytest.mark.parametrize("question", ["compliance", "reboot_allowed", "reboot_done"])
    @pytest.mark.parametrize(
        "wrong",
        [
            {"reboot": "no"},
            {"reboot": []},
            {"safe_to_reboot": 1},
            {"busy": None},
            {"busy": [7]},
            {"sentence": {}},
            {"machine": {}},
            {"machine": "fine"},
            {"reasons": "missing"},
            {"reasons": [7]},
            {"reasons": [{"reason": []}]},
        ],
    )
    def test_a_damaged_fact_is_unknown_and_names_what_is_wrong(self, gate, question, wrong):
        facts = {"a": {**self.fact(document()), "machine": "compliant", **wrong}}
        _result, found = self.run(gate, facts, **{"for": question})
        assert reasons(found) == {"a": "unknown"}
        assert f"is damaged ({next(iter(wrong))}); run " in found["hosts"]["a"]["message"]

    def test_an_old_fact_is_unknown(self, gate):
        facts = {"a": self.fact(with_present("wu_reboot_required"))}
        assert reasons(self.run(gate, facts, max_age="1h", **{"for": "reboot_allowed"})[1]) == {"a": "unknown"}

    def test_a_fact_without_updates_says_nothing_of_compliance(self, gate):
        facts = {"a": self.fact(document()), "b": self.fact(with_present("wu_reboot_required"))}
        _result, found = self.run(gate, facts)
        assert reasons(found) == {"a": "unknown", "b": "needs_reboot"}
        assert "says nothing of updates" in found["hosts"]["a"]["message"]

    def test_a_fact_with_the_answer_for_the_machine_is_taken(self, gate):
        facts = {
            "a": {**self.fact(document()), "machine": "compliant"},
            "b": {**self.fact(document()), "machine": "non_compliant"},
        }
        assert reasons(self.run(gate, facts)[1]) == {"a": None, "b": "missing"}

    def test_the_reasons_of_a_fact_have_no_words_and_are_told_by_their_number(self, gate):
        known = [{"reason": "failed", "count": 2}, {"reason": "needs_reboot", "count": 1}]
        fact = {**self.fact(document()), "machine": "non_compliant", "reasons": known}
        _result, found = self.run(gate, {"a": fact})
        assert [entry["reason"] for entry in found["hosts"]["a"]["reasons"]] == ["failed", "needs_reboot"]
        assert found["hosts"]["a"]["message"] == "failed: 2 found"


class TestBegin:
    """The first task of a gate."""

    @staticmethod
    def begin(**options):
        return Door(BeginDoor, "winops.patching.patch_begin").run(registered_as="run", **options)

    def test_saved_evidence_needs_no_host(self, tmp_path):
        write_json(tmp_path / "web01.json", evidence())
        assert self.begin(hosts=[], evidence_dir=str(tmp_path))["run_id"]

    @pytest.mark.parametrize("files", [{}, {"fleet.json": '{"schema": "winops.patching/fleet/1"}', "a.txt": "x"}])
    def test_a_folder_without_a_document_fails(self, tmp_path, files):
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(AnsibleError, match=r"no evidence: .* nothing was looked at"):
            self.begin(hosts=["web01"], evidence_dir=str(tmp_path))

    def test_a_folder_that_is_not_there_fails_with_its_name(self, tmp_path):
        with pytest.raises(AnsibleError, match="nowhere cannot be read: No such file"):
            self.begin(hosts=[], evidence_dir=str(tmp_path / "nowhere"))
