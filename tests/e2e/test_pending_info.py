# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""win_reboot_pending_info, win_patch_facts and the three tests, on the demo fleet and under every option."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from winsim.testing import serve

FLEET = Path(__file__).resolve().parents[1] / "simulator" / "fleets" / "demo"
HOSTS = sorted(path.stem for path in FLEET.glob("*.yml"))
INFO = "winops.patching.win_reboot_pending_info"
FACTS = "winops.patching.win_patch_facts"
# The reader's answer gets lost on the first of them in each run; nobody answers on the second.
UNREAD = {"drops-the-line", "dead-host"}
READ = [host for host in HOSTS if host not in UNREAD]
ANSWERS = {"reboot_required": "required", "reboot_not_required": "not_required", "reboot_unknown": "unknown"}


def shown_size(result):
    """Bytes of a result as it is sent to a log or to AWX."""
    return len(json.dumps(result).encode())


@pytest.fixture(scope="module")
def asked(once, commands):
    """All demo hosts, once by the ad hoc command."""

    def make(work: Path):
        with serve(FLEET, work / "sim") as fleet:
            return commands(work / "ansible").adhoc("all", fleet.inventory, INFO)

    return once("asked", make)


@pytest.fixture(scope="module")
def told(once, commands):
    """All demo hosts in one play: the module, what the three tests make of it, and the facts."""

    def make(work: Path):
        tasks = [
            {"name": "info", INFO: {}, "register": "r", "ignore_errors": True, "ignore_unreachable": True},
            {
                "name": "tests",
                "ansible.builtin.debug": {
                    "msg": {word: f"{{{{ r is winops.patching.{word} }}}}" for word in ANSWERS},
                },
            },
            {"name": "facts", FACTS: {}, "check_mode": True, "ignore_unreachable": True},
            {"name": "gate", "ansible.builtin.debug": {"msg": "go"}, "when": "not r.reboot_required"},
        ]
        with serve(FLEET, work / "sim") as fleet:
            return commands(work / "ansible").play(fleet.inventory, tasks)

    return once("told", make)


@pytest.mark.parametrize("host", HOSTS)
def test_an_ad_hoc_result_is_at_most_four_kilobytes(asked, host):
    result = asked.of(INFO, host)
    assert shown_size(result) <= 4096
    assert "evidence" not in result
    assert "signals" not in result.get("verdict", {})


def test_an_ad_hoc_run_over_the_fleet_ends_with_the_code_of_failed_and_unreachable_hosts(asked):
    assert asked.code in {2, 4, 6}
    assert "Traceback" not in asked.output


@pytest.mark.parametrize("host", READ)
def test_a_host_that_was_read_gives_a_verdict_a_last_reboot_and_reasons(asked, host):
    result = asked.of(INFO, host)
    assert result["verdict"]["reboot"] in set(ANSWERS.values())
    assert result["last_reboot"]["time"].endswith("Z")
    assert bool(result["reboot_required_reasons"]) is (result["verdict"]["reboot"] == "required")
    assert result["changed"] is False


def test_the_reasons_bear_the_names_that_win_reboot_info_gives_them(asked):
    reasons = asked.of(INFO, "wu-key-only")["reboot_required_reasons"]
    assert [(reason["source"], reason["signal"]) for reason in reasons] == [("windows_update", "wu_reboot_required")]


def test_the_announcement_of_the_last_boot_is_found(asked):
    details = asked.of(INFO, "clean-2022")["last_reboot"]["details"]
    assert (details["type"], details["initiated_by"]) == ("restart", "NT AUTHORITY\\SYSTEM")


@pytest.mark.parametrize("host", READ)
def test_reboot_required_is_returned_unless_the_verdict_is_unknown(asked, host):
    result = asked.of(INFO, host)
    answer = result["verdict"]["reboot"]
    assert result.get("reboot_required") == {"required": True, "not_required": False, "unknown": None}[answer]
    assert ("reboot_required" in result) is (answer != "unknown")
    assert bool(result.get("warnings")) is (answer == "unknown")


def test_exactly_one_of_the_three_tests_is_true_of_every_result_also_an_unreachable_one(told):
    for host in HOSTS:
        words = told.of("tests", host)["msg"]
        assert [bool(value) for value in words.values()].count(True) == 1, host
    for host in UNREAD:
        assert told.of("tests", host)["msg"] == {word: word == "reboot_unknown" for word in ANSWERS}, host


@pytest.mark.parametrize("host", READ)
def test_the_test_that_is_true_is_that_of_the_verdict(told, host):
    true = [word for word, value in told.of("tests", host)["msg"].items() if value]
    assert [ANSWERS[word] for word in true] == [told.of("info", host)["verdict"]["reboot"]]


def test_a_condition_on_a_missing_reboot_required_fails_the_task_instead_of_passing(told):
    states = told.states("gate")
    for host in HOSTS:
        answer = told.of("info", host).get("verdict", {}).get("reboot", "unknown")
        assert states[host] == {"required": "skipped", "not_required": "ok", "unknown": "failed"}[answer], host


@pytest.mark.parametrize("host", READ)
def test_the_facts_are_at_most_two_kilobytes_and_say_the_same_in_check_mode(told, host):
    facts = told.of("facts", host)["ansible_facts"]
    assert shown_size(facts) <= 2048
    verdict = told.of("info", host)["verdict"]
    assert facts["winops_patching"]["reboot"] == verdict["reboot"]
    assert facts["winops_patching"]["because"] == verdict["because"]
