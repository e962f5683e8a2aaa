# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A scan job from its first line to its last: by the host's clock, with patience, stopped, and killed by a boot."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ansible_collections.winops.patching.tests.unit.winsim.job_texts import (
    JOB,
    WORKER,
    journal_of,
    result_of,
    steps_of,
)
from ansible_collections.winops.patching.tests.unit.work import bounded_work

import winsim
from winsim import boot
from winsim.worker import places
from winsim.worker.patience import TRANSIENT

ROOT = Path(winsim.__file__).parents[3]
GUID = "D3B36F5D-2F4D-4CBD-9E4F-4A7E3F5A8A11"
CAB = r"C:\Temp\wsusscn2.cab"
WSUS = {"managed": True, "server": "https://wsus.example:8531"}
LATER = 86_400
KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\winops.patching"


def last_scan(host) -> dict[str, object]:
    file = host.file(places.LAST_SCAN)
    return json.loads(file.text) if file else {}


def error_of(host) -> dict[str, object]:
    last = journal_of(host)[-1]
    assert last["outcome"] == "failed"
    return last["error"]


@pytest.fixture
def finished(make_host, start, wind):
    """`finished({words of the agent}, …)`: a host whose scan is over; the other words are the plan's."""

    def run(agent: dict[str, object], *, files: dict[str, object] | None = None, **plan: object):
        host = make_host(update_agent=agent, files=files or {})
        start(host, **plan)
        wind(host, LATER)
        return host

    return run


def test_a_scan_writes_its_journal_step_by_step_at_the_hosts_own_times(make_host, start, wind):
    host = make_host(update_agent={"scan_minutes": 10, "updates": [{"id": GUID}]})
    start(host, delay=40)
    assert steps_of(host) == ["armed"]
    wind(host, 4)
    assert steps_of(host) == ["armed", "started", "waiting"]
    wind(host, 45)
    assert steps_of(host)[-1] == "searching"
    wind(host, 580)
    assert steps_of(host)[-1] == "searching"
    wind(host, 30)
    assert steps_of(host) == ["armed", "started", "waiting", "searching", "found", "history", "done"]
    times = [str(line["at"])[11:19] for line in journal_of(host)]
    assert times == ["03:20:00", "03:20:03", "03:20:03", "03:20:43", "03:30:43", "03:30:44", "03:30:46"]


def test_what_a_job_leaves_does_not_depend_on_who_looks_when(make_host, start, wind):
    left = []
    for seconds in (LATER, 7):
        host = make_host(update_agent={"updates": [{"id": GUID}], "search_fails": ["0x8024401F"]})
        start(host)
        for _ in range(1 if seconds == LATER else 60):
            wind(host, seconds)
        begun = datetime.fromisoformat(str(journal_of(host)[0]["at"]))
        left.append([(datetime.fromisoformat(str(line["at"])) - begun).seconds for line in journal_of(host)])
    assert left[0] == left[1]


def test_while_it_runs_its_process_its_keys_and_its_task_are_there(make_host, start, wind, ask):
    host = make_host(update_agent={})
    start(host)
    assert ask(host, "process", names=["powershell"]) == {"state": "absent"}
    wind(host, 30)
    (running,) = ask(host, "process", names=["powershell"])["data"]["running"]
    assert running["started"] == "2026-11-18T03:20:03Z"
    values = ask(host, "registry", path=f"{KEY}\\RunningJob")["data"]["values"]
    assert {name: value["data"] for name, value in values.items()} == {
        "Id": JOB,
        "Kind": "scan",
        "ProcessId": running["id"],
        "StartedAt": "2026-11-18T03:20:03Z",
    }
    assert values["ProcessId"]["kind"] == "REG_DWORD"
    assert host.tasks[places.task_of(JOB).lower()].state == "running"
    wind(host, LATER)
    assert ask(host, "process", names=["powershell"]) == {"state": "absent"}
    assert ask(host, "registry", path=f"{KEY}\\RunningJob") == {"state": "absent"}
    assert ask(host, "registry", path=f"{KEY}\\BootMark") == {"state": "ok", "data": {"values": {}}}
    assert host.tasks[places.task_of(JOB).lower()].state == "ready"


def test_the_reader_sees_the_journal_and_reads_on_from_where_it_was(make_host, start, wind, ask):
    host = make_host(update_agent={})
    start(host)
    path = f"%ProgramFiles%\\winops.patching\\jobs\\{JOB}\\journal.jsonl"
    first = ask(host, "text_tail", path=path, offset=0)["data"]
    assert first["text"].count("\n") == 1
    wind(host, LATER)
    rest = ask(host, "text_tail", path=path, offset=first["offset"])["data"]
    assert json.loads(rest["text"].splitlines()[-1])["phase"] == "done"
    assert rest["offset"] == rest["length"]
    worker = ask(host, "file", path=places.WORKER, hash=True)["data"]
    assert worker["sha256"] == journal_of(host)[1]["worker_sha256"]
    assert worker["length"] == len(WORKER)


def test_only_administrators_read_the_folder_of_the_jobs(make_host, start, ask):
    host = make_host(update_agent={})
    start(host)
    host.elevated = False
    assert ask(host, "file", path=places.WORKER)["state"] == "denied"


def test_the_result_holds_the_source_the_updates_the_history_and_an_end(finished):
    update = {
        "id": GUID,
        "revision": 201,
        "title": "Kumulatives Update",
        "kb": ["5030216"],
        "severity": "Critical",
        "classification": "Security Updates",
        "products": ["Windows Server 2022", {"id": GUID, "name": "Own"}],
        "size": 700,
        "installed": True,
        "reboot_required": True,
        "reboot_behavior": "can_request",
        "impact": "exclusive",
        "cves": ["CVE-2026-1"],
        "bulletins": ["MS26-1"],
        "deadline": "2026-12-01T00:00:00Z",
        "released": "2026-11-10T18:00:00Z",
        "user_input": True,
        "unreadable": ["eula_accepted"],
    }
    history = [
        {"at": "2026-10-01T00:00:00Z", "title": "old", "id": GUID},
        {"at": "2026-11-01T00:00:00Z", "title": "new", "result": "failed", "hresult": "0x80070643", "operation": 2},
        {"at": "2026-09-01T00:00:00Z", "title": "oldest"},
    ]
    agent = {"source": WSUS, "language": "de", "updates": [update], "history": history, "reboot_required": True}
    host = finished(agent, history=2)
    header, first, new, old, end = result_of(host)
    assert [header[word] for word in ("service_name", "service_managed", "service_server", "reboot_required")] == [
        "Windows Server Update Service",
        True,
        "https://wsus.example:8531",
        True,
    ]
    assert header["scanned_at"] == "2026-11-18T03:22:03Z"
    (warning,) = header["warnings"]
    assert (warning["context"], "EulaAccepted could not be read 1 times" in warning["message"]) == ("unreadable", True)
    assert first["id"] == GUID.lower()
    assert [category["name"] for category in first["categories"]] == [
        "Sicherheitsupdates",
        "Windows Server 2022",
        "Own",
    ]
    assert first["categories"][0]["id"] == "0fa1201d-4330-4fa8-8ae9-b877473b6441"
    said = ("reboot_behavior", "impact", "type", "present", "eula_accepted", "can_request_user_input", "deadline")
    assert [first[word] for word in said] == [2, 2, 1, True, None, True, "2026-12-01T00:00:00Z"]
    assert (new["title"], new["result_code"], new["hresult"], new["operation"]) == ("new", 4, "0x80070643", 2)
    assert (old["title"], old["result_code"], old["hresult"], old["id"]) == ("old", 2, "0x00000000", GUID.lower())
    assert end == {"line": "end", "updates": 1, "history": 2}
    assert last_scan(host)["updates_pending_reboot"] == [GUID.lower()]
    assert last_scan(host)["complete"] is True


def test_what_the_installer_would_not_tell_is_null_with_a_warning(finished):
    header = result_of(finished({"unreadable": ["reboot_required_before_installation"]}))[0]
    assert (header["busy"], header["reboot_required_before_installation"]) == (False, None)
    assert [warning["context"] for warning in header["warnings"]] == ["installer"]


def test_what_waits_for_a_reboot_is_unknown_when_one_update_would_not_tell(finished):
    host = finished({"updates": [{"id": GUID, "unreadable": ["reboot_required"]}]})
    assert last_scan(host)["updates_pending_reboot"] is None


def test_a_busy_server_is_asked_again_after_ever_longer_pauses(finished):
    host = finished({"search_fails": ["0x8024401F"] * 3, "updates": [{"id": GUID}]})
    pauses = [line["seconds"] for line in journal_of(host) if line.get("step") == "backing_off"]
    assert pauses == [60, 120, 240]
    assert [line["attempt"] for line in journal_of(host) if line.get("step") == "searching"] == [1, 2, 3, 4]
    assert result_of(host)[0]["errors"] == []
    assert result_of(host)[0]["online"] is True


def test_when_nobody_answers_the_local_store_is_searched_and_the_result_says_so(finished):
    host = finished({"search_fails": [{"hresult": "0x80072EE2"}], "updates": [{"id": GUID}]}, attempts=2)
    assert steps_of(host)[-6:] == ["backing_off", "searching", "searching", "found", "history", "done"]
    assert [line["online"] for line in journal_of(host) if line.get("step") == "searching"] == [True, True, False]
    header = result_of(host)[0]
    assert header["online"] is False
    assert [(error["step"], error["hresult"]) for error in header["errors"]] == [("searching", "0x80072EE2")]
    assert last_scan(host)["complete"] is False


FAILURES = [
    ({"search_fails": [{"hresult": "0x8024401F"}]}, {"online": "true", "attempts": 2}, "0x8024401F", 2),
    ({"search_fails": [{"hresult": "0x80244017"}]}, {}, "0x80244017", 1),
    ({}, {"criteria": "IsInstalled=2"}, "0x80240032", 1),
    # The local store failed too: what kept the search from going online is what must be mended.
    (
        {"search_fails": [{"hresult": "0x80072EE2"}, {"hresult": "0x80248007", "source": "local"}]},
        {"attempts": 1},
        "0x80072EE2",
        2,
    ),
    ({}, {"server_selection": "managed_server"}, "0x80244011", 1),
    (
        {"search_fails": [{"hresult": "0x8024401F", "source": "local"}]},
        {"online": "false", "attempts": 1},
        "0x8024401F",
        1,
    ),
]


@pytest.mark.parametrize(("agent", "plan", "code", "attempts"), FAILURES)
def test_a_search_that_fails_ends_the_job_with_its_code(finished, agent, plan, code, attempts):
    host = finished(agent, **plan)
    error = error_of(host)
    assert (error["step"], error["hresult"], error["type"]) == (
        "searching",
        code,
        "System.Runtime.InteropServices.COMException",
    )
    assert steps_of(host).count("searching") == attempts
    assert host.file(f"{places.folder_of(JOB)}\\result.jsonl") is None
    assert host.file(places.LAST_SCAN) is None


def test_a_host_without_an_agent_says_so(make_host, start, wind):
    host = make_host()
    start(host)
    wind(host, LATER)
    assert error_of(host)["hresult"] == "0x80040154"
    assert "Class not registered" in error_of(host)["message"]


def test_the_agent_that_refuses_the_network_does_not_refuse_the_worker(finished):
    assert journal_of(finished({"remote": "denied"}))[-1]["outcome"] == "finished"


@pytest.mark.parametrize("selection", ["windows_update", "service"])
def test_the_plan_chooses_the_source(finished, selection):
    agent = {"source": WSUS, "services": [{"id": GUID, "name": "Own"}]}
    host = finished(agent, server_selection=selection, service_id=GUID.lower() if selection == "service" else None)
    header = result_of(host)[0]
    assert (header["server_selection"], header["service_managed"]) == (selection, False)
    assert header["service_name"] == {"windows_update": "Windows Update", "service": "Own"}[selection]


BAD_PLANS = [
    ({"criteria": ""}, "the plan of a scan needs scan.criteria"),
    ({"server_selection": "somewhere"}, "there is no server_selection 'somewhere'"),
    ({"server_selection": "service"}, "server_selection service needs a service_id"),
]


@pytest.mark.parametrize(("plan", "message"), BAD_PLANS)
def test_a_plan_that_the_worker_cannot_carry_out_is_refused_by_it(finished, plan, message):
    assert error_of(finished({}, **plan)) == {
        "step": "starting",
        "type": "bad_plan",
        "hresult": None,
        "message": message,
    }


def test_a_kind_that_the_worker_does_not_know_is_refused_by_it(make_host, start, wind):
    host = make_host(update_agent={})
    start(host)
    host.workers[0].kind = "repair"
    wind(host, LATER)
    assert journal_of(host)[-1]["error"] == {
        "step": "starting",
        "type": "unknown_kind",
        "hresult": None,
        "message": "this worker does not know jobs of the kind 'repair', only scan and install",
    }


CATALOG = {"date": "2026-11-10T18:00:00Z", "updates": [GUID.lower()]}
FILES = {CAB: {"size": 900, "modified": "2026-11-12T08:00:00Z"}}


def test_an_offline_catalog_offers_what_it_lists_and_both_its_dates_are_told(finished):
    agent = {"catalogs": {CAB: CATALOG}, "updates": [{"id": GUID}, {"id": GUID.replace("D", "E")}], "source": WSUS}
    host = finished(agent, files=FILES, scan_cab=CAB.lower(), catalog_max_age_days=30)
    dates = {"catalog_date": "2026-11-10T18:00:00Z", "catalog_file_date": "2026-11-12T08:00:00Z"}
    assert steps_of(host)[2:4] == ["catalog", "searching"]
    assert {word: journal_of(host)[2][word] for word in dates} == dates
    header, *updates, _end = result_of(host)
    assert {word: header[word] for word in dates} == dates
    assert (header["server_selection"], header["service_name"], header["online"]) == (
        "service",
        "winops.patching",
        True,
    )
    assert [update["id"] for update in updates] == [GUID.lower()]


CATALOG_PROBLEMS = [
    (r"\\server\share\wsusscn2.cab", {}, FILES, {}, "catalog_not_local"),
    (CAB, {CAB: CATALOG}, {}, {}, "catalog_absent"),
    (CAB, {}, FILES, {}, "catalog_unreadable"),
    (CAB, {CAB: CATALOG}, FILES, {"catalog_max_age_days": 7}, "catalog_old"),
    (CAB, {CAB: {}}, FILES, {"catalog_max_age_days": 7}, "catalog_undated"),
    (CAB, {CAB: {**CATALOG, "signed": False}}, FILES, {}, "0x800B0100"),
    (CAB, {CAB: {**CATALOG, "damaged": True}}, FILES, {}, "0x80247001"),
]


@pytest.mark.parametrize(("path", "catalogs", "files", "plan", "word"), CATALOG_PROBLEMS)
def test_a_catalog_that_cannot_be_used_ends_the_job(finished, path, catalogs, files, plan, word):
    error = error_of(finished({"catalogs": catalogs}, files=files, scan_cab=path, **plan))
    assert error["step"] == "catalog"
    assert word in (error["type"], error["hresult"])


def test_a_catalog_that_fails_does_not_fall_back_to_the_local_store(finished):
    agent = {"catalogs": {CAB: CATALOG}, "search_fails": [{"hresult": "0x8024401F", "source": "scan_cab"}]}
    assert error_of(finished(agent, files=FILES, scan_cab=CAB, attempts=1))["hresult"] == "0x8024401F"


def stop(host, job):
    assert job(host, "stop", id=JOB)["changed"] is True


@pytest.mark.parametrize(
    ("agent", "plan", "when", "last_step"),
    [
        ({}, {}, 1, "started"),
        ({}, {"delay": 200}, 100, "waiting"),
        ({"search_fails": ["0x8024401F"]}, {}, 40, "backing_off"),
        ({"updates": [{"id": GUID}]}, {}, 60, "history"),
    ],
)
def test_a_stop_file_stops_it_at_the_next_safe_point(make_host, start, wind, job, agent, plan, when, last_step):
    host = make_host(update_agent=agent)
    start(host, **plan)
    wind(host, when)
    stop(host, job)
    wind(host, LATER)
    assert steps_of(host)[-2:] == [last_step, "done"]
    assert journal_of(host)[-1]["outcome"] == "stopped"
    assert journal_of(host)[-1]["error"] is None
    assert host.file(f"{places.folder_of(JOB)}\\result.jsonl") is None
    assert host.processes == []


def test_a_sleeping_worker_sees_the_stop_file_within_fifteen_seconds(make_host, start, wind, job):
    host = make_host(update_agent={})
    start(host, delay=300)
    wind(host, 100)
    stop(host, job)
    wind(host, 15)
    assert journal_of(host)[-1]["phase"] == "done"


def test_a_boot_in_the_middle_leaves_no_last_line_no_process_and_no_key(make_host, start, wind):
    host = make_host(update_agent={})
    start(host)
    wind(host, 60)
    boot.carry_out(host, "test", datetime(2026, 11, 18, 3, 22, tzinfo=UTC))
    wind(host, LATER)
    assert steps_of(host) == ["armed", "started", "searching"]
    assert host.processes == []
    assert host.registry.key(places.RUNNING_JOB) is None
    assert host.registry.key(places.BOOT_MARK) is None
    assert [entry["phase"] for entry in host.log if entry["event"] == "job"] == ["armed", "scanning", "interrupted"]


def test_a_boot_after_the_end_changes_nothing_about_the_job(finished):
    host = finished({"updates": [{"id": GUID}]})
    boot.carry_out(host, "test", datetime(2026, 11, 19, tzinfo=UTC))
    assert journal_of(host)[-1]["outcome"] == "finished"
    assert [entry["phase"] for entry in host.log if entry["event"] == "job"] == ["armed", "scanning", "done"]


def test_a_worker_can_be_killed_by_what_it_asks(finished):
    host = finished({"search_kills_worker": True})
    assert steps_of(host)[-1] == "searching"
    assert host.processes == []
    assert host.registry.key(places.RUNNING_JOB) is not None


def test_the_log_tells_the_phases_of_a_job(finished):
    host = finished({})
    assert [{word: entry[word] for word in ("event", "id", "kind", "phase")} for entry in host.log] == [
        {"event": "job", "id": JOB, "kind": "scan", "phase": phase} for phase in ("armed", "scanning", "done")
    ]


def test_three_thousand_updates_are_written_without_looking_at_each_again_and_again(make_host, start, wind):
    many = [
        {"id": f"00000000-0000-0000-0000-{n:012d}", "classification": "Security Updates", "products": ["Office"]}
        for n in range(3000)
    ]
    host = make_host(update_agent={"updates": many})
    start(host)
    with bounded_work(calls=1_900_000):
        wind(host, LATER)
    assert result_of(host)[-1]["updates"] == 3000


def test_the_double_goes_back_to_a_server_for_the_same_codes_as_the_shipped_worker():
    script = (ROOT / "plugins" / "module_utils" / "patch_worker.ps1").read_text(encoding="utf-8")
    function = re.search(r"^function Test-Transient\b.*?^}", script, re.DOTALL | re.MULTILINE)
    assert function is not None
    assert set(re.findall("0x[0-9A-F]{8}", function.group())) == TRANSIENT
