# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules on a host whose line breaks now and then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import modules
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.modules import (
    PAUSES,
    HostModules,
    LineLostError,
    clock_skew,
)
from winrm.exceptions import WinRMTransportError

ANSWER = {"changed": False, "probes": {}, "system": {}}
LOST = AnsibleConnectionFailure("dead\x1b line")


class Action:
    """As much of an action plugin as is needed; `answers` come one after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = []
        self._connection = MagicMock()
        self._task = MagicMock(check_mode=True)

    def _execute_module(self, module_name, module_args, task_vars):
        self.calls.append((module_name, self._task.check_mode))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    slept = []
    monkeypatch.setattr(modules, "sleep", slept.append)
    return slept


def test_an_answer_is_handed_on_and_its_warnings_are_kept(pauses):
    host = HostModules(Action({**ANSWER, "warnings": ["w"]}), {})
    assert host.ask([{"id": "a"}])["probes"] == {}
    assert (host.told, pauses) == (["w"], [])


@pytest.mark.parametrize(
    "loss",
    [
        LOST,
        ConnectionResetError("reset"),
        WinRMTransportError("http", 500, "broken"),
        {"failed": True, "msg": "MODULE FAILURE"},
    ],
)
def test_a_lost_answer_is_asked_for_again_over_a_new_connection(loss, pauses):
    action = Action(loss, loss, ANSWER)
    assert HostModules(action, {}).ask([{"id": "a"}]) == ANSWER
    assert action._connection.reset.call_count == 2
    assert pauses == list(PAUSES[:2])


def test_the_patience_ends_and_what_was_seen_is_told(pauses):
    with pytest.raises(LineLostError, match="dead  line"):
        HostModules(Action(*[LOST] * 9), {}).ask([{"id": "a"}])
    assert pauses == list(PAUSES)


def test_a_connection_that_cannot_be_made_again_is_left_to_the_next_try():
    action = Action(LOST, ANSWER)
    action._connection.reset.side_effect = LOST
    assert HostModules(action, {}).ask([{"id": "a"}]) == ANSWER


def test_a_mistake_of_our_own_is_not_taken_for_a_lost_line():
    with pytest.raises(KeyError):
        HostModules(Action(KeyError("x")), {}).ask([{"id": "a"}])


def test_a_first_word_is_not_repeated():
    with pytest.raises(AnsibleConnectionFailure):
        HostModules(Action(LOST, ANSWER), {}).run("m", {})


@pytest.mark.parametrize("answer", [ANSWER, LOST])
def test_in_earnest_is_for_one_module_only(answer):
    action = Action(answer)
    try:
        HostModules(action, {}).run_in_earnest("m", {})
    except AnsibleConnectionFailure:
        assert answer is LOST
    assert (action.calls, action._task.check_mode) == ([("m", False)], True)


@pytest.mark.parametrize(
    ("clock", "skew"),
    [
        ("2026-11-18T03:20:05Z", 0),
        ("2026-11-18T03:30:05Z", 600),
        ("2026-11-18T03:19:00Z", -65),
        ("2026-11-18T04:20:05+01:00", 0),
        (None, None),
        ("soon", None),
    ],
)
def test_the_skew_is_the_hosts_clock_less_the_controllers_in_the_middle_of_the_run(clock, skew):
    begun, ended = (datetime(2026, 11, 18, 3, 20, second, tzinfo=UTC) for second in (0, 10))
    assert clock_skew({"system": {"clock": clock}}, begun, ended) == skew


def test_a_reading_tells_the_skew_and_another_module_does_not(monkeypatch):
    now = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
    monkeypatch.setattr(modules, "datetime", SimpleNamespace(now=lambda _zone: now))
    ahead = f"{now + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    told = {**ANSWER, "system": {"clock": ahead}}
    host = HostModules(Action(told, told, ANSWER), {})
    host.run("ansible.windows.win_ping", {})
    assert host.clock_skew_seconds is None
    host.ask([{"id": "a"}])
    assert host.clock_skew_seconds == 7200
    host.ask([{"id": "a"}])
    assert host.clock_skew_seconds is None, "the newest reading does not tell it"
