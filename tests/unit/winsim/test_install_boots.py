# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Install jobs and boots: those that a job asks for, those that nobody asked for, and what is found after them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ansible_collections.winops.patching.tests.contract.jobs import ARMED_AT, INSTALL_JOB, JOB, LONG_ENOUGH, Stage

from winsim import boot
from winsim.agent.install import REBOOT_REQUIRED
from winsim.denial import CBS
from winsim.mishaps import SERVICING_KEY
from winsim.worker import places, traces
from winsim.worker.run import WorkerRun

A, B = (f"00000000-0000-0000-0000-00000000000{letter}" for letter in "ab")
OLD, NEW = r"C:\Windows\System32\a.dll", r"C:\Windows\System32\SET1.tmp"
ALLOWED = {"mode": "if_required"}


@pytest.fixture
def run(tmp_path):
    """`run(words of the update, …)`: the stage after a job with that update; `host` are words of the host's file."""

    def go(*, host=None, agent=None, until=LONG_ENOUGH, plan=None, more=(), **words):
        update = {"id": A, "run_minutes": 6, "reboot_behavior": "always_requires", **words}
        made = Stage({"update_agent": {"updates": [update, *more], **(agent or {})}, **(host or {})}, tmp_path)
        made.install([{"id": A}, *({"id": one["id"]} for one in more)], **{"reboot": ALLOWED, **(plan or {})})
        made.wait_until(until)
        return made

    return go


def power_cut(made, after):
    made.wait_until(after)
    boot.carry_out(made.host, "power cut", ARMED_AT + timedelta(seconds=after))


def lines(made, phase, step=None):
    return [line for line in made.journal() if line["phase"] == phase and step in (None, line.get("step"))]


def log(made, event):
    return [
        {word: v for word, v in entry.items() if word != "event"} for entry in made.host.log if entry["event"] == event
    ]


def results(made):
    return [entry["result"] for entry in log(made, "install")]


def causes(made):
    return [entry["cause"] for entry in log(made, "boot")]


def phases(made):
    return [entry["phase"] for entry in log(made, "job")]


def known(made):
    return made.host.update_agent.updates[0]


def test_the_job_reboots_with_a_warning_and_verifies_afterwards(run):
    made = run(plan={"reboot": {**ALLOWED, "warn_seconds": 120, "message": "Updates were installed"}})
    (begin,) = lines(made, "rebooting")
    (started,) = lines(made, "verifying", "started")
    assert (begin["number"], begin["at"]) == (1, "2026-11-18T03:28:09Z")
    assert log(made, "boot") == [{"at": "2026-11-18T03:31:09Z", "cause": "Updates were installed"}]
    assert (started["expected"], started["reboots"], started["boot_time"]) == (True, 1, "2026-11-18T03:30:39Z")
    assert [event.id for event in made.host.events] == [1074]
    assert phases(made) == ["armed", "downloading", "installing", "rebooting", "verifying", "done"]
    assert (results(made), made.journal()[-1]["reboot_required"]) == (["ok"], False)
    assert made.host.registry.key(places.RUNNING_JOB) is None
    assert made.host.processes == []


def test_between_a_reboot_and_its_verification_the_job_is_still_running(run):
    made = run(until=0)
    states = set()
    for seconds in range(500, 910, 10):
        made.wait_until(seconds)
        states.add(made.call("list")["jobs"][0]["state"])
    assert states == {"running"}
    made.wait_until(LONG_ENOUGH)
    assert made.call("list")["jobs"][0]["state"] == "finished"


WHY_NOT = [
    ({"mode": "never"}, {}, "never"),
    (ALLOWED, {"reboot_behavior": "never"}, "not_required"),
    ({**ALLOWED, "max_reboots": 0}, {}, "max_reboots"),
    ({**ALLOWED, "deadline": "2026-11-18T03:48:08Z"}, {}, "outside_window"),
]


@pytest.mark.parametrize(("reboot", "words", "reason"), WHY_NOT)
def test_a_reboot_that_is_not_allowed_or_not_needed_is_not_begun(run, reboot, words, reason):
    made = run(plan={"reboot": reboot}, **words)
    assert [line["reason"] for line in lines(made, "rebooting")] == [reason]
    assert causes(made) == []
    assert made.journal()[-1]["reboot_required"] is (reason != "not_required")
    assert len(lines(made, "verifying", "update")) == 1


def test_a_window_with_just_enough_left_is_enough(run):
    # Installed at 03:28:09; 300 seconds of warning and 15 minutes in reserve.
    assert causes(run(plan={"reboot": {**ALLOWED, "deadline": "2026-11-18T03:48:09Z"}})) != []


def test_a_reboot_waits_for_its_window_and_for_whoever_installs(run):
    second = {"after_minutes": 1, "minutes": 60, "kind": "servicing"}
    made = run(plan={"reboot": {**ALLOWED, "not_before": "2026-11-18T04:00:00Z"}})
    assert lines(made, "rebooting", "begin")[0]["at"] == "2026-11-18T04:00:00Z"
    made = run(host={"second_installer": {**second, "after_minutes": 5}})
    assert [line["reason"] for line in lines(made, "rebooting")] == ["other_installer", "busy"]
    made = run(host={"second_installer": {**second, "after_minutes": 5, "minutes": 20}})
    assert [line["step"] for line in lines(made, "rebooting")] == ["waiting", "begin"]
    assert results(made) == ["ok"]


def test_a_boot_that_does_not_come_is_told(run):
    made = run(until=0)
    made.host.shut_down = lambda _seconds, _cause: False
    made.wait_until(LONG_ENOUGH)
    assert [line["step"] for line in lines(made, "rebooting")] == ["begin", "failed"]
    assert lines(made, "rebooting", "failed")[0]["at"] == "2026-11-18T04:33:09Z"
    assert (made.journal()[-1]["outcome"], made.journal()[-1]["reboot_required"]) == ("finished", True)


def test_files_are_replaced_at_the_boot(run):
    files = {OLD: {"version": "10.0.1.1", "size": 50}}
    words = {"host": {"files": files}, "reboot_behavior": "can_request", "renames": [[NEW, OLD]]}
    made = run(until=600, **words)
    assert (made.host.file(OLD).version, made.host.file(NEW).version) == ("10.0.1.1", "10.0.1.2")
    made.wait_until(LONG_ENOUGH)
    assert (made.host.file(OLD).version, made.host.file(NEW)) == ("10.0.1.2", None)
    assert (known(made)["installed"], known(made)["reboot_required"]) == (True, False)
    assert (results(made), causes(made)) == (["ok"], ["winops.patching restarts this host"])


def test_what_rolls_back_at_the_boot_replaces_no_file_and_says_so(run):
    files = {OLD: {"version": "10.0.1.1", "size": 50}}
    made = run(host={"files": files}, reboot_behavior="can_request", renames=[[NEW, OLD]], result="roll_back")
    assert made.host.file(OLD).version == "10.0.1.1"
    assert results(made) == ["ok", "rolled_back"]
    first, second = made.host.update_agent.history
    assert (first["result"], second["result"], second["hresult"]) == ("succeeded", "failed", "0x80242016")
    (told,) = lines(made, "verifying", "update")
    assert (told["offered"], told["installed"], told["history"]["hresult"]) == (True, False, "0x80242016")
    assert made.journal()[-1]["reboot_required"] is False


def test_a_host_that_installs_nothing_before_a_reboot_is_rebooted_by_a_job_that_may(run):
    made = run(agent={"reboot_required_before_installation": True, "reboot_required": True})
    assert [line["reason"] for line in lines(made, "installing")] == ["hard_reboot"]
    assert (len(causes(made)), results(made)) == (1, [])
    assert [line["step"] for line in lines(made, "verifying")] == ["started", "searching", "reboot"]
    assert made.host.update_agent.refuses_to_install is False
    assert (made.journal()[-1]["outcome"], made.journal()[-1]["reboot_required"]) == ("finished", False)


def test_after_a_boot_that_nobody_expected_the_job_does_not_reboot(run):
    made = run(until=0, host={"misbehaves": ["keeps_update_pending"]}, more=[{"id": B, "run_minutes": 6}])
    power_cut(made, 600)
    made.wait_until(LONG_ENOUGH)
    assert (lines(made, "rebooting"), made.journal()[-1]["reboot_required"]) == ([], True)


def test_what_waits_for_somebody_to_log_on_does_so_after_every_boot_and_the_job_does_not_boot_for_ever(run):
    made = run(interactive=True)
    assert len(causes(made)) == 2
    assert lines(made, "rebooting")[-1]["reason"] == "max_reboots"
    assert [line["reboots"] for line in lines(made, "verifying", "started")] == [1, 2]
    assert made.host.registry.key(REBOOT_REQUIRED).value(A) is not None
    assert (known(made)["reboot_required"], results(made)) == (True, ["ok"])


def test_a_signal_that_outlives_the_reboot_does_not_reboot_the_host_again(run):
    stuck = f"{CBS}\\RebootPending"
    made = run(host={"registry": {stuck: {}}, "survives_reboot": [stuck]})
    assert [line["number"] for line in lines(made, "rebooting", "begin")] == [1]
    assert [line["reason"] for line in lines(made, "rebooting", "skipped")] == ["persistent"]
    assert (len(causes(made)), results(made)) == (1, ["ok"])
    assert (made.journal()[-1]["outcome"], made.journal()[-1]["reboot_required"]) == ("finished", True)


def test_a_second_boot_of_its_own_is_only_one_more_look(run):
    made = run(until=0)
    power_cut(made, 890)
    made.wait_until(LONG_ENOUGH)
    assert [line["expected"] for line in lines(made, "verifying", "started")] == [True, False]
    assert made.journal()[-1]["outcome"] == "finished"


def test_keys_that_are_gone_do_not_hide_an_update_that_still_waits(run):
    made = run(host={"misbehaves": ["keeps_update_pending"]})
    assert made.host.registry.key(REBOOT_REQUIRED) is None
    assert [line["number"] for line in lines(made, "rebooting", "begin")] == [1, 2]
    assert lines(made, "verifying", "update")[-1]["reboot_required"] is True
    assert made.journal()[-1]["reboot_required"] is True


def test_a_power_cut_in_the_middle_is_verified_and_told_and_nothing_more_is_installed(run):
    made = run(until=0, more=[{"id": B}])
    power_cut(made, 300)
    assert made.host.registry.key(places.RUNNING_JOB) is None
    made.wait_until(LONG_ENOUGH)
    assert (results(made), phases(made)) == (
        [],
        ["armed", "downloading", "installing", "interrupted", "verifying", "done"],
    )
    (started,) = lines(made, "verifying", "started")
    assert (started["expected"], started["reboots"]) == (False, 0)
    assert [(line["id"], line["reason"]) for line in lines(made, "installing", "skipped")] == [(B, "stopped")]
    assert [(line["id"], line["offered"]) for line in lines(made, "verifying", "update")] == [(A, True)]
    assert (made.journal()[-1]["outcome"], made.journal()[-1]["error"]["type"]) == ("failed", "interrupted")
    assert made.call("list")["jobs"][0]["state"] == "failed"


def test_an_update_that_reboots_the_machine_by_itself_is_installed_and_its_end_is_missing(run):
    made = run(reboots_itself=True, more=[{"id": B}])
    assert (results(made), causes(made)) == (["ok"], [f"restarted by the update {A}"])
    assert lines(made, "installing", "end") == []
    assert [(line["id"], line["installed"]) for line in lines(made, "verifying", "update")] == [(A, True)]
    assert made.journal()[-1]["error"]["type"] == "interrupted"


def test_servicing_after_the_boot_is_waited_for(run):
    made = run(host={"servicing_after_boot_minutes": 12})
    (waiting,) = lines(made, "verifying", "waiting")
    assert (waiting["reason"], waiting["text"]) == ("other_installer", "Windows is being serviced")
    booted = log(made, "boot")[0]["at"]
    assert (booted, lines(made, "verifying", "searching")[0]["at"]) == ("2026-11-18T03:34:09Z", "2026-11-18T03:46:11Z")
    assert made.host.registry.key(SERVICING_KEY) is None


def test_a_boot_ends_servicing_and_the_second_installer(run):
    second = {"after_minutes": 15, "minutes": 600}
    made = run(host={"servicing_after_boot_minutes": 600, "second_installer": second}, until=0)
    made.wait_until(910)
    assert {process.name for process in made.host.processes} == {"TiWorker", "powershell", "msiexec"}
    made.host.servicing_after_boot_minutes = 0
    power_cut(made, 920)
    assert (made.host.processes, made.host.mutexes, made.host.registry.key(SERVICING_KEY)) == ([], [], None)


def test_an_armed_job_outlives_a_boot_and_waits_on(tmp_path):
    made = Stage({"update_agent": {"updates": [{"id": A}]}}, tmp_path)
    made.install([{"id": A}], armed=True, not_before="2026-11-18T06:00:00Z")
    power_cut(made, 3600)
    made.wait_until(4000)
    assert (len(made.journal()), made.call("list")["jobs"][0]["state"]) == (1, "armed")
    made.wait_until(LONG_ENOUGH)
    assert lines(made, "downloading", "started")[0]["at"] == "2026-11-18T06:00:02Z"
    assert (results(made), phases(made)[:2]) == (["ok"], ["armed", "downloading"])


def test_an_armed_job_whose_time_came_while_the_host_was_away_begins_after_the_boot(tmp_path):
    made = Stage({"update_agent": {"updates": [{"id": A}]}}, tmp_path)
    made.install([{"id": A}], armed=True, not_before="2026-11-18T04:20:30Z")
    power_cut(made, 3600)
    made.wait_until(LONG_ENOUGH)
    assert lines(made, "downloading", "started")[0]["at"] == "2026-11-18T04:20:32Z"
    assert results(made) == ["ok"]


def test_a_job_that_the_boot_overtook_begins_nothing(tmp_path):
    made = Stage({"update_agent": {"updates": [{"id": A}]}}, tmp_path)
    made.install([{"id": A}])
    power_cut(made, 1)
    made.host.os.boot_time = ARMED_AT + timedelta(seconds=30)
    made.wait_until(LONG_ENOUGH)
    assert [line.get("reason") for line in made.journal()] == [None, "too_late", None]
    assert (made.journal()[-1]["outcome"], results(made)) == ("expired", [])


def test_a_job_that_is_over_is_not_begun_again_by_a_boot(run):
    made = run()
    before = made.journal()
    power_cut(made, LONG_ENOUGH + 10)
    made.wait_until(2 * LONG_ENOUGH)
    assert made.journal() == before


def test_a_task_that_somebody_disabled_stays_so_and_the_job_is_interrupted(run):
    made = run(until=300)
    made.host.tasks[places.task_of(INSTALL_JOB).lower()].state = "disabled"
    power_cut(made, 301)
    made.host.tasks[places.task_of(INSTALL_JOB).lower()].state = "disabled"
    made.wait_until(LONG_ENOUGH)
    assert made.call("list")["jobs"][0]["state"] == "interrupted"


@pytest.mark.parametrize(("minutes", "begins"), [(15, True), (21, False)])
def test_an_installation_waits_for_the_lock_for_twenty_minutes(tmp_path, minutes, begins):
    made = Stage({"update_agent": {"updates": [{"id": A}]}}, tmp_path)
    made.install([{"id": A}])
    begun = made.host.clock.steady()
    other = WorkerRun(made.host, "x", "scan", {}, begun, begun + timedelta(minutes=minutes), holds_lock=True)
    made.host.workers.append(other)
    made.wait_until(LONG_ENOUGH)
    assert (results(made) == ["ok"]) is begins
    if not begins:
        assert (made.journal()[-1]["error"]["type"], len(made.journal())) == ("lock_held", 2)


def test_a_scan_does_not_wait_for_the_lock(tmp_path):
    made = Stage({"update_agent": {}}, tmp_path)
    made.start()
    begun = made.host.clock.steady()
    made.host.workers.append(WorkerRun(made.host, "x", "scan", {}, begun, begun + timedelta(days=9), holds_lock=True))
    made.wait_until(60)
    last = made.lines(f"{places.folder_of(JOB)}\\journal.jsonl")[-1]
    assert (last["outcome"], last["error"]["type"]) == ("failed", "lock_held")


def cut(run, at_line, *, torn=False):
    """A job whose host loses its power at that line of the journal, as far as it came."""
    made = run(until=0, host={"power_cut": {"at_line": at_line, "torn": torn}})
    causes_of_cut: list[str] = []
    made.host.boot_now = causes_of_cut.append
    made.wait_until(LONG_ENOUGH)
    assert causes_of_cut == ["power cut"]
    return made


@pytest.mark.parametrize("at_line", [2, 6, 8])
def test_the_power_goes_exactly_with_the_line_that_the_host_file_names(run, at_line):
    made = cut(run, at_line)
    assert len(made.journal()) == at_line
    assert phases(made)[-1] == "interrupted"


def test_of_a_torn_line_half_is_left_and_what_follows_is_a_line_of_its_own(run):
    made = cut(run, 4, torn=True)
    assert len(traces.journal_of(made.host, INSTALL_JOB)) == 3
    boot.carry_out(made.host, "power cut", made.host.clock.now())
    made.wait_until(2 * LONG_ENOUGH)
    after = traces.journal_of(made.host, INSTALL_JOB)[3:]
    assert [line["phase"] for line in after] == ["verifying", "installing", "done"]


def test_servicing_that_lingers_after_each_update_of_its_own_does_not_use_up_the_patience(run):
    ids = [f"00000000-0000-0000-0000-00000000001{number}" for number in range(3)]
    more = [{"id": one, "run_minutes": 6, "lingers_minutes": 12} for one in ids]
    made = run(more=more, lingers_minutes=12, plan={"busy_wait_minutes": 20, "reboot": {"mode": "never"}})
    assert [line["id"] for line in lines(made, "installing", "begin")] == [A, *ids]
    assert lines(made, "installing", "skipped") == []
