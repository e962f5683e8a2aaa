# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_installer_activity_info: one module execution for an answer, several while it waits."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.winops.patching.plugins.action.win_installer_activity_info import ActionModule
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import activity_action
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.activity import probes_of_activity
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    SYSTEM,
    ok,
    refused,
    running,
)


def answer(**probes):
    """What the reader answers on an idle host, but for some probes."""
    idle = {probe["id"]: ABSENT for probe in probes_of_activity()}
    return {"changed": False, "probes": {**idle, **probes}, "system": dict(SYSTEM)}


IDLE, BUSY = answer(agent_busy=refused()), answer(msi_mutex=ok(exists=True))
BLIND = answer(msi_mutex=refused())
BROKEN = {"failed": True, "msg": "MODULE FAILURE", "module_stdout": "junk"}


class Waiting:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.seconds = 0.0
        self.slept = []

    def now(self):
        """The time."""
        return self.seconds

    def sleep(self, seconds):
        """Pass the time."""
        self.slept.append(seconds)
        self.seconds += seconds


class Host(Door):
    """Answers one after the other; the last one for ever."""

    def __init__(self, *answers):
        super().__init__(ActionModule, "winops.patching.win_installer_activity_info")
        self.answers = list(answers)

    def execute(self, module_name, module_args, task_vars):
        """The next answer."""
        self.answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return super().execute(module_name, module_args, task_vars)


@pytest.fixture
def clock(monkeypatch):
    waiting = Waiting()
    monkeypatch.setattr(ActionModule, "clock", waiting)
    return waiting


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(activity_action, "say", lines.append)
    return lines


def test_the_host_is_asked_once_and_nothing_is_changed(clock):
    host = Host(BUSY)
    result = host.run()
    assert [name for name, _ in host.calls] == ["winops.patching.win_probe"]
    assert (result["changed"], result["activity"], result.get("failed")) == (False, "yes", None)
    assert [work["id"] for work in result["busy"]] == ["installer_running"]
    assert clock.slept == []


def test_check_mode_asks_and_answers_the_same(clock):
    assert Host(BUSY).run(check_mode=True) == Host(BUSY).run()


def test_an_idle_host_whose_agent_refuses_is_idle_without_a_warning(clock):
    result = Host(IDLE).run()
    assert (result["activity"], "warnings" in result) == ("no", False)
    assert [entry["id"] for entry in result["unknown"]] == ["agent_busy"]


def test_an_unknown_answer_is_a_warning_and_no_failure(clock):
    result = Host(BLIND).run()
    assert (result["activity"], result.get("failed")) == ("unknown", None)
    assert result["warnings"] == [result["sentence"]]


def test_what_ansible_warned_of_is_not_lost(clock):
    assert Host({**IDLE, "warnings": ["odd output"]}).run()["warnings"] == ["odd output"]


def test_a_broken_reader_fails_the_task_with_an_unknown_answer(clock):
    for wait in (False, True):
        result = Host(BROKEN).run(wait=wait)
        assert (result["failed"], result["activity"]) == (True, "unknown")
        assert "MODULE FAILURE" in result["error"]
    result = Host({"changed": False, "probes": "junk"}).run()
    assert (result["failed"], result["activity"]) == (True, "unknown")


def test_a_lost_line_is_left_to_ansible(clock):
    class Gone(Host):
        """Nobody answers."""

        def execute(self, module_name, module_args, task_vars):
            raise AnsibleConnectionFailure("lost")

    with pytest.raises(AnsibleConnectionFailure):
        Gone(IDLE).run()


def test_it_waits_until_nothing_is_being_installed(clock, said):
    host = Host(BUSY, BUSY, BUSY, IDLE)
    result = host.run(wait=True, interval=20)
    assert (result["activity"], result["waited_seconds"], len(host.calls)) == ("no", 60, 4)
    assert clock.slept == [20, 20, 20]
    assert not result.get("failed")


def test_an_idle_host_is_not_waited_for(clock, said):
    assert Host(IDLE).run(wait=True)["waited_seconds"] == 0
    assert said == []


def test_it_says_a_line_at_once_and_one_a_minute(clock, said):
    Host(*[BUSY] * 14, IDLE).run(wait=True, interval=10)
    assert [line.partition(" of ")[0] for line in said] == [
        "[web01] waiting for 0",
        "[web01] waiting for 60",
        "[web01] waiting for 120",
    ]
    assert all("Windows Installer holds its mutex" in line for line in said)


def test_a_wait_in_vain_fails_and_names_who_is_at_work(clock, said):
    result = Host(answer(processes=running(("wusa", 9)))).run(wait=True, timeout=60, interval=15)
    assert (result["failed"], result["activity"], result["waited_seconds"]) == (True, "yes", 60)
    assert result["msg"].startswith("still not idle after 60 seconds: Something is at work: wusa is running (wusa (9)")


def test_a_wait_never_lasts_longer_than_it_may(clock, said):
    Host(BUSY).run(wait=True, timeout=50, interval=20)
    assert clock.seconds == 40
    clock.seconds = 0
    assert Host(BUSY).run(wait=True, timeout=0)["failed"] is True
    assert clock.seconds == 0


def test_what_cannot_be_read_is_asked_for_once_more_and_not_for_hours(clock, said):
    host = Host(BLIND)
    result = host.run(wait=True)
    assert (result["failed"], result["activity"], len(host.calls)) == (True, "unknown", 2)
    assert "waiting makes no sense" in result["msg"]
    assert Host(BLIND, BUSY, BLIND, IDLE).run(wait=True)["activity"] == "no"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timeout": -1}, "timeout: must be a number of seconds"),
        ({"interval": 0}, "interval: must be a number of seconds"),
        ({"wait": "maybe"}, "wait"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_option_fails_before_the_host_is_asked(options, words):
    host = Host(IDLE)
    with pytest.raises(AnsibleError, match=words):
        host.run(**options)
    assert host.calls == []


def test_the_result_stays_small_and_says_what_it_left_out(clock):
    crowd = [("setup", number) for number in range(500)]
    states = ok(instances=[{"Name": "x" * 900, "EvaluationState": 7}] * 500)
    result = Host(answer(processes=running(*crowd), ccm_updates=states, agent_busy=refused(message="y" * 9999))).run()
    assert len(json.dumps(result)) < 4096
    shape = {"busy": [{"id": str(number)} for number in range(12)], "hints": [], "unknown": []}
    assert activity_action._bounded(shape)["busy_more"] == 2


def test_the_clock_of_a_task_is_that_of_the_controller():
    clock = activity_action.Clock()
    before = clock.now()
    clock.sleep(0.001)
    assert clock.now() > before
