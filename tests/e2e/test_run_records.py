# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The records of a run over simulated hosts: journal, result and fleet document tell what has truly happened."""

from __future__ import annotations

import json

import pytest

from winsim.testing import serve

SYSTEM = {"build": "20348.2700", "boot_time": "2026-11-01T03:12:00Z"}
FACTOR = 300.0
RUN = "night-1"
W = "winops.patching."


def update(number, **words):
    """An update of ten minutes."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "revision": 200,
        "title": f"2026-11 Update {number} (KB{5000000 + number})",
        "kb": [str(5000000 + number)],
        "classification": "Security Updates",
        "run_minutes": 10,
        **words,
    }


AGENT = {"remote": "denied", "scan_minutes": 1}
HOSTS = {
    "mixed": {"os": SYSTEM, "update_agent": {**AGENT, "updates": [update(1), update(2, result="fail:0x80070643")]}},
    "gone": {"os": SYSTEM, "network": {"listen": False}},
}


def scanned(name):
    """A fresh look at the host, kept as evidence of the run."""
    module = {"refresh": True, "evidence": "both", "evidence_dir": "{{ report }}/evidence", "run_id": RUN}
    return {"name": name, f"{W}win_patch_info": module, "register": name, "ignore_unreachable": True}


HOSTS_OF_PLAY = "{{ ansible_play_hosts_all }}"
REACHED = {"when": "before.scan is defined"}
ONCE = {"run_once": True, "delegate_to": "localhost"}
STARTED = {
    "name": "start",
    f"{W}win_patch_job": {"operation": "start", "kind": "install", "plan": "{{ made.plan }}"},
    "vars": {"made": "{{ before | winops.patching.patch_install_plan({'no_windows': 'open'}, skew_seconds=0) }}"},
    "register": "job",
    **REACHED,
}
FACTS = {
    "installed": "{{ known.job_lines | default([]) | winops.patching.patch_install_result(plan, "
    "document=after if after.scan is defined else none) }}",
    "plan": {"updates": [{**update(number), "named": False} for number in (1, 2)]},
    "facts": "{{ {'install': [installed]} if before.scan is defined else {'stopped': "
    "{'step': 'scan', 'reason': 'unreachable: ' ~ before.msg | default('')}} }}",
}


def tasks(report):
    """A run without roles: every record that they write."""
    begun = {"hosts": HOSTS_OF_PLAY, "registered_as": "run", "run_id": RUN}
    return [
        {"name": "begin", f"{W}patch_begin": begun, "register": "run", **ONCE},
        scanned("before"),
        *followed(report),
        {**scanned("after"), **REACHED},
        *told(report),
    ]


def followed(report):
    """The job is started and followed to its end."""
    records = {"report_dir": str(report), "run_id": RUN}
    watch = {**records, "id": "{{ job.id }}", "earlier": "{{ watched | default({}) }}"}
    patience = {"until": "watched.over", "retries": 60, "delay": 1}
    known = {"report_dir": str(report), "job": "{{ job.id }}", "return_lines": True}
    return [
        {"name": "note", f"{W}patch_note": {**records, "step": "hooks", "data": {"open": True}}},
        STARTED,
        {"name": "watch", f"{W}patch_watch": watch, "register": "watched", **patience, **REACHED},
        {"name": "progress", f"{W}patch_progress": {"hosts": HOSTS_OF_PLAY, "registered_as": "watched"}, **ONCE},
        {"name": "known", f"{W}patch_run_known": known, "register": "known", **REACHED},
    ]


def told(report):
    """What came of it, for each host and for all."""
    records = {"report_dir": str(report), "run_id": RUN, "begun": "{{ run.begun.at }}"}
    result = {**records, "facts": "{{ facts }}"}
    fleet = {**records, "hosts": HOSTS_OF_PLAY, "registered_as": "came", "named": "{{ run.named }}"}
    return [
        {"name": "result", f"{W}patch_run_result": result, "vars": FACTS, "register": "came"},
        {"name": "report", f"{W}patch_run_report": fleet, **ONCE},
    ]


def later(report):
    """Another controller, another day: what is there that nobody has told?"""
    return [
        {"name": "list", f"{W}win_patch_job": {"operation": "list"}, "register": "listed"},
        {"name": "known", f"{W}patch_run_known": {"report_dir": str(report), "jobs": "{{ listed.jobs }}"}},
        {"name": "known elsewhere", f"{W}patch_run_known": {"report_dir": f"{report}-2", "jobs": "{{ listed.jobs }}"}},
    ]


@pytest.fixture(scope="module")
def recorded(once, commands):
    """One run over both hosts, and a later look at the one that answers."""

    def make(folder):
        with serve(HOSTS, folder / "sim", time_factor=FACTOR) as fleet:
            ansible = commands(folder / "ansible")
            report = folder / "report"
            run = ansible.play(fleet.inventory, tasks(report), vars={"report": str(report)})
            again = ansible.play(fleet.inventory, later(report), hosts="mixed")
            run.notes.update(
                fleet=json.loads((report / "fleet.json").read_text(encoding="utf-8")),
                journals={
                    host: (report / "journal" / f"{host}.jsonl").read_text(encoding="utf-8").splitlines()
                    for host in HOSTS
                },
                modes=sorted({oct(path.stat().st_mode & 0o777) for path in (report / "journal").iterdir()}),
                later=[entry["result"] for entry in again.results],
                jobs=[job.id for job in fleet.jobs("mixed") if job.kind == "install"],
                installed=[entry for entry in fleet.state("mixed")["log"] if entry["event"] == "install"],
            )
        return run

    return once("run-records", make)


def journal(recorded, host, step):
    """The lines of one step in a host's journal."""
    return [line for line in map(json.loads, recorded.notes["journals"][host]) if line["step"] == step]


def test_the_journal_holds_each_line_of_the_job_once_and_the_result_last(recorded):
    assert recorded.code == 0, recorded.output
    kept = journal(recorded, "mixed", "job")
    assert [line["number"] for line in kept] == list(range(1, len(kept) + 1))
    assert [kept[0]["line"]["phase"], kept[-1]["line"]["phase"]] == ["armed", "done"]
    last = [json.loads(line)["step"] for line in recorded.notes["journals"]["mixed"][-2:]]
    assert last == ["result", "reported"]
    assert recorded.notes["modes"] == ["0o600"]


def test_the_fleet_document_tells_what_the_host_has_done(recorded):
    row = recorded.notes["fleet"]["hosts"]["mixed"]
    told = {entry["id"]: entry["state"] for entry in row["run"]["updates"]}
    truth = {entry["id"]: "verified" if entry["result"] == "ok" else "failed" for entry in recorded.notes["installed"]}
    assert told == truth == {update(1)["id"]: "verified", update(2)["id"]: "failed"}
    assert (row["run"]["outcome"], row["machine"], row["reboot"]) == ("failed", "non_compliant", "not_required")
    (failed,) = [entry for entry in row["run"]["updates"] if entry["state"] == "failed"]
    assert (failed["hresult"], failed["name"]) == ("0x80070643", "ERROR_INSTALL_FAILURE")
    assert failed["next_step"]


def test_a_host_that_never_answered_is_in_the_document_with_the_reason(recorded):
    row = recorded.notes["fleet"]["hosts"]["gone"]
    assert (row["run"]["outcome"], row["reboot"], row["machine"]) == ("stopped", "unknown", "unknown")
    assert row["error"].startswith("unreachable:")
    (reported,) = [entry["result"] for entry in recorded.results if entry["task"] == "report"]
    assert reported["failed_hosts"] == ["gone", "mixed"]


def test_the_table_names_the_failure_its_cause_and_the_next_step(recorded):
    assert "2026-11 Update 2 (KB5000002): failed 0x80070643 ERROR_INSTALL_FAILURE" in recorded.output
    assert "    next:  " in recorded.output
    assert "the job is over" in recorded.output


def test_a_later_controller_knows_that_the_job_was_told_and_that_hooks_are_still_open(recorded):
    _listed, known, elsewhere = recorded.notes["later"]
    assert (known["job"], known["hooks_open"]) == (None, True), "nobody wrote down that the last hooks have run"
    assert (elsewhere["job"], elsewhere["state"], elsewhere["lines"]) == (recorded.notes["jobs"][0], "finished", 0)


def test_the_scan_says_how_far_the_clocks_are_apart(recorded):
    assert isinstance(recorded.of("before", "mixed")["clock_skew_seconds"], int)
    later_skew = recorded.of("after", "mixed")["clock_skew_seconds"]
    assert later_skew > recorded.of("before", "mixed")["clock_skew_seconds"], "the simulated clock runs ahead"
