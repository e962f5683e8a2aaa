# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The executed tier of installations: the worker under a real PowerShell, against a played agent and a played clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recorder import engine, installs, jobs
from recorder.installs import A, B, C

START = "2026-11-21T20:00:00Z"
AN_HOUR_LATER = "2026-11-21T21:00:00Z"


@pytest.fixture(scope="module")
def powershell():
    return engine.find("pwsh")


@pytest.fixture
def stage(powershell, tmp_path):
    return Stage(powershell, tmp_path)


class Stage:
    """A job's folder and an agent; each run is one start of the task."""

    def __init__(self, powershell, folder) -> None:
        self.powershell = powershell
        self.folder = folder / "jobs" / installs.JOB
        self.agent = installs.agent_of(installs.update(A), installs.update(B), installs.update(C))

    def prepare(self, *updates: dict[str, Any], armed: bool = False, **words: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        plan = installs.plan_of(*updates, **words)
        (self.folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        self.write({"phase": "armed", "not_before": plan["not_before"], "armed": armed})

    def write(self, *lines: dict[str, Any]) -> None:
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps({"at": START, "created_at": START, **line}) + "\n")

    def run(self) -> list[dict[str, Any]]:
        """What the agent and the host were asked."""
        arguments = ("-Fake", "FakeAgent.psm1", "-Job", str(self.folder))
        return engine.run_script(self.powershell, jobs.WORKER, {}, self.agent, *arguments)["calls"]

    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]

    @property
    def said(self) -> list[str]:
        return [installs.short(line) for line in self.journal()]

    def line(self, phase: str, step: str) -> dict[str, Any]:
        return next(line for line in self.journal() if (line["phase"], line.get("step")) == (phase, step))


@pytest.mark.needs("pwsh")
def test_only_what_fits_into_the_window_is_begun_and_the_rest_says_why(stage):
    stage.agent["installs"] = {name: {"code": 2, "seconds": 1200} for name in (A, B, C)}
    stage.prepare(*(installs.planned(name, 20) for name in (A, B, C)), deadline=AN_HOUR_LATER)
    calls = stage.run()
    assert stage.said == [
        "armed",
        "downloading/started",
        "downloading/searching",
        "downloading/found",
        *(f"downloading/{step} {name}" for name in "ABC" for step in ("begin", "end")),
        "installing/begin A",
        "installing/end A succeeded",
        "installing/begin B",
        "installing/end B succeeded",
        "installing/skipped C does_not_fit",
        "rebooting/skipped not_required",
        "verifying/searching",
        "verifying/update A",
        "verifying/update B",
        "verifying/reboot",
        "done finished",
    ]
    assert installs.named(calls, "install") == [A, B]
    assert [line["remaining_seconds"] for line in stage.journal() if line.get("needs_seconds")] == [3600, 2400]
    assert stage.line("installing", "begin")["needs_seconds"] == 35 * 60


@pytest.mark.needs("pwsh")
def test_a_failing_update_does_not_stop_the_next(stage):
    stage.agent["installs"][A] = {"code": 4, "hresult": jobs.signed("0x80070643"), "seconds": 60}
    stage.prepare(installs.planned(A), installs.planned(B))
    stage.run()
    assert "installing/end A failed" in stage.said
    assert "installing/end B succeeded" in stage.said
    assert stage.line("installing", "end")["hresult"] == "0x80070643"
    assert stage.journal()[-1]["outcome"] == "finished"


RULED_OUT = {
    "not_offered": ({}, "00000000-0000-4000-8000-000000000009"),
    "installed": ({"IsInstalled": True}, A),
    "revision_changed": ({"Identity": {"UpdateID": A, "RevisionNumber": 2}}, A),
    "eula": ({"EulaAccepted": False, "RefusesEula": True}, A),
}
EXCLUDED = {
    "feature upgrade": {"Categories": [{"CategoryID": "3689bdc8-b205-4af4-8d4a-a63924c5e9d5", "Name": "", "Type": ""}]},
    "driver": {"Type": 2},
    "browse only": {"BrowseOnly": True},
    "hidden": {"IsHidden": True},
    "input": {"InstallationBehavior": {"RebootBehavior": 0, "Impact": 0, "CanRequestUserInput": True}},
}
# The played agent's getters give null where they fail.
UNREADABLE = {
    "categories": {"Categories": None},
    "type": {"Type": None},
    "browse only": {"BrowseOnly": None},
    "hidden": {"IsHidden": None},
    "input": {"InstallationBehavior": {"RebootBehavior": 0, "Impact": 0}},
}


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("reason", RULED_OUT)
def test_what_the_agent_rules_out_is_not_begun(stage, reason):
    change, name = RULED_OUT[reason]
    stage.agent = installs.agent_of(installs.update(A) | change)
    stage.prepare(installs.planned(name))
    calls = stage.run()
    assert stage.line("installing", "skipped")["reason"] == reason
    assert installs.named(calls, "install") == []
    assert stage.said[-1] == "done finished"


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("what", EXCLUDED)
def test_what_is_never_installed_unless_it_is_named_is_installed_when_it_is(stage, what):
    stage.agent = installs.agent_of(installs.update(A) | EXCLUDED[what], installs.update(B) | EXCLUDED[what])
    stage.prepare(installs.planned(A), installs.planned(B, named=True))
    calls = stage.run()
    assert stage.line("installing", "skipped")["reason"] == "excluded"
    assert what in stage.line("installing", "skipped")["text"]
    assert installs.named(calls, "install") == [B]


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("what", UNREADABLE)
def test_what_could_not_be_read_is_not_installed_unless_it_is_named(stage, what):
    stage.agent = installs.agent_of(installs.update(A) | UNREADABLE[what], installs.update(B) | UNREADABLE[what])
    stage.prepare(installs.planned(A), installs.planned(B, named=True))
    calls = stage.run()
    assert stage.line("installing", "skipped")["reason"] == "excluded"
    assert what in stage.line("installing", "skipped")["text"]
    assert stage.line("installing", "skipped")["text"].endswith("could not be read")
    assert installs.named(calls, "install") == [B]


@pytest.mark.needs("pwsh")
def test_what_may_be_installed_already_is_not_installed_again_even_when_it_is_named(stage):
    stage.agent = installs.agent_of(installs.update(A) | {"IsInstalled": None})
    stage.prepare(installs.planned(A, named=True))
    calls = stage.run()
    skipped = stage.line("installing", "skipped")
    assert (skipped["reason"], skipped["text"]) == ("excluded", "whether it is installed already could not be read")
    assert installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_an_update_without_any_behaviour_asks_nobody(stage):
    stage.agent = installs.agent_of(installs.update(A) | {"InstallationBehavior": None})
    stage.prepare(installs.planned(A))
    assert installs.named(stage.run(), "install") == [A]


@pytest.mark.needs("pwsh")
def test_a_download_that_fails_for_a_while_is_tried_again_and_one_that_fails_is_told(stage):
    busy = {"code": 4, "hresult": jobs.signed("0x80244022")}
    stage.agent["downloads"] = {
        A: [busy, {"code": 2}],
        B: [{"code": 4, "hresult": jobs.signed("0x80244018")}],
        C: [{"code": 2}],
    }
    stage.prepare(installs.planned(A), installs.planned(B))
    calls = stage.run()
    assert installs.named(calls, "download") == [A, A, B]
    ends = [line["result"] for line in stage.journal() if (line["phase"], line.get("step")) == ("downloading", "end")]
    assert ends == ["ok", "failed"]
    assert "installing/skipped B download_failed" in stage.said


HOSTS = {
    "hard_reboot": {"installer": {"IsBusy": False, "RebootRequiredBeforeInstallation": True}},
    "disk_space": {"free_mb": 100},
    "other_installer": {"busy": [{"who": "Global\\_MSIExecute", "from": 0, "until": 10**6}]},
}
# Who cannot be asked. A value that is no number is one that could not be read.
BLIND = {
    "the update agent is installing": {"installer": {"RebootRequiredBeforeInstallation": False}},
    "Windows is being serviced": {"registry": {installs.SERVICING: {"ServicingInProgress": "x"}}},
}


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("reason", HOSTS)
def test_what_the_host_says_against_it_is_a_reason(stage, reason):
    stage.agent |= HOSTS[reason]
    stage.prepare(installs.planned(A))
    calls = stage.run()
    assert stage.line("installing", "skipped")["reason"] == reason
    assert installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_nothing_is_installed_while_nobody_can_tell_whether_a_reboot_must_come_first(stage):
    stage.agent |= {"installer": {"IsBusy": False}}
    stage.prepare(installs.planned(A))
    calls = stage.run()
    skipped = stage.line("installing", "skipped")
    assert skipped["reason"] == "unknown"
    assert skipped["text"].startswith("whether a reboot must come first could not be read: ")
    assert installs.named(calls, "install") == []


PARTIAL = {
    "errors": {"ResultCode": 3},
    "warnings": {"Warnings": [{"Context": 4, "HResult": -2145091577, "Message": ""}]},
    "warnings that nobody tells": {"Warnings": None},
}


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("why", PARTIAL)
def test_what_an_incomplete_search_does_not_show_is_unknown_and_not_absent(stage, why):
    stage.agent["searches"][0]["found"] |= PARTIAL[why]
    stage.prepare(installs.planned("00000000-0000-4000-8000-000000000009"))
    stage.run()
    assert stage.line("installing", "skipped")["reason"] == "unknown"


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("who", BLIND)
def test_an_installer_that_cannot_be_asked_about_is_waited_for_and_then_the_update_is_unknown(stage, who):
    stage.agent |= BLIND[who]
    stage.prepare(installs.planned(A))
    calls = stage.run()
    text = f"whether {who} could not be read"
    assert stage.line("installing", "waiting")["text"] == text
    skipped = stage.line("installing", "skipped")
    assert (skipped["reason"], skipped["text"]) == ("unknown", text)
    assert installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_nothing_is_begun_on_a_drive_that_does_not_tell_its_free_space(stage):
    stage.agent["free_mb"] = None
    stage.prepare(installs.planned(A))
    calls = stage.run()
    skipped = stage.line("installing", "skipped")
    assert (skipped["reason"], skipped["text"]) == ("unknown", "the free space of the system drive could not be read")
    assert installs.named(calls, "download") + installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_nobody_asks_for_the_free_space_where_none_has_to_be_left(stage):
    stage.agent["free_mb"] = None
    stage.prepare(installs.planned(A), min_free_mb=0)
    assert installs.named(stage.run(), "install") == [A]


@pytest.mark.needs("pwsh")
def test_whether_an_update_is_there_is_unknown_where_the_plan_downloads_nothing_and_the_agent_does_not_tell(stage):
    stage.agent = installs.agent_of(installs.update(A) | {"IsDownloaded": None})
    stage.prepare(installs.planned(A), phases=["install"])
    calls = stage.run()
    skipped = stage.line("installing", "skipped")
    assert (skipped["reason"], skipped["text"]) == ("unknown", "whether it is downloaded could not be read")
    assert installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_another_installer_is_waited_for(stage):
    stage.agent["busy"] = [{"who": "TiWorker", "from": 0, "until": 100}]
    stage.prepare(installs.planned(A))
    calls = stage.run()
    assert stage.line("installing", "waiting")["until"] == "2026-11-21T20:30:00Z"
    assert [call["facts"]["at"] for call in calls if call["name"] == "install"] == [105]


@pytest.mark.needs("pwsh")
def test_a_job_that_is_too_late_installs_nothing(stage):
    stage.prepare(installs.planned(A), start_before="2026-11-21T19:59:00Z")
    stage.run()
    assert stage.said[-2:] == ["installing/skipped A too_late", "done expired"]


@pytest.mark.needs("pwsh")
def test_a_job_that_is_told_to_stop_installs_nothing(stage):
    stage.prepare(installs.planned(A), installs.planned(B))
    (stage.folder / "stop").touch()
    stage.run()
    assert stage.said[-3:] == ["installing/skipped A stopped", "installing/skipped B stopped", "done stopped"]


@pytest.mark.needs("pwsh")
def test_installing_waits_for_its_time_and_a_jump_of_the_clock_is_told(stage):
    stage.agent["jumps"] = [{"after": 600, "by": 1800}]
    stage.agent["searches"].insert(1, stage.agent["searches"][0])
    stage.prepare(installs.planned(A, 5), not_before="2026-11-21T21:00:00Z", deadline="2026-11-21T23:00:00Z")
    stage.run()
    assert stage.line("installing", "waiting")["until"] == "2026-11-21T21:00:00Z"
    assert stage.line("installing", "clock_jump")["seconds"] == 1800
    assert stage.line("installing", "begin")["remaining_seconds"] == 7200


@pytest.mark.needs("pwsh")
def test_what_others_installed_while_the_job_waited_is_not_begun(stage):
    stage.prepare(installs.planned(A, 5), not_before=AN_HOUR_LATER)
    calls = stage.run()
    assert stage.line("installing", "skipped")["reason"] == "installed"
    assert installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_a_plan_that_names_an_update_twice_is_refused(stage):
    stage.prepare(installs.planned(A), installs.planned(A.upper()))
    calls = stage.run()
    assert stage.journal()[-1]["error"]["type"] == "bad_plan"
    assert installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_a_journal_without_its_first_line_installs_nothing(stage):
    stage.prepare(installs.planned(A))
    (stage.folder / "journal.jsonl").write_bytes(bytes(300))
    calls = stage.run()
    last = json.loads((stage.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert last["error"]["type"] == "interrupted"
    assert installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_what_an_update_takes_from_the_queue_and_from_run_once_is_told(stage):
    queue = {"PendingFileRenameOperations": ["\\??\\C:\\a", "", "\\??\\C:\\new", "!\\??\\C:\\old"]}
    stage.agent["registry"] = {installs.SESSION: queue, installs.RUN_ONCE: {"one": "x", "two": "y"}}
    stage.agent["installs"][A]["registry"] = {
        installs.SESSION: {"PendingFileRenameOperations": ["\\??\\C:\\A", "", "\\??\\C:\\b", ""]},
        installs.RUN_ONCE: {"two": "y"},
        installs.WU_REBOOT: {},
    }
    stage.prepare(installs.planned(A))
    stage.run()
    end = stage.line("installing", "end")
    assert end["queue"] == {"before": 2, "after": 2, "lost": [["\\??\\C:\\new", "!\\??\\C:\\old"]]}
    assert end["run_once"] == {"lost": ["one"]}
    assert end["reboot_signals"] == {"wu_reboot_required": True, "cbs_reboot_pending": False}
    assert stage.line("rebooting", "skipped")["reason"] == "never"


def wants_reboot(stage: Stage) -> None:
    stage.agent["installs"][A] |= {"reboot": True, "system_info": {"RebootRequired": True}}


@pytest.mark.needs("pwsh")
def test_the_host_reboots_and_the_next_start_only_verifies(stage):
    wants_reboot(stage)
    stage.agent["boots"] = True
    text = 'say "now" \\'
    stage.prepare(installs.planned(A), reboot={"mode": "if_required", "warn_seconds": 60, "message": text})
    calls = stage.run()
    assert stage.said[-1] == "rebooting/begin"
    process = next(call["facts"] for call in calls if call["name"] == "process")
    assert process["path"].endswith("System32\\shutdown.exe")
    assert process["line"] == '/r /f /t 60 /d p:2:17 /c "say  now"'
    stage.agent["system_info"] = {"RebootRequired": False}
    stage.agent["history"] = [installs.history(A, "2026-11-21T20:05:00Z"), installs.history(A, "2026-10-01T00:00:00Z")]
    calls = stage.run()
    assert stage.said[-5:] == [
        "verifying/started",
        "verifying/searching",
        "verifying/update A",
        "verifying/reboot",
        "done finished",
    ]
    started = stage.line("verifying", "started")
    assert (started["expected"], started["reboots"]) == (True, 1)
    assert stage.line("verifying", "update")["history"]["date"] == "2026-11-21T20:05:00Z"
    assert installs.named(calls, "install") == []
    before = stage.journal()
    stage.run()
    assert stage.journal() == before


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize(("waits", "told"), [(False, "rebooting/skipped persistent"), (True, "rebooting/begin")])
def test_a_host_is_rebooted_again_only_for_an_update_that_still_waits(stage, waits, told):
    wants_reboot(stage)
    stage.agent["boots"] = True
    stage.prepare(installs.planned(A), reboot={"mode": "if_required"})
    stage.run()
    stage.agent["system_info"] = {"RebootRequired": True}
    stage.agent["searches"] = [installs.found([installs.update(A) | {"IsInstalled": True, "RebootRequired": waits}])]
    stage.run()
    assert stage.said[-1 if waits else -2] == told


REBOOTS = {
    "never": {},
    "outside_window": {"mode": "if_required", "deadline": "2026-11-21T20:10:00Z"},
    "max_reboots": {"mode": "if_required", "max_reboots": 0},
}


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("reason", REBOOTS)
def test_a_host_that_may_not_reboot_does_not_and_says_why(stage, reason):
    wants_reboot(stage)
    stage.prepare(installs.planned(A), reboot=REBOOTS[reason])
    calls = stage.run()
    assert stage.line("rebooting", "skipped")["reason"] == reason
    assert [call for call in calls if call["name"] == "process"] == []
    assert stage.journal()[-1]["reboot_required"] is True


@pytest.mark.needs("pwsh")
def test_a_boot_that_does_not_come_is_told(stage):
    wants_reboot(stage)
    stage.prepare(installs.planned(A), reboot={"mode": "if_required"})
    stage.run()
    assert stage.line("rebooting", "failed")["exit_code"] == 0
    assert stage.said[-1] == "done finished"


@pytest.mark.needs("pwsh")
def test_a_power_cut_in_the_middle_is_told_verified_and_nothing_is_installed(stage):
    stage.prepare(installs.planned(A), installs.planned(B))
    stage.write({"phase": "downloading", "step": "started"})
    stage.write({"phase": "installing", "step": "begin", "id": A, "revision": 1})
    with (stage.folder / "journal.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"at":"2026-11')
    calls = stage.run()
    lines = (stage.folder / "journal.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines[3] == '{"at":"2026-11'
    after = [json.loads(line) for line in lines[4:-1]]
    assert [installs.short(line) for line in after] == [
        "verifying/started",
        "installing/skipped B stopped",
        "verifying/searching",
        "verifying/update A",
        "verifying/reboot",
        "done failed",
    ]
    assert after[0]["expected"] is False
    assert after[-1]["error"]["type"] == "interrupted"
    assert installs.named(calls, "install") == []


@pytest.mark.needs("pwsh")
def test_a_boot_before_the_time_of_an_armed_job_leaves_it_as_it_is(stage):
    stage.prepare(installs.planned(A), armed=True, not_before=AN_HOUR_LATER)
    assert stage.run() == []
    assert stage.said == ["armed"]


@pytest.mark.needs("pwsh")
def test_a_job_that_did_not_begin_before_the_boot_does_not_begin_after_it(stage):
    stage.agent["boot_time"] = "2026-11-21T20:30:00Z"
    stage.prepare(installs.planned(A))
    stage.run()
    assert stage.said == ["armed", "installing/skipped A too_late", "done expired"]
