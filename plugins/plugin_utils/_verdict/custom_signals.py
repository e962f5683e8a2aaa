# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Users' own signals: what to ask of the host, when it counts, and how much."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._evidence.answers import Answer, Reading, answer_of
from .._evidence.catalogue import PROBES, SCAN_PROBE, SIGNALS, STRENGTHS, SignalDefinition
from .._evidence.document import Evidence
from .._evidence.probes import ProbeError, validate_probes
from .._evidence.wording import nearest
from .condition import ConditionError, Test, parse_condition
from .signal import MAX_DETAIL, Signal

KEYS = ("id", "probe", "present_when", "strength", "scope", "detail")
SCOPES = ("machine", "update")
_MUST_HOLD: Mapping[str, tuple[str, Any]] = {
    "registry": ("values", Mapping),
    "cim_query": ("instances", list),
    "com_property": ("value", (str, int, float, Mapping, list)),
    "text_tail": ("text", str),
    "process": ("running", list),
    "service": ("services", list),
    "mutex": ("exists", bool),
    "event": ("events", list),
}
_ID = re.compile(r"[a-z][a-z0-9_]{2,60}")


class CustomSignalError(ValueError):
    """Signals that cannot be used; ``mistakes`` names position and key of every one."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class CustomSignal:
    """One user's signal: its definition, the probe it asks for, and when it is present."""

    definition: SignalDefinition
    probe: Mapping[str, Any]
    present: Test
    detail: str

    def judge(self, evidence: Evidence) -> Signal:
        """Return the signal as the evidence shows it; what was not readable or not comparable is unknown."""
        answer = answer_of(evidence.probes, self.definition.id)
        if answer.reading is Reading.NOT_ASKED:
            return self._signal("not_asked", "was not asked")
        if answer.reading is Reading.UNKNOWN:
            return self._signal("unknown", answer.reason)
        if problem := _damage(str(self.probe.get("kind")), answer):
            return self._signal("unknown", problem)
        truth = self.present(answer)
        if truth is None:
            return self._signal("unknown", "what was read cannot be compared as present_when says")
        return self._signal("present", self.detail) if truth else self._signal("absent", "not found")

    def _signal(self, state: Any, detail: str) -> Signal:
        return Signal(self.definition, state, self.definition.strength, self.definition.kind, detail)


def _damage(kind: str, answer: Answer) -> str | None:
    """What the answer of a kind must hold to be one; a COM property that answers null says neither yes nor no."""
    if answer.reading is not Reading.FOUND or kind not in _MUST_HOLD:
        return None
    key, kinds = _MUST_HOLD[kind]
    if isinstance(answer.data.get(key), kinds):
        return None
    return f"the answer is damaged: no {key}" if kind != "com_property" else "the property answered null"


def parse_custom_signals(value: object, *, where: str = "custom_signals") -> tuple[CustomSignal, ...]:
    """Return the signals of a list of mappings with the keys of KEYS; raise CustomSignalError with every mistake."""
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        raise CustomSignalError([f"{where}: must be a list of signals"])
    found: list[CustomSignal] = []
    mistakes: list[str] = []
    for place, entry in enumerate(value):
        signal, wrong = _parse(entry, f"{where}[{place}]", {signal.definition.id for signal in found})
        mistakes.extend(wrong)
        found.extend([signal] if signal is not None else [])
    if mistakes:
        raise CustomSignalError(mistakes)
    return tuple(found)


def _parse(entry: object, where: str, taken: set[str]) -> tuple[CustomSignal | None, list[str]]:
    if not isinstance(entry, Mapping):
        return None, [f"{where}: a signal is a mapping with {', '.join(KEYS)}"]
    mistakes = [
        f"{where}.{key}: no such key{nearest(str(key), list(KEYS))}; there are {', '.join(KEYS)}"
        for key in entry
        if key not in KEYS
    ]
    mistakes.extend(f"{where}.{key}: missing" for key in ("id", "probe", "present_when", "detail") if key not in entry)
    mistakes.extend(_mistakes_of_words(entry, where, taken))
    test = None
    if "present_when" in entry:
        try:
            test = parse_condition(entry["present_when"], where=f"{where}.present_when")
        except ConditionError as error:
            mistakes.append(str(error))
    if "probe" in entry:
        mistakes.extend(_mistakes_of_probe(entry["probe"], f"{where}.probe"))
    if mistakes or test is None:
        return None, mistakes
    return _build(entry, test), []


def _mistakes_of_words(entry: Mapping[Any, Any], where: str, taken: set[str]) -> list[str]:
    mistakes = []
    name = entry.get("id", "custom")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        mistakes.append(f"{where}.id: must be lower-case letters, digits and underscores, such as acme_reboot")
    elif name in SIGNALS or name in PROBES or name == SCAN_PROBE or name in taken:
        mistakes.append(f"{where}.id: {name!r} is taken by another signal")
    for key, words in (("strength", STRENGTHS), ("scope", SCOPES)):
        if entry.get(key, words[0]) not in words:
            mistakes.append(f"{where}.{key}: {str(entry[key])[:40]!r} is not one of {', '.join(words)}")
    if not isinstance(entry.get("detail", "."), str) or not str(entry.get("detail", ".")).strip():
        mistakes.append(f"{where}.detail: must be a sentence for people")
    return mistakes


def _mistakes_of_probe(probe: object, where: str) -> list[str]:
    if not isinstance(probe, Mapping):
        return [f"{where}: must be a mapping with kind and the options of the kind"]
    if "id" in probe:
        return [f"{where}.id: the probe takes the id of its signal; leave it out"]
    try:
        validate_probes([{"id": "probe", **probe}])
    except ProbeError as error:
        return [mistake.replace("probes[0]", where, 1) for mistake in error.mistakes]
    return []


def _build(entry: Mapping[str, Any], test: Test) -> CustomSignal:
    name = str(entry["id"])
    detail = str(entry["detail"]).strip()[:MAX_DETAIL]
    definition = SignalDefinition(
        id=name,
        title=detail,
        strength=str(entry.get("strength", "weak")),
        source=f"custom:{name}",
        probes=(name,),
        meaning=detail,
        pitfalls="Defined by the user.",
        scope=str(entry.get("scope", "machine")),
    )
    return CustomSignal(definition, {"id": name, **entry["probe"]}, test, detail)
