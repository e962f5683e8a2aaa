# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tasks of a run hand over, for tests: results of roles, looks at hosts, lines of journals."""

from __future__ import annotations

from typing import Any

from ansible_collections.winops.patching.plugins.plugin_utils._report.run_facts import HostLook, run_facts
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_outcome import RunOutcome, run_outcome
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.journals import JOB, name

RUN = "20261121T215800Z-0a1b2c3d"
AT = "2026-11-21T22:00:00Z"
WINDOW = {"start": "2026-11-24T02:00:00Z", "end": "2026-11-24T06:00:00Z", "name": "tuesday"}
GOOD = HostLook("compliant", "not_required", "Compliant.", "")
LACKING = HostLook("non_compliant", "not_required", "Not compliant: 1 update is missing.", "")
WAITS = HostLook("pending_reboot", "required", "Waits for a reboot.", "")


def update(number: int, state: str, **words: Any) -> dict[str, Any]:
    """One update of a result; those that were worked on were begun."""
    begun = state not in ("deferred", "skipped", "unknown")
    because = f"because it is {state}"
    entry = {"id": name(number), "revision": 200, "title": f"Update {number}", "state": state, "because": because}
    return {**entry, "hresult": None, "reason": None, "begun": begun, **words}


def install(*updates: Any, state: str = "finished", **words: Any) -> dict[str, Any]:
    """What role patch_install returned."""
    return {"job": JOB, "state": state, "outcome": "verified", "updates": list(updates), "sentence": "It ran.", **words}


def verify(*updates: Any, outcome: str = "verified", **words: Any) -> dict[str, Any]:
    """What role patch_verify returned."""
    return {"updates": list(updates), "outcome": outcome, "persistent": [], "sentence": "It was looked at.", **words}


def reboot(state: str = "rebooted", decision: str = "go", **words: Any) -> dict[str, Any]:
    """What role patch_reboot returned."""
    return {"state": state, "decision": {"state": decision}, "persistent": [], "sentence": f"It is {state}.", **words}


def plan(state: str = "planned", *numbers: int, **words: Any) -> dict[str, Any]:
    """What patch_install_plan returned."""
    updates = [{"id": name(number), "revision": 200, "title": f"Update {number}"} for number in numbers]
    return {"state": state, "sentence": f"The plan is {state}.", "plan": {"updates": updates}, "deferred": [], **words}


def judged(look: HostLook = GOOD, *, check: bool = False, **facts: Any) -> RunOutcome:
    """What came of a run with these facts."""
    return run_outcome(run_facts(facts, check=check), look, journal="journal/web01.jsonl")
