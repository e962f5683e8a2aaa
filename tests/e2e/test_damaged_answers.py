# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What comes back is not what the reader said: cut off, mixed with other output, or nonsense. Never is it "no"."""

from __future__ import annotations

from pathlib import Path

import pytest

from winsim.testing import serve

INFO = "winops.patching.win_reboot_pending_info"
DAMAGE = """
import json

def of_probes(change):
    def damage(text):
        answer = json.loads(text)
        answer["probes"] = change(answer["probes"])
        return json.dumps(answer).encode()
    return damage

def of_each(change):
    return of_probes(lambda probes: {name: change(dict(probe)) for name, probe in probes.items()})

DAMAGES = {
    "junk-around": lambda text: b"WARNING: the profile is loaded\\r\\n" + text + b"\\r\\nBye\\r\\n",
    "junk-inside": lambda text: text[:200] + b"\\r\\nWARNING: the profile is loaded\\r\\n" + text[200:],
    "half": lambda text: text[: len(text) // 2],
    "no-output": lambda text: b"",
    "only-words": lambda text: b"Access is denied.\\r\\n",
    "a-list": lambda text: b"[1, 2]",
    "no-probes": lambda text: b'{"changed": false}',
    "probes-as-list": of_probes(lambda probes: []),
    "probes-empty": of_probes(lambda probes: {}),
    "one-probe-less": of_probes(lambda probes: {k: v for k, v in probes.items() if k != "session_manager"}),
    "unknown-states": of_each(lambda probe: probe | {"state": "fine"}),
    "no-data": of_each(lambda probe: {"state": "ok"}),
    "data-as-list": of_each(lambda probe: {"state": "ok", "data": []}),
    "data-empty": of_each(lambda probe: {"state": "ok", "data": {}}),
    "module-failed": lambda text: b'{"failed": true, "msg": "{{ 7 * 191 }} out of memory"}',
}
def change(host, text):
    return DAMAGES[host](text)
"""
FAILING = ["junk-inside", "half", "no-output", "only-words", "a-list", "no-probes", "probes-as-list", "module-failed"]
ODD = ["probes-empty", "one-probe-less", "unknown-states", "no-data", "data-as-list"]
HOSTS = ["junk-around", "data-empty", *FAILING, *ODD]


@pytest.fixture(scope="module")
def heard(once, commands, serve_changed):
    """Hosts for which nothing waits, each with its own damage; asked in a play and by the report."""

    def make(work: Path):
        ansible = commands(work / "ansible")
        with serve_changed({host: {"os": {}} for host in HOSTS}, work / "sim", DAMAGE) as fleet:
            run = ansible.play(fleet.inventory, [{"name": "ask", INFO: {}, "ignore_errors": True}])
            report = ansible.assess(fleet.inventory)
        run.notes.update(report=report.notes["fleet"], output=report.output, code=report.code)
        return run

    return once("damaged", make)


def test_junk_before_and_after_the_answer_does_not_change_it(heard):
    assert heard.of("ask", "junk-around")["verdict"]["reboot"] == "not_required"
    assert heard.notes["report"]["hosts"]["junk-around"]["reboot"] == "not_required"


@pytest.mark.parametrize("host", FAILING)
def test_an_answer_that_cannot_be_read_fails_the_task_and_is_unknown_with_its_reason(heard, host):
    result = heard.of("ask", host)
    assert heard.states("ask")[host] == "failed"
    assert (result["verdict"]["reboot"], "reboot_required" in result) == ("unknown", False)
    assert "could not be read" in result["msg"]
    assert result["error"] == result["msg"]


@pytest.mark.parametrize("host", FAILING)
def test_an_answer_that_cannot_be_read_is_in_the_report_with_its_reason(heard, host):
    row = heard.notes["report"]["hosts"][host]
    assert (row["reboot"], row["safe_to_reboot"]) == ("unknown", "unknown")
    assert row["error"]


@pytest.mark.parametrize("host", ODD)
def test_an_answer_with_holes_is_unknown_and_names_what_is_missing(heard, host):
    result = heard.of("ask", host)
    decisive = [entry for entry in result["verdict"]["unknown"] if entry["decisive"]]
    assert (result["verdict"]["reboot"], "reboot_required" in result) == ("unknown", False)
    assert decisive
    assert all(entry["reason"] for entry in decisive)
    assert heard.notes["report"]["hosts"][host]["reboot"] == "unknown"


def test_an_answer_that_says_there_is_something_without_saying_what_is_no_no(heard):
    assert heard.of("ask", "data-empty")["verdict"]["reboot"] != "not_required"


def test_the_message_of_a_failed_reader_is_passed_on_and_not_evaluated(heard):
    assert "{{ 7 * 191 }} out of memory" in heard.of("ask", "module-failed")["msg"]
    assert "1337" not in heard.output + heard.notes["output"]


def test_damaged_answers_lead_to_no_traceback_and_to_no_green_report(heard):
    assert "Traceback (most recent call last)" not in heard.output + heard.notes["output"]
    assert heard.notes["code"] != 0


def test_an_answer_that_is_cut_off_on_the_wire_is_unknown(ansible, tmp_path):
    # Over NTLM the seventh request of a run fetches the answer.
    cut = {"os": {}, "network": {"faults": [{"at_request": 7, "do": "truncate"}]}}
    with serve({"cut": cut}, tmp_path / "sim") as fleet:
        run = ansible.assess(fleet.inventory)
        again = ansible.assess(fleet.inventory)
    assert (run.code != 0, run.fleet["hosts"]["cut"]["reboot"]) == (True, "unknown")
    assert run.fleet["hosts"]["cut"]["error"]
    assert (again.code, again.fleet["hosts"]["cut"]["reboot"]) == (0, "not_required")
