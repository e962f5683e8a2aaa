# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of a run for a host, in one word: what failed or what nobody knows is never green, and nothing is lost."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_facts import HostLook, run_facts
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_outcome import OUTCOMES, RED, run_outcome
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_updates import BAD, STATES
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.journals import name
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.report.runs import (
    GOOD,
    LACKING,
    WAITS,
    WINDOW,
    install,
    judged,
    plan,
    reboot,
    update,
    verify,
)
from hypothesis import given
from hypothesis import strategies as st

OK = {"plan": plan("planned", 1), "install": install(update(1, "verified")), "verify": verify(update(1, "verified"))}
NOTHING = {"plan": plan("nothing_to_do")}
CLOSED = {"plan": plan("window_closed", deferred=[{"id": name(1), "title": "Update 1", "word": "closed"}])}
UNKNOWN = HostLook("unknown", "not_required", "Whether it is compliant is unknown: the scan is old.", "")
NO_ANSWER = HostLook("compliant", "unknown", "Whether a reboot is required is unknown.", "")
UNSEEN = HostLook()
NOT_SCANNED = HostLook(None, "not_required", "No reboot is required.", "its updates were not asked about")

# (facts, look, outcome, whether the host fails)
CASES = {
    "all verified": (OK, GOOD, "patched", False),
    "nothing missing": (NOTHING, GOOD, "nothing_to_do", False),
    "only rebooted": ({**NOTHING, "reboots": [reboot()]}, GOOD, "patched", False),
    "window closed": (CLOSED, LACKING, "deferred", False),
    "window closed and a reboot is due": (CLOSED, HostLook("non_compliant", "required", "", ""), "deferred", False),
    "does not fit": ({"plan": plan("deferred", deferred=[{"id": name(1)}])}, LACKING, "deferred", False),
    "two of three fit": (
        {"plan": plan("planned", 1, 2, 3), "install": install(update(1, "verified"), update(2, "deferred"))},
        LACKING,
        "unknown",
        True,
    ),
    "two fit, the third is deferred": (
        {"plan": plan("planned", 1, 2), "install": install(update(1, "verified"), update(2, "deferred"))},
        LACKING,
        "deferred",
        False,
    ),
    "hooks used up the window": (
        {
            "plan": plan("planned", 1),
            "install": {"job": None, "plan_state": "window_closed", "updates": [], "sentence": "The window is closed."},
        },
        LACKING,
        "deferred",
        False,
    ),
    "nobody trusts the clock any more": (
        {"plan": plan("planned", 1), "install": {"job": None, "plan_state": "refused", "updates": []}},
        LACKING,
        "unknown",
        True,
    ),
    "packages that were there": ({**NOTHING, "packages": [{"state": "already"}]}, GOOD, "nothing_to_do", False),
    "armed before, not scanned": ({"armed": True}, NOT_SCANNED, "armed", False),
    "armed before, not read at all": ({"armed": True}, UNSEEN, "armed", True),
    "armed now": ({"plan": plan("planned", 1), "armed": True}, LACKING, "armed", False),
    "armed now, a signal is unknown": ({"plan": plan("planned", 1), "armed": True}, NO_ANSWER, "armed", True),
    "outside the window for reboots": (
        {**OK, "reboots": [reboot("refused", "outside_window")]},
        WAITS,
        "pending_reboot",
        False,
    ),
    "reboots used up": ({**OK, "reboots": [reboot("refused", "max_reboots")]}, WAITS, "pending_reboot", True),
    "the host was at work": ({**OK, "reboots": [reboot("refused", "busy")]}, WAITS, "pending_reboot", True),
    "the queue would harm": ({**OK, "reboots": [reboot("refused", "queue")]}, WAITS, "pending_reboot", True),
    "waits, nothing to install": (NOTHING, WAITS, "pending_reboot", False),
    "an update failed": ({"install": install(update(1, "failed", hresult="0x80070643"))}, LACKING, "failed", True),
    "an update is missing": ({"install": install(update(1, "missing"))}, LACKING, "failed", True),
    "an update rolled back": ({"verify": verify(update(1, "rolled_back"))}, LACKING, "failed", True),
    "the disk was full": ({"install": install(update(1, "skipped", reason="disk_space"))}, LACKING, "failed", True),
    "the job failed": ({"install": install(state="failed")}, GOOD, "failed", True),
    "the reboot failed": ({**OK, "reboots": [reboot("failed")]}, GOOD, "failed", True),
    "a package failed": ({**OK, "packages": [{"state": "failed", "name": "agent"}]}, GOOD, "failed", True),
    "a package was refused": ({**OK, "packages": [{"state": "refused"}]}, GOOD, "failed", True),
    "a package that nobody understands": ({**OK, "packages": [{"state": "odd"}]}, GOOD, "unknown", True),
    "a package": ({**NOTHING, "packages": [{"state": "installed"}]}, GOOD, "patched", False),
    "a package is due": ({**NOTHING, "packages": [{"state": "pending_reboot"}]}, GOOD, "pending_reboot", False),
    "a package and its reboot": (
        {**NOTHING, "packages": [{"state": "pending_reboot"}], "reboots": [reboot()]},
        GOOD,
        "patched",
        False,
    ),
    "a package waits": ({**NOTHING, "packages": [{"state": "deferred"}]}, GOOD, "deferred", False),
    "the job goes on": ({"install": install(update(1, "unknown"), state="running")}, GOOD, "running", True),
    "a task failed later": ({**OK, "failed": {"step": "verify", "reason": "boom"}}, GOOD, "failed", True),
    "stopped by a hook": (
        {"plan": plan("planned", 1), "stopped": {"step": "hook", "reason": "no drain"}},
        LACKING,
        "stopped",
        True,
    ),
    "never reached": ({"stopped": {"step": "look", "reason": "unreachable: no route"}}, UNSEEN, "stopped", True),
    "an update is unknown": ({"install": install(update(1, "unknown", begun=True))}, GOOD, "unknown", True),
    "nothing tells of the plan": ({"plan": plan("planned", 1)}, GOOD, "unknown", True),
    "the plan is unknown": ({"plan": plan("unknown")}, LACKING, "unknown", True),
    "the plan was unknown, and a later look knows": ({"plan": plan("unknown")}, GOOD, "nothing_to_do", False),
    "the plan was unknown, and a reboot helped": (
        {"plan": plan("unknown"), "reboots": [reboot()]},
        GOOD,
        "patched",
        False,
    ),
    "the clocks differ": ({"plan": plan("refused")}, LACKING, "unknown", True),
    "interrupted and not looked at": ({"install": install(state="interrupted")}, GOOD, "unknown", True),
    "interrupted and verified": (
        {"install": install(update(1, "verified"), state="interrupted"), "verify": verify(update(1, "verified"))},
        GOOD,
        "patched",
        False,
    ),
    "the proof contradicts": (
        {**OK, "verify": verify(update(1, "verified"), outcome="unknown")},
        GOOD,
        "unknown",
        True,
    ),
    "not seen since": (OK, HostLook("compliant", "not_required", "", "nobody looked at it after"), "unknown", True),
    "compliance is unknown": (NOTHING, UNKNOWN, "unknown", True),
    "a reboot is unknown": (OK, NO_ANSWER, "unknown", True),
    "not asked about updates": (NOTHING, HostLook(None, "not_required", "", ""), "unknown", True),
    "a signal survives": ({**OK, "reboots": [reboot(persistent=[{"id": "a", "hash": "f"}])]}, WAITS, "unknown", True),
    "new updates, no time": (OK, LACKING, "deferred", False),
    "nothing at all": ({}, GOOD, "unknown", True),
    "damaged": ({"plan": 7, "install": "x", "verify": [None], "reboots": {"state": 3}}, GOOD, "unknown", True),
}


@pytest.mark.parametrize(("facts", "look", "outcome", "fails"), CASES.values(), ids=list(CASES))
def test_the_worst_counts(facts, look, outcome, fails):
    answer = judged(look, **facts)
    assert (answer.outcome, answer.failed_host) == (outcome, fails)
    assert answer.run["sentence"] == answer.sentence
    assert answer.sentence


def test_a_check_run_says_what_would_be_done_and_fails_nobody():
    answer = judged(LACKING, check=True, plan=plan("planned", 1, 2))
    assert (answer.outcome, answer.failed_host, answer.run["counts"]) == ("planned", False, {"planned": 2})
    assert answer.sentence.startswith("Check mode, nothing was changed.")
    assert judged(GOOD, check=True, plan=plan("nothing_to_do")).outcome == "nothing_to_do"
    assert judged(LACKING, check=True, **CLOSED).outcome == "deferred"
    assert judged(UNKNOWN, check=True, plan=plan("unknown")).failed_host is True
    package = {"state": "deferred", "reason": "check_mode", "sentence": "It would be run."}
    assert judged(GOOD, check=True, plan=plan("nothing_to_do"), packages=[package]).outcome == "planned"
    assert judged(LACKING, plan=plan("planned", 1), check=False).outcome == "unknown", "in earnest it is none"


def test_what_failed_in_one_round_and_was_mended_in_the_next_is_no_failure():
    first = install(update(1, "failed", hresult="0x80072EE2"), update(2, "verified"), outcome="failed", state="failed")
    second = install(update(1, "verified"))
    answer = judged(GOOD, plan=plan("nothing_to_do"), install=[first, second])
    assert (answer.outcome, answer.run["counts"]) == ("patched", {"verified": 2})


@pytest.mark.parametrize("later", ["deferred", "skipped", "unknown", "missing"])
def test_a_failure_is_not_forgotten_because_a_later_round_did_not_come_to_it(later):
    first = install(update(1, "rolled_back", hresult="0x800F0922"))
    answer = judged(GOOD, install=[first, install(update(1, later, begun=False))])
    (told,) = answer.run["updates"]
    assert (answer.outcome, told["state"], told["hresult"]) == ("failed", "rolled_back", "0x800F0922")


def test_an_update_that_was_not_begun_is_deferred_although_it_is_still_missing():
    job = install(update(1, "deferred", reason="does_not_fit", because="no time was left"))
    answer = judged(LACKING, install=job, verify=verify(update(1, "missing", begun=False)))
    (told,) = answer.run["updates"]
    assert (answer.outcome, told["state"], told["because"]) == ("deferred", "deferred", "no time was left")


def test_a_later_look_counts_where_it_knows_more():
    answer = judged(WAITS, install=install(update(1, "verified")), verify=verify(update(1, "pending_reboot")))
    assert answer.run["counts"] == {"pending_reboot": 1}


def test_each_failure_carries_the_name_of_its_code_its_cause_and_the_next_step():
    (told,) = judged(LACKING, install=install(update(1, "failed", hresult="0x80070643"))).run["updates"]
    assert told["name"] == "ERROR_INSTALL_FAILURE"
    assert told["cause"]
    assert told["next_step"]
    (plain,) = judged(install=install(update(1, "failed", hresult="no code"))).run["updates"]
    assert (plain["name"], plain["hresult"]) == (None, "no code")


def test_the_sentence_of_a_failure_names_the_update_and_the_code():
    sentence = judged(LACKING, install=install(update(1, "failed", hresult="0x80070643", because="it ended"))).sentence
    assert "Update 1 failed with 0x80070643 (ERROR_INSTALL_FAILURE): it ended." in sentence


def test_the_sentence_tells_what_was_done_in_the_order_of_its_doing():
    answer = judged(
        GOOD,
        install=install(update(1, "verified"), update(2, "verified")),
        packages=[{"state": "installed"}, {"state": "pending_reboot"}],
        reboots=[reboot(), reboot()],
    )
    assert answer.sentence == (
        "Patched. Updates: 2 verified. Packages: 1 installed, 1 pending reboot. The host was rebooted 2 times. "
        "The machine is compliant."
    )


def test_what_is_unknown_is_said_once():
    look = HostLook("unknown", "not_required", "Whether it is compliant is unknown: the scan is old.", "")
    assert judged(look, plan=plan("nothing_to_do")).sentence == "Unknown: the scan is old."


def test_what_was_planned_when_a_host_was_stopped_is_told_as_not_begun():
    answer = judged(LACKING, plan=plan("planned", 1), stopped={"step": "hook", "reason": "the drain failed"})
    (told,) = answer.run["updates"]
    assert (told["state"], told["because"]) == ("deferred", "not begun: the drain failed")
    assert answer.run["stopped"] == {"step": "hook", "reason": "the drain failed"}


@pytest.mark.parametrize(
    ("looked_at", "state"),
    [("2026-11-21T22:30:00Z", "pending_reboot"), ("2026-11-21T22:10:00Z", "unknown"), (None, "unknown")],
)
def test_what_waited_for_a_reboot_that_was_made_is_unknown_until_somebody_looks(looked_at, state):
    pending = verify(update(1, "pending_reboot"), outcome="pending_reboot", at=looked_at)
    booted = reboot(at="2026-11-21T22:20:00Z")
    answer = judged(WAITS, install=install(update(1, "pending_reboot")), verify=pending, reboots=[booted])
    (told,) = answer.run["updates"]
    assert told["state"] == state
    assert ("nobody could look at it again" in told["because"]) == (state == "unknown")
    refused = judged(WAITS, install=install(update(1, "pending_reboot")), reboots=[{**booted, "state": "refused"}])
    assert [update["state"] for update in refused.run["updates"]] == ["pending_reboot"]


def test_an_armed_job_has_done_nothing_yet():
    answer = judged(LACKING, plan=plan("planned", 1), armed=True, install=install(update(1, "unknown"), armed=True))
    assert (answer.outcome, answer.run["counts"]) == ("armed", {"planned": 1})


def test_a_job_that_only_waits_for_its_window_for_reboots_is_armed_and_tells_what_it_did():
    waits = {"state": "running", "armed": True, "reboots_at": "2026-12-05T22:00:00Z", "outcome": "pending_reboot"}
    look = HostLook(None, "required", "A reboot is required.", "its updates were not asked about")
    done = install(update(1, "pending_reboot"), **waits)
    answer = judged(look, plan=plan("planned", 1), armed=True, install=done)
    assert (answer.outcome, answer.failed_host, answer.run["counts"]) == ("armed", False, {"pending_reboot": 1})
    assert "it reboots by itself at 2026-12-05T22:00:00Z" in answer.sentence


def test_the_next_window_is_the_first_that_anybody_named():
    later = {**WINDOW, "start": "2026-12-01T02:00:00Z"}
    waiting = plan("window_closed", window=WINDOW, deferred=[{"id": name(1), "next_window": later}])
    assert judged(LACKING, plan=waiting).run["next_window"] == WINDOW
    held = {**reboot("refused"), "decision": {"state": "outside_window", "next_window": later}}
    assert judged(WAITS, **{**OK, "reboots": [held]}).run["next_window"] == later
    assert judged(GOOD, **OK).run["next_window"] is None


def test_a_window_in_which_nothing_fits_is_not_told_as_the_next_one():
    later = {**WINDOW, "start": "2026-12-01T02:00:00Z"}
    narrow = plan("deferred", window=WINDOW, deferred=[{"id": name(1), "next_window": later}])
    assert judged(LACKING, plan=narrow).run["next_window"] == later
    assert judged(LACKING, plan=plan("deferred", window=WINDOW)).run["next_window"] is None


def test_what_is_rejected_and_installed_waits_for_no_window_and_is_named():
    why = "Not compliant: 1 update is installed although it is rejected: KB5000001."
    held = HostLook("non_compliant", "not_required", why, "", lacks=False)
    answer = judged(held, **OK)
    assert (answer.outcome, answer.sentence) == ("patched", f"Patched. Updates: 1 verified. {why}")
    assert judged(held, **NOTHING).sentence == f"Nothing to do. {why}"
    assert judged(LACKING, **OK).outcome == "deferred"


def test_a_signal_that_our_reboot_did_not_clear_says_that_another_one_does_not_help():
    answer = judged(WAITS, **{**OK, "reboots": [reboot(persistent=[{"id": "pending_file_rename", "hash": "ab"}])]})
    assert "pending_file_rename" in answer.sentence
    assert "another reboot does not help" in answer.sentence
    assert answer.run["persistent"] == [{"id": "pending_file_rename", "hash": "ab"}]


def test_texts_of_hosts_are_printable_and_bounded():
    bad = update(1, "failed", title="a\x1b[2J" * 200, because="b\u202e" * 5000, hresult="0x80070643")
    answer = judged(
        LACKING,
        install=install(bad, sentence="c\x07" * 9000),
        meanwhile=["d\x1b" * 9000] * 5000,
        stopped={"step": "x" * 9000, "reason": "e\n" * 9000},
    )
    text = json.dumps(answer.as_dict(), ensure_ascii=False)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert len(text) < 150_000
    assert len(answer.sentence) <= 900


def test_a_task_returns_no_more_than_is_read_and_the_journal_has_all():
    many = [update(number, "verified") for number in range(2, 300)]
    answer = judged(LACKING, install=install(update(1, "failed"), *many), meanwhile=["told"] * 50)
    run = answer.as_dict()["run"]
    assert len(json.dumps(run)) < 40_000
    assert ([told["id"] for told in run["updates"]], run["left_out"]) == ([name(1)], 298)
    assert len(answer.run["updates"]) == 299
    assert "left_out" not in judged(**OK).as_dict()["run"]


words = st.sampled_from([*STATES, "odd", None, 7])
updates = st.lists(
    st.builds(
        lambda number, state, code, reason, begun: update(number, state, hresult=code, reason=reason, begun=begun),
        st.integers(1, 4),
        words,
        st.sampled_from([None, "0x80070643", "0x80072EE2", "odd"]),
        st.sampled_from([None, "does_not_fit", "disk_space", "not_offered"]),
        st.booleans(),
    ),
    max_size=4,
)
states = st.sampled_from(["finished", "failed", "stopped", "expired", "interrupted", "running", "unknown", None])
installs = st.lists(st.builds(lambda found, state: install(*found, state=state), updates, states), max_size=3)
verifies = st.lists(
    st.builds(
        lambda found, outcome: verify(*found, outcome=outcome),
        updates,
        st.sampled_from(["verified", "unknown", "failed", "deferred", "pending_reboot"]),
    ),
    max_size=3,
)
looks = st.builds(
    HostLook,
    st.sampled_from(["compliant", "non_compliant", "pending_reboot", "unknown", None]),
    st.sampled_from(["required", "not_required", "unknown"]),
    st.just("a sentence"),
    st.sampled_from(["", "", "", "nobody knows"]),
)
trouble = st.sampled_from([None, None, {"step": "scan", "reason": "boom"}])
facts = st.fixed_dictionaries(
    {
        "plan": st.none()
        | st.builds(
            plan,
            st.sampled_from(["planned", "nothing_to_do", "unknown", "window_closed", "deferred", "refused", "odd"]),
            st.integers(5, 6),
        ),
        "install": installs,
        "verify": verifies,
        "reboots": st.lists(
            st.builds(
                reboot,
                st.sampled_from(["rebooted", "refused", "failed", "not_required"]),
                st.sampled_from(["go", "busy", "outside_window", "max_reboots"]),
            ),
            max_size=2,
        ),
        "packages": st.lists(
            st.builds(lambda state: {"state": state}, st.sampled_from(["installed", "failed", "deferred", "odd"])),
            max_size=2,
        ),
        "stopped": trouble,
        "failed": trouble,
        "armed": st.booleans(),
        "check": st.booleans(),
    }
)


@given(facts, looks)
def test_no_host_is_green_that_failed_or_of_which_anything_is_unknown(given_facts, look):
    answer = run_outcome(run_facts(given_facts), look)
    assert answer.outcome in OUTCOMES
    states = {told["state"] for told in answer.run["updates"]}
    if states & BAD or answer.outcome in RED or given_facts["stopped"] or given_facts["failed"]:
        assert answer.failed_host is True
    not_asked = answer.outcome == "armed" and look.machine is None
    if look.reboot == "unknown" or (not not_asked and (look.doubt or look.machine in ("unknown", None))):
        assert answer.failed_host is True
    if answer.outcome in ("patched", "nothing_to_do"):
        assert not states & {"unknown", "pending_reboot", "deferred", "planned"}
        assert (look.doubt, look.reboot) == ("", "not_required")
        assert look.machine == "compliant" or given_facts["plan"]["state"] == "nothing_to_do"


@given(facts, looks)
def test_every_update_that_anybody_named_is_told_once(given_facts, look):
    run = run_outcome(run_facts(given_facts), look).run
    turns = [*given_facts["install"], *given_facts["verify"]]
    named = {told["id"] for turn in turns for told in turn["updates"]}
    named |= {told["id"] for told in (given_facts["plan"] or {"plan": {"updates": []}})["plan"]["updates"]}
    shown = [told["id"] for told in run["updates"]]
    assert sorted(shown) == sorted(named)
    assert sum(run["counts"].values()) == len(named)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "plan",
                        "install",
                        "verify",
                        "updates",
                        "state",
                        "reboots",
                        "decision",
                        "packages",
                        "stopped",
                        "id",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_facts_that_make_no_sense_are_never_green(given_facts):
    answer = run_outcome(run_facts(given_facts), HostLook("unknown", "unknown", "", "nobody knows"))
    assert answer.failed_host is True


def test_a_reboot_by_the_job_is_told_like_one_by_the_controller():
    booted = install(update(1, "verified"), boots=2, unexpected_boots=1)
    told = judged(**{**OK, "install": booted}).sentence
    assert "The host was rebooted once." in told
    assert "rebooted 2 times" in judged(**{**OK, "install": booted, "reboots": [reboot()]}).sentence
    assert "rebooted" not in judged(**OK).sentence
