# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_patch_job: one operation, one module execution."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.winops.patching.plugins.action.win_patch_job import ActionModule as JobDoor
from ansible_collections.winops.patching.tests.unit.plugins.action.scanned_host import (
    PID,
    PLACE,
    ScanDoor,
    ScannedHost,
    stamp,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import ABSENT

NAME = "winops.patching.win_patch_job"
JOB = "scan-20261121T115900Z-0badcafe"
JOURNAL = f"{PLACE}\\jobs\\{JOB}\\journal.jsonl"
PLAN = {"scan": {"criteria": "IsInstalled=0"}}


def run(host, **options):
    return ScanDoor(JobDoor, NAME, host).run(**options)


def host_with_job(**words):
    host = ScannedHost(**words)
    host.start(JOB, PLAN)
    return host


def read(host, offset=0):
    return run(host, operation="read", id=JOB, offset=offset)


class TestStart:
    """A job begins and nobody waits for it."""

    def test_it_returns_what_the_host_says_after_one_module_execution(self):
        host = ScannedHost()
        result = run(host, operation="start", run_id="r1", history=3)
        assert host.modules() == ["win_patch_job"]
        assert (result["changed"], result["attached"], result["id"]) == (True, False, host.plans[0]["id"])
        assert (host.plans[0]["run_id"], host.plans[0]["scan"]["history"]) == ("r1", 3)

    def test_a_second_start_attaches_and_changes_nothing(self):
        host = host_with_job()
        host.sleep(5)
        result = run(host, operation="start")
        assert (result["changed"], result["attached"], result["id"]) == (False, True, JOB)

    def test_every_start_has_an_id_of_its_own(self):
        first, second = ScannedHost(), ScannedHost()
        assert run(first, operation="start")["id"] != run(second, operation="start")["id"]

    def test_check_mode_is_left_to_the_hosts_module(self):
        seen = []
        door = ScanDoor(JobDoor, NAME, ScannedHost())
        execute = door.execute
        door.execute = lambda **words: seen.append(words["module_args"]["operation"]) or execute(**words)
        door.run(operation="start", check_mode=True)
        assert seen == ["start"]

    def test_a_refusal_fails_with_its_remedy_and_reason(self):
        host = ScannedHost()
        host.refusal = {"failed": True, "msg": "sign the worker", "reason": "signed_scripts_only"}
        result = run(host, operation="start")
        assert (result["failed"], result["changed"], result["msg"]) == (True, False, "sign the worker")
        assert result["reason"] == "signed_scripts_only"


class TestRead:
    """The journal from an offset, and whether the job lives."""

    def test_it_is_one_run_of_the_reader(self):
        host = host_with_job()
        host.sleep(5)
        result = read(host)
        assert host.modules() == ["win_probe"]
        assert [line["phase"] for line in result["lines"]] == ["armed", "scanning", "scanning"]
        assert (result["phase"], result["outcome"]) == ("scanning", None)
        assert (result["running"], result["interrupted"], result["changed"]) == (True, False, False)

    def test_reading_on_gives_each_line_once(self):
        host = host_with_job()
        seen = []
        offset = 0
        for _ in range(5):
            result = read(host, offset)
            seen += result["lines"]
            offset = result["offset"]
            host.sleep(10)
        assert [line.get("step") or line["phase"] for line in seen] == ["armed", "started", "searching", "done"]

    def test_the_end_is_known_after_its_line_was_read_too(self):
        host = host_with_job()
        host.sleep(60)
        end = read(host)
        assert (end["outcome"], end["running"], end["interrupted"]) == ("finished", False, False)
        again = read(host, end["offset"])
        assert (again["lines"], again["outcome"], again["interrupted"]) == ([], "finished", False)

    @pytest.mark.parametrize("offset", [0, 120])
    def test_a_dead_job_is_told_from_a_slow_one(self, offset):
        dead, slow = host_with_job(takes=20, outcome="died"), host_with_job(takes=500)
        for host in (dead, slow):
            host.sleep(30)
        assert (read(dead, offset)["interrupted"], read(dead, offset)["running"]) == (True, False)
        assert (read(slow, offset)["interrupted"], read(slow, offset)["running"]) == (False, True)

    def test_a_job_that_was_armed_is_neither(self):
        assert read(host_with_job())["interrupted"] is None

    def test_where_processes_cannot_be_read_nobody_knows(self):
        host = host_with_job()
        host.sleep(5)
        answer = host._answer
        refuse = {"state": "denied", "error": {"message": "no"}, "ms": 1}
        host._answer = lambda probe: refuse if probe["kind"] in ("process", "registry") else answer(probe)
        assert (read(host)["running"], read(host)["interrupted"]) == (None, None)

    def test_a_process_that_starts_while_the_journal_is_read_is_alive(self):
        host = host_with_job()
        host.sleep(5)
        answer = host._answer
        host._answer = lambda probe: ABSENT if probe["id"] in ("running_job", "processes") else answer(probe)
        assert read(host)["running"] is True

    def test_another_process_with_the_number_of_the_dead_one_is_not_it(self):
        host = host_with_job(outcome="died", takes=20)
        host.sleep(30)
        answer = host._answer
        late = [{"name": "powershell", "id": PID, "started": stamp(host.now)}]
        host.sleep(3600)
        host._answer = lambda probe: (
            {"state": "ok", "data": {"running": [{**late[0], "started": stamp(host.now)}]}}
            if probe["kind"] == "process"
            else answer(probe)
        )
        assert read(host)["interrupted"] is True

    def test_half_a_line_waits_and_damage_is_told(self):
        host = host_with_job()
        host.files[JOURNAL] += "junk\x1b[31m\n"
        whole = len(host.files[JOURNAL])
        host.files[JOURNAL] += '{"at": "2026-'
        result = read(host)
        assert result["offset"] == whole
        assert len(result["lines"]) == 1
        assert "line 2 is damaged" in result["warnings"][0]
        assert "\x1b" not in result["warnings"][0]

    def test_a_job_that_is_not_there_is_a_refusal(self):
        result = read(ScannedHost())
        assert (result["failed"], result["reason"]) == (True, "no_job")
        assert "operation=list" in result["msg"]

    def test_a_journal_that_cannot_be_read_is_an_error(self):
        host = host_with_job()
        host.denied.add(JOURNAL)
        assert "access denied" in read(host)["msg"]

    def test_a_reader_that_fails_is_an_error_and_a_lost_line_is_left_to_ansible(self):
        host = host_with_job()
        host.losses[1] = {"failed": True, "msg": "MODULE FAILURE"}
        assert "MODULE FAILURE" in read(host)["msg"]
        host.losses[2] = AnsibleConnectionFailure("lost")
        with pytest.raises(AnsibleConnectionFailure):
            read(host)


def test_list_and_stop_are_the_hosts():
    host = ScannedHost()
    assert run(host, operation="list")["jobs"] == []
    run(host, operation="stop", id=JOB)
    assert [arguments for _name, arguments in host.calls] == [{"operation": "list"}, {"operation": "stop", "id": JOB}]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "operation"),
        ({"operation": "kill"}, "operation"),
        ({"operation": "read"}, "id: goes with operation=read"),
        ({"operation": "stop"}, "id: goes with operation=read"),
        ({"operation": "start", "id": JOB}, "id: goes with operation=read"),
        ({"operation": "read", "id": "..\\..\\evil"}, "is no id of a job"),
        ({"operation": "read", "id": f"{JOB}\n"}, "is no id of a job"),
        ({"operation": "read", "id": JOB, "offset": -1}, "offset: must be 0"),
        ({"operation": "start", "criteria": "IsInstalled"}, "criteria: the text ends"),
        ({"operation": "start", "jitter": "6m"}, "jitter: at most 5m"),
        ({"operation": "start", "kind": "package"}, "kind"),
    ],
)
def test_a_wrong_option_fails_before_the_host_is_asked(options, words):
    host = ScannedHost()
    with pytest.raises(AnsibleError, match=words):
        run(host, **options)
    assert host.calls == []
