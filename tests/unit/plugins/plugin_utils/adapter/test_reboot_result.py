# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the doors return: small whatever the host says, and in the shape that people know from win_reboot_info."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reboot_result import (
    last_reboot,
    verdict_fact,
    verdict_result,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import PROBES
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    BOOT,
    COLLECTED,
    IGNORED_PAIR,
    announcement,
    document,
    everything,
    ok,
    queue,
    refused,
    text,
    with_present,
)

RESULT_LIMIT, FACT_LIMIT = 4096, 2048


def result(evidence, policy=None):
    return verdict_result(reboot_verdict(evidence, policy), evidence)


def fact(evidence, policy=None):
    return verdict_fact(reboot_verdict(evidence, policy), evidence)


def size(value):
    return len(json.dumps(value).encode())


def boot_event(data, time="2026-11-01T03:10:00Z", number=1074):
    return {"shutdown_events": ok(events=[{**announcement(number, time), "data": data}])}


EVENT_DATA = ["C:\\Windows\\x.exe", "WEB01", "Operating System: Recovery", "0x80020002", "restart", "why", "WEB01\\me"]
MESSAGES = {"short": "no", "long": "m" * 5000, "foreign": "Zugriff verweigert, ö" * 200, "quotes": '"\\' * 2000}


@pytest.mark.parametrize(("evidence", "value"), [(document(), False), (with_present("domain_join"), True)])
def test_an_answer_is_true_or_false(evidence, value):
    assert result(evidence)["reboot_required"] is value


def test_without_an_answer_the_key_is_not_there_at_all():
    unknown = document({"cbs_reboot_pending": refused()})
    assert "reboot_required" not in result(unknown)
    assert result(unknown)["verdict"]["reboot"] == "unknown"
    assert result(unknown, {"unknown_is": "required"})["reboot_required"] is True


def test_the_verdict_comes_without_its_signals():
    found = result(everything())["verdict"]
    assert "signals" not in found
    assert found["reboot"] == "required"


def test_the_reasons_bear_the_names_people_know_and_ours():
    reasons = result(with_present("wu_reboot_required", "cbs_reboot_pending", "dsc_pending_reboot"))
    assert [(entry["source"], entry["signal"]) for entry in reasons["reboot_required_reasons"]] == [
        ("windows_update", "wu_reboot_required"),
        ("component_based_servicing", "cbs_reboot_pending"),
        ("dsc_pending_reboot", "dsc_pending_reboot"),
    ]
    assert all(entry["description"] for entry in reasons["reboot_required_reasons"])
    assert result(document())["reboot_required_reasons"] == []
    assert result(document({"cbs_reboot_pending": refused()}))["reboot_required_reasons"] == []


def test_a_yes_by_policy_says_in_its_reasons_what_was_not_readable():
    found = result(document({"cbs_reboot_pending": refused(), "dsc_lcm": refused()}), {"unknown_is": "required"})
    (reason,) = found["reboot_required_reasons"]
    assert reason["signal"] == "cbs_reboot_pending"
    assert "not readable" in reason["description"]


def test_the_last_reboot_is_told_with_the_event_that_announced_it():
    found = last_reboot(document(boot_event(EVENT_DATA)))
    assert (found["time"], found["time_epoch"]) == (BOOT, 1793502720)
    assert found["details"] == {
        "process": EVENT_DATA[0],
        "reason": EVENT_DATA[2],
        "reason_code": EVENT_DATA[3],
        "type": EVENT_DATA[4],
        "comment": EVENT_DATA[5],
        "initiated_by": EVENT_DATA[6],
        "event_time": "2026-11-01T03:10:00Z",
    }


@pytest.mark.parametrize(
    "probes",
    [
        {},
        boot_event(EVENT_DATA, time="2026-11-01T03:06:59Z"),
        boot_event(EVENT_DATA, time="2026-11-01T03:12:01Z"),
        boot_event(EVENT_DATA, time=None),
        boot_event(EVENT_DATA, number=1075),
        {"shutdown_events": refused()},
        {"shutdown_events": ok(events=None)},
        {"shutdown_events": ok(events=["x", None])},
    ],
)
def test_without_such_an_event_the_details_are_null(probes):
    assert last_reboot(document(probes))["details"] is None


@pytest.mark.parametrize("data", [None, [], "x", ["only"], [None, None, {"a": 1}]])
def test_an_event_with_other_data_gives_what_there_is(data):
    assert last_reboot(document(boot_event(data)))["details"]["event_time"] == "2026-11-01T03:10:00Z"


@pytest.mark.parametrize("boot", [None, "", "soon", 7, ["x"]])
def test_without_a_boot_time_the_last_reboot_is_null(boot):
    assert last_reboot(document(boot_time=boot)) is None


def test_the_fact_is_the_verdict_and_when_and_of_which_boot_it_speaks():
    found = fact(with_present("domain_join"))
    assert (found["reboot"], found["collected_at"], found["boot_time"]) == ("required", COLLECTED, BOOT)
    assert "signals" not in found
    assert set(fact(document())) == set(found)


class TestSize:
    """At most 4 KB for the result and 2 KB for the fact, whatever the host says."""

    @pytest.mark.parametrize("message", MESSAGES)
    @pytest.mark.parametrize("policy", [{}, {"unknown_is": "required"}])
    def test_when_every_signal_is_unknown_for_long_reasons(self, message, policy):
        evidence = document(dict.fromkeys(PROBES, refused(message=MESSAGES[message])))
        found, small = result(evidence, policy), fact(evidence, policy)
        assert size(found) <= RESULT_LIMIT
        assert size(small) <= FACT_LIMIT
        for shown in (found["verdict"], small):
            kept = [entry["id"] for entry in shown["unknown"] if entry["decisive"]]
            assert {"wu_reboot_required", "cbs_reboot_pending", "computer_rename"} <= set(kept)
            assert len(shown["unknown"]) + shown.get("unknown_more", 0) == 24

    def test_short_reasons_are_kept_whole_and_nothing_is_dropped_without_need(self):
        evidence = document({"dsc_lcm": refused(message="Busy.")})
        assert result(evidence)["verdict"]["unknown"] == reboot_verdict(evidence).as_dict()["unknown"]
        assert fact(evidence)["unknown"] == reboot_verdict(evidence).as_dict()["unknown"]
        assert "unknown_more" not in fact(evidence)

    def test_when_every_signal_is_present(self):
        assert size(result(everything(since=True))) <= RESULT_LIMIT
        assert size(fact(everything(since=True))) <= FACT_LIMIT

    @pytest.mark.parametrize("letters", ["x" * 5000, "ö" * 5000, '"' * 5000])
    def test_when_the_host_tells_long_stories(self, letters):
        probes = {
            **boot_event([letters] * 7),
            "name_next": ok(values={"ComputerName": text(letters)}),
            "tcpip": ok(values={"Hostname": text("a"), "NV Hostname": text(letters)}),
            "reboot_witness": ok(values={"Reason": text(letters)}),
        }
        evidence = document(probes, system={"elevated": False, "user": letters})
        assert size(result(evidence)) <= RESULT_LIMIT
        assert size(fact(evidence)) <= FACT_LIMIT

    def test_when_many_rules_ignore_the_queue(self):
        rules = [{"id": f"rule-{n:03}", "match": f"\\\\a{n:03}\\.log$", "reason": "r"} for n in range(200)]
        strings = [part for n in range(200) for part in (f"\\??\\C:\\Contoso\\a{n:03}.log", "")]
        evidence = document({"session_manager": queue(*strings, *IGNORED_PAIR)})
        assert size(result(evidence, {"rename_rules": rules})) <= RESULT_LIMIT
        assert size(fact(evidence, {"rename_rules": rules})) <= FACT_LIMIT

    @pytest.mark.parametrize("boot", ["x" * 10_000, f"{BOOT}{' ' * 10_000}", ["x" * 10_000], {"x": "x" * 10_000}])
    def test_when_the_boot_time_is_no_time(self, boot):
        evidence = document(boot_time=boot)
        assert size(result(evidence)) <= RESULT_LIMIT
        assert size(fact(evidence)) <= FACT_LIMIT
