# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An install job of the double: what it begins and what not, in time, with patience, and what it leaves behind."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.tests.contract.jobs import ARMED_AT, INSTALL_JOB, LONG_ENOUGH, Stage

from winsim.agent.install import REBOOT_REQUIRED
from winsim.emulated.result import ModuleFailedError
from winsim.host import Access
from winsim.mishaps import other_installer
from winsim.probes.run import run_probe
from winsim.worker import places

A, B, C, D, E = (f"00000000-0000-0000-0000-00000000000{letter}" for letter in "abcde")


def update(name, **words):
    return {"id": name, **words}


@pytest.fixture
def stage(tmp_path):
    """`stage(update, …, …)`: a host whose agent has these updates; the other words are those of its file."""

    def make(*updates, agent=None, **words):
        return Stage({"update_agent": {"updates": list(updates), **(agent or {})}, **words}, tmp_path)

    return make


@pytest.fixture
def run(stage):
    """`run([updates of the host], [updates of the plan], …)`: the stage after the job; the words are the plan's."""

    def go(updates, planned=None, *, host=None, agent=None, until=LONG_ENOUGH, **plan):
        made = stage(*updates, agent=agent, **(host or {}))
        made.install(planned if planned is not None else [{"id": one["id"]} for one in updates], **plan)
        made.wait_until(until)
        return made

    return go


def lines(made, phase, step):
    return [line for line in made.journal() if (line["phase"], line.get("step")) == (phase, step)]


def begun(made):
    return [line["id"] for line in lines(made, "installing", "begin")]


def reasons(made):
    return {line["id"]: line["reason"] for line in lines(made, "installing", "skipped")}


def installs(made):
    return [(entry["id"], entry["result"]) for entry in made.host.log if entry["event"] == "install"]


def done(made):
    return made.journal()[-1]


def known(made, name):
    return next(one for one in made.host.update_agent.updates if one["id"] == name)


def test_what_is_installed_is_told_by_the_log_the_history_and_the_agent(run):
    made = run([update(A, revision=7, title="Cumulative", run_minutes=9)], [{"id": A, "revision": 7}])
    assert [entry for entry in made.host.log if entry["event"] == "install"] == [
        {"at": "2026-11-18T03:31:09Z", "event": "install", "id": A, "revision": 7, "result": "ok"}
    ]
    (entry,) = made.host.update_agent.history
    assert (entry["id"], entry["result"], entry["title"], entry["client"]) == (
        A,
        "succeeded",
        "Cumulative",
        "winops.patching",
    )
    assert known(made, A)["installed"] is True
    assert [entry["phase"] for entry in made.host.log if entry["event"] == "job"] == [
        "armed",
        "downloading",
        "installing",
        "verifying",
        "done",
    ]


def test_a_failing_one_does_not_stop_the_rest_and_is_told_with_its_code(run):
    made = run([update(A, result="fail:0x80070643"), update(B)])
    assert installs(made) == [(A, "fail:0x80070643"), (B, "ok")]
    assert [line["result"] for line in lines(made, "installing", "end")] == ["failed", "succeeded"]
    assert made.host.update_agent.history[0]["hresult"] == "0x80070643"
    assert done(made)["outcome"] == "finished"


@pytest.mark.parametrize(
    ("words", "waits"),
    [
        ({}, False),
        ({"reboot_behavior": "always_requires"}, True),
        ({"reboot_behavior": "can_request"}, False),
        ({"reboot_behavior": "can_request", "renames": [[r"C:\new", r"C:\old"]]}, True),
        ({"renames": [[r"C:\new", r"C:\old"]]}, False),
        ({"result": "roll_back"}, True),
    ],
)
def test_what_waits_for_a_boot_says_so_everywhere(run, words, waits):
    made = run([update(A, **words)])
    key = made.host.registry.key(REBOOT_REQUIRED)
    assert (key is not None and key.value(A).data == 1) is waits
    assert bool(known(made, A).get("reboot_required")) is waits
    assert made.host.update_agent.reboot_required is waits
    (end,) = lines(made, "installing", "end")
    assert (end["reboot_required"], end["reboot_signals"]["wu_reboot_required"]) == (waits, waits)
    assert done(made)["reboot_required"] is waits


def test_one_that_waits_for_a_boot_does_not_keep_the_next_from_being_installed_unless_it_is_hard(run):
    soft = update(A, reboot_behavior="always_requires")
    assert begun(run([soft, update(B)])) == [A, B]
    hard = run([{**soft, "hard_reboot": True}, update(B), update(C)])
    assert (begun(hard), reasons(hard)) == ([A], {B: "hard_reboot", C: "hard_reboot"})


def test_a_hard_reboot_is_over_after_the_boot(run):
    made = run([update(A, hard_reboot=True), update(B)], reboot={"mode": "if_required"})
    assert made.host.update_agent.refuses_to_install is False
    assert installs(made) == [(A, "ok")]


def test_time_that_is_just_enough_is_enough(run):
    # The worker gets to installing 129 seconds after the job's start: 2 minutes of search, 6 seconds of download.
    planned = [{"id": A, "run_minutes": 10}]
    for minutes, fits in ((25, True), (24, False)):
        second = 129 + minutes * 60
        deadline = f"2026-11-18T03:{20 + second // 60:02d}:{second % 60:02d}Z"
        made = run([update(A)], planned, deadline=deadline)
        assert begun(made) == ([A] if fits else [])
        assert done(made)["outcome"] == "finished"


def test_the_smaller_one_that_follows_may_still_fit(run):
    planned = [{"id": A, "run_minutes": 60}, {"id": B, "run_minutes": 5}]
    made = run([update(A), update(B)], planned, deadline="2026-11-18T04:00:00Z")
    assert (begun(made), reasons(made)) == ([B], {A: "does_not_fit"})


def test_five_updates_of_twenty_minutes_in_an_hour_are_two(run):
    names = (A, B, C, D, E)
    planned = [{"id": name, "run_minutes": 20} for name in names]
    made = run([update(name, run_minutes=20) for name in names], planned, deadline="2026-11-18T04:20:00Z")
    assert (begun(made), reasons(made)) == ([A, B], dict.fromkeys((C, D, E), "does_not_fit"))


def test_a_window_that_is_over_is_expired(run):
    made = run([update(A)], deadline="2026-11-18T03:10:00Z")
    assert (done(made)["outcome"], reasons(made)) == ("expired", {A: "does_not_fit"})
    assert lines(made, "downloading", "begin") == []


NEVER = [
    ({"classification": "Upgrades"}, "it is a feature upgrade"),
    ({"classification": "Drivers"}, "it is a driver"),
    ({"type": "driver"}, "it is a driver"),
    ({"browse_only": True}, "it is optional (browse only)"),
    ({"hidden": True}, "it is hidden"),
    ({"user_input": True}, "it may ask somebody for input"),
    ({"unreadable": ["categories"]}, "its categories could not be read"),
    ({"unreadable": ["type"]}, "its type could not be read"),
    ({"unreadable": ["browse_only"]}, "whether it is optional (browse only) could not be read"),
    ({"unreadable": ["hidden"]}, "whether it is hidden could not be read"),
    ({"unreadable": ["can_request_user_input"]}, "whether it may ask somebody for input could not be read"),
]


@pytest.mark.parametrize(("words", "text"), NEVER)
def test_what_is_never_installed_is_installed_only_when_it_is_named(run, words, text):
    made = run([update(A, **words)])
    assert [(line["reason"], line["text"]) for line in lines(made, "installing", "skipped")] == [("excluded", text)]
    assert lines(made, "downloading", "begin") == []
    assert begun(run([update(A, **words)], [{"id": A, "named": True}])) == [A]


def test_the_set_is_exact(run):
    updates = [update(A, revision=3), update(B, installed=True), update(D), update(E)]
    made = run(updates, [{"id": name} for name in (A, B, C, D.upper())])
    assert begun(made) == [D]
    assert reasons(made) == {A: "revision_changed", B: "installed", C: "not_offered"}


def test_terms_are_accepted_before_the_download_or_the_update_is_left_out(run):
    made = run([update(A, eula_accepted=False), update(B, eula_accepted=False, refuses_eula=True)])
    assert (begun(made), reasons(made)) == ([A], {B: "eula"})
    assert known(made, A)["eula_accepted"] is True
    assert [line["id"] for line in lines(made, "downloading", "begin")] == [A]


def test_a_full_drive_takes_nothing(run):
    made = run([update(A)], host={"free_mb": 2047})
    assert reasons(made) == {A: "disk_space"}
    assert lines(made, "downloading", "begin") == []
    assert begun(run([update(A)], host={"free_mb": 2048})) == [A]


def test_a_download_is_tried_again_where_that_may_help(run):
    words = {"download": "fail:0x80240034", "download_minutes": 1}
    made = run([update(A, **words, download_fails=2), update(B, **words), update(C, download="fail:0x80070005")])
    assert [(line["id"], line["seconds"]) for line in lines(made, "downloading", "backing_off")] == [
        (A, 60),
        (A, 120),
        (B, 60),
        (B, 120),
    ]
    ends = [(line["id"], line["result"], line["hresult"]) for line in lines(made, "downloading", "end")]
    assert ends == [(A, "ok", "0x00000000"), (B, "failed", "0x80240034"), (C, "failed", "0x80070005")]
    assert (begun(made), reasons(made)) == ([A], {B: "download_failed", C: "download_failed"})


def test_a_plan_without_downloads_installs_what_is_there(run):
    made = run([update(A, downloaded=True), update(B)], phases=["install"])
    assert (begun(made), reasons(made)) == ([A], {B: "download_failed"})


def test_a_plan_without_installations_only_downloads(run):
    made = run([update(A)], phases=["download"])
    assert known(made, A)["downloaded"] is True
    assert [line["phase"] for line in made.journal()] == ["armed", *["downloading"] * 5, "done"]


@pytest.mark.parametrize("kind", ["msi", "servicing", "agent"])
def test_another_installer_is_waited_for(run, kind):
    second = {"after_minutes": 1, "minutes": 10, "kind": kind}
    made = run([update(A)], host={"second_installer": second})
    (waiting,) = lines(made, "installing", "waiting")
    assert (waiting["reason"], waiting["until"]) == ("other_installer", "2026-11-18T03:52:09Z")
    assert lines(made, "installing", "begin")[0]["at"] == "2026-11-18T03:31:09Z"
    assert other_installer(made.host) is None
    assert made.host.processes == []


def test_one_that_does_not_end_takes_the_patience_of_the_whole_job(run):
    made = run([update(A), update(B)], host={"mutexes": [r"Global\_MSIExecute"]}, busy_wait_minutes=20)
    assert reasons(made) == {A: "other_installer", B: "other_installer"}
    assert len(lines(made, "installing", "waiting")) == 1
    assert done(made)["at"] == "2026-11-18T03:42:15Z"


def test_waiting_ends_when_too_little_time_is_left(run):
    made = run([update(A)], agent={"busy": True}, deadline="2026-11-18T03:50:00Z", busy_wait_minutes=60)
    assert reasons(made) == {A: "other_installer"}
    assert done(made)["at"] < "2026-11-18T03:31:00Z"


@pytest.mark.parametrize(("seconds", "left"), [(7200, 0), (-7200, 1)])
def test_a_clock_that_jumps_is_told_and_never_gains_time(run, seconds, left):
    jump = {"after_minutes": 1, "seconds": seconds}
    made = run([update(A)], host={"clock_jump": jump}, deadline="2026-11-18T04:20:00Z")
    told = [line for line in made.journal() if line.get("step") == "clock_jump"]
    assert [line["seconds"] for line in told] == [seconds]
    assert len(begun(made)) == left
    if left:
        (begin,) = lines(made, "installing", "begin")
        assert begin["at"].startswith("2026-11-18T01:22")
        assert begin["remaining_seconds"] == 3600 - 129


def test_a_small_correction_of_the_clock_is_no_jump(run):
    made = run([update(A)], host={"clock_jump": {"after_minutes": 1, "seconds": 100}})
    assert [line for line in made.journal() if line.get("step") == "clock_jump"] == []


def test_the_first_installation_makes_the_last_scan_worthless(stage):
    made = stage(update(A))
    made.start()
    made.wait_until(1000)
    assert made.host.file(places.LAST_SCAN) is not None
    made.install([{"id": A}])
    made.wait_until(LONG_ENOUGH)
    assert made.host.file(places.LAST_SCAN) is None


def test_what_supersedes_another_and_is_installed_leaves_nothing_of_it_to_install(run):
    made = run([update(A, supersedes=[B]), update(B)], [{"id": A}])
    made.install([{"id": B}], job="install-20261119T032000Z-00000002")
    made.wait_until(2 * LONG_ENOUGH)
    journal = made.journal("install-20261119T032000Z-00000002")
    assert [line["reason"] for line in journal if line.get("step") == "skipped"] == ["not_offered"]


def test_what_an_installer_does_to_the_work_of_others_is_told(run):
    renames = [[r"C:\Windows\System32\SET1.tmp", r"C:\Windows\System32\a.dll"]]
    keys = {
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnce": {"values": {"x": {"type": "REG_SZ", "data": ""}}}
    }
    spoils = update(B, overwrites_queue=True, overwrites_run_once=True, renames=[[r"C:\b", ""]])
    made = run([update(A, renames=renames), spoils], host={"registry": keys})
    first, second = lines(made, "installing", "end")
    entry = [r"\??\C:\Windows\System32\SET1.tmp", r"!\??\C:\Windows\System32\a.dll"]
    assert (first["queue"], first["run_once"]) == ({"before": 0, "after": 1, "lost": []}, {"lost": []})
    assert (second["queue"], second["run_once"]) == ({"before": 1, "after": 1, "lost": [entry]}, {"lost": ["x"]})


def test_the_agent_is_busy_while_it_installs(run):
    made = run([update(A, run_minutes=60)], until=600)

    def asked():
        probe = {"id": "x", "kind": "com_property", "progid": "Microsoft.Update.Installer", "property": "IsBusy"}
        return run_probe(Access(made.host, made.host.identity(None)), probe)["data"]["value"]

    assert asked() is True
    made.wait_until(LONG_ENOUGH)
    assert asked() is False


def test_one_that_hangs_is_ended_with_its_task_and_leaves_the_agent_busy(run):
    made = run([update(A, result="hang"), update(B)], deadline="2026-11-18T04:20:00Z")
    assert (begun(made), made.journal()[-1]["step"]) == ([A], "begin")
    assert made.host.log[-1]["phase"] == "interrupted"
    assert made.host.log[-1]["at"] == "2026-11-18T16:20:00Z"
    assert other_installer(made.host) == "the update agent is installing"
    assert made.call("list")["jobs"][0]["state"] == "interrupted"
    assert installs(made) == []


def test_an_installation_ends_although_its_worker_was_killed_and_the_next_start_tells_of_the_dead_job(stage):
    made = stage(update(A, run_minutes=10, kills_worker=True))
    made.install([{"id": A}])
    made.wait_until(600)
    assert (made.host.workers, known(made, A).get("installed")) == ([], None)
    again = "install-20261118T040000Z-00000002"
    answer = made.install([{"id": A}], job=again)
    assert (answer["interrupted"], answer["attached"], answer["id"]) == (INSTALL_JOB, False, again)
    made.wait_until(LONG_ENOUGH)
    assert installs(made) == [(A, "ok")]
    (end,) = [line for line in made.journal(again) if (line["phase"], line.get("step")) == ("installing", "end")]
    assert (end["result"], end["hresult"], end["seconds"]) == ("succeeded", "0x00240006", 0)
    assert "interrupted" not in made.install([{"id": A}], job="install-20261119T040000Z-00000003")


def test_only_a_job_that_died_is_told_as_interrupted(run):
    made = run([update(A)])
    assert "interrupted" not in made.install([{"id": A}], job="install-20261119T040000Z-00000002")


@pytest.mark.parametrize(
    ("when", "skipped", "installed"), [(1, [A, B], []), (60, [A, B], []), (200, [B], [A]), (900, [], [A, B])]
)
def test_a_request_to_stop_never_breaks_off_an_installation(stage, when, skipped, installed):
    made = stage(update(A, run_minutes=6), update(B, run_minutes=6))
    made.install([{"id": A}, {"id": B}], reboot={"mode": "if_required"})
    made.wait_until(when)
    made.call("stop", id=INSTALL_JOB)
    made.wait_until(LONG_ENOUGH)
    assert reasons(made) == dict.fromkeys(skipped, "stopped")
    assert [name for name, _result in installs(made)] == installed
    assert [line["id"] for line in lines(made, "verifying", "update")] == installed
    assert done(made)["outcome"] == ("stopped" if skipped else "finished")


def test_a_job_that_was_told_to_stop_does_not_reboot(stage):
    made = stage(update(A, run_minutes=6, reboot_behavior="always_requires"))
    made.install([{"id": A}], reboot={"mode": "if_required"})
    made.wait_until(200)
    made.call("stop", id=INSTALL_JOB)
    made.wait_until(LONG_ENOUGH)
    assert [line["reason"] for line in lines(made, "rebooting", "skipped")] == ["stopped"]
    assert (done(made)["outcome"], done(made)["reboot_required"]) == ("stopped", True)


def test_a_search_that_fails_ends_the_job(run):
    made = run([update(A)], agent={"search_fails": [{"hresult": "0x80244017"}]})
    assert (done(made)["outcome"], done(made)["error"]["hresult"], done(made)["error"]["step"]) == (
        "failed",
        "0x80244017",
        "searching",
    )
    assert done(made)["reboot_required"] is None


@pytest.mark.parametrize(
    ("online", "searched"),
    [("auto", [(1, False), (2, True)]), ("true", [(1, False), (2, True)]), ("false", [(1, False)])],
)
def test_what_cannot_be_verified_is_unknown(stage, online, searched):
    made = stage(update(A, run_minutes=6))
    made.install([{"id": A}], source={"server_selection": "default", "online": online})
    made.wait_until(200)
    for place in ("local", "windows_update"):
        made.host.update_agent.search_fails.append({"hresult": "0x80248007", "source": place})
    made.wait_until(LONG_ENOUGH)
    assert [(line["attempt"], line["online"]) for line in lines(made, "verifying", "searching")] == searched
    (told,) = lines(made, "verifying", "update")
    assert (told["offered"], told["installed"], told["history"]["result_code"]) == (None, None, 2)
    assert done(made)["outcome"] == "finished"


BAD = [
    ({"phases": None}, "needs updates and phases", False),
    ({"deadline": "soon"}, "deadline is no time: 'soon'", False),
    ({"source": {"server_selection": "elsewhere"}}, "there is no server_selection 'elsewhere'", True),
    ({"source": {"server_selection": "service"}}, "needs a service_id", True),
]


@pytest.mark.parametrize(("plan", "said", "introduced"), BAD)
def test_a_plan_that_makes_no_sense_is_refused(run, plan, said, introduced):
    made = run([update(A)], **plan)
    error = done(made)["error"]
    assert (error["type"], error["step"]) == ("bad_plan", "starting")
    assert said in error["message"]
    assert bool(lines(made, "downloading", "started")) is introduced


def test_an_update_without_an_id_is_refused(run):
    assert done(run([update(A)], [{"title": "x"}]))["error"]["message"] == "an update of the plan has no id"


def test_what_the_job_leaves_does_not_depend_on_who_looks_when(stage):
    left = []
    for pause in (LONG_ENOUGH, 7):
        made = stage(update(A, reboot_behavior="always_requires"), update(B, result="roll_back"), free_mb=5000)
        made.install([{"id": A}, {"id": B}], reboot={"mode": "if_required"})
        for seconds in range(pause, 4000 if pause == 7 else LONG_ENOUGH + 1, pause):
            made.wait_until(seconds)
        left.append((made.journal(), made.host.log))
    assert left[0] == left[1]


def test_the_network_may_die_with_an_update(run, stage):
    cuts = []
    made = stage(update(A, run_minutes=6), update(B), network={"dies_after": A.upper()})
    made.host.cut_network = lambda: cuts.append(made.host.clock.steady())
    made.install([{"id": A}, {"id": B}])
    made.wait_until(LONG_ENOUGH)
    assert [(moment - ARMED_AT).total_seconds() for moment in cuts] == [3 + 120 + 12 + 360]
    assert installs(made) == [(A, "ok"), (B, "ok")]


def test_arming_needs_an_installation_with_a_time(stage):
    made = stage(update(A))
    with pytest.raises(ModuleFailedError, match="only an installation with a not_before can be armed"):
        made.install([{"id": A}], armed=True)


def test_a_second_start_attaches_to_a_job_that_is_armed(stage):
    made = stage(update(A))
    made.install([{"id": A}], armed=True, not_before="2026-11-18T22:00:00Z")
    made.wait_until(7200)
    assert made.call("list")["jobs"][0]["state"] == "armed"
    answer = made.install([{"id": A}], job="install-20261119T040000Z-00000002")
    assert (answer["attached"], answer["changed"], answer["id"]) == (True, False, INSTALL_JOB)
    assert len(made.journal()) == 1
    made.wait_until(LONG_ENOUGH)
    assert lines(made, "downloading", "started")[0]["at"] == "2026-11-18T22:00:02Z"
    assert done(made)["outcome"] == "finished"


def test_an_armed_job_whose_time_has_come_runs_at_once(run):
    made = run([update(A)], armed=True, not_before="2026-11-18T03:20:29Z")
    assert lines(made, "downloading", "started")[0]["at"] == "2026-11-18T03:20:03Z"
    assert made.journal()[0]["armed"] is False


def test_an_armed_job_that_is_stopped_is_over_at_once_and_keeps_nobody_out(stage):
    made = stage(update(A))
    made.install([{"id": A}], armed=True, not_before="2026-11-18T22:00:00Z")
    made.wait_until(60)
    assert made.call("stop", id=INSTALL_JOB) == {"changed": True, "id": INSTALL_JOB, "state": "stopped"}
    assert made.journal()[1:] == [
        {"at": "2026-11-18T03:21:00Z", "phase": "done", "outcome": "stopped", "error": None, "reboot_required": None}
    ]
    assert made.host.tasks == {}
    assert made.start()["changed"] is True
    made.wait_until(LONG_ENOUGH)
    assert installs(made) == []


def test_a_job_that_waits_for_its_time_keeps_a_scan_out(stage):
    made = stage(update(A))
    made.install([{"id": A}], armed=True, not_before="2026-11-18T22:00:00Z")
    with pytest.raises(ModuleFailedError, match="is armed, and one job runs at a time"):
        made.start()


def test_the_plan_lies_on_the_host_as_it_was_sent(run):
    made = run([update(A)], run_id=None)
    plan = json.loads(made.host.file(f"{places.folder_of(INSTALL_JOB)}\\plan.json").text)
    assert (plan["kind"], plan["updates"][0]["id"], plan["created_at"]) == ("install", A, "2026-11-18T03:20:00Z")
