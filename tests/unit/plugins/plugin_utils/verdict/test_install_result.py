# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of an install job: each update has one state, and nothing is verified without proof."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.install_journal import read_journal
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.install.update_result import STATES
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.install.verdict import judge_install
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import ok, value
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.journals import (
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
    seen,
    skipped,
    started,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LATE = at(60)
HISTORY = {"id": name(1), "at": at(30), "operation": "install", "title": "Update 1", "revision": 200}
REBOOT_KEY = "wu_reboot_required"


def judge(*lines, numbers=(1,), after=None, proof=None, **words):
    return judge_install(plan(*numbers), [armed(), started(1), *lines], after, proof, **words)


def one(*lines, **words):
    """(state, HRESULT) of the first update."""
    result = judge(*lines, **words).results[0]
    return result.state, result.hresult


ONE_INSTALLED = (begin(1, 10), end(1, 20))
NEEDS_BOOT = (begin(1, 10), end(1, 20, reboot_required=True))
FAILED = (begin(1, 10), end(1, 20, result="failed", hresult="0x80070643"))
UNEXPECTED = resumed(40, expected=False)


class TestAgainstAFreshScan:
    """The agent's word after the job, and what speaks against it."""

    @pytest.mark.parametrize(
        ("lines", "installed", "words", "state"),
        [
            (ONE_INSTALLED, True, {}, "verified"),
            (ONE_INSTALLED, True, {"reboot_required": True}, "pending_reboot"),
            (ONE_INSTALLED, False, {}, "missing"),
            (ONE_INSTALLED, None, {}, "unknown"),
            (NEEDS_BOOT, True, {}, "pending_reboot"),
            (NEEDS_BOOT, False, {}, "pending_reboot"),
            ((*NEEDS_BOOT, resumed(40, expected=True)), True, {}, "verified"),
            ((*NEEDS_BOOT, resumed(40, expected=True)), False, {}, "rolled_back"),
            (FAILED, False, {}, "failed"),
            (FAILED, None, {}, "failed"),
            (FAILED, True, {}, "verified"),
            (FAILED, True, {"reboot_required": True}, "failed"),
            ((begin(1, 10),), True, {}, "unknown"),
            ((begin(1, 10),), False, {}, "missing"),
            ((begin(1, 10), UNEXPECTED), True, {"reboot_required": True}, "pending_reboot"),
            ((begin(1, 10), end(1, 20, result="weird")), True, {}, "unknown"),
        ],
    )
    def test_an_update_that_was_begun(self, lines, installed, words, state):
        after = scan(found(1, installed=installed, **words))
        assert one(*lines, after=after, proof=evidence(boot=at(39) if len(lines) > 2 else at(-999)))[0] == state

    @pytest.mark.parametrize(
        ("reason", "installed", "state"),
        [
            ("does_not_fit", False, "deferred"),
            ("too_late", False, "deferred"),
            ("stopped", False, "deferred"),
            ("hard_reboot", False, "deferred"),
            ("other_installer", False, "deferred"),
            ("does_not_fit", True, "verified"),
            ("eula", False, "skipped"),
            ("disk_space", False, "skipped"),
            ("excluded", False, "skipped"),
            ("revision_changed", False, "skipped"),
            ("not_offered", False, "missing"),
            ("unknown", False, "unknown"),
            ("unknown", None, "unknown"),
            ("unknown", True, "verified"),
            ("installed", True, "verified"),
            ("installed", False, "missing"),
            ("installed", None, "unknown"),
            ("download_failed", False, "failed"),
            ("a word of next year", False, "unknown"),
            ("a word of next year", None, "unknown"),
            ("a word of next year", True, "verified"),
        ],
    )
    def test_an_update_that_was_not_begun(self, reason, installed, state):
        result = judge(skipped(1, 10, reason), done(11), after=scan(found(1, installed=installed)), proof=evidence())
        assert (result.results[0].state, result.results[0].reason) == (state, reason)

    def test_what_the_worker_could_not_tell_is_unknown_unless_a_whole_scan_tells_it(self):
        line = skipped(1, 10, "unknown")
        result = judge(line, done(11), after=scan(found(1, installed=False)), proof=evidence())
        assert (result.state, result.outcome) == ("finished", "unknown")
        assert one(line, done(11))[0] == "unknown"
        assert one(line, done(11), after=scan(found(2)))[0] == "skipped"
        assert one({**line, "reason": None}, done(11))[0] == "unknown"

    def test_a_reason_that_nobody_knows_here_is_unknown_and_the_text_has_its_word(self):
        line = skipped(1, 10, "a word of next year")
        result = judge(line, done(11), after=scan(found(1, installed=False)), proof=evidence())
        assert (result.state, result.outcome) == ("finished", "unknown")
        assert result.results[0].because.endswith("; 'a word of next year' is no reason that is known here")
        assert one(line, done(11), after=scan(found(2)))[0] == "unknown"

    def test_a_download_that_failed_brings_its_code(self):
        broken = {"at": at(5), "phase": "downloading", "step": "end", "id": name(1), "revision": 200}
        lines = [broken | {"result": "failed", "hresult": "0x80240034"}, skipped(1, 10, "download_failed")]
        assert one(*lines, done(11)) == ("failed", "0x80240034")

    def test_an_update_of_the_plan_that_the_journal_does_not_name_is_never_well(self):
        assert one(done(11, "failed"))[0] == "unknown"
        assert one(done(11, "failed"), after=scan(found(1, installed=False)))[0] == "missing"
        assert one(done(11, "failed"), after=scan())[0] == "unknown"

    def test_what_the_fresh_scan_does_not_show_at_all_is_unknown(self):
        assert one(*ONE_INSTALLED, after=scan(), proof=evidence())[0] == "unknown"

    def test_an_older_revision_than_the_planned_one_proves_nothing(self):
        after = scan(found(1, revision=199))
        assert one(*ONE_INSTALLED, after=after, proof=evidence())[0] == "unknown"

    def test_whether_it_needs_a_reboot_must_be_known(self):
        lines = (begin(1, 10), end(1, 20, reboot_required=None))
        assert one(*lines, after=scan(found(1)))[0] == "unknown"
        assert one(*lines, after=scan(found(1)), proof=evidence())[0] == "verified"

    def test_a_key_that_names_the_update_makes_it_wait(self):
        waits = evidence(**{REBOOT_KEY: ok(values={name(1): value(1)})})
        verdict = judge(*ONE_INSTALLED, done(21), after=scan(found(1)), proof=waits)
        assert (verdict.results[0].state, verdict.reboot, verdict.outcome) == (
            "pending_reboot",
            "required",
            "pending_reboot",
        )

    def test_a_host_that_waits_for_something_else_is_not_done_either(self):
        waits = evidence(**{REBOOT_KEY: ok(values={name(9): value(1)})})
        verdict = judge(*ONE_INSTALLED, done(21), after=scan(found(1)), proof=waits)
        assert (verdict.results[0].state, verdict.outcome) == ("verified", "pending_reboot")


class TestHistory:
    """The agent's own history tells what the journal cannot."""

    @pytest.mark.parametrize(
        ("result", "code", "installed", "state", "told"),
        [
            ("succeeded", "0x00000000", True, "verified", None),
            ("succeeded", "0x00000000", False, "rolled_back", None),
            ("failed", "0x800F0922", False, "failed", "0x800F0922"),
            ("failed", "0x800F0922", True, "unknown", None),
        ],
    )
    def test_an_installation_whose_end_nobody_wrote_down(self, result, code, installed, state, told):
        entry = {**HISTORY, "result": result, "hresult": code}
        after = scan(found(1, installed=installed), history=[entry])
        proof = evidence(boot=at(39))
        # The history of an update that is installed is not looked up in the scan: the worker has noted it.
        noted = seen(1, 45, history={"date": at(30), "result_code": 2 if result == "succeeded" else 4, "hresult": code})
        assert one(begin(1, 25), UNEXPECTED, noted, after=after, proof=proof) == (state, told)

    def test_a_roll_back_brings_the_code_of_the_history(self):
        after = scan(found(1, installed=False), history=[{**HISTORY, "result": "failed", "hresult": "0x80242016"}])
        lines = (*NEEDS_BOOT, resumed(28, expected=True), done(30))
        assert one(*lines, after=after, proof=evidence(boot=at(27))) == ("rolled_back", "0x80242016")

    def test_an_attempt_of_last_month_says_nothing_about_this_one(self):
        old = {**HISTORY, "at": "2026-10-21T22:00:00Z", "result": "failed", "hresult": "0x80070643"}
        assert one(begin(1, 25), after=scan(found(1, installed=False), history=[old])) == ("missing", None)


LOST = [[r"\??\C:\Windows\Temp\a.tmp", r"!\??\C:\Windows\System32\a.dll"]]


class TestLostEntries:
    """What somebody overwrote in the queue for the next boot never took place, whatever the agent says."""

    def test_an_installation_that_lost_entries_is_never_verified(self):
        lines = (begin(1, 10), end(1, 20, queue={"before": 2, "after": 1, "lost": LOST}), done(21))
        verdict = judge(*lines, after=scan(found(1)), proof=evidence())
        assert (verdict.results[0].state, verdict.outcome) == ("unknown", "unknown")
        assert r"C:\Windows\Temp\a.tmp -> C:\Windows\System32\a.dll" in verdict.results[0].because

    def test_neither_is_an_earlier_one_whose_entries_they_may_have_been(self):
        lines = (
            begin(1, 1),
            end(1, 2, queue={"before": 0, "after": 2, "lost": []}),
            begin(2, 3),
            end(2, 4, queue={"before": 2, "after": 2, "lost": []}),
            begin(3, 5),
            end(3, 6, queue={"before": 2, "after": 1, "lost": LOST}),
            begin(4, 7),
            end(4, 8),
            done(9),
        )
        numbers = (1, 2, 3, 4)
        verdict = judge(*lines, numbers=numbers, after=scan(*map(found, numbers)), proof=evidence())
        assert [result.state for result in verdict.results] == ["unknown", "verified", "unknown", "verified"]

    @pytest.mark.parametrize(
        "words", [{"queue": None}, {"run_once": None}, {"run_once": {"lost": ["Setup"]}}, {"queue": 7}]
    )
    def test_what_could_not_be_compared_may_have_been_lost(self, words):
        lines = (begin(1, 10), end(1, 20, **words))
        assert one(*lines, after=scan(found(1)), proof=evidence())[0] == "unknown"

    @settings(max_examples=150, deadline=None)
    @given(
        lost=st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), min_size=1, max_size=3),
        result=st.sampled_from(["succeeded", "succeeded_with_errors", "failed", "aborted"]),
        reboot=st.sampled_from([True, False, None]),
        installed=st.sampled_from([True, False, None]),
        boots=st.booleans(),
        scanned=st.booleans(),
    )
    def test_lost_entries_are_never_verified_whatever_else_is_so(self, lost, result, reboot, installed, boots, scanned):
        ended = end(1, 20, result=result, reboot_required=reboot, queue={"before": 1, "after": 1, "lost": lost})
        lines = [begin(1, 10), ended, *([resumed(40, expected=True)] if boots else []), seen(1, 50), done(55)]
        after = scan(found(1, installed=installed)) if scanned else None
        verdict = judge(*lines, after=after, proof=evidence(boot=at(39) if boots else at(-999)))
        assert verdict.results[0].state != "verified"
        assert verdict.outcome != "verified"


class TestWithoutAFreshScan:
    """The worker's own search counts as long as nothing happened after it; an old scan proves nothing."""

    @pytest.mark.parametrize(
        ("words", "state"),
        [
            ({}, "verified"),
            ({"reboot_required": True}, "pending_reboot"),
            ({"reboot_required": None}, "unknown"),
            ({"installed": False, "offered": True}, "missing"),
            ({"installed": None}, "unknown"),
            ({"installed": None, "offered": None}, "unknown"),
        ],
    )
    def test_the_workers_own_search(self, words, state):
        assert one(*ONE_INSTALLED, seen(1, 30, **words), done(31))[0] == state

    @pytest.mark.parametrize(
        "after", [None, scan(found(1), minutes=15), scan(found(1), scanned_at=None), {"updates": 7}, 7]
    )
    def test_no_scan_an_old_one_and_a_damaged_one_prove_nothing(self, after):
        verdict = judge(*ONE_INSTALLED, done(31), after=after)
        assert (verdict.results[0].state, verdict.outcome) == ("unknown", "unknown")

    def test_a_scan_from_before_the_boot_proves_nothing(self):
        lines = (*ONE_INSTALLED, done(31))
        assert one(*lines, after=scan(found(1)), proof=evidence(minutes=200, boot=at(150)))[0] == "unknown"

    def test_what_waited_in_the_workers_own_search_is_not_known_after_a_later_boot(self):
        lines = (*NEEDS_BOOT, seen(1, 30, reboot_required=True), done(31))
        assert one(*lines)[0] == "pending_reboot"
        assert one(*lines, after=scan(found(1)), proof=evidence(minutes=200, boot=at(150)))[0] == "unknown"

    def test_damaged_evidence_is_told_and_is_no_proof(self):
        verdict = judge(*ONE_INSTALLED, done(31), after=scan(found(1)), proof={"schema": "x"})
        assert (verdict.results[0].state, verdict.reboot, verdict.outcome) == ("verified", "unknown", "unknown")
        assert "cannot be judged" in verdict.problems[0]

    def test_a_search_before_an_unexpected_boot_is_not_believed(self):
        assert one(*ONE_INSTALLED, seen(1, 30), UNEXPECTED)[0] == "unknown"


class TestTheJob:
    """The state of the job, and what the whole came to."""

    @pytest.mark.parametrize(
        ("last", "running", "state"),
        [
            (done(31), None, "finished"),
            (done(31, "stopped"), None, "stopped"),
            (done(31, "expired"), None, "expired"),
            (done(31, "failed", error={"step": "searching", "hresult": "0x8024402C", "message": "no"}), None, "failed"),
            (
                done(31, "failed", error={"step": "installing", "type": "interrupted", "message": "x"}),
                None,
                "interrupted",
            ),
            (done(31, "of next year"), None, "failed"),
            (started(31), False, "interrupted"),
            (started(31), True, "running"),
            (started(31), None, "unknown"),
        ],
    )
    def test_the_state_of_the_job(self, last, running, state):
        assert judge(last, running=running).state == state

    def test_a_job_that_goes_on_is_neither_good_nor_bad_yet(self):
        verdict = judge(begin(1, 10), numbers=(1, 2), running=True)
        assert (verdict.outcome, [result.state for result in verdict.results]) == ("running", ["unknown", "unknown"])
        assert "goes on" in verdict.results[0].because

    def test_the_worst_counts(self):
        lines = (begin(1, 1), end(1, 2), skipped(2, 3, "does_not_fit"), done(4))
        both = judge(*lines, numbers=(1, 2), after=scan(found(1), found(2, installed=False)), proof=evidence())
        assert (both.outcome, both.counts["verified"], both.counts["deferred"]) == ("deferred", 1, 1)
        rolled = scan(found(1, installed=False), found(2, installed=False))
        assert judge(*lines, numbers=(1, 2), after=rolled, proof=evidence()).outcome == "failed"

    def test_boots_are_counted_and_those_that_nobody_asked_for_are_told(self):
        begun = {"at": at(25), "phase": "rebooting", "step": "begin", "number": 1}
        lines = (*NEEDS_BOOT, begun, resumed(30, expected=True), resumed(40, expected=False), done(41))
        verdict = judge(*lines)
        assert (verdict.boots, verdict.unexpected) == (2, 1)
        assert "booted 1 time without the job's doing" in verdict.as_dict()["sentence"]

    def test_an_installation_that_the_plan_does_not_name_is_judged_too(self):
        verdict = judge(begin(1, 1), end(1, 2), begin(7, 3), end(7, 4), done(5), after=scan(found(1)))
        assert [result.update.id for result in verdict.results] == [name(1), name(7)]
        assert "does not name" in verdict.problems[0]
        assert verdict.outcome == "unknown"

    def test_damaged_lines_are_counted_and_lose_nothing_else(self):
        verdict = judge("junk", {"phase": 7}, *ONE_INSTALLED, {"phase": "installing", "step": "end"}, done(30))
        assert "3 lines of the journal are damaged" in verdict.problems[0]
        assert verdict.results[0].begun

    def test_a_policy_that_nobody_can_use_is_told(self):
        with pytest.raises(PolicyError):
            judge(*ONE_INSTALLED, after=scan(found(1)), policy={"max_scan_age": "soon"})

    def test_host_text_is_made_printable(self):
        shown = judge(skipped(1, 1, "eula", "no\x1b[31m" + "x" * 9999), done(2)).as_dict()["updates"][0]["because"]
        assert "\x1b" not in shown
        assert len(shown) <= 600


LINE = st.one_of(
    st.sampled_from(
        [
            armed(),
            started(1),
            begin(1, 10),
            end(1, 20),
            begin(2, 21),
            end(2, 30, result="failed", hresult="0x80070643"),
            skipped(2, 31, "does_not_fit"),
            UNEXPECTED,
            seen(1, 50),
            done(60),
        ]
    ),
    st.dictionaries(
        st.sampled_from(["at", "phase", "step", "id", "result", "queue", "error", "hresult", "boot_time", "history"]),
        st.one_of(
            st.none(),
            st.text(max_size=8),
            st.integers(),
            st.lists(st.integers(), max_size=2),
            st.sampled_from(["armed", "installing", "begin", "end", "verifying", "update", "done", name(1)]),
        ),
    ),
    st.text(max_size=5),
)


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(LINE, max_size=14), running=st.sampled_from([True, False, None]), scanned=st.booleans())
def test_any_journal_gives_every_update_one_state_and_plain_data(lines, running, scanned):
    after = scan(found(1), found(2, installed=False), minutes=600) if scanned else None
    verdict = judge_install(plan(1, 2), lines, after, None, running=running)
    assert [result.update.id for result in verdict.results][:2] == [name(1), name(2)]
    assert all(result.state in STATES for result in verdict.results)
    assert sum(verdict.counts.values()) == len(verdict.results)
    assert json.loads(json.dumps(verdict.as_dict())) == verdict.as_dict()
    if not scanned:
        proven = {one.id for one in read_journal(lines).attempts} & set(read_journal(lines).seen)
        assert set(verdict.of("verified")) <= proven | set(read_journal(lines).seen)
