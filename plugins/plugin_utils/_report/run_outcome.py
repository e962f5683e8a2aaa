# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What came of a patch run for one host, in one word: the worst counts, and what nobody knows is never green."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .._evidence.wording import printable
from .run_facts import WAITING_PLANS, HostLook, RunFacts
from .run_lines import bounded, bounded_text
from .run_sentence import run_sentence
from .run_updates import BAD, counts

Outcome = Literal[
    "patched",
    "nothing_to_do",
    "planned",
    "deferred",
    "armed",
    "pending_reboot",
    "stopped",
    "failed",
    "running",
    "unknown",
]
OUTCOMES: tuple[Outcome, ...] = (
    "failed",
    "running",
    "stopped",
    "unknown",
    "pending_reboot",
    "deferred",
    "armed",
    "planned",
    "patched",
    "nothing_to_do",
)
RED = frozenset({"stopped", "failed", "running", "unknown"})
# A reboot that waits for its window is as it should be; one that these words keep back needs somebody.
HELD_UP = frozenset({"unknown", "unsafe", "busy", "max_reboots", "persistent", "queue"})
MAX_SENTENCE = 900
MAX_RESULT_BYTES = 40_000
_SHOWN = 10
_COMPLIANCE_HEAD = "Whether it is compliant is unknown: "
_PACKAGES: Mapping[str, str] = {
    "installed": "done",
    "already": "there",
    "pending_reboot": "due",
    "deferred": "waits",
    "retry": "waits",
    "failed": "failed",
    "refused": "failed",
    "retry_exhausted": "failed",
}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The answer for one host. ``failed_host``: the run must not end green because of it."""

    outcome: Outcome
    failed_host: bool
    sentence: str
    run: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape: what a task returns. Where all would be too much, ``left_out`` says how much."""
        run = dict(self.run)
        if len(json.dumps(run)) > MAX_RESULT_BYTES:
            told = [update for update in run["updates"] if update["state"] in BAD][:_SHOWN]
            run.update(updates=told, left_out=len(run["updates"]) - len(told), meanwhile=run["meanwhile"][-_SHOWN:])
        return {"outcome": self.outcome, "failed_host": self.failed_host, "sentence": self.sentence, "run": run}


def run_outcome(facts: RunFacts, look: HostLook, *, journal: str | None = None) -> RunOutcome:
    """Return what came of the run for a host. ``look`` is its newest evidence, ``journal`` where its journal lies."""
    outcome, why = next(_words(facts, look))
    failed = is_failed(outcome, facts, look)
    sentence = printable(run_sentence(outcome, why, facts, look)[:MAX_SENTENCE])
    run = {
        "outcome": outcome,
        "failed_host": failed,
        "trigger": facts.trigger,
        "check_mode": facts.check,
        "sentence": sentence,
        "machine": look.machine,
        "reboot": look.reboot,
        "doubt": look.doubt or None,
        "updates": [update.as_dict() for update in facts.updates],
        "counts": counts(facts.updates),
        "packages": [bounded(package) for package in facts.packages],
        "reboots": [_reboot(result) for result in facts.reboots],
        "persistent": facts.persistent,
        "stopped": _stop(facts),
        "jobs": [bounded_text(str(result["job"]), 100) for result in facts.installs if result.get("job")],
        "window": _window(facts),
        "next_window": next_window(facts),
        "meanwhile": list(facts.meanwhile),
        "journal": journal,
    }
    return RunOutcome(outcome, failed, sentence, run)


def is_failed(outcome: str, facts: RunFacts, look: HostLook) -> bool:
    """Return whether the host must not be green."""
    if outcome in RED or facts.persistent or outcome not in OUTCOMES:
        return True
    if outcome == "armed" and look.machine is None:
        # The host refuses a scan while a job waits on it, so its updates were not asked about; its signals were.
        return look.reboot == "unknown"
    if look.doubt or "unknown" in (look.machine, look.reboot) or look.machine is None:
        return True
    return outcome == "pending_reboot" and _last_state(facts) in HELD_UP


def next_window(facts: RunFacts) -> dict[str, Any] | None:
    """Return the first window in which something of what is left may be done, as far as the run was told."""
    places: list[Any] = [result.get("next_window") for result in (*facts.installs, facts.plan)]
    places += [entry.get("next_window") for entry in _mappings(facts.plan.get("deferred"))]
    places += [_mapping(result.get("decision")).get("next_window") for result in facts.reboots[-1:]]
    if facts.plan_state == "window_closed" or facts.armed:
        # In a window that is open and too short, what is left waits for another one.
        places.insert(0, facts.plan.get("window"))
    windows = [bounded(place) for place in places if isinstance(place, Mapping) and place.get("start")]
    return min(windows, key=lambda window: str(window["start"]), default=None)


_Word = tuple[Outcome, str]


def _words(facts: RunFacts, look: HostLook) -> Iterator[_Word]:
    """Each word that holds, the worst first; why it does."""
    yield from _failures(facts)
    yield from _open_ends(facts)
    if facts.armed:
        yield "armed", _armed_text(facts)
    yield from _unknowns(facts, look)
    yield from _waits(facts, look)
    if facts.check and "planned" in (facts.plan_state, *map(_package, facts.packages)):
        yield "planned", ""
    if _did_something(facts):
        yield "patched", ""
    if facts.plan_state == "nothing_to_do" or (look.machine == "compliant" and (facts.installs or facts.plan_state)):
        yield "nothing_to_do", ""
    yield "unknown", "nothing tells what the run has done"


def _failures(facts: RunFacts) -> Iterator[_Word]:
    if any(update.is_bad for update in facts.updates):
        yield "failed", ""
    package = next((package for package in facts.packages if _package(package) == "failed"), None)
    if package is not None:
        yield "failed", str(package.get("sentence") or f"the package {_package_name(package)} failed")
    # What failed in an earlier round and was mended by a later one stands in the updates.
    if facts.installs and facts.installs[-1].get("state") == "failed":
        yield "failed", str(facts.installs[-1].get("sentence") or "the job failed")
    if facts.verifies and facts.verifies[-1].get("outcome") == "failed" and not facts.updates:
        yield "failed", str(facts.verifies[-1].get("sentence") or "the verification failed")
    if any(result.get("state") == "failed" for result in facts.reboots):
        yield "failed", str(facts.reboots[-1].get("sentence") or "a reboot failed")


def _open_ends(facts: RunFacts) -> Iterator[_Word]:
    last = facts.installs[-1] if facts.installs and not facts.armed else {}
    if "running" in (last.get("state"), last.get("outcome")):
        yield "running", str(last.get("sentence") or "the job goes on on the host")
    if facts.failed is not None:
        yield "failed", f"{facts.failed.step}: {facts.failed.reason}"
    if facts.stopped is not None:
        yield "stopped", f"{facts.stopped.step}: {facts.stopped.reason}"


def _unknowns(facts: RunFacts, look: HostLook) -> Iterator[_Word]:
    update = next((update for update in facts.updates if update.state == "unknown"), None)
    if update is not None:
        yield "unknown", f"{update.shown}: {update.because}"
    if look.doubt:
        yield "unknown", look.doubt
    if facts.plan_state == "refused":
        yield "unknown", str(facts.plan.get("sentence") or "no plan could be made")
    if facts.installs and facts.installs[-1].get("state") in ("unknown", "interrupted") and not facts.verifies:
        yield "unknown", str(facts.installs[-1].get("sentence") or "what became of the job is not known")
    package = next((package for package in facts.packages if _package(package) == "unknown"), None)
    if package is not None:
        yield "unknown", str(package.get("sentence") or f"what came of {_package_name(package)} is not known")
    if facts.persistent:
        yield "unknown", _persistent_text(facts)
    if facts.verifies and facts.verifies[-1].get("outcome") == "unknown":
        yield "unknown", str(facts.verifies[-1].get("sentence") or "the verification came to no answer")
    if look.machine is None or "unknown" in (look.machine, look.reboot):
        yield "unknown", look.sentence.removeprefix(_COMPLIANCE_HEAD) or "whether it is compliant is not known"
    if facts.plan_state == "unknown" and look.machine != "compliant":
        # A later look, such as one after a reboot, may know what the plan did not.
        yield "unknown", str(facts.plan.get("sentence") or "no plan could be made")


def _waits(facts: RunFacts, look: HostLook) -> Iterator[_Word]:
    """A reboot that is due; or updates that have to wait for another window."""
    untouched = not facts.installs and not facts.packages and not facts.reboots_made
    states = {look.machine, *(update.state for update in facts.updates)}
    due = "pending_reboot" in states or look.reboot == "required"
    if any(_package(package) == "due" for package in facts.packages):
        due = due or not facts.reboots_made
    if due and not (untouched and facts.plan_state in (*WAITING_PLANS, "planned")):
        yield "pending_reboot", str(facts.reboots[-1].get("sentence") or "") if facts.reboots else ""
    if facts.plan_state in WAITING_PLANS and untouched:
        yield "deferred", str(facts.plan.get("sentence") or "")
    left = [update for update in facts.updates if update.state in ("deferred", "skipped")]
    if left and (look.machine == "non_compliant" or any(update.state == "deferred" for update in left)):
        yield "deferred", left[0].because
    package = next((package for package in facts.packages if _package(package) == "waits"), None)
    if package is not None:
        yield "deferred", str(package.get("sentence") or "")
    if look.machine == "non_compliant" and look.lacks and _did_something(facts):
        yield "deferred", look.sentence


def _did_something(facts: RunFacts) -> bool:
    done = any(update.state == "verified" for update in facts.updates)
    return done or bool(facts.reboots_made) or any(_package(package) in ("done", "due") for package in facts.packages)


def _package(package: Mapping[str, Any]) -> str:
    """Return what a package means for the run.

    ``done``, ``there`` (and was before), ``due`` (it waits for a reboot), ``waits``, ``planned`` (in check mode),
    ``failed`` or ``unknown``.
    """
    if package.get("reason") == "check_mode":
        return "planned"
    return _PACKAGES.get(str(package.get("state")), "unknown")


def _package_name(package: Mapping[str, Any]) -> str:
    return bounded_text(str(package.get("name") or package.get("kb") or package.get("path") or "without a name"), 100)


def _armed_text(facts: RunFacts) -> str:
    at = facts.installs[-1].get("reboots_at") if facts.installs else None
    return f"it reboots by itself at {bounded_text(str(at), 30)}, when its window for reboots opens" if at else ""


def _persistent_text(facts: RunFacts) -> str:
    names = ", ".join(str(entry.get("id")) for entry in facts.persistent[:5])
    return f"a reboot did not clear {names}: what left it there needs repair, another reboot does not help"


def _last_state(facts: RunFacts) -> str:
    """The word of the last decision about a reboot."""
    return str(_mapping(facts.reboots[-1].get("decision")).get("state")) if facts.reboots else ""


def _reboot(result: Mapping[str, Any]) -> dict[str, Any]:
    decision = _mapping(result.get("decision"))
    shown = {key: result.get(key) for key in ("state", "at", "reboots", "seconds", "sentence")}
    return {**bounded(shown), "decision": bounded(decision.get("state"))}


def _stop(facts: RunFacts) -> dict[str, str] | None:
    stop = facts.stopped or facts.failed
    return {"step": stop.step, "reason": stop.reason} if stop is not None else None


def _window(facts: RunFacts) -> dict[str, Any] | None:
    windows = [place.get("window") for place in (*facts.installs, facts.plan)]
    return next((bounded(window) for window in windows if isinstance(window, Mapping)), None)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, (list, tuple)) else []
