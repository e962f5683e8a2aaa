# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""May this host be rebooted now? Unknown never reboots, and nothing reboots outside a window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.keys import PlanError
from ansible_collections.winops.patching.plugins.plugin_utils._plan.reboot.decision import decide_reboot
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import WindowError, in_window
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.persistent import signal_mark
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.analysis import analyse
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    PRESENT,
    document,
    ok,
    refused,
    with_present,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st

OPENS = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
TONIGHT = {"name": "tonight", "start": "2026-11-21T22:00:00Z", "duration": "60m", "for": "reboot"}
LATER = {"name": "sunday", "start": "2026-11-22T22:00:00Z", "duration": "3h"}
INSTALL_ONLY = {**TONIGHT, "name": "installing", "for": "install"}
WAITS = with_present("wu_reboot_required")
NOBODY_KNOWS = document({"cbs_reboot_pending": refused()})
CLEAN = {
    "state": "clean",
    "sentence": "the queue is empty",
    "entries": [],
    "downgrades": [],
    "will_fail": [],
    "lost": [],
}
OLDER = {"kind": "B", "target": "C:\\a.dll", "sentence": "a.dll is 10.0 on the disk and becomes 9.0"}
FAILS = {"harmless": False, "sentence": "entry 1 will fail: its source is gone"}
HARMS = {
    "downgrade": {**CLEAN, "state": "risky", "downgrades": [OLDER]},
    "missing_source": {**CLEAN, "state": "risky", "will_fail": [FAILS]},
    "lost_entries": {**CLEAN, "state": "risky", "lost": [{"sentence": "the entry for b.dll is lost"}]},
}


def marks(evidence, *names):
    """The marks of signals as they are now."""
    return {signal.id: signal_mark(signal) for signal in reboot_verdict(evidence).signals if signal.id in names}


def decide(evidence=WAITS, now=OPENS, windows=(TONIGHT,), queue=CLEAN, policy=None, judged=None, **words):
    return decide_reboot(
        reboot_verdict(evidence, judged),
        now=now,
        policy={"windows": list(windows), **(policy or {})},
        queue=queue,
        **words,
    )


def test_a_host_that_requires_it_is_rebooted_in_its_window():
    answer = decide().as_dict()
    assert (answer["reboot"], answer["state"]) == (True, "go")
    assert answer["window"]["name"] == "tonight"
    assert answer["time_left_seconds"] == 3600
    assert "wu_reboot_required" in answer["sentence"]


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ({"evidence": document()}, "not_required"),
        ({"evidence": NOBODY_KNOWS}, "unknown"),
        ({"evidence": NOBODY_KNOWS, "judged": {"unknown_is": "required"}}, "unknown"),
        ({"evidence": with_present("wu_reboot_required", "installer_running")}, "busy"),
        ({"evidence": document({**PRESENT["wu_reboot_required"], "msi_mutex": refused()})}, "unsafe"),
        ({"count": 2}, "max_reboots"),
        ({"count": 1, "options": {"max_reboots": 1}}, "max_reboots"),
        ({"options": {"max_reboots": 0}}, "max_reboots"),
        ({"now": OPENS - timedelta(seconds=1)}, "outside_window"),
        ({"now": OPENS + timedelta(minutes=60)}, "outside_window"),
        ({"now": OPENS + timedelta(minutes=45, seconds=1)}, "outside_window"),
        ({"windows": [INSTALL_ONLY]}, "outside_window"),
        ({"windows": []}, "outside_window"),
        ({"windows": [{"start": "tomorrow"}]}, "unknown"),
        ({"skew_seconds": 3601}, "unknown"),
        ({"queue": HARMS["downgrade"]}, "queue"),
        ({"queue": HARMS["missing_source"]}, "queue"),
        ({"queue": HARMS["lost_entries"]}, "queue"),
        ({"queue": None}, "queue"),
        ({"queue": {"failed": True}}, "queue"),
        ({"queue": {"state": "unknown", "sentence": "the queue could not be read", "entries": []}}, "queue"),
        ({"options": {"lost_entries": ["b.dll while KB1 ran"]}}, "queue"),
        ({"policy": {"reboot_always": True}, "evidence": NOBODY_KNOWS}, "unknown"),
    ],
)
def test_what_keeps_a_host_from_its_reboot_is_named(words, state):
    answer = decide(**words).as_dict()
    assert (answer["reboot"], answer["state"]) == (False, state)
    assert answer["why"] in answer["sentence"] or answer["why"].rstrip(".") in answer["sentence"]


@pytest.mark.parametrize(
    "words",
    [
        {"now": OPENS + timedelta(minutes=45)},
        {"skew_seconds": 3600},
        {"skew_seconds": 86400, "options": {"clock": "host"}},
        {"windows": [], "policy": {"no_windows": "open"}},
        {"windows": [], "policy": {"windows_apply": False}},
        {"windows": [{**TONIGHT, "for": "any"}]},
        {"evidence": document(), "policy": {"reboot_always": True}},
        {"queue": {**CLEAN, "state": "unknown", "sentence": "1 thing is not known", "entries": [{"index": 0}]}},
        {"queue": {**CLEAN, "will_fail": [{**FAILS, "harmless": True}]}},
        {"count": 1},
    ],
)
def test_what_keeps_no_host_from_it(words):
    assert decide(**words).state == "go"


@pytest.mark.parametrize("word", list(HARMS))
def test_a_policy_may_allow_each_harm_and_only_that(word):
    allowed = {"reboot_despite": [word]}
    assert decide(queue=HARMS[word], policy=allowed).state == "go"
    other = next(name for name in HARMS if name != word)
    assert decide(queue=HARMS[other], policy=allowed).state == "queue"


def test_a_list_of_harms_that_was_cut_to_nothing_still_stops_the_host():
    assert decide(queue={**CLEAN, "state": "risky", "downgrades": [], "downgrades_more": 3}).state == "queue"
    assert decide(queue={**CLEAN, "state": "risky"}).state == "queue"


def test_the_analysis_of_a_real_queue_is_understood():
    queue = ["\\??\\C:\\fix1\\a.dll", "!\\??\\C:\\App\\a.dll"]
    facts = {"C:\\fix1\\a.dll": {"version": "1.0.0.0"}, "C:\\App\\a.dll": {"version": "2.0.0.0"}}
    assert decide(queue=analyse(queue, facts).as_dict()).harms.keys() == {"downgrade"}
    gone = {"C:\\fix1\\a.dll": {"state": "absent"}, "C:\\App\\a.dll": {"version": "2.0.0.0"}}
    assert decide(queue=analyse(queue, gone).as_dict()).harms.keys() == {"missing_source"}
    newer = {"C:\\fix1\\a.dll": {"version": "3.0.0.0"}, "C:\\App\\a.dll": {"version": "2.0.0.0"}}
    assert decide(queue=analyse(queue, newer).as_dict()).state == "go"


def test_outside_its_window_the_next_one_is_told():
    answer = decide(now=OPENS + timedelta(minutes=50), windows=[TONIGHT, LATER]).as_dict()
    assert answer["next_window"]["name"] == "sunday"
    assert "2026-11-22T22:00:00Z" in answer["sentence"]
    before = decide(now=OPENS - timedelta(hours=1), windows=[TONIGHT, LATER]).as_dict()
    assert (before["window"], before["next_window"]["name"], before["time_left_seconds"]) == (None, "tonight", 0)


def test_a_signal_that_a_reboot_of_this_run_did_not_clear_reboots_no_more():
    answer = decide(count=1, persistent=marks(WAITS, "wu_reboot_required"))
    assert (answer.state, answer.persistent) == ("persistent", ("wu_reboot_required",))
    assert "repair" in answer.sentence


def test_beside_another_signal_it_does_not_keep_the_host_from_its_reboot():
    both = with_present("wu_reboot_required", "computer_rename")
    assert decide(both, persistent=marks(both, "wu_reboot_required")).state == "go"


def test_a_signal_that_holds_something_else_by_now_counts_again():
    other = document({"wu_reboot_required": ok(values={"11111111-2222-3333-4444-555555555555": {"kind": "REG_DWORD"}})})
    assert decide(other, persistent=marks(WAITS, "wu_reboot_required")).state == "go"


def test_a_signal_that_an_earlier_run_could_not_clear_is_told_and_not_rebooted_for():
    policy = {"persistent": marks(WAITS, "wu_reboot_required")}
    answer = decide(judged=policy, policy=policy)
    assert (answer.state, answer.persistent) == ("persistent", ("wu_reboot_required",))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"options": {"max": 1}}, "options.max: no such key"),
        ({"options": {"max_reboots": -1}}, "options.max_reboots"),
        ({"options": {"lost_entries": "b.dll"}}, "must be a list of texts"),
        ({"options": []}, "options: must be a mapping"),
        ({"policy": {"reboot_despite": ["anything"]}}, "policy.reboot_despite"),
        ({"policy": {"reboot_always": "yes"}}, "policy.reboot_always"),
        ({"policy": {"reboot_allways": True}}, "no such key"),
        ({"count": -1}, "count: must be"),
        ({"count": True}, "count: must be"),
        ({"persistent": {"wu_reboot_required": "short"}}, "is no mark"),
        ({"persistent": []}, "persistent: must be a mapping"),
        ({"skew_seconds": "an hour"}, "skew_seconds"),
    ],
)
def test_a_mistake_is_named_by_its_key(words, said):
    with pytest.raises(PlanError, match=said):
        decide(**words)


def test_a_time_that_is_none_is_named():
    with pytest.raises(WindowError, match="now"):
        decide(now="soon")


SIGNALS = st.lists(st.sampled_from([name for name in PRESENT if name != "wu_ux_reboot_required"]), max_size=4)
UNREAD = st.lists(
    st.sampled_from(["wu_reboot_required", "cbs_reboot_pending", "session_manager", "msi_mutex"]), max_size=2
)
MINUTES = st.integers(min_value=-200, max_value=1700)
QUEUES = st.sampled_from([None, CLEAN, *HARMS.values(), {"state": "unknown", "entries": []}])
POLICIES = st.sampled_from([{}, {"reboot_always": True}, {"reboot_despite": list(HARMS)}, {"unknown_is": "required"}])


@settings(max_examples=300, deadline=None)
@given(
    present=SIGNALS,
    unread=UNREAD,
    minutes=MINUTES,
    queue=QUEUES,
    policy=POLICIES,
    count=st.integers(min_value=0, max_value=3),
)
def test_unknown_never_reboots_and_nothing_reboots_outside_a_window(present, unread, minutes, queue, policy, count):
    probes = {probe: answer for name in present for probe, answer in PRESENT[name].items()}
    evidence = document({**probes, **{name: refused() for name in unread}})
    verdict = reboot_verdict(evidence, {key: value for key, value in policy.items() if key == "unknown_is"})
    now = OPENS + timedelta(minutes=minutes)
    windows = [TONIGHT, LATER, INSTALL_ONLY]
    answer = decide_reboot(verdict, now=now, policy={"windows": windows, **policy}, queue=queue, count=count)
    event(answer.state)
    if not answer.reboot:
        return
    assert verdict.reboot == "required" or policy.get("reboot_always")
    assert verdict.reboot != "unknown"
    assert verdict.because or policy.get("reboot_always")
    assert verdict.safe_to_reboot == "yes"
    assert count < 2
    reserved = now + timedelta(minutes=15) - timedelta(seconds=1)
    assert in_window(windows, at=now, purpose="reboot")
    assert in_window(windows, at=reserved, purpose="reboot")
    assert queue == CLEAN or (policy.get("reboot_despite") and queue in HARMS.values())
