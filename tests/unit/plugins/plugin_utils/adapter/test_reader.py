# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run of the reader: which signals are asked for, and what becomes of a reader that fails."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reader import (
    READER,
    chosen_signals,
    read_host,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import SIGNALS, probes_for
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import time_or_none
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    COLLECTED,
    SYSTEM,
    document,
    verdict,
)

CORE = ["wu_reboot_required", "cbs_reboot_pending"]


def answers():
    return {"changed": False, "probes": document()["probes"], "system": dict(SYSTEM)}


def read(answer, *, signals=tuple(SIGNALS), since=False):
    calls = []

    def execute(name, arguments):
        calls.append((name, arguments))
        return answer

    built, failure = read_host(execute, host="web01", signals=signals, since=since, run_id="r1")
    assert len(calls) == 1
    return built, failure, calls[0]


def test_all_signals_are_asked_for_by_default_in_the_order_of_the_catalogue():
    assert chosen_signals(None, None, "auto") == list(SIGNALS)
    assert chosen_signals([], [], "auto") == list(SIGNALS)


def test_signals_and_skip_choose_and_the_order_stays():
    assert chosen_signals(list(reversed(CORE)), None, "auto") == CORE
    assert chosen_signals(CORE, [CORE[0]], "auto") == [CORE[1]]
    assert "dsc_pending_reboot" not in chosen_signals(None, ["dsc_pending_reboot"], "auto")


def test_without_the_update_agent_its_own_answer_is_not_asked_for_and_nothing_else_is_lost():
    assert chosen_signals(None, None, "skip") == [name for name in SIGNALS if name != "agent_reboot_required"]


@pytest.mark.parametrize(
    ("signals", "skip", "option"), [(["wu_reboot"], None, "signals"), (None, ["wu_reboot"], "skip")]
)
def test_an_unknown_signal_is_named_with_its_option_and_the_nearest(signals, skip, option):
    with pytest.raises(AnsibleActionFail, match=rf"{option}: 'wu_reboot' is no signal \(did you mean wu_"):
        chosen_signals(signals, skip, "auto")


@pytest.mark.parametrize(
    ("signals", "skip", "agent"),
    [(CORE, CORE, "auto"), (None, list(SIGNALS), "auto"), (["agent_reboot_required"], None, "skip")],
)
def test_nothing_left_to_ask_for_is_an_error(signals, skip, agent):
    with pytest.raises(AnsibleActionFail, match="nothing is left to ask for"):
        chosen_signals(signals, skip, agent)


def test_a_signal_that_only_a_scan_job_can_tell_asks_the_host_nothing_and_leaves_no_no():
    calls = []
    built, failure = read_host(
        lambda *call: calls.append(call) or answers(),
        host="h",
        signals=["agent_updates_pending_reboot"],
        since=False,
        run_id=None,
    )
    assert (calls, failure) == ([], None)
    assert verdict(built)["reboot"] == "unknown"


def test_a_signal_that_shares_a_probe_is_not_answered_unless_it_was_asked_for():
    built, _, _ = read(answers(), signals=["servicing_in_progress"])
    states = {entry["id"]: entry["state"] for entry in verdict(built)["signals"]}
    assert {name for name, state in states.items() if state != "not_asked"} == {"servicing_in_progress"}


def test_a_narrowed_question_never_ends_in_a_no_because_required_signals_are_missing():
    for skipped in ("wu_reboot_required", "pending_file_rename", "pending_file_rename_2", "computer_rename"):
        built, _, _ = read(answers(), signals=[name for name in SIGNALS if name != skipped])
        found = verdict(built)
        assert found["reboot"] == "unknown"
        assert [entry["id"] for entry in found["unknown"]] == [skipped]


def test_the_reader_is_run_once_with_just_the_probes_that_are_needed():
    _, failure, (name, arguments) = read(answers(), signals=CORE)
    assert failure is None
    assert name == READER
    assert arguments["probes"] == probes_for(CORE, also=["ccm_service"])


def test_write_times_are_asked_for_only_with_since():
    built, _, (_, arguments) = read(answers(), signals=CORE, since=True)
    assert all(probe["write_time"] is True for probe in arguments["probes"] if probe["kind"] == "registry")
    assert built["since"] is True
    built, _, (_, arguments) = read(answers(), signals=CORE)
    assert not any("write_time" in probe for probe in arguments["probes"])
    assert built["since"] is False


def test_a_good_answer_becomes_the_document_of_the_host():
    built, failure, _ = read(answers())
    assert failure is None
    assert (built["host"], built["run_id"], built["collected_at"]) == ("web01", "r1", COLLECTED)
    assert verdict(built)["reboot"] == "not_required"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"failed": True, "msg": "MODULE\n FAILURE"}, "MODULE FAILURE"),
        ({"failed": True}, "no message"),
        ({"failed": True, "msg": "x", "module_stdout": "junk\r\n{"}, 'x; it printed "junk {"'),
        ({"failed": True, "msg": "x", "module_stdout": "", "module_stderr": "err"}, 'x; it printed "err"'),
        ({"failed": True, **answers()}, "no message"),
        ({}, "holds no probes"),
        ({"changed": False}, "holds no probes"),
        ({"probes": None}, "holds no probes"),
        ({"probes": []}, "holds no probes"),
        ({"probes": "junk", "system": "junk"}, "holds no probes"),
    ],
)
def test_a_reader_that_failed_makes_everything_unknown_with_the_reason(answer, words):
    built, failure, _ = read(answer)
    assert words in failure
    found = verdict(built)
    assert {entry["state"] for entry in found["signals"]} <= {"unknown", "not_asked"}
    assert (found["reboot"], found["safe_to_reboot"]) == ("unknown", "unknown")
    assert all(words in entry["error"]["message"] for entry in built["probes"].values())
    assert time_or_none(built["collected_at"]) is not None


@pytest.mark.parametrize(
    "answer",
    [
        {"probes": {}},
        {"probes": {}, "system": None},
        {"probes": {"wu_reboot_required": "junk"}, "system": []},
        {"probes": dict.fromkeys(SIGNALS), "system": {"boot_time": ["x"], "clock": {"y": 1}}},
    ],
)
def test_an_answer_with_holes_makes_what_is_missing_unknown(answer):
    built, failure, _ = read(answer)
    assert failure is None
    assert verdict(built)["reboot"] == "unknown"
    assert {entry["state"] for entry in built["probes"].values()} == {"error"}


def test_long_output_of_a_broken_reader_is_cut():
    _, failure, _ = read({"failed": True, "msg": "m" * 9999, "module_stdout": "o" * 99_999})
    assert len(failure) < 600


def test_a_lost_connection_is_passed_on_as_with_any_module():
    def execute(_name, _arguments):
        raise AnsibleConnectionFailure("line lost")

    with pytest.raises(AnsibleConnectionFailure):
        read_host(execute, host="h", signals=CORE, since=False, run_id=None)
