# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Does the double in the simulator answer what a real PowerShell answered from the same state?"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from recorder import contract, job_recording
from recorder.fixtures import ENGINE_FIELDS, READER, host_of
from recorder.golden import Recording, RecordingError
from recorder.jobs import WORKER
from winsim.host import Access
from winsim.served import win_probe


def served(state: Mapping[str, Any], arguments: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What the simulator answers for the reader on a host of this state."""
    host = host_of(state, at)
    return win_probe(Access(host, host.identity(None)), arguments)


def comparable(output: Mapping[str, Any]) -> dict[str, Any]:
    """What must be equal under every engine.

    Not compared: `ms`, the fields of `system` that are not of the state, and what an error says about itself (its text
    is in the engine's language, its type differs from version to version). Subkeys have no order.
    """
    system = {name: value for name, value in output["system"].items() if name not in ENGINE_FIELDS}
    system["errors"] = sorted(e["field"] for e in output["system"]["errors"] if e["field"] not in ENGINE_FIELDS)
    return {"probes": {name: _answer(answer) for name, answer in output["probes"].items()}, "system": system}


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in answer.items() if name in {"state", "data"}}
    if isinstance(kept.get("data"), dict) and isinstance(kept["data"].get("subkeys"), list):
        kept["data"] = {**kept["data"], "subkeys": sorted(kept["data"]["subkeys"], key=str.lower)}
    return kept


def difference(executed: Mapping[str, Any], double: Mapping[str, Any]) -> str:
    """A diff of the two answers to the same question; empty when they agree."""
    before, after = _lines(comparable(double)), _lines(comparable(executed))
    diff = difflib.unified_diff(before, after, "served by the simulator", "executed", lineterm="", n=6)
    return "\n".join(diff)


def _lines(document: Mapping[str, Any]) -> list[str]:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


def replay(recording: Recording) -> str:
    """The diff between a recording and what the double answers now. Raises RecordingError for what has no double."""
    if recording.script not in {READER, WORKER}:
        raise RecordingError(f"{recording.name}: no double answers for {recording.script}")
    if recording.state is None:
        return ""
    try:
        at = datetime.fromisoformat(recording.recorded_at).astimezone(UTC)
    except ValueError as error:
        raise RecordingError(f"{recording.name}: recorded_at is no time: {error}") from error
    if recording.script == WORKER:
        return job_recording.replay(recording, at)
    return difference(recording.output, served(recording.state, recording.arguments, at))


def problems(recording: Recording) -> list[str]:
    """Every place where a recording breaks the contract of its script; empty when it is kept."""
    if recording.script == WORKER:
        return job_recording.problems(recording.output)
    return contract.problems(recording.arguments, recording.output)
