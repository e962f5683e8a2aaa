# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The doors around a run's journal: notes, looks at jobs, what is known of them, results and the report."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.winops.patching.plugins.action import patch_progress, patch_run_report
from ansible_collections.winops.patching.plugins.action.patch_note import ActionModule as NoteDoor
from ansible_collections.winops.patching.plugins.action.patch_progress import ActionModule as ProgressDoor
from ansible_collections.winops.patching.plugins.action.patch_run_known import ActionModule as KnownDoor
from ansible_collections.winops.patching.plugins.action.patch_run_report import ActionModule as ReportDoor
from ansible_collections.winops.patching.plugins.action.patch_run_result import ActionModule as ResultDoor
from ansible_collections.winops.patching.plugins.action.patch_watch import ActionModule as WatchDoor
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import run_watch
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import write_json
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_journal import append, journal_path
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.action.scanned_host import (
    PID,
    ScanDoor,
    ScannedHost,
    stamp,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import document
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.journals import (
    JOB,
    armed,
    at,
    begin,
    done,
    end,
    name,
    plan,
    started,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.report.runs import RUN, install, update
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.compliance.scans import OTHER, scan
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.compliance.scans import (
    update as scanned_update,
)

LINES = (armed(), started(1), begin(1, 10), end(1, 20))


def lines_of(folder, host="web01"):
    path = folder / "journal" / f"{host}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def write(host, *lines, alive=True):
    """The journal of the job on the host, from its beginning."""
    host.write(JOB, "plan.json", json.dumps(plan(1, 2)) + "\n")
    host.write(JOB, "journal.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    host.running = {"Id": JOB, "Kind": "install", "ProcessId": PID, "StartedAt": stamp(host.now)} if alive else None


@pytest.fixture
def host():
    """A host with a job that has installed one update of two."""
    found = ScannedHost()
    write(found, *LINES)
    return found


@pytest.fixture
def watch(tmp_path):
    """`watch(host, earlier, …)`: one look."""

    def run(host, earlier=None, **options):
        given = {"id": JOB, "report_dir": str(tmp_path), "run_id": RUN, "earlier": earlier or {}, **options}
        return ScanDoor(WatchDoor, "winops.patching.patch_watch", host).run(**given)

    return run


@pytest.fixture
def note(tmp_path):
    """`note(step, data)`: one line."""

    def run(step, data=None, **options):
        given = {"report_dir": str(tmp_path), "run_id": RUN, "step": step, "data": data or {}, **options}
        return Door(NoteDoor, "winops.patching.patch_note").run(**given)

    return run


@pytest.fixture
def known(tmp_path):
    """`known(job=…)` or `known(jobs=…)`."""

    def run(**options):
        return Door(KnownDoor, "winops.patching.patch_run_known").run(report_dir=str(tmp_path), **options)

    return run


class TestNote:
    """One line, in check mode too."""

    def test_a_note_is_a_line_of_the_hosts_journal(self, note, tmp_path):
        begun = datetime.now(UTC).replace(microsecond=0)
        result = note("plan", {"state": "planned", "text": "a\x1b[2J"}, check_mode=True)
        (line,) = lines_of(tmp_path)
        assert {key: line[key] for key in ("run_id", "host", "step", "state", "text")} == {
            "run_id": RUN,
            "host": "web01",
            "step": "plan",
            "state": "planned",
            "text": "a [2J",
        }
        assert begun <= datetime.fromisoformat(line["at"]) <= datetime.now(UTC)
        assert (result["changed"], result["journal"]) == (False, str(tmp_path / "journal" / "web01.jsonl"))

    @pytest.mark.parametrize("key", ["at", "run_id", "host", "step"])
    def test_nobody_else_says_when_and_for_whom_a_line_was_written(self, note, key, tmp_path):
        with pytest.raises(AnsibleError, match=f"data: '{key}' is written by this task itself"):
            note("plan", {key: "x"})
        assert lines_of(tmp_path) == []

    @pytest.mark.parametrize("step", ["job", "job_over", "result", "reported"])
    def test_steps_with_a_door_of_their_own_are_refused(self, note, step):
        with pytest.raises(AnsibleError, match="name your step otherwise"):
            note(step)


class TestWatch:
    """One look: what is new is kept once, and a silent host is an answer."""

    def test_a_look_keeps_the_lines_and_tells_how_far_the_job_is(self, watch, host, tmp_path):
        result = watch(host)
        assert host.modules() == ["win_probe"]
        kept = lines_of(tmp_path)
        assert [(line["step"], line["job"], line["number"]) for line in kept] == [
            ("job", JOB, number) for number in (1, 2, 3, 4)
        ]
        assert [line["line"]["phase"] for line in kept][:2] == ["armed", "downloading"]
        assert (result["phase"], result["over"], result["running"], result["lost"]) == ("installing", False, True, 0)
        assert result["counts"]["installed"] == 1
        assert result["changed"] is False

    def test_the_next_look_keeps_only_what_is_new(self, watch, host, tmp_path):
        first = watch(host)
        again = watch(host, first)
        assert len(lines_of(tmp_path)) == 4
        write(host, *LINES, begin(2, 20))
        third = watch(host, again)
        assert [line["number"] for line in lines_of(tmp_path)] == [1, 2, 3, 4, 5]
        assert third["current"]["id"] == name(2)
        assert third["began"] == first["began"]

    def test_a_second_controller_that_knows_nothing_keeps_no_line_twice(self, watch, host, tmp_path):
        watch(host)
        watch(host, run_id="another")
        assert [line["number"] for line in lines_of(tmp_path)] == [1, 2, 3, 4]

    def test_a_line_that_was_lost_is_kept_after_all(self, watch, host, tmp_path):
        watch(host)
        path = tmp_path / "journal" / "web01.jsonl"
        whole = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text(whole[0] + whole[1][:20], encoding="utf-8")
        watch(host)
        kept = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
        assert [line["number"] for line in kept] == [1, 2, 3, 4]

    def test_the_end_of_a_job_is_the_end_of_the_watch(self, watch, host):
        write(host, *LINES, done(30), alive=False)
        result = watch(host)
        assert (result["over"], result["outcome"], result["gave_up"]) == (True, "finished", False)

    def test_who_is_done_asks_the_host_nothing_more(self, watch, host):
        write(host, *LINES, done(30), alive=False)
        first = watch(host)
        asked = len(host.calls)
        again = watch(host, {**first, "failed": False, "warnings": ["w"]})
        assert len(host.calls) == asked
        assert (again["over"], again["outcome"], again.get("warnings")) == (True, "finished", None)

    def test_a_job_that_died_is_over_and_the_journal_knows_it(self, watch, host, known, tmp_path):
        write(host, *LINES, alive=False)
        host.system = {"clock": at(90), "boot_time": at(-600)}
        result = watch(host)
        assert (result["over"], result["interrupted"], result["outcome"]) == (True, True, None)
        assert lines_of(tmp_path)[-1]["step"] == "job_over"
        assert known(job=JOB)["ended"] is True
        watch(host)
        assert [line["step"] for line in lines_of(tmp_path)].count("job_over") == 1

    def test_a_silent_host_is_counted_and_one_that_answers_again_is_forgiven(self, watch, host):
        first = watch(host)
        host.losses = dict.fromkeys(range(1, 9), AnsibleConnectionFailure("refused\x1b"))
        lost = watch(host, first)
        assert (lost["lost"], lost["over"], lost["phase"], lost["running"]) == (1, False, "installing", None)
        assert lost["lost_since"]
        assert "\x1b" not in lost["progress"]
        assert lost["counts"] == first["counts"], "what was last seen"
        again = watch(host, lost)
        assert (again["lost"], again["lost_since"]) == (2, lost["lost_since"])
        host.losses = {}
        assert watch(host, again)["lost"] == 0

    def test_a_host_that_is_silent_for_too_long_is_given_up(self, watch, host):
        first = watch(host)
        host.losses = dict.fromkeys(range(1, 9), AnsibleConnectionFailure("refused"))
        lost = {**watch(host, first), "lost_since": "2026-01-01T00:00:00Z"}
        result = watch(host, lost)
        assert (result["over"], result["gave_up"], result["outcome"]) == (True, True, None)
        assert "has not answered since 2026-01-01T00:00:00Z" in result["progress"]

    def test_a_job_is_followed_for_so_long_and_no_longer(self, watch, host):
        result = watch(host, {**watch(host), "began": "2026-01-01T00:00:00Z"})
        assert (result["over"], result["gave_up"]) == (True, True)
        assert "the job goes on" in result["progress"]
        write(host, *LINES, done(30), alive=False)
        ended = watch(host, {**watch(host), "over": False, "began": "2026-01-01T00:00:00Z"})
        assert (ended["over"], ended["gave_up"], ended["outcome"]) == (True, False, "finished")

    def test_a_job_that_is_gone_is_given_up_with_the_reason(self, watch):
        result = watch(ScannedHost())
        assert (result["over"], result["gave_up"]) == (True, True)
        assert "there is no job" in result["progress"]
        assert "failed" not in result

    def test_a_host_that_cannot_be_read_is_asked_again_later(self, watch, host):
        host.losses[1] = {"failed": True, "msg": "MODULE FAILURE"}
        result = watch(host)
        assert (result["lost"], result["over"]) == (1, False)
        assert "MODULE FAILURE" in result["progress"]

    def test_a_journal_of_many_pieces_is_read_to_its_end(self, watch, host, tmp_path, monkeypatch):
        many = [{"at": at(1), "phase": "installing", "step": "clock_jump", "seconds": 1}] * 1500
        write(host, *LINES, *many, done(30), alive=False)
        result = watch(host)
        assert (result["over"], len(lines_of(tmp_path))) == (True, 1505)
        monkeypatch.setattr(run_watch, "MOST_PIECES", 1)
        assert watch(host)["over"] is False, "the end was not read yet"

    def test_what_another_watch_returned_is_no_earlier_look(self, watch, host):
        for given in ({"id": "install-20261121T215900Z-ffffffff", "offset": 999, "over": True}, {"id": JOB}, {"x": 1}):
            assert watch(host, given)["lines_read"] == 4

    def test_what_is_no_id_of_a_job_is_refused_before_the_host_is_asked(self, watch, host):
        with pytest.raises(AnsibleError, match="is no id of a job"):
            watch(host, id="..\\evil")
        assert host.calls == []


class TestParked:
    """A job that only waits for its window for reboots, which may be weeks away."""

    @pytest.mark.parametrize(("minutes", "until"), [(50, None), (20160, at(20190))])
    def test_nobody_waits_for_weeks(self, watch, host, minutes, until):
        line = {
            "at": at(30),
            "phase": "rebooting",
            "step": "waiting",
            "until": at(30 + minutes),
            "reason": "not_before",
        }
        write(host, *LINES, line)
        looked = watch(host)
        assert (looked["over"], looked["parked_until"], looked["outcome"]) == (until is not None, until, None)
        assert (f"waits until {until}" in looked["progress"]) is (until is not None)

    def test_a_job_that_waits_for_another_installer_is_followed(self, watch, host):
        line = {"at": at(30), "phase": "rebooting", "step": "waiting", "until": at(900), "reason": "other_installer"}
        write(host, *LINES, line)
        assert watch(host)["over"] is False


class TestKnown:
    """What the journal knows of a job, and whose end it does not."""

    def test_a_job_that_was_watched_is_known_until_then(self, watch, host, known):
        watch(host)
        result = known(job=JOB, return_lines=True)
        assert (result["lines"], result["ended"], result["last_at"], result["since"]) == (4, False, at(20), None)
        assert [line["phase"] for line in result["job_lines"]] == ["armed", "downloading", "installing", "installing"]
        assert result["changed"] is False

    def test_of_a_job_that_nobody_watched_nothing_is_known(self, known):
        result = known(job=JOB)
        assert (result["lines"], result["ended"], result["last_at"], result["read_at"]) == (0, False, None, None)

    def test_of_all_jobs_the_one_is_found_that_somebody_has_to_tell(self, watch, host, known, tmp_path):
        jobs = [{"id": JOB, "kind": "install", "state": "finished", "started_at": stamp(datetime.now(UTC))}]
        assert known(jobs=jobs)["job"] == JOB
        write(host, *LINES, done(30), alive=False)
        watch(host)
        assert known(jobs=jobs)["job"] == JOB, "its controller may have been lost before it could report"
        append(journal_path(tmp_path, "web01"), [{"step": "result", "jobs": [JOB]}, {"step": "reported"}])
        assert known(jobs=jobs)["job"] is None
        assert known(job=JOB)["since"] == at(30)

    def test_hooks_that_a_lost_controller_left_open_are_told(self, note, known):
        note("hooks", {"open": True})
        assert known(jobs=[])["hooks_open"] is True
        note("hooks", {"open": False})
        assert known(jobs=[])["hooks_open"] is False

    @pytest.mark.parametrize("options", [{}, {"job": JOB, "jobs": []}])
    def test_either_a_job_or_the_list_is_asked_about(self, known, options):
        with pytest.raises(AnsibleError, match="job, jobs: give"):
            known(**options)


class TestProgress:
    """A sweep: told, and slept after, while a job goes on."""

    @pytest.fixture
    def progress(self, monkeypatch):
        slept, said = [], []
        monkeypatch.setattr(patch_progress, "sleep", slept.append)
        monkeypatch.setattr(patch_progress, "say", said.append)

        def run(looks, **options):
            variables = {"hostvars": {host: {"watched": look} for host, look in looks.items()}}
            door = Door(ProgressDoor, "winops.patching.patch_progress")
            given = {"hosts": [*looks, "never"], "registered_as": "watched", "seconds": 15, **options}
            return door.run(variables=variables, **given), slept, said

        return run

    def test_while_a_job_goes_on_the_task_waits(self, progress, watch, host):
        result, slept, said = progress({"web01": watch(host), "web02": {"skipped": True}})
        assert (result["going_on"], result["running"], slept, result["sweeps"]) == (True, ["web01"], [15], 1)
        assert "installing" in said[0]
        again, slept, said = progress({"web01": watch(host)}, earlier=result)
        assert (again["sweeps"], slept[1], len(said)) == (2, 15, 2)
        assert said[1].endswith("nothing new: 1 of 1 jobs goes on: web01")

    def test_when_all_are_over_nobody_waits(self, progress, watch, host):
        write(host, *LINES, done(30), alive=False)
        result, slept, _said = progress({"web01": watch(host)})
        assert (result["going_on"], result["running"], slept) == (False, [], [])


@pytest.fixture
def result(tmp_path):
    """`result(facts, found=…, age=…)`: the answer for a host whose document is so many seconds old; None: has none."""

    def run(facts, *, found=None, age=0, run_id=RUN, host="web01", check_mode=False, **options):
        if found is not None:
            path = tmp_path / "evidence" / f"{host}.json"
            write_json(path, document(host=host, run_id=RUN, scan={**found, "host": host}))
            when = datetime.now(UTC).timestamp() - age
            os.utime(path, (when, when))
        door = Door(ResultDoor, "winops.patching.patch_run_result")
        arguments = {"report_dir": str(tmp_path), "run_id": run_id, "facts": facts, **options}
        return door.run(variables={"inventory_hostname": host}, check_mode=check_mode, **arguments)

    return run


COMPLIANT = scan(scanned_update(OTHER))
NOTHING = {"plan": {"state": "nothing_to_do"}}


class TestResult:
    """The facts of a run held against the newest document of the run."""

    def test_the_machine_is_that_of_the_newest_document(self, result, tmp_path):
        answer = result(NOTHING, found=COMPLIANT)
        assert (answer["outcome"], answer["failed_host"], answer["run"]["machine"]) == (
            "nothing_to_do",
            False,
            "compliant",
        )
        (line,) = lines_of(tmp_path)
        assert (line["step"], line["outcome"], line["run_id"]) == ("result", "nothing_to_do", RUN)
        missing = result(NOTHING, found=scan(scanned_update(OTHER, installed=False)))
        assert missing["run"]["machine"] == "non_compliant"

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            ({}, "it was never reached"),
            ({"found": COMPLIANT, "run_id": "another"}, "of an earlier one"),
            ({"found": {"updates": 7}}, "cannot be judged"),
            ({"found": COMPLIANT, "age": 86_400, "begun": stamp(datetime.now(UTC))}, "an earlier one had the same id"),
        ],
    )
    def test_without_a_document_that_counts_the_host_is_unknown(self, result, words, reason):
        answer = result(NOTHING, **words)
        assert (answer["outcome"], answer["failed_host"]) == ("unknown", True)
        assert reason in answer["sentence"]

    def test_a_document_from_before_the_last_change_proves_nothing(self, result, watch, host):
        watch(host)
        facts = {"install": [install(update(1, "verified"))]}
        old = result(facts, found=COMPLIANT, age=60)
        assert (old["outcome"], old["failed_host"]) == ("unknown", True)
        assert "nobody looked at the host after it was changed" in old["run"]["doubt"]
        assert result(facts, found=COMPLIANT)["outcome"] == "patched"

    def test_a_reboot_and_a_note_of_a_change_count_too(self, result, note):
        now = datetime.now(UTC)
        facts = {**NOTHING, "reboots": [{"state": "rebooted", "at": stamp(now), "decision": {"state": "go"}}]}
        assert result(facts, found=COMPLIANT, age=60)["outcome"] == "unknown"
        refused = {**NOTHING, "reboots": [{"state": "refused", "at": stamp(now), "decision": {"state": "busy"}}]}
        assert result(refused, found=COMPLIANT, age=60)["outcome"] == "nothing_to_do"
        note("package", {"changed": True})
        assert result(NOTHING, found=COMPLIANT, age=60)["outcome"] == "unknown"

    def test_a_check_run_is_told_by_the_task_itself(self, result):
        facts = {"plan": {"state": "planned", "plan": {"updates": [{"id": OTHER, "title": "KB1"}]}}}
        found = scan(scanned_update(OTHER, installed=False))
        assert result(facts, found=found, check_mode=True)["outcome"] == "planned"
        assert result(facts, found=found)["outcome"] == "unknown"


class TestReport:
    """All hosts of a run, from their journals and documents."""

    @pytest.fixture
    def report(self, tmp_path, monkeypatch):
        said = []
        monkeypatch.setattr(patch_run_report, "say", said.append)

        def run(tasks, **options):
            variables = {"hostvars": {host: {"result": task} for host, task in tasks.items() if task is not None}}
            arguments = {"hosts": list(tasks), "report_dir": str(tmp_path), "run_id": RUN, "registered_as": "result"}
            door = Door(ReportDoor, "winops.patching.patch_run_report")
            answer = door.run(variables={**variables, **options.pop("variables", {})}, **arguments, **options)
            return answer, json.loads((tmp_path / "fleet.json").read_text(encoding="utf-8")), "\n".join(said)

        return run

    def test_every_host_is_in_the_document_and_in_the_table(self, result, report):
        good = result(NOTHING, found=COMPLIANT)
        tasks = {"web01": good, "web02": {"unreachable": True, "msg": "no route\x1b[2J"}, "web03": None}
        answer, fleet, text = report(tasks)
        assert answer["failed_hosts"] == ["web02", "web03"]
        assert fleet["hosts"]["web01"]["run"]["outcome"] == "nothing_to_do"
        assert (fleet["hosts"]["web01"]["machine"], fleet["hosts"]["web01"]["updates"]) == (
            "compliant",
            {"installed": 1},
        )
        assert fleet["hosts"]["web02"]["error"].endswith("unreachable: no route [2J.")
        assert "never reached, or was lost on the way" in fleet["hosts"]["web03"]["error"]
        assert {row["reboot"] for host, row in fleet["hosts"].items() if host != "web01"} == {"unknown"}
        assert all(host in text for host in tasks)
        assert fleet["run_id"] == RUN

    def test_the_journals_are_told_when_the_report_is_written_and_not_before(
        self, result, report, tmp_path, monkeypatch
    ):
        result(NOTHING, found=COMPLIANT)

        def full(path, value):
            raise AnsibleError("no space is left")

        with monkeypatch.context() as patch:
            patch.setattr(patch_run_report, "write_json", full)
            with pytest.raises(AnsibleError, match="no space"):
                report({"web01": None})
        assert [line["step"] for line in lines_of(tmp_path)] == ["result"]
        report({"web01": None, "web02": None})
        assert [line["step"] for line in lines_of(tmp_path)] == ["result", "reported"]
        assert not journal_path(tmp_path, "web02").exists()

    def test_a_result_that_stands_in_the_journal_needs_no_task(self, result, report):
        result(NOTHING, found=COMPLIANT)
        _answer, fleet, _text = report({"web01": None})
        assert fleet["hosts"]["web01"]["run"]["outcome"] == "nothing_to_do"

    def test_under_a_name_that_was_given_only_what_was_done_now_counts(self, result, report):
        good = result(NOTHING, found=COMPLIANT)
        _answer, fleet, _text = report({"web01": None}, named=True)
        assert fleet["hosts"]["web01"]["run"]["outcome"] == "unknown"
        _answer, fleet, _text = report({"web01": good}, named=True)
        assert fleet["hosts"]["web01"]["error"] is None

    def test_a_result_of_another_run_is_none_of_this_one(self, result, report):
        result(NOTHING, found=COMPLIANT, run_id="another")
        _answer, fleet, _text = report({"web01": None})
        assert fleet["hosts"]["web01"]["run"]["outcome"] == "unknown"

    def test_a_name_that_the_play_could_not_take_in_fails_after_the_report_was_written(self, report, tmp_path):
        with pytest.raises(AnsibleError, match="the play could not take in 'a:b'"):
            report({"a:b": None}, variables={"ansible_play_hosts_all": ["web01"]})
        assert (tmp_path / "fleet.json").exists()
