# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a run has found out about one host, read from what its tasks hand over; what is damaged is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from .._evidence.times import time_or_none
from .run_lines import bounded, bounded_text
from .run_updates import RunUpdate, merged_updates

Trigger = Literal["manual", "schedule", "deadline"]
TRIGGERS: tuple[Trigger, ...] = ("manual", "schedule", "deadline")
# States of a plan with which something is missing, and now is not the time.
WAITING_PLANS = ("window_closed", "deferred")
MAX_REASON = 600
MOST_TEXTS = 200
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HostLook:
    """What the newest evidence of a run says. ``machine`` None: nobody has asked about updates.

    ``doubt`` is why there is no answer, or why it does not count any more; empty where it counts. ``lacks``: something
    that could be installed is missing; without it a machine that is not compliant holds what is rejected.
    """

    machine: str | None = None
    reboot: str = "unknown"
    sentence: str = ""
    doubt: str = "the host was not looked at in this run"
    lacks: bool = True


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a run came to its end with a host before its time, and why."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """All that is told of one host. Lists are in the order in which it happened, oldest first.

    ``stopped``: before anything was changed. ``failed``: a task of the run itself failed after something had begun.
    ``armed``: the host goes on by itself.
    """

    trigger: Trigger
    stopped: Stop | None
    failed: Stop | None
    plan: Mapping[str, Any]
    installs: Sequence[Mapping[str, Any]]
    verifies: Sequence[Mapping[str, Any]]
    reboots: Sequence[Mapping[str, Any]]
    packages: Sequence[Mapping[str, Any]]
    meanwhile: Sequence[str]
    armed: bool
    check: bool
    updates: Sequence[RunUpdate]

    @property
    def plan_state(self) -> str | None:
        """The word of patch_install_plan, None where the run did not come to a plan."""
        state = self.plan.get("state")
        return state if isinstance(state, str) and state else None

    @property
    def persistent(self) -> list[dict[str, Any]]:
        """The signals that a reboot of this run did not clear, each once."""
        found: dict[str, dict[str, Any]] = {}
        for result in (*self.reboots, *self.verifies):
            for entry in _list(result.get("persistent")):
                told = bounded(entry) if isinstance(entry, Mapping) else {"id": bounded_text(str(entry), 100)}
                found.setdefault(str(told.get("id")), told)
        return list(found.values())

    @property
    def reboots_made(self) -> int:
        """How often this run has rebooted the host; what its jobs did is counted apart."""
        return sum(1 for result in self.reboots if result.get("state") == "rebooted")

    @property
    def reboots_by_jobs(self) -> int:
        """How often jobs have rebooted it."""
        return sum(_count(result, "boots") - _count(result, "unexpected_boots") for result in self.installs)


def run_facts(given: object, *, check: bool = False) -> RunFacts:
    """Return the facts of what the tasks of a run hand over. A mapping with unknown keys is taken as it is."""
    facts = given if isinstance(given, Mapping) else _NOTHING
    trigger = facts.get("trigger")
    installs, verifies = _results(facts.get("install")), _results(facts.get("verify"))
    plan = _mapping(facts.get("plan"))
    checked = check or facts.get("check") is True
    armed = facts.get("armed") is True
    stopped = _stop(facts.get("stopped"))
    reboots = _results(facts.get("reboots"))
    first = _planned(plan, *_first_word(stopped, installs[-1] if installs else _NOTHING, waits=checked or armed))
    return RunFacts(
        trigger=next((word for word in TRIGGERS if word == trigger), "manual"),
        stopped=stopped,
        failed=_stop(facts.get("failed")),
        plan=plan,
        installs=installs,
        verifies=verifies,
        reboots=reboots,
        packages=_results(facts.get("packages")),
        meanwhile=[bounded_text(str(text), MAX_REASON) for text in _list(facts.get("meanwhile"))[-MOST_TEXTS:]],
        armed=armed,
        check=checked,
        updates=_seen_since(reboots, verifies, merged_updates([first, *_turns(installs, verifies)])),
    )


def _seen_since(
    reboots: Sequence[Any], verifies: Sequence[Any], updates: tuple[RunUpdate, ...]
) -> tuple[RunUpdate, ...]:
    """What waited for a reboot waits no more once the host was rebooted; without a look at it nobody knows."""
    boot = _newest(result for result in reboots if result.get("state") == "rebooted")
    look = _newest(verifies)
    if boot is None or (look is not None and look >= boot):
        return updates
    told = "; the host was rebooted afterwards, and nobody could look at it again"
    return tuple(
        replace(update, state="unknown", because=f"{update.because}{told}")
        if update.state == "pending_reboot"
        else update
        for update in updates
    )


def _newest(results: Iterable[Mapping[str, Any]]) -> datetime | None:
    times = [time_or_none(result.get("at")) for result in results]
    return max((time for time in times if time is not None), default=None)


def _turns(installs: Sequence[Any], verifies: Sequence[Any]) -> list[Any]:
    """Results in the order of the rounds: each installation is followed by its verification.

    A job that waits for its time has done nothing yet, and stands in the plan; one that waits to reboot has.
    """
    rounds = max(len(installs), len(verifies))
    turns = [part[number] for number in range(rounds) for part in (installs, verifies) if number < len(part)]
    return [turn for turn in turns if turn.get("armed") is not True or turn.get("reboots_at")]


def _first_word(stopped: Stop | None, last: Mapping[str, Any], *, waits: bool) -> tuple[str, str]:
    """(state, because) of an update that is in the plan and that nothing else is told of.

    Hooks take their time: when they are through, the window may be too short for what was planned, and no job is begun.
    """
    if stopped is not None:
        return "deferred", f"not begun: {stopped.reason}"
    if last and not last.get("job") and last.get("plan_state") in WAITING_PLANS:
        return "deferred", f"not begun: {last.get('sentence') or 'too little was left of the window'}"
    return ("planned", "it is in the plan") if waits else ("unknown", "it was planned; nothing tells what came of it")


def _planned(plan: Mapping[str, Any], state: str, because: str) -> dict[str, Any]:
    """What a plan says of each update, as the first look: nothing of it was begun yet."""
    job = _mapping(plan.get("plan"))
    listed = [{**entry, "state": state, "because": because} for entry in _results(job.get("updates"))]
    ids = {entry.get("id") for entry in listed}
    later = [
        {
            **entry,
            "state": "deferred",
            "because": entry.get("reason") or "the plan defers it",
            "reason": entry.get("word"),
        }
        for entry in _results(plan.get("deferred"))
        if entry.get("id") not in ids
    ]
    return {"updates": [*listed, *later]}


def _stop(value: object) -> Stop | None:
    if not value:
        return None
    if not isinstance(value, Mapping):
        return Stop("run", bounded_text(str(value), MAX_REASON))
    # Newer versions of ansible-core begin every message so.
    reason = " ".join(str(value.get("reason") or "no reason is given").split()).replace("Task failed: ", "", 1)
    return Stop(bounded_text(str(value.get("step") or "run"), 100), bounded_text(reason, MAX_REASON))


def _results(value: object) -> list[Mapping[str, Any]]:
    """Results of several rounds, or the one of a single round."""
    if isinstance(value, Mapping):
        return [value] if value else []
    return [entry for entry in _list(value) if isinstance(entry, Mapping) and entry]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else _NOTHING


def _count(result: Mapping[str, Any], key: str) -> int:
    value = result.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []
