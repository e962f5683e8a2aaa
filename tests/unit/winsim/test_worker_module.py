# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`win_patch_job` as the simulator serves it: start, attach, stop, list, clean up, and every refusal."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.winops.patching.tests.unit.winsim.job_texts import (
    JOB,
    WORKER,
    journal_of,
    scan_plan,
    steps_of,
    text_of,
)

from winsim.worker import places, traces

FOLDER = places.folder_of(JOB)
LATER = 86_400
NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
RUNNING_ELSEWHERE = "install-20261118T030000Z-aaaaaaaa"


def job_name(count: int) -> str:
    return f"scan-20261118T03{count:02d}00Z-{count:08x}"


def left_by(job: str, *lines: dict[str, object], **more: object) -> dict[str, object]:
    """Words of a host file: a job of which these lines of a journal are left."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return {"files": {f"{places.folder_of(job)}\\journal.jsonl": {"text": text}}, **more}


def armed(job: str) -> dict[str, object]:
    at = "2026-11-18T03:00:00Z"
    return {"at": at, "phase": "armed", "id": job, "kind": job.partition("-")[0], "created_at": at}


STARTED = {"at": "2026-11-18T03:00:02Z", "phase": "scanning", "step": "started"}


def states(answer: dict[str, object]) -> dict[str, str]:
    return {entry["id"]: entry["state"] for entry in answer["jobs"]}


def test_a_start_leaves_folders_worker_plan_journal_and_a_queued_task(make_host, start):
    host = make_host(update_agent={})
    assert start(host) == {
        "changed": True,
        "id": JOB,
        "attached": False,
        "folder": FOLDER,
        "started_at": "2026-11-18T03:20:00Z",
    }
    assert [folder.path for folder in host.folders.values()] == [places.PROGRAM_FOLDER, places.JOBS, FOLDER]
    assert host.file(places.WORKER).text == WORKER
    assert json.loads(text_of(host, "plan.json")) == {**scan_plan(), "created_at": "2026-11-18T03:20:00Z"}
    assert journal_of(host) == [
        {
            "at": "2026-11-18T03:20:00Z",
            "phase": "armed",
            "id": JOB,
            "kind": "scan",
            "created_at": "2026-11-18T03:20:00Z",
        }
    ]
    (task,) = host.tasks.values()
    assert (task.path, task.user, task.state) == (rf"\winops.patching\{JOB}", "SYSTEM", "queued")
    assert task.command == (
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -NoLogo -NoProfile -NonInteractive "
        r'-ExecutionPolicy RemoteSigned -File "C:\Program Files\winops.patching\patch_worker.ps1" '
        rf'-JobFolder "C:\Program Files\winops.patching\jobs\{JOB}"'
    )


def test_a_worker_that_is_there_is_not_written_again(make_host, start, wind):
    host = make_host(update_agent={})
    start(host)
    first = host.file(places.WORKER)
    wind(host, LATER)
    start(host, job_name(1))
    assert host.file(places.WORKER) is first


def test_a_start_without_a_text_wants_it_unless_the_worker_it_names_lies_there(make_host, job, start, wind):
    host = make_host(update_agent={})
    wants = {"changed": False, "id": JOB, "worker_wanted": True}
    assert job(host, "start", id=JOB, plan=scan_plan(), worker=None) == wants
    assert (host.files, host.folders, host.tasks) == ({}, {}, {})
    start(host)
    wind(host, LATER)
    other = job_name(1)
    assert job(host, "start", id=other, plan=scan_plan(other), worker=None)["changed"] is True
    wind(host, LATER)
    host.file(places.WORKER).text += "# changed"
    assert job(host, "start", id=JOB, plan=scan_plan(), worker=None) == wants


def test_a_second_start_attaches_to_the_job_that_waits_or_runs(make_host, start, wind):
    host = make_host(update_agent={})
    start(host)
    attached = {
        "changed": False,
        "id": JOB,
        "attached": True,
        "folder": FOLDER,
        "started_at": "2026-11-18T03:20:00Z",
    }
    assert start(host, job_name(1)) == attached
    wind(host, 30)
    assert start(host, job_name(1)) == attached
    assert traces.job_ids(host) == [JOB]
    wind(host, LATER)
    assert start(host, job_name(1))["changed"] is True


def test_a_start_whose_answer_was_lost_finds_its_own_job_even_when_that_is_over(make_host, start, wind):
    host = make_host(update_agent={})
    start(host)
    wind(host, LATER)
    assert start(host)["attached"] is True
    assert steps_of(host).count("armed") == 1


def test_a_dead_job_is_not_attached_to(make_host, start, wind):
    host = make_host(update_agent={"search_kills_worker": True})
    start(host)
    wind(host, LATER)
    assert start(host, job_name(1))["changed"] is True


def test_a_job_of_another_kind_is_named_and_not_disturbed(make_host, start):
    task = {f"\\winops.patching\\{RUNNING_ELSEWHERE}": {"state": "running"}}
    host = make_host(update_agent={}, **left_by(RUNNING_ELSEWHERE, armed(RUNNING_ELSEWHERE), STARTED, tasks=task))
    answer = start(host)
    assert (answer["failed"], answer["changed"], answer["reason"]) == (True, False, "other_job")
    assert answer["msg"].startswith(f"the job {RUNNING_ELSEWHERE} is running, and one job runs at a time: wait for")
    assert traces.job_ids(host) == [RUNNING_ELSEWHERE]


def test_check_mode_starts_nothing_and_says_what_it_would_do(make_host, job, start):
    host = make_host(update_agent={})
    plan = scan_plan()
    would = job(host, "start", id=JOB, plan=plan, _ansible_check_mode=True)
    assert would == {"changed": True, "id": JOB, "attached": False, "folder": None, "started_at": None}
    assert (host.files, host.folders, host.tasks) == ({}, {}, {})
    start(host)
    assert job(host, "stop", id=JOB, _ansible_check_mode=True)["changed"] is True
    assert host.file(f"{FOLDER}\\stop") is None
    assert job(host, "start", id=job_name(1), plan=scan_plan(job_name(1)), _ansible_check_mode=True)["id"] == JOB


def test_jobs_are_listed_newest_first_with_what_became_of_them(make_host, start, wind, job):
    host = make_host(update_agent={"search_fails": [{"hresult": "0x80244017"}]})
    start(host, job_name(1))
    wind(host, 300)
    host.update_agent.search_fails.clear()
    start(host, job_name(2))
    wind(host, 300)
    start(host, job_name(3))
    wind(host, 30)
    job(host, "stop", id=job_name(3))
    wind(host, 300)
    host.update_agent.search_kills_worker = True
    start(host, job_name(4))
    wind(host, 300)
    start(host, job_name(5))
    answer = job(host, "list")
    assert answer["changed"] is False
    assert list(states(answer).items()) == [
        (job_name(5), "armed"),
        (job_name(4), "interrupted"),
        (job_name(3), "finished"),
        (job_name(2), "finished"),
        (job_name(1), "failed"),
    ]
    assert answer["jobs"][3] == {
        "id": job_name(2),
        "kind": "scan",
        "state": "finished",
        "started_at": "2026-11-18T03:25:00Z",
        "ended_at": "2026-11-18T03:27:06Z",
    }
    assert [entry["ended_at"] for entry in answer["jobs"][:2]] == [None, None]


LEFT = [
    ([], {}, "interrupted"),
    (["armed"], {}, "interrupted"),
    (["armed"], {"state": "queued"}, "armed"),
    (["armed"], {"state": "running"}, "armed"),
    (["armed"], {"state": "ready"}, "interrupted"),
    (["armed", "started"], {"state": "running"}, "running"),
    (["armed", "started"], {"state": "ready"}, "interrupted"),
    (["armed", "started"], {}, "interrupted"),
    (["armed", "started", "done"], {"state": "running"}, "stopped"),
]


@pytest.mark.parametrize(("lines", "task", "state"), LEFT)
def test_a_job_is_judged_by_its_journal_and_its_task(make_host, job, lines, task, state):
    known = {"armed": armed(JOB), "started": STARTED, "done": {**STARTED, "phase": "done", "outcome": "stopped"}}
    tasks = {places.task_of(JOB): task} if task else {}
    host = make_host(**left_by(JOB, *(known[line] for line in lines), tasks=tasks))
    assert states(job(host, "list")) == {JOB: state}


def test_a_task_that_was_started_a_moment_ago_may_not_say_yet_that_it_runs(make_host, wind, job):
    just_armed = {**armed(JOB), "at": "2026-11-18T03:19:00Z"}
    host = make_host(**left_by(JOB, just_armed, tasks={places.task_of(JOB): {"state": "ready"}}))
    assert states(job(host, "list")) == {JOB: "armed"}
    wind(host, 60)
    assert states(job(host, "list")) == {JOB: "interrupted"}


def test_a_job_whose_time_passed_while_its_host_was_down_is_alive_until_its_start_up_trigger_had_time(
    make_host, start, wind, job
):
    words = {"kind": "install", "armed": True, "not_before": "2026-11-18T03:05:00Z"}
    task = {"state": "ready", "at": "2026-11-18T03:05:00Z", "at_startup": True}
    left = left_by(RUNNING_ELSEWHERE, armed(RUNNING_ELSEWHERE) | words, tasks={places.task_of(RUNNING_ELSEWHERE): task})
    booted = {"boot_time": "2026-11-18T03:19:00Z"}
    host = make_host(update_agent={}, os=booted, **left)
    assert states(job(host, "list")) == {RUNNING_ELSEWHERE: "armed"}
    assert start(host)["msg"].startswith(f"the job {RUNNING_ELSEWHERE} is armed, and one job runs at a time: wait for")
    wind(host, 9 * 60)
    assert states(job(host, "list")) == {RUNNING_ELSEWHERE: "interrupted"}


BLIND = {"denied": [r"root\cimv2:Win32_OperatingSystem"]}


@pytest.mark.parametrize(("minutes", "state"), [(20, "running"), (69, "running"), (71, "interrupted")])
def test_where_nobody_tells_when_the_host_booted_a_begun_job_may_live_for_as_long_as_a_boot_takes(
    make_host, start, job, minutes, state
):
    at = (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    begun = {"at": at, "phase": "installing", "step": "begin"}
    tasks = {places.task_of(RUNNING_ELSEWHERE): {"state": "ready", "at_startup": True}}
    left = left_by(RUNNING_ELSEWHERE, armed(RUNNING_ELSEWHERE) | {"kind": "install"}, begun, tasks=tasks)
    assert states(job(make_host(**left), "list")) == {RUNNING_ELSEWHERE: "interrupted"}
    host = make_host(update_agent={}, **left, **BLIND)
    assert states(job(host, "list")) == {RUNNING_ELSEWHERE: state}
    assert ("msg" in start(host)) == (state == "running")


@pytest.mark.parametrize(("not_before", "state"), [("T02:20:00Z", "armed"), ("T02:05:00Z", "interrupted")])
def test_where_nobody_tells_when_the_host_booted_an_armed_job_may_live_for_as_long_after_its_time(
    make_host, job, not_before, state
):
    words = {"at": "2026-11-17T20:00:00Z", "kind": "install", "armed": True, "not_before": f"2026-11-18{not_before}"}
    task = {"state": "ready", "at": words["not_before"], "at_startup": True}
    left = left_by(RUNNING_ELSEWHERE, armed(RUNNING_ELSEWHERE) | words, tasks={places.task_of(RUNNING_ELSEWHERE): task})
    assert states(job(make_host(**left), "list")) == {RUNNING_ELSEWHERE: "interrupted"}
    assert states(job(make_host(**left, **BLIND), "list")) == {RUNNING_ELSEWHERE: state}


def test_where_nobody_tells_when_the_host_booted_a_last_line_from_the_future_keeps_nobody_out_for_ever(make_host, job):
    begun = {"at": "2026-11-18T09:00:00Z", "phase": "installing", "step": "begin"}
    tasks = {places.task_of(RUNNING_ELSEWHERE): {"state": "ready", "at_startup": True}}
    host = make_host(**left_by(RUNNING_ELSEWHERE, armed(RUNNING_ELSEWHERE), begun, tasks=tasks), **BLIND)
    assert states(job(host, "list")) == {RUNNING_ELSEWHERE: "interrupted"}


def test_a_scan_tells_nothing_of_a_scan_before_it_that_died(make_host, start, job):
    dead = job_name(4)
    host = make_host(update_agent={}, **left_by(dead, armed(dead), STARTED))
    assert states(job(host, "list")) == {dead: "interrupted"}
    assert "interrupted" not in start(host)


def test_half_a_last_line_of_a_killed_worker_is_no_line(make_host, job):
    text = json.dumps(armed(JOB)) + '\n{"at":"2026-11-18T03:00:02Z","phase":"done","outc'
    host = make_host(files={f"{FOLDER}\\journal.jsonl": {"text": text}})
    assert states(job(host, "list")) == {JOB: "interrupted"}


def test_a_host_without_jobs_has_an_empty_list_and_other_folders_are_not_jobs(make_host, job):
    assert job(make_host(), "list") == {"changed": False, "jobs": []}
    host = make_host(files={f"{places.JOBS}\\notes\\x.txt": {"text": ""}})
    assert job(host, "list")["jobs"] == []


def test_a_job_is_stopped_once(make_host, start, wind, job):
    host = make_host(update_agent={})
    start(host, delay=300)
    wind(host, 30)
    assert job(host, "stop", id=JOB) == {"changed": True, "id": JOB, "state": "running"}
    assert job(host, "stop", id=JOB) == {"changed": False, "id": JOB, "state": "running"}
    wind(host, LATER)
    assert job(host, "stop", id=JOB) == {"changed": False, "id": JOB, "state": "stopped"}
    assert steps_of(host)[-1] == "done"


def test_five_jobs_stay_and_the_one_whose_result_may_be_used_again(make_host, start, wind, job):
    host = make_host(update_agent={})
    start(host, job_name(0))
    wind(host, 600)
    host.update_agent.search_fails.append({"hresult": "0x80244017"})
    for count in range(1, 8):
        start(host, job_name(count))
        wind(host, 600)
    assert list(states(job(host, "list"))) == [job_name(count) for count in (7, 6, 5, 4, 3, 0)]
    assert [task.path for task in host.tasks.values()] == [places.task_of(job_name(7))]
    assert not any(job_name(1) in path for path in (*host.files, *host.folders))


def test_tasks_of_others_are_left_alone(make_host, start):
    host = make_host(update_agent={}, tasks={r"\Other\x": {}, r"\winops.patching\old": {"state": "ready"}})
    start(host)
    assert [task.path for task in host.tasks.values()] == [r"\Other\x", places.task_of(JOB)]


REFUSED = [
    ({"token": {"elevated": False}}, "not_elevated", "LocalAccountTokenFilterPolicy"),
    ({"powershell": {"language_mode": "ConstrainedLanguage"}}, "constrained_language", "allow patch_worker.ps1"),
    ({"powershell": {"execution_policy": "AllSigned"}}, "signed_scripts_only", "sign plugins/module_utils"),
    ({"powershell": {"execution_policy": "Restricted"}}, "signed_scripts_only", "forbids all scripts"),
    ({"folders": {places.PROGRAM_FOLDER: {"owner": r"WEB01\mallory"}}}, "foreign_owner", r"belongs to WEB01\mallory"),
    ({"folders": {places.JOBS: {"owner": "BUILTIN\\Users"}}}, "foreign_owner", "icacls"),
    ({"folders": {FOLDER: {"owner": "BUILTIN\\Users"}}}, "foreign_owner", JOB),
    ({"folders": {r"C:\Program Files": {"owner": "BUILTIN\\Users"}}}, "foreign_owner", "Give this one folder back"),
    ({"folders": {r"%ProgramFiles%\winops.patching": {"reparse": True}}}, "reparse_point", "remove it"),
    ({"folders": {r"C:\Program Files": {"reparse": True}}}, "reparse_point", "leads elsewhere"),
]


@pytest.mark.parametrize(("words", "reason", "said"), REFUSED)
def test_a_start_is_refused_with_a_word_and_a_remedy_before_anything_is_written(make_host, start, words, reason, said):
    host = make_host(update_agent={}, **words)
    answer = start(host)
    assert (answer["failed"], answer["changed"], answer["reason"]) == (True, False, reason)
    assert said in answer["msg"]
    assert (host.files, host.tasks, host.log) == ({}, {}, [])


@pytest.mark.parametrize("operation", ["stop", "list"])
def test_stop_and_list_do_not_read_in_a_squatted_folder_either(make_host, job, operation):
    host = make_host(folders={places.PROGRAM_FOLDER: {"owner": "BUILTIN\\Users"}})
    assert job(host, operation, id=JOB)["reason"] == "foreign_owner"


def test_folders_of_administrators_system_and_the_installer_are_good(make_host, start):
    owners = dict(
        zip((places.PROGRAM_FOLDER, places.JOBS), ("nt authority\\system", "BUILTIN\\Administrators"), strict=True)
    )
    folders = {path: {"owner": owner} for path, owner in owners.items()}
    folders[r"C:\Program Files"] = {"owner": r"NT SERVICE\TrustedInstaller"}
    assert start(make_host(update_agent={}, folders=folders))["changed"] is True


def test_a_signed_worker_passes_a_policy_that_wants_signatures(make_host, job):
    host = make_host(update_agent={}, powershell={"execution_policy": "AllSigned"})
    worker = f"{WORKER}# SIG # Begin signature block\n"
    digest = hashlib.sha256(worker.encode()).hexdigest().upper()
    assert job(host, "start", id=JOB, plan=scan_plan(), worker=worker, worker_sha256=digest)["changed"] is True


def test_a_scheduler_that_does_not_run_is_told_and_leaves_a_failed_job(make_host, start, job):
    host = make_host(update_agent={}, services={"Schedule": {"state": "stopped"}})
    answer = start(host)
    assert (answer["failed"], answer["reason"]) == (True, "task_failed")
    assert "Look at the service Schedule" in answer["msg"]
    assert states(job(host, "list")) == {JOB: "failed"}
    assert journal_of(host)[-1]["error"]["type"] == "task_failed"
    assert start(make_host(update_agent={}, services={"Schedule": {}}))["changed"] is True


WRONG = [
    ({"operation": "start", "id": "scan-1"}, "error", "'scan-1' is no id of a job"),
    ({"operation": "start", "id": JOB, "plan": {"id": "x"}}, "error", f"must be a plan of the job {JOB}"),
    ({"operation": "start", "id": JOB, "worker_sha256": "0" * 64}, "worker_hash", "start again"),
    ({"operation": "start", "id": JOB, "worker_sha256": ""}, "error", "needs worker_sha256"),
    ({"operation": "stop", "id": JOB}, "error", f"there is no job {JOB}"),
    ({"operation": "stop", "id": "../x"}, "error", "is no id"),
    ({"operation": "pause"}, "error", "must be start, stop or list"),
    ({"operation": "list", "jobs": 3}, "error", "no argument jobs"),
]


@pytest.mark.parametrize(("args", "reason", "said"), WRONG)
def test_a_wrong_call_is_refused(make_host, job, args, reason, said):
    host = make_host(update_agent={})
    words = {"plan": scan_plan(), **args} if args["operation"] == "start" else dict(args)
    answer = job(host, words.pop("operation"), **words)
    assert (answer["failed"], answer["reason"]) == (True, reason)
    assert said in answer["msg"]
