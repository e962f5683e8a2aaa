# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The plan of an install job as the worker takes it: checked before a host hears of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ..._evidence.scan_question import PLAN_SCHEMA
from ..._evidence.times import TimeTextError, format_time, parse_time
from ..._evidence.wording import nearest, printable, type_name
from ..keys import PlanError, number_or_none, one_of, short, true_or_false
from .options import MESSAGE, REBOOTS, message_of, whole

SOURCE_WORDS = ("default", "managed_server", "windows_update", "microsoft_update", "service")
PHASES = ("download", "install")
ONLINE = ("auto", "true", "false")
MOST_UPDATES = 1000
MOST_MINUTES = 14 * 24 * 60
MOST_MISTAKES = 20
_GUID = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_Meaning = Callable[[Any], Any]
_Keys = Mapping[str, tuple[_Meaning, Any]]
_MISSING = object()


def parse_install_plan(plan: object) -> dict[str, Any]:
    """Return the plan with its defaults, without the keys that the start of a job adds; raise PlanError.

    Every mistake is named by its key. Ids come out in lower case, times in UTC, by the host's clock.
    """
    mistakes: list[str] = []
    found = _read(plan, "plan", _PLAN, mistakes)
    if not mistakes:
        mistakes += _contradictions(found)
    if mistakes:
        raise PlanError(mistakes[:MOST_MISTAKES])
    return found


def install_document(job: str, plan: Mapping[str, Any], *, run_id: str | None) -> dict[str, Any]:
    """Return a checked plan as the host gets it with the start of a job."""
    head = {"schema": PLAN_SCHEMA, "id": job, "kind": "install", "run_id": run_id, "delay_seconds": 0}
    return {**head, **plan}


def _read(given: object, where: str, keys: _Keys, mistakes: list[str]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        mistakes.append(f"{where}: must be a mapping, not {type_name(given)}")
        return {}
    for key in given:
        if key not in keys:
            meant = nearest(str(key)[:60], list(keys))
            mistakes.append(f"{where}.{printable(str(key)[:60])}: no such key{meant}; there are {', '.join(keys)}")
    found = {}
    for key, (meaning, default) in keys.items():
        value = given.get(key)
        if value is None:
            if default is _MISSING:
                mistakes.append(f"{where}.{key}: is missing")
            found[key] = default
            continue
        try:
            found[key] = meaning(value)
        except PlanError as error:
            mistakes.extend(f"{where}.{text}" for text in error.mistakes)
        except ValueError as error:
            mistakes.append(f"{where}.{key}: {error}")
    return found


def _time(value: Any) -> str:
    try:
        return format_time(parse_time(value))
    except TimeTextError as error:
        raise ValueError(str(error)) from None


def _guid(value: Any) -> str:
    found = _GUID.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{short(value)} is no id such as 7971f918-a847-4430-9279-4a52d1efe18d")
    return found[1].lower()


def _title(value: Any) -> str:
    return printable(str(value)[:300])


def _minutes(value: Any) -> int:
    number = number_or_none(value)
    if number is None or not 0 < number <= MOST_MINUTES:
        raise ValueError(f"must be a number of minutes from 1 to {MOST_MINUTES}, not {short(value)}")
    return -int(-number // 1)


def _phases(value: Any) -> list[str]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not words or any(word not in PHASES for word in words):
        raise ValueError(f"must be a list of {', '.join(PHASES)}, not {short(value)}")
    return [word for word in PHASES if word in words]


def _updates(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, (list, tuple)) or not 0 < len(value) <= MOST_UPDATES:
        raise ValueError(f"must be a list of 1 to {MOST_UPDATES} updates")
    mistakes: list[str] = []
    found = [_read(entry, f"updates[{place}]", _UPDATE, mistakes) for place, entry in enumerate(value)]
    if not mistakes:
        ids = [entry["id"] for entry in found]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        mistakes += [f"updates: {name} stands in the list twice" for name in twice]
    if mistakes:
        raise PlanError(mistakes)
    return found


def _part(name: str, keys: _Keys) -> _Meaning:
    def meaning(value: Any) -> dict[str, Any]:
        """Return one of the plan's own mappings."""
        mistakes: list[str] = []
        found = _read(value, name, keys, mistakes)
        if mistakes:
            raise PlanError(mistakes)
        return found

    return meaning


def _online(value: Any) -> str:
    # YAML makes a boolean of true and false.
    return str(one_of(ONLINE)(str(value).lower() if isinstance(value, bool) else value))


_UPDATE: _Keys = MappingProxyType(
    {
        "id": (_guid, _MISSING),
        "revision": (whole(0, 10**9), _MISSING),
        "title": (_title, ""),
        "run_minutes": (_minutes, _MISSING),
        "named": (true_or_false, False),
    }
)
_SOURCE: _Keys = MappingProxyType(
    {
        "server_selection": (one_of(SOURCE_WORDS), "default"),
        "service_id": (_guid, None),
        "online": (_online, "auto"),
        "attempts": (whole(1, 10), 5),
    }
)
_REBOOT: _Keys = MappingProxyType(
    {
        "mode": (one_of(REBOOTS), "never"),
        "not_before": (_time, None),
        "deadline": (_time, None),
        "reserve_minutes": (whole(0, 24 * 60), 15),
        "max_reboots": (whole(0, 10), 2),
        "warn_seconds": (whole(0, 3600), 300),
        "message": (message_of, MESSAGE),
    }
)
_PLAN: _Keys = MappingProxyType(
    {
        "source": (_part("source", _SOURCE), {name: default for name, (_meaning, default) in _SOURCE.items()}),
        "updates": (_updates, _MISSING),
        "phases": (_phases, list(PHASES)),
        "not_before": (_time, None),
        "start_before": (_time, None),
        "deadline": (_time, None),
        "reserve_minutes": (whole(0, 24 * 60), 15),
        "min_free_mb": (whole(0, 1_000_000), 2048),
        "busy_wait_minutes": (whole(0, 24 * 60), 30),
        "reboot": (_part("reboot", _REBOOT), {name: default for name, (_meaning, default) in _REBOOT.items()}),
    }
)


def _contradictions(plan: Mapping[str, Any]) -> list[str]:
    """Times that leave no room are told before the host waits for them."""
    found = []
    for where, part, first, last in (
        ("plan", plan, "not_before", "deadline"),
        ("plan", plan, "not_before", "start_before"),
        ("plan", plan, "start_before", "deadline"),
        ("plan.reboot", plan["reboot"], "not_before", "deadline"),
    ):
        begin, end = _instant(part[first]), _instant(part[last])
        if begin is not None and end is not None and begin > end:
            found.append(f"{where}.{last}: {part[last]} is before {first} {part[first]}")
    source = plan["source"]
    if (source["service_id"] is not None) != (source["server_selection"] == "service"):
        found.append("plan.source.service_id: goes with server_selection service, and only with it")
    return found


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
