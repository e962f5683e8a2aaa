# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate: what passes, why not, in a document, in a table, and as JUnit XML."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import combinations

import junitparser
import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.gate import (
    REASONS,
    SCHEMA,
    Objection,
    allowed_objections,
    compliance_objections,
    done_objections,
    gate_document,
    gate_row,
)
from ansible_collections.winops.patching.plugins.plugin_utils._report.gate_table import (
    gate_sentences,
    gate_summary,
    gate_table,
)
from ansible_collections.winops.patching.plugins.plugin_utils._report.junit import junit_xml
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    ok,
    refused,
    running,
    verdict,
    with_present,
)
from hypothesis import given
from hypothesis import strategies as st

AT = datetime(2026, 11, 18, 3, 30, tzinfo=UTC)
BOOT = "2026-11-17T22:40:00Z"


def row(*reasons, allow=(), read=True, **facts):
    objections = [Objection(reason, f"because of {reason}", 1) for reason in reasons]
    return gate_row(objections, allow, message="fine", facts=facts, read=read)


def gate(rows, *, question="compliance", allow=()):
    return gate_document(rows, at=AT, run_id="r1", question=question, source="live", allow=list(allow))


def words(objections):
    return [objection.reason for objection in objections]


def answer(machine, *reasons, reboot="not_required"):
    listed = [{"reason": reason, "count": 1, "text": reason} for reason in reasons]
    return {"machine": machine, "reboot": reboot, "reasons": listed, "sentence": f"it is {machine}"}


class TestCompliance:
    """What speaks against a host whose updates were judged."""

    def test_nothing_speaks_against_a_compliant_machine(self):
        assert compliance_objections(answer("compliant")) == []

    def test_every_reason_is_taken_over(self):
        found = compliance_objections(answer("non_compliant", "failed", "missing", "needs_reboot"))
        assert words(found) == ["failed", "missing", "needs_reboot"]

    @pytest.mark.parametrize(
        ("machine", "given", "implied"),
        [
            ("non_compliant", [], "missing"),
            ("non_compliant", ["needs_reboot"], "missing"),
            ("pending_reboot", ["unknown"], "needs_reboot"),
            ("unknown", [], "unknown"),
            ("a new word", [], "unknown"),
        ],
    )
    def test_a_machine_never_passes_for_want_of_a_reason(self, machine, given, implied):
        assert words(compliance_objections(answer(machine, *given))) == [*given, implied]

    @pytest.mark.parametrize(("reboot", "reason"), [("required", "needs_reboot"), ("unknown", "unknown")])
    def test_the_reboot_verdict_is_a_reason_of_its_own(self, reboot, reason):
        assert reason in words(compliance_objections(answer("non_compliant", "missing", reboot=reboot)))


class TestRebootAllowed:
    """May this host be rebooted now?"""

    @pytest.mark.parametrize(
        ("evidence", "reasons"),
        [
            (with_present("wu_reboot_required"), []),
            (with_present("wu_reboot_required", "installer_running"), ["busy"]),
            (with_present("cbs_reboot_in_progress"), ["busy"]),
            (with_present("cbs_reboot_pending") | {}, []),
            (document(), ["not_required"]),
            (with_present("server_manager_attempts"), ["not_required"]),
            (document({"cbs_reboot_pending": refused()}), ["unknown"]),
            (document({"cbs_reboot_pending": ok(values={}), "msi_mutex": refused()}), ["unknown"]),
        ],
    )
    def test_only_a_reboot_that_is_required_and_safe_is_allowed(self, evidence, reasons):
        assert words(allowed_objections(verdict(evidence))) == reasons


class TestRebootDone:
    """Did the reboot do its work?"""

    @pytest.mark.parametrize(
        ("evidence", "reasons"),
        [
            (document(), []),
            (with_present("wu_reboot_required"), ["needs_reboot"]),
            (document({"cbs_reboot_pending": refused()}), ["unknown"]),
            (document({"processes": running(("TiWorker", 812))}), ["busy"]),
            (with_present("installer_running"), []),
        ],
    )
    def test_nothing_may_be_left_that_waits_or_is_at_work(self, evidence, reasons):
        assert words(done_objections(verdict(evidence), BOOT, None)) == reasons

    @pytest.mark.parametrize(
        ("before", "reasons"),
        [
            (None, []),
            ("damaged", []),
            ("2026-11-01T00:00:00Z", []),
            ("2026-11-17T22:37:59Z", []),
            ("2026-11-17T22:38:00Z", ["not_rebooted"]),
            (BOOT, ["not_rebooted"]),
            ("2026-11-17T22:41:00Z", ["not_rebooted"]),
        ],
    )
    def test_the_host_must_have_booted_since_where_that_is_known(self, before, reasons):
        assert words(done_objections(verdict(document()), BOOT, before)) == reasons

    def test_a_boot_time_that_could_not_be_read_is_unknown(self):
        assert words(done_objections(verdict(document()), None, BOOT)) == ["unknown"]


class TestRow:
    """One host."""

    def test_a_host_against_which_nothing_speaks_passes(self):
        assert row() == {
            "passed": True,
            "reason": None,
            "message": "fine",
            "reasons": [],
            "read": True,
            "machine": None,
            "reboot": "unknown",
            "safe_to_reboot": "unknown",
            "error": None,
        }

    def test_the_reason_is_the_worst_that_is_not_allowed(self):
        found = row("unknown", "needs_reboot", "missing", allow=["missing"])
        assert (found["passed"], found["reason"], found["message"]) == (
            False,
            "needs_reboot",
            "because of needs_reboot",
        )
        assert [entry["reason"] for entry in found["reasons"]] == ["needs_reboot", "unknown", "missing"]

    @pytest.mark.parametrize("reasons", [pair for size in (1, 2) for pair in combinations(REASONS, size)])
    def test_a_host_passes_exactly_when_all_its_reasons_are_allowed(self, reasons):
        assert row(*reasons, allow=reasons)["passed"]
        assert not row(*reasons, allow=reasons[1:])["passed"]
        assert not row(*reasons)["passed"]


class TestDocument:
    """All hosts."""

    def test_it_has_the_fixed_keys_and_its_hosts_by_name(self):
        found = gate({"b": row(machine="compliant"), "a": row("missing")}, allow=["unknown"])
        assert (found["schema"], found["for"], found["from"], found["run_id"]) == (SCHEMA, "compliance", "live", "r1")
        assert (found["at"], found["passed"], found["allow"]) == ("2026-11-18T03:30:00Z", False, ["unknown"])
        assert list(found["hosts"]) == ["a", "b"]
        assert found["totals"]["reasons"] == {"missing": 1}
        assert (found["totals"]["hosts"], found["totals"]["passed"], found["totals"]["failed"]) == (2, 1, 1)
        assert json.loads(json.dumps(found)) == found

    def test_it_is_passed_when_every_host_passes(self):
        assert gate({"a": row(), "b": row("missing", allow=["missing"])})["passed"]
        assert not gate({"a": row(), "b": row("missing")})["passed"]

    def test_without_hosts_it_is_not_passed(self):
        assert not gate({})["passed"]

    def test_where_no_host_was_read_nothing_passes_whatever_is_allowed(self):
        dead = row("unreachable", allow=["unreachable"], read=False)
        assert dead["passed"]
        alone = gate({"a": dead}, allow=["unreachable"])
        assert (alone["passed"], alone["hosts"]["a"]["passed"], alone["totals"]["passed"]) == (False, False, 0)
        assert gate({"a": dead, "b": row()})["passed"]


FLEET = {
    "web01": row(machine="compliant", reboot="not_required"),
    "web02": row("missing", "needs_reboot", machine="non_compliant", reboot="required"),
    "web03": row("unreachable", read=False),
    "web04": row("unknown", allow=["unknown"], machine="unknown"),
}


class TestTable:
    """What people see."""

    def test_hosts_that_do_not_pass_come_first_with_their_reason(self):
        lines = gate_table(gate(FLEET)).splitlines()
        assert lines[0].split()[:4] == ["host", "gate", "machine", "reboot"]
        assert [line.split()[:2] for line in lines[2:]] == [
            ["web03", "FAIL"],
            ["web02", "FAIL"],
            ["web04", "pass*"],
            ["web01", "pass"],
        ]
        assert "needs reboot" not in lines[3]
        assert "because of missing" in lines[3]

    def test_the_questions_about_reboots_show_whether_it_is_safe(self):
        assert "safe now" in gate_table(gate(FLEET, question="reboot_allowed"))

    def test_every_reason_has_a_sentence_of_its_own_with_its_hosts(self):
        rows = {f"host-{reason}": row(reason) for reason in REASONS}
        text = gate_sentences(gate(rows))
        for reason, sentence in REASONS.items():
            assert f"{sentence} (1 host)\n  host-{reason}: because of {reason}" in text
        assert len(set(REASONS.values())) == len(REASONS)

    def test_a_host_stands_under_each_of_its_reasons_and_allowed_ones_are_left_out(self):
        text = gate_sentences(gate(FLEET))
        assert text.count("web02: ") == 2
        assert "web04" not in text
        assert "web01" not in text

    @pytest.mark.parametrize(
        ("rows", "allow", "summary"),
        [
            (FLEET, (), "the gate is closed: 2 of 4 hosts did not pass (unreachable: web03; missing: web02)"),
            ({"a": row()}, (), "the gate is open: the one host is compliant"),
            (
                {"a": row("unreachable", read=False)},
                (),
                "the gate is closed: of 1 host not one was read (unreachable: a)",
            ),
            (
                {"a": row("missing", allow=["missing"]), "b": row()},
                ["missing"],
                "the gate is open: all 2 hosts pass, 1 host only because missing is allowed",
            ),
        ],
    )
    def test_the_summary_says_open_or_closed_and_who(self, rows, allow, summary):
        assert gate_summary(gate(rows, allow=allow)) == summary

    def test_the_summary_of_many_hosts_stays_short(self):
        rows = {f"web{number:05}": row("missing") for number in range(5000)}
        assert "web00019 and 4980 more" in gate_summary(gate(rows))
        assert len(gate_summary(gate(rows))) < 500

    def test_host_text_does_not_move_the_cursor(self):
        hostile = gate_row([Objection("unknown", "a\x1b[2Jb\nc\u202ed")], (), message="", facts={})
        found = gate({"w\x1b": hostile})
        shown = gate_table(found) + gate_sentences(found) + gate_summary(found)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert len(gate_table(found).splitlines()) == 3


def read(found, tmp_path):
    """The file as a CI system reads it."""
    path = tmp_path / "junit.xml"
    path.write_text(junit_xml(found), encoding="utf-8")
    [suite] = junitparser.JUnitXml.fromfile(str(path))
    return suite


class TestJunit:
    """The JUnit file, read by junitparser."""

    def test_each_host_is_a_test_and_the_counts_agree(self, tmp_path):
        suite = read(gate(FLEET), tmp_path)
        assert suite.name == "winops.patching.gate.compliance"
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 1, 1, 1)
        found = {
            case.name: [(type(entry).__name__, entry.type, entry.message) for entry in case.result] for case in suite
        }
        assert found == {
            "web01": [],
            "web02": [("Failure", "missing", "because of missing")],
            "web03": [("Error", "unreachable", "because of unreachable")],
            "web04": [("Skipped", "unknown", "unknown (allowed): because of unknown")],
        }
        assert {case.classname for case in suite} == {"winops.patching.gate.compliance"}
        assert {entry.name: entry.value for entry in suite.properties()}["passed"] == "False"

    def test_all_reasons_of_a_host_are_in_its_text(self, tmp_path):
        [case] = [case for case in read(gate(FLEET), tmp_path) if case.name == "web02"]
        assert case.result[0].text == "missing: because of missing\nneeds_reboot: because of needs_reboot"

    def test_when_no_host_was_read_nothing_is_green(self, tmp_path):
        rows = {"a": row("unreachable", allow=["unreachable"], read=False)}
        assert read(gate(rows), tmp_path).errors == 1

    @given(text=st.text(max_size=60), name=st.text(min_size=1, max_size=20))
    def test_whatever_a_host_says_the_file_can_be_read(self, tmp_path_factory, text, name):
        hostile = gate_row([Objection("failed", text)], (), message="", facts={})
        suite = read(gate({name: hostile}), tmp_path_factory.mktemp("junit"))
        assert (suite.tests, suite.failures) == (1, 1)

    def test_what_xml_forbids_is_replaced_and_the_rest_is_kept(self, tmp_path):
        text = "a\x00b\x1bc\ud800d\ufffee<&\"'>ü𝄞"
        hostile = gate_row([Objection("failed", text)], (), message="", facts={})
        [case] = read(gate({"w": hostile}), tmp_path)
        assert case.result[0].message == "a\ufffdb\ufffdc\ufffdd\ufffde<&\"'>ü𝄞"
