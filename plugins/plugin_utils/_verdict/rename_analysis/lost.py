# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which entries vanished between two snapshots without a boot: somebody has overwritten what another installer left.

With a boot between them everything is gone by nature. The clock of a host is set now and then, and its boot time moves
with it: two boot times within minutes are one boot, and a boot between lies after the first snapshot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ..._evidence.times import time_or_none
from ..._evidence.wording import printable, type_name
from .findings import MAX_SENTENCE, shown
from .snapshot import SCHEMA, snapshot_of

SAME_BOOT = timedelta(minutes=5)
_OVERWRITTEN = "has vanished without a boot: somebody has overwritten the queue"
_RUN_ONCE = {
    "vanished": "has vanished without a boot: it was overwritten or removed, or a logon of an administrator ran it",
    "changed": "holds another command than before: it was overwritten",
}


def lost_entries(before: object, after: object) -> dict[str, Any]:
    """Return what is lost between two snapshots (or what `snapshot_of` makes one of); never raises.

    ``{state: none|lost|unknown, booted: true|false|null, lost: [{place, operation, source, target, name, sha256, file,
    sentence}], gone: n, unknown: [{place, reason}], not_asked: [place], sentence}``; `place` is `pending_file_rename`,
    `pending_file_rename_2` or `run_once`, `gone` counts what vanished with a boot. RunOnce is not asked for where
    neither snapshot holds it.
    """
    unknown: list[dict[str, Any]] = []
    pair = []
    for word, given in (("before", before), ("after", after)):
        document = snapshot_of(given)
        problem = _unusable(document)
        if problem:
            unknown.append(_unknown("snapshot", f"the snapshot {word} cannot be used: {problem}"))
        pair.append(document)
    if unknown:
        return _result(None, [], 0, unknown, [])
    first, second = pair
    not_asked = ["run_once"] if first.get("run_once") is None and second.get("run_once") is None else []
    unfit = _not_a_pair(first, second)
    if unfit:
        return _result(None, [], 0, [unfit], not_asked)
    queue = _missing_from_queue(first, second, unknown)
    run_once = [] if not_asked else _missing_from_run_once(first, second, unknown)
    missing = [*queue, *run_once]
    booted, doubt = _booted(first, second)
    if booted is None and missing:
        # Where nothing is gone, nothing is lost, boot or no boot.
        gone = "1 entry is" if len(missing) == 1 else f"{len(missing)} entries are"
        unknown.append(_unknown("boot", f"{gone} gone, and whether there was a boot between is not known: {doubt}"))
    if booted is not False:
        return _result(booted, [], len(missing) if booted else 0, unknown, not_asked)
    return _result(booted, missing, 0, unknown, not_asked)


def _unusable(document: Mapping[str, Any]) -> str | None:
    if not isinstance(document.get("queue"), list) or not all(_is_entry(entry) for entry in document["queue"]):
        return f"it is no snapshot of schema {SCHEMA}: its queue is damaged"
    values = document.get("run_once")
    if values is not None and not (isinstance(values, list) and all(_is_value(value) for value in values)):
        return f"its run_once is damaged: a list, not {type_name(values)}"
    return None


def _is_entry(entry: object) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("sha256"), str)


def _is_value(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(value.get(key), str) for key in ("view", "name", "sha256"))


def _not_a_pair(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any] | None:
    """Why the snapshots cannot be compared at all."""
    if first.get("host") and second.get("host") and str(first["host"]).lower() != str(second["host"]).lower():
        return _unknown("host", f"the snapshots are of {shown(first['host'])} and {shown(second['host'])}")
    taken = [time_or_none(document.get("taken_at")) for document in (first, second)]
    if taken[0] and taken[1] and taken[0] > taken[1]:
        return _unknown("time", "the snapshot before was taken later than the one after: exchange them")
    return None


def _booted(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Return whether a boot lies between, or None and why nobody knows."""
    old, new = (time_or_none(document.get("boot_time")) for document in (first, second))
    if old is None or new is None:
        return None, "the boot time of one of the snapshots is not known"
    if abs(new - old) <= SAME_BOOT:
        return False, ""
    taken = time_or_none(first.get("taken_at"))
    if new < old or (taken is not None and new < taken - SAME_BOOT):
        return None, "the boot time has moved to before the first snapshot, so the clock was set"
    return True, ""


def _missing_from_queue(
    first: Mapping[str, Any], second: Mapping[str, Any], unknown: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    # Before: what was not read then cannot be missed. After: what was not read is not gone.
    for word, document in (("before", first), ("after", second)):
        problems = document.get("queue_problems") or []
        unknown += [_unknown("pending_file_rename", f"{word}: {text}") for text in problems]
    if second.get("queue_problems"):
        return []
    left = Counter(entry["sha256"] for entry in second["queue"])
    missing = []
    for entry in first["queue"]:
        if left[entry["sha256"]]:
            left[entry["sha256"]] -= 1
        elif not entry.get("malformed"):
            missing.append(_lost_operation(entry))
    return missing


def _lost_operation(entry: Mapping[str, Any]) -> dict[str, Any]:
    source, target = entry.get("source"), entry.get("target")
    file = target or source
    words = f"the entry that renames {shown(str(source))} to {shown(str(target))}"
    if target is None:
        words = f"the entry that deletes {shown(str(source))}"
    return {
        "place": entry.get("queue"),
        "operation": entry.get("operation"),
        "source": source,
        "target": target,
        "name": None,
        "sha256": entry["sha256"],
        "file": file,
        "sentence": f"{words} {_OVERWRITTEN}"[:MAX_SENTENCE],
    }


def _missing_from_run_once(
    first: Mapping[str, Any], second: Mapping[str, Any], unknown: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    problems: Sequence[str] = [*(first.get("run_once_problems") or []), *(second.get("run_once_problems") or [])]
    unknown += [_unknown("run_once", text) for text in dict.fromkeys(problems)]
    if first.get("run_once") is None or second.get("run_once") is None:
        return []
    unread = {view for view in ("64-bit", "32-bit") for text in second.get("run_once_problems") or [] if view in text}
    left = {_name(value): value["sha256"] for value in second["run_once"]}
    missing = []
    for value in first["run_once"]:
        found = left.get(_name(value))
        if value["view"] not in unread and found != value["sha256"]:
            missing.append(_lost_value(value, "vanished" if found is None else "changed"))
    return missing


def _name(value: Mapping[str, Any]) -> tuple[str, str]:
    return value["view"], value["name"].lower()


def _lost_value(value: Mapping[str, Any], how: str) -> dict[str, Any]:
    name = shown(value["name"])
    return {
        "place": "run_once",
        "operation": None,
        "source": None,
        "target": None,
        "name": value["name"],
        "sha256": value["sha256"],
        "file": None,
        "sentence": f"the value {name} of RunOnce ({value['view']}) {_RUN_ONCE[how]}"[:MAX_SENTENCE],
    }


def _unknown(place: str, reason: str) -> dict[str, Any]:
    return {"place": place, "reason": printable(reason[:MAX_SENTENCE])}


def _result(
    booted: bool | None, lost: list[dict[str, Any]], gone: int, unknown: list[dict[str, Any]], not_asked: list[str]
) -> dict[str, Any]:
    state = "lost" if lost else "unknown" if unknown else "none"
    if lost:
        more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
        sentence = f"{lost[0]['sentence']}{more}"
    elif unknown:
        sentence = f"whether something is lost is not known: {unknown[0]['reason']}"
    elif booted:
        words = "1 entry is" if gone == 1 else f"{gone} entries are"
        sentence = f"a boot lies between the snapshots: {words} gone by nature, nothing is lost"
    else:
        sentence = "nothing is lost"
    return {
        "state": state,
        "booted": booted,
        "lost": lost,
        "gone": gone,
        "unknown": unknown,
        "not_asked": not_asked,
        "sentence": sentence,
    }
