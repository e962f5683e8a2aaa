# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An install job of the double on a host that does not tell everything: what could not be read never counts as no."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.tests.contract.jobs import LONG_ENOUGH, Stage

from winsim.agent.install import REBOOT_REQUIRED, RUN_ONCE
from winsim.denial import SESSION_MANAGER, DenialList
from winsim.mishaps import MSI_MUTEX, SERVICING_KEY, TI_WORKER

A = "00000000-0000-0000-0000-00000000000a"
PLANNED = {"id": A, "revision": 1}
B = "00000000-0000-0000-0000-00000000000b"
REBOOT_UNREAD = "whether a reboot must come first could not be read: Unspecified error"
NOT_SHOWN = ("unknown", "the search was incomplete and does not show it")
DISK = r"root\cimv2:Win32_LogicalDisk"
SPACE_UNREAD = ("unknown", "the free space of the system drive could not be read")
INCOMPLETE = [{"context": 4, "hresult": "0x80248007"}]
OTHERS = {
    "IsBusy": "whether the update agent is installing could not be read",
    MSI_MUTEX: "whether Windows Installer is installing could not be read",
    SERVICING_KEY: "whether Windows is being serviced could not be read",
    TI_WORKER: "whether TiWorker is running could not be read",
}


@pytest.fixture
def run(tmp_path):
    """`run({words of the update}, [updates of the plan], …)`: the stage after the job."""

    def go(words=None, planned=None, *, host=None, agent=None, until=LONG_ENOUGH, **plan):
        update_agent = {"updates": [{"id": A, **(words or {})}], **(agent or {})}
        made = Stage({"update_agent": update_agent, **(host or {})}, tmp_path)
        made.install(planned or [PLANNED], **plan)
        made.wait_until(until)
        return made

    return go


def lines(made, phase, step):
    return [line for line in made.journal() if (line["phase"], line.get("step")) == (phase, step)]


def skipped(made, phase="installing"):
    return [(line["reason"], line["text"]) for line in lines(made, phase, "skipped")]


def installs(made):
    return [entry["id"] for entry in made.host.log if entry["event"] == "install"]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("installed", "whether it is installed already could not be read"),
        ("revision", "its revision could not be read"),
    ],
)
def test_what_may_be_installed_already_is_not_installed_again_even_when_it_is_named(run, name, text, named):
    made = run({"unreadable": [name]}, [{**PLANNED, "named": named}])
    assert skipped(made) == [("excluded", text)]
    assert installs(made) == []


def test_what_speaks_against_an_update_is_told_before_what_could_not_be_read(run):
    made = run({"classification": "Drivers", "unreadable": ["type", "hidden"]})
    assert skipped(made) == [("excluded", "it is a driver")]
    made = run({"browse_only": True, "unreadable": ["categories"]})
    assert skipped(made) == [("excluded", "it is optional (browse only)")]


@pytest.mark.parametrize(("denied", "text"), OTHERS.items(), ids=["agent", "mutex", "key", "process"])
def test_an_installer_that_cannot_be_asked_about_is_waited_for_and_then_the_update_is_unknown(run, denied, text):
    agent = {"unreadable": ["busy"]} if denied == "IsBusy" else None
    made = run(host={"denied": [denied]}, agent=agent, busy_wait_minutes=20)
    (waiting,) = lines(made, "installing", "waiting")
    assert (waiting["reason"], waiting["text"]) == ("other_installer", text)
    assert skipped(made) == [("unknown", text)]
    assert (installs(made), made.journal()[-1]["outcome"]) == ([], "finished")


def test_an_installer_that_can_be_asked_about_again_in_time_keeps_nothing_out(run):
    made = run(agent={"unreadable": ["busy"]}, until=300)
    assert [line["reason"] for line in lines(made, "installing", "waiting")] == ["other_installer"]
    made.host.update_agent.unreadable.clear()
    made.wait_until(LONG_ENOUGH)
    assert (installs(made), skipped(made)) == ([A], [])


def test_nothing_is_begun_on_a_drive_that_does_not_tell_its_free_space(run):
    made = run(host={"denied": [DISK]})
    assert skipped(made) == [SPACE_UNREAD]
    assert (lines(made, "downloading", "begin"), installs(made)) == ([], [])
    # It may be told again later: what was not downloaded because of that is still unknown then.
    made = run(host={"denied": [DISK]}, until=200, not_before="2026-11-18T05:00:00Z")
    made.host.denied = DenialList([])
    made.wait_until(LONG_ENOUGH)
    assert (skipped(made), installs(made)) == ([SPACE_UNREAD], [])


def test_nobody_asks_for_the_free_space_where_none_has_to_be_left(run):
    assert installs(run(host={"denied": [DISK]}, min_free_mb=0)) == [A]


def test_whether_an_update_is_there_is_unknown_where_the_plan_downloads_nothing_and_the_agent_does_not_tell(run):
    made = run({"downloaded": True, "unreadable": ["downloaded"]}, phases=["install"])
    assert skipped(made) == [("unknown", "whether it is downloaded could not be read")]
    assert installs(made) == []
    # Who may download it does so, and then knows.
    assert installs(run({"unreadable": ["downloaded"]})) == [A]


def test_a_boot_time_that_nobody_tells_is_null_in_the_journal(run):
    (started,) = lines(run(host={"denied": [r"root\cimv2:Win32_OperatingSystem"]}), "downloading", "started")
    assert started["boot_time"] is None


def test_nothing_is_installed_while_nobody_can_tell_whether_a_reboot_must_come_first(run):
    blind = {"unreadable": ["reboot_required_before_installation"]}
    made = run(agent=blind, reboot={"mode": "if_required"})
    assert skipped(made) == [("unknown", REBOOT_UNREAD)]
    assert (installs(made), made.journal()[-1]["outcome"]) == ([], "finished")
    assert skipped(made, "rebooting") == []
    assert skipped(run(planned=[{**PLANNED, "named": True}], agent=blind)) == [("unknown", REBOOT_UNREAD)]


def test_an_agent_that_does_not_answer_at_first_is_asked_again_when_nobody_is_at_work_any_more(run):
    second = {"after_minutes": 1, "minutes": 10, "kind": "msi"}
    made = run(
        host={"second_installer": second}, agent={"unreadable": ["reboot_required_before_installation"]}, until=300
    )
    assert [line["reason"] for line in lines(made, "installing", "waiting")] == ["other_installer"]
    made.host.update_agent.unreadable.clear()
    made.wait_until(LONG_ENOUGH)
    assert (installs(made), skipped(made)) == ([A], [])


def test_what_an_incomplete_search_does_not_show_is_unknown_and_not_absent(run):
    planned = [PLANNED, {"id": B, "revision": 1}]
    made = run(planned=planned, agent={"warnings": INCOMPLETE})
    assert (installs(made), skipped(made)) == ([A], [NOT_SHOWN])
    assert lines(made, "downloading", "found")[0]["offered"] == 1
    assert [reason for reason, _text in skipped(run(planned=planned))] == ["not_offered"]


def test_what_the_local_store_does_not_show_is_unknown_while_the_service_does_not_answer(run):
    fails = {"hresult": "0x8024401F"}
    planned = [PLANNED, {"id": B, "revision": 1}]
    made = run({"downloaded": True}, planned, agent={"search_fails": [fails]})
    assert (installs(made), skipped(made)) == ([A], [NOT_SHOWN])
    # Who asks for the local store gets its answer.
    made = run({"downloaded": True}, planned, agent={"search_fails": [fails]}, source={"online": "false"})
    assert [reason for reason, _text in skipped(made)] == ["not_offered"]


def test_an_installer_that_is_seen_is_told_before_one_that_cannot_be_asked_about(run):
    made = run(host={"denied": [SERVICING_KEY], "processes": [{"name": "TiWorker", "id": 812}]}, busy_wait_minutes=1)
    assert [text for _reason, text in skipped(made)] == ["TiWorker is running"]


def test_a_host_is_not_rebooted_while_nobody_can_tell_whether_it_is_busy(run):
    blind = run(
        agent={"reboot_required_before_installation": True, "reboot_required": True},
        host={"denied": [SERVICING_KEY]},
        reboot={"mode": "if_required"},
    )
    assert skipped(blind, "rebooting") == [("busy", OTHERS[SERVICING_KEY])]
    assert [entry for entry in blind.host.log if entry["event"] == "boot"] == []


def test_whether_a_reboot_is_needed_is_unknown_where_a_key_cannot_be_read_and_nothing_says_yes(run):
    made = run(host={"denied": [REBOOT_REQUIRED]}, reboot={"mode": "if_required"})
    (end,) = lines(made, "installing", "end")
    assert end["reboot_signals"] == {"wu_reboot_required": None, "cbs_reboot_pending": False}
    assert skipped(made, "rebooting") == [("unknown", "whether a reboot is required could not be read")]
    assert made.journal()[-1]["reboot_required"] is None


def test_what_an_update_did_to_a_queue_that_cannot_be_read_is_unknown(run):
    (end,) = lines(run(host={"denied": [SESSION_MANAGER, RUN_ONCE]}), "installing", "end")
    assert (end["queue"], end["run_once"]) == (None, None)


@pytest.mark.parametrize(("warnings", "offered"), [([], False), ([{"context": 4, "hresult": "0x80248007"}], None)])
def test_only_a_whole_search_tells_that_an_update_is_offered_no_more(run, warnings, offered):
    made = run({"run_minutes": 6}, agent={"warnings": warnings}, until=200)
    assert lines(made, "installing", "end") == []
    made.host.update_agent.updates.clear()
    made.wait_until(LONG_ENOUGH)
    (told,) = lines(made, "verifying", "update")
    assert (told["offered"], told["installed"]) == (offered, None)


def test_what_an_update_does_not_tell_after_its_installation_is_unknown(run):
    made = run({"run_minutes": 6}, until=200)
    made.host.update_agent.updates[0]["unreadable"] = ["installed", "reboot_required"]
    made.wait_until(LONG_ENOUGH)
    (told,) = lines(made, "verifying", "update")
    assert (told["offered"], told["installed"], told["reboot_required"]) == (None, None, None)
