# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a patch run would do, before it does it: for each host its window, what would be installed, and what not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from .._evidence.update import Update, update_id
from .._evidence.wording import printable
from .._plan.packing.plan import patch_plan
from .._verdict.compliance.host_compliance import Compliance
from .._verdict.compliance.outcome import LACKING, UpdateVerdict

SCHEMA = "winops.patching/plan_preview/1"
_SHOWN = ("id", "title", "kb", "severity", "run_minutes", "start", "end")
_MAX_REASON = 400


def host_preview(compliance: Compliance, updates: object, *, now: object, policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a host's entry: what of its needed updates runs in its window, and why the others do not.

    Where none is known to be needed and some are unknown nobody knows what the host needs, and that is its ``error``.
    ``updates`` are those of its scan document, ``policy`` is that of `patch_plan`, with the host's ``windows``. Raises
    PlanError and WindowError.
    """
    wanted = {name for name, verdict in compliance.updates.items() if verdict.counted and verdict.state in LACKING}
    plan = patch_plan([given for name, given in _by_id(updates) if name in wanted], now=now, policy=policy)
    entry = _entry(compliance.machine, compliance.reboot, None if wanted else _nobody_knows(compliance))
    entry.update(
        window=plan["window"],
        begins=plan["begins"],
        expected_end=plan["expected_end"],
        remaining_seconds=plan["remaining_seconds"],
        selected=[{key: update[key] for key in _SHOWN if key in update} for update in plan["selected"]],
        deferred=plan["deferred"],
        not_planned=[_not_planned(verdict) for _, verdict in sorted(compliance.updates.items()) if _is_left(verdict)],
        reboot_fits=plan["reboot"]["fits"],
        sentence=entry["sentence"] or plan["sentence"],
        warnings=[*plan["warnings"], *(doubt.text for doubt in compliance.doubts)],
    )
    return entry


def _nobody_knows(compliance: Compliance) -> str | None:
    unknown = [verdict for verdict in compliance.updates.values() if verdict.counted and verdict.state == "unknown"]
    if not unknown:
        return None
    counted = "1 update" if len(unknown) == 1 else f"{len(unknown)} updates"
    return printable(f"nobody knows whether it needs {counted}: {unknown[0].because}"[:_MAX_REASON])


def unplanned(reason: str) -> dict[str, Any]:
    """Return the entry of a host of which nobody knows what it needs."""
    return _entry("unknown", "unknown", printable(reason[:_MAX_REASON]))


def preview_document(
    entries: Mapping[str, Mapping[str, Any]], waves: Mapping[str, Any], *, at: str, run_id: str | None
) -> dict[str, Any]:
    """Return the preview of entries by host name and the answer of `patch_waves`; no host is left out."""
    numbers = {name: wave["number"] for wave in waves["waves"] for name in wave["hosts"]}
    held = {entry["host"]: entry["reason"] for entry in waves["held"]}
    hosts = {name: {**entries[name], "wave": numbers.get(name), "held": held.get(name)} for name in sorted(entries)}
    return {
        "schema": SCHEMA,
        "at": at,
        "run_id": run_id,
        "hosts": hosts,
        "waves": waves["waves"],
        "serial": waves["serial"],
        "stopped": waves["stopped"],
        "totals": {
            "hosts": len(hosts),
            "selected": sum(len(entry["selected"]) for entry in hosts.values()),
            "deferred": sum(len(entry["deferred"]) for entry in hosts.values()),
            "not_planned": sum(len(entry["not_planned"]) for entry in hosts.values()),
            "failed": sum(1 for entry in hosts.values() if entry["error"] is not None),
            "machine": dict(sorted(Counter(entry["machine"] for entry in hosts.values()).items())),
        },
    }


def _entry(machine: str, reboot: str, error: str | None) -> dict[str, Any]:
    return {
        "machine": machine,
        "reboot": reboot,
        "window": None,
        "begins": None,
        "expected_end": None,
        "remaining_seconds": 0,
        "selected": [],
        "deferred": [],
        "not_planned": [],
        "reboot_fits": False,
        "sentence": f"Nothing is planned: {error}" if error else "",
        "warnings": [],
        "error": error,
    }


def _by_id(updates: object) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Each update once, by the id that a verdict has; the first of two entries counts."""
    given = updates if isinstance(updates, (list, tuple)) else ()
    found: dict[str, Mapping[str, Any]] = {}
    for entry in given:
        name = update_id(entry.get("id")) if isinstance(entry, Mapping) else None
        if name:
            found.setdefault(name, entry)
    return found.items()


def _is_left(verdict: UpdateVerdict) -> bool:
    """Return whether an update is not planned for: the policy leaves it out, or nobody knows whether it is needed."""
    return verdict.state in LACKING if not verdict.counted else verdict.state == "unknown"


def _not_planned(verdict: UpdateVerdict) -> dict[str, Any]:
    update: Update = verdict.update
    reason = f"unknown: {verdict.because}" if verdict.counted else verdict.place_reason
    return {
        "id": update.id,
        "title": update.title,
        "kb": list(update.kb),
        "place": "unknown" if verdict.counted else verdict.place,
        "reason": printable(reason[:_MAX_REASON]),
    }
