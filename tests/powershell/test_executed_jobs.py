# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The executed tier of jobs: the worker against its double, and the module that starts it, under a real PowerShell."""

from __future__ import annotations

import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recorder import engine, installs, job_recording, jobs
from recorder.golden import ROOT

NOW = datetime.now(UTC).replace(microsecond=0)
CASES = jobs.cases()
MODULE = "plugins/modules/win_patch_job.ps1"
WORKER = (ROOT / jobs.WORKER).read_text(encoding="ascii")
SHA256 = hashlib.sha256(WORKER.encode()).hexdigest()
OTHER = "scan-20261121T130000Z-0badcafe"
CABINET_DATE = """
. $complex_args['worker']
ConvertTo-Json -InputObject @{ date = Get-TimeText -Time (Get-CabinetDate -Path $complex_args['path']) } -Compress
"""


@pytest.fixture(scope="module")
def powershell():
    return engine.find("pwsh")


def run_worker(powershell, job, agent):
    return engine.run_script(powershell, jobs.WORKER, {}, agent, "-Fake", "FakeAgent.psm1", "-Job", str(job))["calls"]


def named(calls, name):
    return [call["facts"] for call in calls if call["name"] == name]


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("name", sorted(CASES))
def test_the_worker_leaves_what_its_double_leaves(powershell, tmp_path, name):
    left, double, calls = job_recording.execute(powershell, CASES[name], NOW, tmp_path)
    assert jobs.comparable(left) == jobs.comparable(double)
    assert left.journal[1]["worker_sha256"] == SHA256
    assert left.journal[-1]["outcome"] == CASES[name].ends
    assert len(named(calls, "search")) == [line.get("step") for line in left.journal].count("searching")
    assert sum(facts["seconds"] for facts in named(calls, "sleep")) == sum(
        line.get("seconds", 0) for line in left.journal
    )


@pytest.mark.needs("pwsh")
def test_the_worker_marks_the_host_and_takes_its_own_mark_away(powershell, tmp_path):
    double, agent = jobs.run_double(CASES["wsus"], NOW)
    job = jobs.prepared(tmp_path, CASES["wsus"], double)
    calls = run_worker(powershell, job, agent)
    boot, running = named(calls, "key")
    assert boot["key"] == "BootMark"
    assert running["key"] == "RunningJob"
    assert running["values"]["Id"] == jobs.JOB
    assert running["values"]["Kind"] == "scan"
    assert running["values"]["ProcessId"] == jobs.left_in(job).journal[1]["process_id"]
    assert named(calls, "remove_key") == [{"id": jobs.JOB}]
    assert (tmp_path / "lock").exists()
    assert not (job / "result.part").exists()


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize(("name", "removed"), [("catalog", 1), ("catalog-unsigned", 0), ("catalog-old", 0)])
def test_the_service_of_a_catalog_is_removed_when_it_was_added(powershell, tmp_path, name, removed):
    double, agent = jobs.run_double(CASES[name], NOW)
    calls = run_worker(powershell, jobs.prepared(tmp_path, CASES[name], double), agent)
    assert len(named(calls, "remove_service")) == removed


@pytest.mark.needs("pwsh")
def test_the_service_of_a_catalog_is_removed_when_the_search_fails(powershell, tmp_path):
    double, agent = jobs.run_double(CASES["catalog"], NOW)
    agent["searches"] = [{"hresult": jobs.signed("0x80240032"), "message": "no"}]
    job = jobs.prepared(tmp_path, CASES["catalog"], double)
    calls = run_worker(powershell, job, agent)
    assert len(named(calls, "remove_service")) == 1
    assert jobs.left_in(job).journal[-1]["error"]["hresult"] == "0x80240032"
    assert not (tmp_path / "last_scan.json").exists()


@pytest.mark.needs("pwsh")
def test_a_worker_that_is_told_to_stop_stops_and_asks_nothing(powershell, tmp_path):
    double, agent = jobs.run_double(CASES["wsus"], NOW)
    job = jobs.prepared(tmp_path, CASES["wsus"], double)
    (job / "stop").touch()
    calls = run_worker(powershell, job, agent)
    last = jobs.left_in(job).journal[-1]
    assert (last["phase"], last["outcome"], last["error"]) == ("done", "stopped", None)
    assert named(calls, "search") == []


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kind": "other"}, "unknown_kind"),
        ({"kind": "install"}, "bad_plan"),
        ({"schema": "x"}, "bad_plan"),
        ({"scan": {}}, "bad_plan"),
    ],
)
def test_a_plan_that_the_worker_does_not_know_ends_with_a_word(powershell, tmp_path, change, word):
    double, agent = jobs.run_double(CASES["wsus"], NOW)
    job = jobs.prepared(tmp_path, CASES["wsus"], double)
    plan = json.loads((job / "plan.json").read_text(encoding="utf-8")) | change
    (job / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    run_worker(powershell, job, agent)
    last = jobs.left_in(job).journal[-1]
    assert (last["outcome"], last["error"]["type"], last["error"]["hresult"]) == ("failed", word, None)


def cabinet(*dates):
    """A cabinet's front as the format has it: header, one folder, one entry for each (date, time, name)."""
    entries = b"".join(
        struct.pack("<IIHHHH", 10, 0, 0, date, time, 0x20) + name.encode() + b"\0" for date, time, name in dates
    )
    front = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, 4096, 0, 44, 0, 3, 1, 1, len(dates), 0, 7, 0)
    return front + struct.pack("<IHH", 44 + len(entries), 1, 1) + entries + b"data"


DOS_2026_11_10 = (2026 - 1980) << 9 | 11 << 5 | 10
DOS_18_30_06 = 18 << 11 | 30 << 5 | 3


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize(
    ("content", "date"),
    [
        (cabinet((DOS_2026_11_10, DOS_18_30_06, "package.cab")), "2026-11-10T18:30:06Z"),
        (cabinet((DOS_2026_11_10, 0, "index.xml"), (DOS_2026_11_10 - 32, DOS_18_30_06, "b")), "2026-11-10T00:00:00Z"),
        (cabinet((0, 0, "undated")), None),
        (cabinet(), None),
        (cabinet((DOS_2026_11_10, 0, "cut off"))[:58], None),
    ],
)
def test_the_date_of_a_catalog_is_the_latest_one_in_its_list(powershell, tmp_path, content, date):
    (tmp_path / "catalog.cab").write_bytes(content)
    (tmp_path / "ask.ps1").write_text(CABINET_DATE, encoding="ascii")
    arguments = {"worker": str(ROOT / jobs.WORKER), "path": str(tmp_path / "catalog.cab")}
    assert engine.run_script(powershell, str(tmp_path / "ask.ps1"), arguments, None) == {"date": date}


class HostOfJobs:
    """A program folder of its own, with the fake scheduler's memory beside it."""

    def __init__(self, powershell, folder: Path) -> None:
        self.powershell = powershell
        self.root = folder / "Program Files"
        self.root.mkdir()
        self.base = self.root / "winops.patching"
        self.keep = folder / "tasks.json"
        self.state = {"root": str(self.root), "keep": str(self.keep)}

    def ask(self, operation, **arguments):
        asked = {"operation": operation, **arguments}
        return engine.run_script(self.powershell, MODULE, asked, self.state, "-Fake", "FakeScheduler.psm1")

    def start(self, job=jobs.JOB, **arguments):
        plan = {**CASES["wsus"].plan, "id": job}
        return self.ask("start", id=job, plan=plan, **{"worker": WORKER, "worker_sha256": SHA256, **arguments})

    def journal(self, job=jobs.JOB):
        text = (self.base / "jobs" / job / "journal.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def end(self, job=jobs.JOB, outcome="finished"):
        with (self.base / "jobs" / job / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write(f'{{"at":"2026-11-21T12:05:00Z","phase":"done","outcome":"{outcome}","error":null}}\n')

    @property
    def tasks(self):
        return json.loads(self.keep.read_text(encoding="utf-8"))["tasks"] if self.keep.exists() else {}


@pytest.fixture
def jobs_host(powershell, tmp_path):
    return HostOfJobs(powershell, tmp_path)


@pytest.mark.needs("pwsh")
def test_a_start_writes_worker_plan_and_first_line_and_starts_a_task_as_system(jobs_host):
    answer = jobs_host.start()
    folder = jobs_host.base / "jobs" / jobs.JOB
    assert (answer["changed"], answer["attached"], answer["id"]) == (True, False, jobs.JOB)
    assert answer["folder"] == str(folder)
    assert (jobs_host.base / "patch_worker.ps1").read_bytes() == WORKER.encode()
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert plan == {**CASES["wsus"].plan, "created_at": answer["started_at"]}
    (armed,) = jobs_host.journal()
    assert armed == {
        "at": answer["started_at"],
        "phase": "armed",
        "id": jobs.JOB,
        "kind": "scan",
        "created_at": answer["started_at"],
    }
    task = jobs_host.tasks[jobs.JOB]
    assert task["Principal"] == {"UserId": "S-1-5-18", "LogonType": "ServiceAccount", "RunLevel": "Highest"}
    assert task["Action"]["Execute"] == "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
    assert task["Action"]["Argument"] == (
        "-NoLogo -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned "
        f'-File "{jobs_host.base / "patch_worker.ps1"}" -JobFolder "{folder}"'
    )
    assert task["TaskPath"] == "\\winops.patching\\"
    assert task["Settings"] == {
        "Priority": 4,
        "MultipleInstances": "IgnoreNew",
        "Batteries": True,
        "ExecutionTimeLimit": 12,
        "DeleteExpiredTaskAfter": 10,
    }


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize(("waits", "hours"), [(30, 13), (3600, 13), (7 * 24 * 3600, 180)])
def test_the_time_that_a_scan_waits_comes_on_top_of_its_limit(jobs_host, waits, hours):
    plan = {**CASES["wsus"].plan, "delay_seconds": waits}
    jobs_host.ask("start", id=jobs.JOB, plan=plan, worker=WORKER, worker_sha256=SHA256)
    task = jobs_host.tasks[jobs.JOB]
    assert task["Settings"]["ExecutionTimeLimit"] == hours
    ends = datetime.fromisoformat(task["Trigger"][0]["EndBoundary"]).astimezone()
    assert ends - NOW > timedelta(hours=hours)


@pytest.mark.needs("pwsh")
def test_a_second_start_attaches_and_writes_nothing(jobs_host):
    first = jobs_host.start()
    second = jobs_host.start(OTHER)
    assert second == {**first, "changed": False, "attached": True}
    assert sorted(path.name for path in (jobs_host.base / "jobs").iterdir()) == [jobs.JOB]


@pytest.mark.needs("pwsh")
def test_the_same_start_again_attaches_even_when_the_job_is_over(jobs_host):
    jobs_host.start()
    jobs_host.end()
    assert jobs_host.start()["attached"] is True


@pytest.mark.needs("pwsh")
def test_a_start_without_a_text_wants_it_unless_the_worker_it_names_lies_there(jobs_host):
    wants = {"changed": False, "id": jobs.JOB, "worker_wanted": True}
    assert jobs_host.start(worker=None) == wants
    assert not jobs_host.base.exists()
    jobs_host.start()
    jobs_host.end()
    assert jobs_host.start(OTHER, worker=None)["changed"] is True
    (jobs_host.base / "patch_worker.ps1").write_text("another text", encoding="utf-8")
    assert jobs_host.start(worker=None) == wants


@pytest.mark.needs("pwsh")
def test_a_job_of_another_kind_is_named(jobs_host):
    jobs_host.start()
    job = "install-20261121T140000Z-12345678"
    plan = {**CASES["wsus"].plan, "id": job, "kind": "install"}
    answer = jobs_host.ask("start", id=job, plan=plan, worker=WORKER, worker_sha256=SHA256)
    assert (answer["failed"], answer["reason"]) == (True, "other_job")
    assert jobs.JOB in answer["msg"]


@pytest.mark.needs("pwsh")
def test_jobs_are_listed_newest_first_and_stopped_by_a_file(jobs_host):
    jobs_host.start()
    jobs_host.end()
    jobs_host.start(OTHER)
    listed = jobs_host.ask("list")["jobs"]
    assert [(job["id"], job["kind"], job["state"]) for job in listed] == [
        (OTHER, "scan", "armed"),
        (jobs.JOB, "scan", "finished"),
    ]
    assert listed[1]["ended_at"] == "2026-11-21T12:05:00Z"
    assert jobs_host.ask("stop", id=OTHER) == {"changed": True, "id": OTHER, "state": "armed"}
    assert jobs_host.ask("stop", id=OTHER)["changed"] is False
    assert (jobs_host.base / "jobs" / OTHER / "stop").exists()
    assert jobs_host.ask("stop", id=jobs.JOB) == {"changed": False, "id": jobs.JOB, "state": "finished"}


@pytest.mark.needs("pwsh")
def test_a_host_without_jobs_has_an_empty_list_and_nothing_is_made(jobs_host):
    assert jobs_host.ask("list") == {"changed": False, "jobs": []}
    assert list(jobs_host.root.iterdir()) == []


@pytest.mark.needs("pwsh")
def test_old_jobs_go_and_the_one_of_the_last_scan_stays(jobs_host):
    names = [f"scan-2026111{day}T120000Z-1a2b3c4d" for day in range(1, 8)]
    for name in names:
        jobs_host.start(name)
        jobs_host.end(name)
        if name == names[0]:
            (jobs_host.base / "last_scan.json").write_text(json.dumps({"id": name}), encoding="utf-8")
    left = {path.name for path in (jobs_host.base / "jobs").iterdir()}
    assert left == {names[0], *names[2:]}
    assert set(jobs_host.tasks) == {names[-1]}


@pytest.mark.needs("pwsh")
def test_check_mode_starts_nothing(jobs_host):
    answer = jobs_host.start(_ansible_check_mode=True)
    assert (answer["changed"], answer["attached"], answer["folder"]) == (True, False, None)
    assert list(jobs_host.root.iterdir()) == []


@pytest.mark.needs("pwsh")
def test_a_task_that_does_not_start_leaves_a_failed_job_and_no_task(jobs_host):
    jobs_host.state["start_fails"] = True
    answer = jobs_host.start()
    assert (answer["failed"], answer["reason"]) == (True, "task_failed")
    assert [line["phase"] for line in jobs_host.journal()] == ["armed", "done"]
    assert jobs_host.tasks == {}


INSTALL = "install-20261121T140000Z-12345678"
LATER = "install-20261121T150000Z-12345678"


class InstallHost(HostOfJobs):
    def install(self, job=INSTALL, *, hours=None, **arguments):
        opens = stamp(datetime.now(UTC) + timedelta(hours=hours)) if hours else None
        closes = stamp(datetime.now(UTC) + timedelta(hours=hours + 2)) if hours else None
        plan = installs.plan_of(installs.planned(installs.A), not_before=opens, deadline=closes)
        told = {"worker": WORKER, "worker_sha256": SHA256, **arguments}
        return self.ask("start", id=job, plan={**plan, "id": job}, **told)

    def has_written(self, job, line):
        """The worker has written a line, and its process is gone."""
        with (self.base / "jobs" / job / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
        kept = json.loads(self.keep.read_text(encoding="utf-8"))
        kept["tasks"][job]["State"] = "Ready"
        self.keep.write_text(json.dumps(kept), encoding="utf-8")

    def state_of(self, job=INSTALL):
        return next(found["state"] for found in self.ask("list")["jobs"] if found["id"] == job)


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def install_host(powershell, tmp_path):
    return InstallHost(powershell, tmp_path)


@pytest.mark.needs("pwsh")
def test_an_installation_starts_now_and_goes_on_after_a_boot(install_host):
    assert install_host.install()["changed"] is True
    (line,) = install_host.journal(INSTALL)
    assert (line["kind"], line["updates"], line["armed"], line["deadline"]) == ("install", 1, False, None)
    task = install_host.tasks[INSTALL]
    assert (task["State"], task["Settings"]["ExecutionTimeLimit"]) == ("Running", 48)
    assert [trigger["AtStartup"] for trigger in task["Trigger"]] == [False, True]


@pytest.mark.needs("pwsh")
def test_an_armed_installation_waits_for_its_time_and_counts_as_living(install_host):
    install_host.install(hours=5, armed=True)
    task = install_host.tasks[INSTALL]
    once, boot = task["Trigger"]
    assert (task["State"], task["Settings"]["ExecutionTimeLimit"]) == ("Ready", 14)
    assert once["StartBoundary"] == install_host.journal(INSTALL)[0]["not_before"]
    assert once["EndBoundary"] == boot["EndBoundary"]
    assert once["EndBoundary"].endswith("Z")
    assert install_host.state_of() == "armed"
    attached = install_host.install(LATER, hours=5, armed=True)
    assert (attached["attached"], attached["id"]) == (True, INSTALL)


@pytest.mark.needs("pwsh")
def test_an_armed_installation_that_is_stopped_is_over_at_once(install_host):
    install_host.install(hours=5, armed=True)
    assert install_host.ask("stop", id=INSTALL) == {"changed": True, "id": INSTALL, "state": "stopped"}
    assert install_host.tasks == {}
    assert install_host.journal(INSTALL)[-1]["outcome"] == "stopped"
    assert install_host.install(LATER)["attached"] is False


@pytest.mark.needs("pwsh")
def test_only_an_installation_with_a_time_can_be_armed(install_host):
    answer = install_host.install(armed=True)
    assert (answer["failed"], answer["reason"]) == (True, "error")
    assert "not_before" in answer["msg"]


@pytest.mark.needs("pwsh")
def test_an_installation_that_died_is_named_by_the_next_start(install_host):
    install_host.install()
    install_host.has_written(INSTALL, {"at": "2026-11-21T14:00:05Z", "phase": "installing", "step": "begin"})
    assert install_host.state_of() == "interrupted"
    answer = install_host.install(LATER)
    assert (answer["attached"], answer["interrupted"]) == (False, INSTALL)
    assert set(install_host.tasks) == {LATER}


@pytest.mark.needs("pwsh")
def test_an_installation_is_alive_while_its_host_goes_down_and_just_after(install_host):
    install_host.install()
    now = datetime.now(UTC)
    begin = {"phase": "rebooting", "step": "begin", "number": 1}
    install_host.has_written(INSTALL, {"at": stamp(now - timedelta(minutes=5)), **begin})
    assert install_host.state_of() == "running"
    install_host.has_written(INSTALL, {"at": stamp(now - timedelta(hours=2)), **begin})
    assert install_host.state_of() == "interrupted"
    install_host.state["boot_time"] = stamp(now - timedelta(minutes=3))
    assert install_host.state_of() == "running"


@pytest.mark.needs("pwsh")
def test_a_job_whose_time_passed_while_its_host_was_down_is_alive_until_its_start_up_trigger_had_time(install_host):
    now = datetime.now(UTC)
    install_host.install(hours=5, armed=True)
    journal = install_host.base / "jobs" / INSTALL / "journal.jsonl"
    (line,) = install_host.journal(INSTALL)
    away = {"at": stamp(now - timedelta(hours=3)), "not_before": stamp(now - timedelta(hours=1))}
    journal.write_text(json.dumps({**line, **away}, separators=(",", ":")) + "\n", encoding="utf-8")
    assert install_host.state_of() == "interrupted"
    install_host.state["boot_time"] = stamp(now - timedelta(minutes=3))
    assert install_host.state_of() == "armed"


@pytest.mark.needs("pwsh")
def test_where_nobody_tells_when_the_host_booted_a_begun_job_may_live_for_as_long_as_a_boot_takes(install_host):
    install_host.install()
    now = datetime.now(UTC)
    begin = {"phase": "installing", "step": "begin"}
    install_host.has_written(INSTALL, {"at": stamp(now - timedelta(minutes=65)), **begin})
    assert install_host.state_of() == "interrupted"
    install_host.state["boot_time"] = "unreadable"
    assert install_host.state_of() == "running"
    install_host.has_written(INSTALL, {"at": stamp(now - timedelta(minutes=75)), **begin})
    assert install_host.state_of() == "interrupted"


@pytest.mark.needs("pwsh")
def test_where_nobody_tells_when_the_host_booted_an_armed_job_may_live_for_as_long_after_its_time(install_host):
    now = datetime.now(UTC)
    install_host.install(hours=5, armed=True)
    install_host.state["boot_time"] = "unreadable"
    journal = install_host.base / "jobs" / INSTALL / "journal.jsonl"
    (line,) = install_host.journal(INSTALL)
    for minutes, state in ((60, "armed"), (75, "interrupted")):
        away = {"at": stamp(now - timedelta(hours=3)), "not_before": stamp(now - timedelta(minutes=minutes))}
        journal.write_text(json.dumps({**line, **away}, separators=(",", ":")) + "\n", encoding="utf-8")
        assert install_host.state_of() == state


REFUSALS = {
    "worker_hash": {"worker": "another text"},
    "signed_scripts_only": {"policy": "AllSigned"},
    "foreign_owner": {"owners": True},
    "reparse_point": {"link": True},
}


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("reason", sorted(REFUSALS))
def test_what_is_refused_is_refused_before_anything_is_written(jobs_host, tmp_path, reason):
    change = dict(REFUSALS[reason])
    if change.pop("owners", False):
        jobs_host.base.mkdir()
        jobs_host.state["owners"] = {str(jobs_host.base): "S-1-5-21-1-2-3-1001"}
    if change.pop("link", False):
        (tmp_path / "elsewhere").mkdir()
        jobs_host.base.symlink_to(tmp_path / "elsewhere")
    jobs_host.state |= {"policy": change.pop("policy", None)}
    answer = jobs_host.start(**change)
    assert (answer["failed"], answer["changed"], answer["reason"]) == (True, False, reason)
    assert not jobs_host.base.exists() or list(jobs_host.base.iterdir()) == []
    assert jobs_host.tasks == {}
    if reason == "foreign_owner":
        assert "S-1-5-21-1-2-3-1001" in answer["msg"]
        assert "icacls" in answer["msg"]


@pytest.mark.needs("pwsh")
def test_a_signed_worker_passes_where_only_signed_scripts_run(jobs_host):
    jobs_host.state |= {"policy": "AllSigned", "signature": "Valid"}
    assert jobs_host.start()["changed"] is True
