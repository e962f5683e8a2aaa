# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The way to the answer whether something is being installed: one run of the reader, or one every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.activity import probes_of_activity
from .._evidence.document import EvidenceError, build_document, parse_evidence
from .._evidence.probes import validate_probes
from .._evidence.times import format_time
from .._verdict.activity import Activity, judge_activity
from .core import ActionFail, checked_options, say
from .preload import preload_client
from .reader import READER, failure_of

preload_client()

ACTIVITY_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "wait": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 1800},
        "interval": {"type": "int", "default": 15},
    }
)
_TELL_EVERY = 60.0
# A place that is not readable twice in a row will not become so by waiting.
_MOST_UNKNOWN = 2
_MAX_LISTED = 10

Ask = Callable[[], tuple[Activity, str | None]]


class Clock:
    """Time for waiting; tests bring their own."""

    def now(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let the host work."""
        time.sleep(seconds)


class ActivityAction(ActionBase):
    """Asks, and waits when it is told to."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    clock = Clock()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; it fails when the wait was in vain or the host could not be read at all."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = _options(self)
        host = str(variables.get("inventory_hostname") or "")
        begun = self.clock.now()
        told: list[Any] = []

        def ask() -> tuple[Activity, str | None]:
            """Run the reader once."""
            answer: Mapping[str, Any] = self._execute_module(
                module_name=READER, module_args={"probes": probes_of_activity()}, task_vars=variables
            )
            told[:] = answer.get("warnings") or ()
            return read_activity(answer, host)

        if options["wait"]:
            found, failure, vain = wait_until_idle(ask, options, clock=self.clock, tell=lambda text: _tell(host, text))
        else:
            (found, failure), vain = ask(), None
        result.update(changed=False, **_bounded(found.as_dict()), waited_seconds=int(self.clock.now() - begun))
        result.update(_ending(found, failure, vain, told))
        return result


def _options(action: ActionBase) -> dict[str, Any]:
    options = checked_options(action, ACTIVITY_OPTIONS)
    for name, least in (("timeout", 0), ("interval", 1)):
        if options[name] < least:
            raise ActionFail(f"{name}: must be a number of seconds that is at least {least}, not {options[name]}")
    return options


def read_activity(answer: Mapping[str, Any], host: str) -> tuple[Activity, str | None]:
    """Return (Activity, why the reader as a whole failed or None) of an answer of the reader."""
    failure = failure_of(answer)
    details: dict[str, Any] = {
        "host": host,
        "asked": validate_probes(probes_of_activity()),
        "collected_at": format_time(datetime.now(timezone.utc)),
    }
    try:
        document = build_document({"probes": {}} if failure else answer, failure=failure, **details)
    except EvidenceError as error:
        failure = str(error)
        document = build_document({"probes": {}}, failure=failure, **details)
    return judge_activity(parse_evidence(document)), failure


def wait_until_idle(
    ask: Ask, options: Mapping[str, Any], *, clock: Clock, tell: Callable[[str], None]
) -> tuple[Activity, str | None, str | None]:
    """Ask until nothing is being installed; return (last answer, reader's failure, why the wait was in vain).

    ``tell`` gets a line when the wait begins and once a minute. What cannot be read is asked for once more, not for the
    whole time.
    """
    begun = clock.now()
    told: float | None = None
    unreadable = 0
    while True:
        found, failure = ask()
        waited = clock.now() - begun
        unreadable = unreadable + 1 if found.activity == "unknown" else 0
        if failure or found.activity == "no":
            return found, failure, None
        if unreadable >= _MOST_UNKNOWN:
            return found, None, f"waiting makes no sense: {found.sentence}"
        if waited + options["interval"] > options["timeout"]:
            return found, None, f"still not idle after {int(waited)} seconds: {found.sentence}"
        if told is None or waited - told >= _TELL_EVERY:
            told = waited
            tell(f"waiting for {int(waited)} of {options['timeout']} seconds: {found.sentence}")
        clock.sleep(options["interval"])


def _tell(host: str, text: str) -> None:
    say(f"[{host}] {text}")


def _bounded(shape: dict[str, Any]) -> dict[str, Any]:
    """Ad hoc output is read by people: long lists are cut, which the sentence does not hide."""
    for name in ("busy", "hints", "unknown"):
        more = len(shape[name]) - _MAX_LISTED
        if more > 0:
            shape[name] = shape[name][:_MAX_LISTED]
            shape[f"{name}_more"] = more
    return shape


def _ending(found: Activity, failure: str | None, vain: str | None, told: list[Any]) -> dict[str, Any]:
    """Return how the task ends, with what ansible-core had to warn of the reader's output."""
    warned: dict[str, Any] = {"warnings": told} if told else {}
    if failure:
        message = f"the host was reached, but it could not be read: {failure}"
        return {**warned, "failed": True, "msg": message, "error": message}
    if vain:
        return {**warned, "failed": True, "msg": vain}
    return {"warnings": [*told, found.sentence]} if found.activity == "unknown" else warned
