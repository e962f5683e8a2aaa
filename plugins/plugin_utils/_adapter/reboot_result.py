# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the doors return of a verdict: small, and in the shape that ansible.windows.win_reboot_info has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from .._evidence.answers import Reading, answer_of
from .._evidence.times import format_time, time_or_none
from .._verdict.reboot import Verdict

MAX_RESULT_BYTES = 3800
MAX_FACT_BYTES = 1900
_EVENT_FIELDS = {0: "process", 2: "reason", 3: "reason_code", 4: "type", 5: "comment", 6: "initiated_by"}
_BEFORE_BOOT = timedelta(minutes=5)
_TEXT_STEPS = (120, 60, 20, 0)


def verdict_result(verdict: Verdict, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return verdict, reboot_required (not at all when unknown), reboot_required_reasons and last_reboot."""
    result: dict[str, Any] = {
        "verdict": verdict.as_dict(signals=False),
        "reboot_required_reasons": _reasons(verdict),
        "last_reboot": last_reboot(document),
    }
    if verdict.reboot != "unknown":
        result["reboot_required"] = verdict.reboot == "required"
    return _bounded(result, result["verdict"], MAX_RESULT_BYTES)


def verdict_fact(verdict: Verdict, document: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the fact winops_patching: the verdict, when and of which boot it speaks, and what else a door knows."""
    fact = verdict.as_dict(signals=False)
    fact.update(collected_at=_time(document.get("collected_at")), boot_time=_time(document.get("boot_time")), **more)
    return _bounded(fact, fact, MAX_FACT_BYTES)


def _bounded(result: dict[str, Any], verdict: dict[str, Any], limit: int) -> dict[str, Any]:
    """Shorten texts step by step, then leave out what decides nothing (counted in ..._more), until it fits."""
    for length in _TEXT_STEPS:
        if _size(result) <= limit:
            return result
        _shorten(result, verdict, length)
    for key, keeps in (("ignored", lambda entry: False), ("unknown", lambda entry: entry["decisive"])):
        _leave_out(result, verdict, key, limit, keeps)
    return result


def _shorten(result: dict[str, Any], verdict: dict[str, Any], length: int) -> None:
    for entry in verdict["unknown"]:
        entry["reason"] = entry["reason"][:length]
    for reason in result.get("reboot_required_reasons", ()):
        reason["description"] = reason["description"][: max(length, 40)]
    details = (result.get("last_reboot") or {}).get("details") or {}
    for name in details:
        details[name] = details[name][: max(length, 20)]
    verdict["sentence"] = verdict["sentence"][: 3 * max(length, 60)]


def _leave_out(
    result: dict[str, Any], verdict: dict[str, Any], key: str, limit: int, keeps: Callable[[Any], bool]
) -> None:
    entries: list[Any] = verdict[key]
    left_out = 0
    for place in range(len(entries) - 1, -1, -1):
        if _size(result) <= limit:
            return
        if not keeps(entries[place]):
            del entries[place]
            left_out += 1
            verdict[f"{key}_more"] = left_out


def _size(value: object) -> int:
    return len(json.dumps(value))


def _reasons(verdict: Verdict) -> list[dict[str, str]]:
    reasons = [
        {
            "source": signal.definition.upstream or signal.id,
            "signal": signal.id,
            "description": f"{signal.definition.title}: {signal.detail}"[:240],
        }
        for signal in verdict.signals
        if signal.id in verdict.because
    ]
    if verdict.reboot == "required" and not reasons:
        reasons = [
            {
                "source": entry.id,
                "signal": entry.id,
                "description": f"taken for required, not readable: {entry.reason}"[:240],
            }
            for entry in verdict.unknown
            if entry.decisive
        ]
    return reasons


def last_reboot(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return time, time_epoch and the details of the event 1074 that announced the boot, or None when unreadable."""
    boot = time_or_none(document.get("boot_time"))
    if boot is None:
        return None
    return {
        "time": format_time(boot),
        "time_epoch": int(boot.timestamp()),
        "details": _announcement(document["probes"], boot),
    }


def _time(text: object) -> str | None:
    instant = time_or_none(text)
    return format_time(instant) if instant is not None else None


def _announcement(probes: Mapping[str, Any], boot: datetime) -> dict[str, Any] | None:
    answer = answer_of(probes, "shutdown_events")
    events = answer.data.get("events") if answer.reading is Reading.FOUND else None
    for event in events if isinstance(events, list) else ():
        when = time_or_none(event.get("time")) if isinstance(event, Mapping) else None
        if when is None or event.get("id") != 1074 or not boot - _BEFORE_BOOT <= when <= boot:
            continue
        data = event.get("data") if isinstance(event.get("data"), list) else []
        details: dict[str, Any] = {
            name: str(data[place])[:200] for place, name in _EVENT_FIELDS.items() if place < len(data)
        }
        return {**details, "event_time": format_time(when)}
    return None
