# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_patch_job for install jobs, win_patch_preflight_info, and the two filters around a plan."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFilterError
from ansible_collections.winops.patching.plugins.action.win_patch_job import ActionModule as JobDoor
from ansible_collections.winops.patching.plugins.action.win_patch_preflight_info import ActionModule as PreflightDoor
from ansible_collections.winops.patching.plugins.filter.patch_install_plan import patch_install_plan
from ansible_collections.winops.patching.plugins.filter.patch_install_result import patch_install_result
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.install_reading import interrupted
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.patch_job import JobProgress, Life
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.preflight import probes_of_preflight
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.action.scanned_host import (
    PID,
    PLACE,
    ScanDoor,
    ScannedHost,
    stamp,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import ABSENT, SYSTEM
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.journals import (
    JOB,
    armed,
    at,
    begin,
    done,
    end,
    evidence,
    found,
    name,
    plan,
    resumed,
    scan,
    started,
)

NAME = "winops.patching.win_patch_job"
PLAN = {"updates": [{"id": name(1), "revision": 200, "run_minutes": 20}], "deadline": "2026-11-22T04:00:00Z"}
FOLDER = f"{PLACE}\\jobs\\{JOB}"


def run(host, **options):
    return ScanDoor(JobDoor, NAME, host).run(**options)


def host_with(*lines, numbers=(1, 2), alive=True):
    """A host with the journal of an install job."""
    host = ScannedHost()
    host.write(JOB, "plan.json", json.dumps(plan(*numbers)) + "\n")
    host.write(JOB, "journal.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    if alive:
        host.running = {"Id": JOB, "Kind": "install", "ProcessId": PID, "StartedAt": stamp(host.now)}
    return host


def read(host, offset=0):
    return run(host, operation="read", id=JOB, offset=offset)


class TestStart:
    """One module execution, with a plan that was checked before."""

    def test_the_host_gets_the_whole_plan_with_an_id_of_its_kind(self):
        host = ScannedHost()
        result = run(host, operation="start", kind="install", plan=PLAN, run_id="r1")
        ((_name, arguments),) = host.calls
        sent = arguments["plan"]
        assert (sent["kind"], sent["run_id"], sent["id"]) == ("install", "r1", arguments["id"])
        assert sent["id"].startswith("install-")
        assert (sent["deadline"], sent["reboot"]["mode"]) == ("2026-11-22T04:00:00Z", "never")
        assert (arguments["armed"], result["changed"], result["attached"]) == (False, True, False)
        assert arguments["worker_sha256"]

    def test_the_worker_is_sent_only_to_a_host_that_wants_it(self):
        host = ScannedHost()
        host.losses[1] = {"changed": False, "id": "x", "worker_wanted": True}
        result = run(host, operation="start", kind="install", plan=PLAN)
        first, second = (arguments for _name, arguments in host.calls)
        assert "worker" not in first
        assert hashlib.sha256(second.pop("worker").encode()).hexdigest() == second["worker_sha256"]
        assert (first, result["changed"]) == (second, True)

    def test_an_armed_job_says_so_and_needs_a_time(self):
        host = ScannedHost()
        run(host, operation="start", kind="install", plan={**PLAN, "not_before": "2026-11-22T02:00:00Z"}, armed=True)
        assert host.calls[0][1]["armed"] is True
        with pytest.raises(AnsibleError, match=r"armed: needs plan\.not_before"):
            run(ScannedHost(), operation="start", kind="install", plan=PLAN, armed=True)

    def test_check_mode_is_left_to_the_hosts_module(self):
        host = ScannedHost()
        run(host, operation="start", kind="install", plan=PLAN, check_mode=True)
        assert host.modules() == ["win_patch_job"]

    def test_an_interrupted_job_before_it_is_told(self):
        host = ScannedHost()
        host.refusal = {"changed": True, "attached": False, "id": "x", "interrupted": JOB}
        assert run(host, operation="start", kind="install", plan=PLAN)["interrupted"] == JOB

    def test_a_refusal_fails_with_its_remedy_and_reason(self):
        host = ScannedHost()
        host.refusal = {"failed": True, "msg": "scan-1 runs", "reason": "other_job"}
        result = run(host, operation="start", kind="install", plan=PLAN)
        assert (result["failed"], result["reason"]) == (True, "other_job")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"kind": "install"}, "plan: must be a mapping, not null"),
            ({"kind": "install", "plan": {"updates": []}}, "plan.updates"),
            ({"kind": "install", "plan": PLAN, "history": 7}, "history: goes with kind=scan"),
            ({"kind": "scan", "plan": PLAN}, "plan: goes with operation=start and kind=install"),
            ({"armed": True}, "armed: goes with"),
        ],
    )
    def test_a_wrong_option_fails_before_the_host_is_asked(self, options, words):
        host = ScannedHost()
        with pytest.raises(AnsibleError, match=words):
            run(host, operation="start", **options)
        assert host.calls == []


class TestRead:
    """Phase, current update and counts, from one run of the reader."""

    LINES = (armed(), started(1), begin(1, 10), end(1, 20), begin(2, 20))

    def test_the_journal_tells_how_far_the_job_is(self):
        host = host_with(*self.LINES)
        result = read(host)
        assert host.modules() == ["win_probe"]
        assert (result["phase"], result["running"], result["interrupted"]) == ("installing", True, False)
        assert result["current"] == {"id": name(2), "title": "Update 2"}
        assert result["counts"] == {"total": 2, "downloaded": 0, "installed": 1, "failed": 0, "skipped": 0}
        assert result["progress"] == "installing 2 of 2: Update 2, since 22:20:00Z"

    def test_reading_on_tells_the_same_of_the_whole(self):
        host = host_with(*self.LINES)
        first = read(host)
        again = read(host, first["offset"])
        assert again["lines"] == []
        assert (again["counts"], again["progress"]) == (first["counts"], first["progress"])

    def test_of_a_journal_that_is_too_long_for_one_reading_nobody_counts(self):
        many = [{"at": at(1), "phase": "installing", "step": "clock_jump", "seconds": 1}] * 900
        host = host_with(armed(), *many, begin(2, 20))
        result = read(host, 65000)
        assert (result["counts"], result["progress"]) == (None, "installing")

    def test_a_scan_has_none_of_it(self):
        host = ScannedHost()
        job = "scan-20261121T115900Z-0badcafe"
        host.start(job, {"scan": {}})
        assert "counts" not in run(host, operation="read", id=job)

    def test_a_line_that_a_reboot_has_broken_is_taken_up_again(self):
        host = host_with(*self.LINES)
        host.losses[1] = AnsibleError("Bad HTTP response returned from server. Code 400")
        assert read(host)["phase"] == "installing"
        assert host.modules() == ["win_probe", "win_probe"]

    def test_a_host_that_does_not_answer_fails_unless_it_is_to_be_reported(self):
        host = host_with(*self.LINES)
        host.losses = dict.fromkeys((1, 2, 3, 4), AnsibleConnectionFailure("refused\x1b"))
        with pytest.raises(AnsibleConnectionFailure):
            read(host)
        result = run(host, operation="read", id=JOB, offset=7, lost_host="report")
        assert (result["lost"], result["outcome"], result["interrupted"], result["offset"]) == (True, None, None, 7)
        assert result["progress"] == "the host does not answer: refused "
        assert "failed" not in result

    def test_a_job_that_came_too_late_has_expired(self):
        result = read(host_with(armed(), done(1, "expired"), alive=False))
        assert (result["outcome"], result["running"], result["interrupted"]) == ("expired", False, False)


T = {minutes: datetime.fromisoformat(at(minutes)) for minutes in (0, 10, 20, 30, 100)}


@pytest.mark.parametrize(
    ("phase", "step", "life", "clock", "boot", "dead"),
    [
        ("installing", "begin", Life.ALIVE, 30, 0, False),
        ("installing", "begin", Life.GONE, 30, 0, True),
        ("installing", "begin", Life.UNKNOWN, 30, 0, None),
        ("installing", "begin", Life.GONE, 30, 20, None),
        ("installing", "begin", Life.GONE, 100, 20, True),
        ("installing", "begin", Life.GONE, None, 20, None),
        ("rebooting", "begin", Life.GONE, 30, 0, None),
        ("rebooting", "begin", Life.GONE, 100, 0, True),
        ("rebooting", "skipped", Life.GONE, 30, 0, True),
        ("armed", None, Life.GONE, 100, 0, None),
        ("scanning", "searching", Life.GONE, 30, 20, True),
    ],
)
def test_a_job_that_may_come_back_after_a_boot_is_not_dead_yet(phase, step, life, clock, boot, dead):
    progress = JobProgress(phase=phase, step=step, last_at=T[10])
    clock_text = None if clock is None else at(clock + (0 if clock < 100 else 5))
    assert interrupted(progress, life, {"clock": clock_text, "boot_time": at(boot)}) is dead


def test_a_job_with_an_end_is_not_interrupted():
    assert interrupted(JobProgress(phase="done", outcome="failed"), Life.GONE, None) is False


class TestPreflightDoor:
    """One run of the reader, judged."""

    def door(self, answer):
        return Door(PreflightDoor, "winops.patching.win_patch_preflight_info", answer)

    def test_a_quiet_host_is_asked_once(self):
        quiet = {probe["id"]: ABSENT for probe in probes_of_preflight()}
        door = self.door({"changed": False, "probes": quiet, "system": dict(SYSTEM)})
        result = door.run(until="2026-11-22T02:00:00Z", check_mode=True)
        assert len(door.calls) == 1
        assert (result["changed"], result["stops"]) == (False, "unknown")
        assert [found["id"] for found in result["findings"]] == ["automatic_updates"]

    def test_a_host_that_cannot_be_read_fails_and_is_unknown(self):
        for answer in ({"failed": True, "msg": "MODULE FAILURE"}, {"changed": False, "probes": 7}):
            result = self.door(answer).run()
            assert (result["failed"], result["stops"]) == (True, "unknown")

    def test_a_wrong_time_is_named(self):
        with pytest.raises(AnsibleError, match="until:"):
            self.door({}).run(until="tonight")


WINDOWS = [{"name": "tonight", "start": at(0), "duration": "4h"}]


class TestFilters:
    """A plan from documents, and what came of it."""

    def test_a_document_becomes_a_plan_that_the_job_takes(self):
        document = {**evidence(minutes=1), "scan": scan(found(1, installed=False), minutes=0)}
        made = patch_install_plan(document, {"windows": WINDOWS}, {"clock": "host"})
        assert (made["state"], made["start"], made["plan"]["deadline"]) == ("planned", True, "2026-11-22T02:00:00Z")
        host = ScannedHost()
        run(host, operation="start", kind="install", plan=made["plan"])
        assert host.plans[0]["updates"][0]["id"] == name(1)

    def test_the_controllers_clock_is_the_default(self):
        document = {**evidence(minutes=1), "scan": scan(found(1, installed=False), minutes=0)}
        far = (datetime.now().astimezone() + timedelta(days=400)).isoformat()
        window = [{"name": "far", "start": far, "duration": "1h"}]
        made = patch_install_plan(document, {"windows": window}, skew_seconds=0)
        assert made["state"] == "window_closed"

    def test_a_journal_becomes_a_result(self):
        lines = [armed(), started(1), begin(1, 10), end(1, 20), done(21)]
        document = {**evidence(), "scan": scan(found(1))}
        result = patch_install_result(lines, plan(1), document)
        assert (result["outcome"], result["updates"][0]["state"]) == ("verified", "verified")
        assert len(patch_install_result(lines, plan(1), None, since=at(20))["story"]) == 1
        cut = [*lines[:3], resumed(50, expected=False)]
        assert patch_install_result(cut, plan(1), running=False)["state"] == "interrupted"

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda: patch_install_plan(7), "patch_install_plan: needs a scan"),
            (lambda: patch_install_plan({"probes": {}}), "holds no scan"),
            (lambda: patch_install_plan(scan(), {"windows": []}, now="x"), "patch_install_plan: "),
            (lambda: patch_install_plan(scan(), None, {"x": 1}), "options.x"),
            (lambda: patch_install_result(7, {}), "lines: must be a list"),
            (lambda: patch_install_result([], {}, running="yes"), "running: must be"),
            (lambda: patch_install_result([], {}, since="x"), "is not a time"),
        ],
    )
    def test_what_cannot_be_done_is_one_kind_of_error(self, call, words):
        with pytest.raises(AnsibleFilterError, match=words):
            call()
