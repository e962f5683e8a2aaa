# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is to be written so that a host remembers, until its next boot, that it needs one.

Three keys are volatile: a boot removes them by nature. Our own is `RebootWitness`. On request the key of Windows
Update is written too, one DWORD 1 for each update id, as it does itself when an installer answers 3010; a third key
remembers which of those were ours, so that what Windows Update has written is never removed.

The fourth, `PersistentSignals`, outlives boots: it holds the marks of signals that a reboot did not clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .._evidence.answers import Reading, answer_of, number_of
from .._evidence.catalogue import PROBES
from .._evidence.persistent import PERSISTENT_PROBE

CREATED_KEY = "CreatedKey"
MARKED_AT = "MarkedAt"
MARK_PROBES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "witness": PROBES["reboot_witness"],
        "update_agent": PROBES["wu_reboot_required"],
        "marks": MappingProxyType(
            {"kind": "registry", "path": "HKEY_LOCAL_MACHINE\\SOFTWARE\\winops.patching\\RebootRequiredMarks"}
        ),
        "persistent": PERSISTENT_PROBE,
        "agent_home": MappingProxyType(
            {"kind": "registry", "path": PROBES["wu_reboot_required"]["path"].rpartition("\\")[0], "values": []}
        ),
    }
)


class MarkError(ValueError):
    """What keeps the mark from being written; the message says what was not readable."""


@dataclass(frozen=True, slots=True)
class MarkPlan:
    """The steps for the host, in order, and both states of the keys for people; no step: nothing is to be done.

    ``kept`` are the update ids that stay because Windows Update wrote them.
    """

    steps: tuple[dict[str, Any], ...]
    before: Mapping[str, Mapping[str, Any]]
    after: Mapping[str, Mapping[str, Any]]
    kept: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.steps)


@dataclass
class _Keys:
    """The values of each key that is there, and the steps that change them."""

    values: dict[str, dict[str, Any]]
    steps: list[dict[str, Any]] = field(default_factory=list)

    def set(self, key: str, values: Mapping[str, Any], remove: Sequence[str] = ()) -> None:
        """Write values and remove others, making the key where needed."""
        held = self.values.setdefault(key, {})
        held.update(values)
        for name in remove:
            held.pop(name, None)
        signed = {name: _signed(value) for name, value in values.items()}
        self.steps.append({"key": key, "set": signed, "remove": list(remove), "drop": False})

    def drop(self, key: str) -> None:
        """Remove the key."""
        del self.values[key]
        self.steps.append({"key": key, "set": {}, "remove": [], "drop": True})


def plan_witness(probes: Mapping[str, Any], *, marked: bool, details: Mapping[str, Any], marked_at: str) -> MarkPlan:
    """Return what our own key needs: ``details`` are its values (texts and whole numbers), a later mark replaces them.

    Raises MarkError where the key could not be read.
    """
    keys = _read(probes, "witness")
    before = _copy(keys.values)
    held = keys.values.get("witness")
    if marked:
        wanted = {name: value for name, value in details.items() if value is not None}
        if held is None or {name: value for name, value in held.items() if name != MARKED_AT} != wanted:
            old = [name for name in held or () if name not in wanted and name != MARKED_AT]
            keys.set("witness", {**wanted, MARKED_AT: marked_at}, old)
    elif held is not None:
        keys.drop("witness")
    return MarkPlan(tuple(keys.steps), before, keys.values)


def plan_updates(probes: Mapping[str, Any], *, marked: bool, update_ids: Sequence[str]) -> MarkPlan:
    """Return what the key of Windows Update needs; to clear without ids clears all that were ours.

    Raises MarkError where a key could not be read.
    """
    keys = _read(probes, "update_agent", "marks")
    before = _copy(keys.values)
    ids = [name.lower() for name in update_ids]
    if marked:
        if answer_of(probes, "agent_home").reading is Reading.ABSENT:
            raise MarkError(f"there is no key {MARK_PROBES['agent_home']['path']}: Windows Update is not set up here")
        _mark(keys, ids)
        return MarkPlan(tuple(keys.steps), before, keys.values)
    ours = {name.lower(): name for name in keys.values.get("marks", {}) if name != CREATED_KEY}
    there = {name.lower() for name in keys.values.get("update_agent", {})}
    _clear(keys, {name: spelled for name, spelled in ours.items() if not ids or name in ids})
    kept = tuple(name for name in ids if name in there and name not in ours)
    return MarkPlan(tuple(keys.steps), before, keys.values, kept)


def plan_persistent(probes: Mapping[str, Any], marks: Mapping[str, str]) -> MarkPlan:
    """Return what the key of persistent signals needs to hold these marks and no other.

    Raises MarkError where it could not be read.
    """
    keys = _read(probes, "persistent")
    before = _copy(keys.values)
    held = keys.values.get("persistent")
    if not marks:
        if held is not None:
            keys.drop("persistent")
    elif held != dict(marks):
        keys.set("persistent", marks, [name for name in held or () if name not in marks])
    return MarkPlan(tuple(keys.steps), before, keys.values)


def _mark(keys: _Keys, ids: Sequence[str]) -> None:
    there = {name.lower() for name in keys.values.get("update_agent", {})}
    missing = [name for name in dict.fromkeys(ids) if name not in there]
    if not missing:
        return
    created = {} if "update_agent" in keys.values else {CREATED_KEY: 1}
    # Ours first: a run that ends half-way must not leave a value that nobody knows to be ours.
    keys.set("marks", {**dict.fromkeys(missing, 1), **created})
    keys.set("update_agent", dict.fromkeys(missing, 1))


def _clear(keys: _Keys, ours: Mapping[str, str]) -> None:
    if not ours:
        return
    held = keys.values.get("update_agent", {})
    going = [name for name in held if name.lower() in ours]
    created = CREATED_KEY in keys.values["marks"]
    if going and created and len(going) == len(held):
        keys.drop("update_agent")
    elif going:
        keys.set("update_agent", {}, going)
    if all(name == CREATED_KEY or name.lower() in ours for name in keys.values["marks"]):
        keys.drop("marks")
    else:
        keys.set("marks", {}, list(ours.values()))


def _read(probes: Mapping[str, Any], *names: str) -> _Keys:
    values: dict[str, dict[str, Any]] = {}
    for name in names:
        answer = answer_of(probes, name)
        if answer.reading is Reading.FOUND:
            values[name] = _plain(answer.data, name)
        elif answer.reading is not Reading.ABSENT:
            raise MarkError(f"{MARK_PROBES[name]['path']} could not be read: {answer.reason}; nothing was changed")
    return _Keys(values)


def _plain(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    values = data.get("values")
    if not isinstance(values, Mapping):
        raise MarkError(f"{MARK_PROBES[name]['path']} could not be read: the answer is damaged; nothing was changed")
    found: dict[str, Any] = {}
    for key, value in values.items():
        entry = value.get("data") if isinstance(value, Mapping) else None
        number = number_of(entry)
        found[str(key)] = number if number is not None and not isinstance(entry, str) else entry
    return found


def _signed(value: Any) -> Any:
    """A REG_DWORD as PowerShell takes it: 0x80240017 is -2145124329."""
    return value - 2**32 if isinstance(value, int) and value >= 2**31 else value


def _copy(values: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {key: dict(held) for key, held in values.items()}
