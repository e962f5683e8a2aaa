# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From hosts to a fleet: totals, the worst first, by KB and by reason. The order of the hosts changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._evidence.document import EvidenceError
from ..._evidence.scan import ScanError
from ..._evidence.wording import printable, type_name
from ..policy import PolicyError
from .host_compliance import Compliance, ComplianceJudge
from .outcome import STATES, State
from .roll_up import MACHINES, REASONS, Machine

REBOOTS = ("required", "unknown", "not_required")
# A host list of what is installed everywhere would be longer than all the rest.
_LISTED = frozenset(STATES) - {"installed", "not_needed"}
_BAD: tuple[State, ...] = ("failed", "needed", "rejected", "hard_reboot", "soft_reboot", "unknown")
_PARTS: Mapping[str, type] = {"updates": Mapping, "counts": Mapping, "counted": Mapping, "reasons": Sequence}
MAX_TEXT = 600


class FleetError(ValueError):
    """What was given is no mapping of hosts; the message names what it must be."""


class Fleet:
    """Takes one host after the other and keeps only what the fleet's answer needs of it."""

    def __init__(self) -> None:
        self._hosts: dict[str, dict[str, Any]] = {}
        self._by_kb: dict[str, dict[str, list[str]]] = {}

    def add(self, name: str, result: Compliance) -> None:
        """Take the answer of one host."""
        self._take(
            name,
            result.machine,
            result.reboot,
            result.counts,
            result.counted,
            [reason.as_dict() for reason in result.reasons],
            result.sentence,
            unattributed=result.unattributed_reboot,
            age=result.scan_age_seconds,
        )
        listed = _LISTED
        for verdict in result.updates.values():
            if verdict.counted and verdict.state in listed:
                self._note(name, verdict.state, verdict.update.kb)

    def add_published(self, name: str, result: Mapping[str, Any]) -> None:
        """Take the published answer of one host (what the filter patch_compliance returned)."""
        machine = result.get("machine")
        if machine not in MACHINES:
            self.add_unknown(name, _why_none(result))
            return
        reboot = result.get("reboot")
        reasons = [dict(reason) for reason in _list(result.get("reasons")) if _is_reason(reason)]
        updates = [
            update for update in _values(result.get("updates")) if isinstance(update, Mapping) and _is_listed(update)
        ]
        against = _against(result, reboot, updates) if machine == "compliant" else ""
        if against:
            self.add_unknown(name, f"its answer contradicts itself: compliant, although {against}")
            return
        self._take(
            name,
            machine,
            reboot if reboot in REBOOTS else "unknown",
            _counts(result.get("counts")),
            _counts(result.get("counted")),
            reasons,
            _text(result.get("sentence")),
            unattributed=result.get("unattributed_reboot") is True,
            age=_whole(result.get("scan_age_seconds")),
        )
        for update in updates:
            self._note(name, str(update["state"]), [str(number) for number in _list(update.get("kb"))])

    def add_unknown(self, name: str, why: str) -> None:
        """Take a host of which nothing is known but why."""
        text = printable(why[:MAX_TEXT])
        reason = {"reason": "unknown", "count": 1, "text": text}
        sentence = f"Whether it is compliant is unknown: {text}."
        self._take(name, "unknown", "unknown", {}, {}, [reason], sentence, unattributed=False, age=None)

    def absorb(self, other: Fleet) -> None:
        """Take all hosts of another fleet: a large one may be judged in parts, each by a process of its own."""
        self._hosts.update(other._hosts)
        for number, states in other._by_kb.items():
            known = self._by_kb.setdefault(number, {})
            for state, hosts in states.items():
                known.setdefault(state, []).extend(hosts)

    def _take(
        self,
        name: str,
        machine: Machine,
        reboot: str,
        counts: Mapping[str, int],
        counted: Mapping[str, int],
        reasons: list[dict[str, Any]],
        sentence: str,
        *,
        unattributed: bool,
        age: int | None,
    ) -> None:
        self._hosts[name] = {
            "machine": machine,
            "reboot": reboot,
            "unattributed_reboot": unattributed,
            "counts": {state: counts.get(state, 0) for state in STATES},
            "counted": {state: counted.get(state, 0) for state in STATES},
            "reasons": reasons,
            "scan_age_seconds": age,
            "sentence": sentence,
        }

    def _note(self, name: str, state: str, numbers: Iterable[str]) -> None:
        for number in numbers:
            hosts = self._by_kb.setdefault(number, {}).setdefault(state, [])
            if not hosts or hosts[-1] != name:
                hosts.append(name)

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape; every list is in a fixed order."""
        names = sorted(self._hosts, key=self._badness)
        by_reason: dict[str, list[str]] = {}
        for name in sorted(self._hosts):
            for word in {reason["reason"] for reason in self._hosts[name]["reasons"]}:
                by_reason.setdefault(word, []).append(name)
        return {
            "hosts": {name: self._hosts[name] for name in names},
            "totals": self._totals(),
            "worst": [name for name in names if self._hosts[name]["machine"] != "compliant"],
            "by_kb": {
                number: {state: sorted(set(states[state])) for state in STATES if state in states}
                for number, states in sorted(self._by_kb.items(), key=lambda item: _number(item[0]))
            },
            "by_reason": {word: by_reason[word] for word in REASONS if word in by_reason},
        }

    def _badness(self, name: str) -> tuple[Any, ...]:
        host = self._hosts[name]
        return (MACHINES.index(host["machine"]), *(-host["counted"][state] for state in _BAD), name)

    def _totals(self) -> dict[str, Any]:
        machines = Counter(host["machine"] for host in self._hosts.values())
        reboots = Counter(host["reboot"] for host in self._hosts.values())
        return {
            "hosts": len(self._hosts),
            "machine": {word: machines.get(word, 0) for word in MACHINES},
            "reboot": {word: reboots.get(word, 0) for word in REBOOTS},
            "updates": {state: sum(host["counts"][state] for host in self._hosts.values()) for state in STATES},
        }


def fleet_compliance(
    hosts: object, policy: object = None, judge: object = "winops", *, now: object = None
) -> dict[str, Any]:
    """Return ``{hosts, totals, worst, by_kb, by_reason}`` of ``{host: answer}``.

    An answer is a Compliance, what the filter patch_compliance returned, or a mapping with ``scan`` and perhaps
    ``evidence``, which is judged here under the policy. A host with anything else, or with documents that cannot be
    judged, is unknown, with the reason; no host is left out.
    Raises FleetError where there is no mapping, PolicyError where the policy fits no host, JudgeError, TimeTextError.
    """
    if not isinstance(hosts, Mapping):
        raise FleetError(f"must be a mapping of hosts to their answers, not {type_name(hosts)}")
    judging = ComplianceJudge(policy, judge, now=now)
    judging.check()
    fleet = Fleet()
    for name, value in hosts.items():
        _add(fleet, str(name), value, judging)
    return fleet.as_dict()


def _add(fleet: Fleet, name: str, value: object, judging: ComplianceJudge) -> None:
    if isinstance(value, Compliance):
        fleet.add(name, value)
        return
    if not isinstance(value, Mapping):
        fleet.add_unknown(name, f"no answer of the host is given, but {type_name(value)}")
        return
    if isinstance(value.get("scan"), Mapping):
        try:
            fleet.add(name, judging.host(value))
        except (ScanError, EvidenceError, PolicyError) as error:
            # A policy may name signals of a user that this host's evidence was collected without.
            fleet.add_unknown(name, str(error))
        return
    fleet.add_published(name, value)


def _why_none(result: Mapping[str, Any]) -> str:
    for key in ("error", "msg", "sentence"):
        text = _text(result.get(key))
        if text:
            return text
    return "it holds neither an answer nor a scan"


def _against(result: Mapping[str, Any], reboot: object, updates: list[Mapping[str, Any]]) -> str:
    """Return what speaks against an answer "compliant" in that answer itself: somebody has cut it up, or made it."""
    for key, kind in _PARTS.items():
        if not isinstance(result.get(key), (kind, type(None))):
            return f"its {key} are damaged"
    if reboot in ("required", "unknown"):
        return f"reboot is {reboot}"
    if _list(result.get("reasons")):
        return "it holds reasons against it"
    if updates:
        return f"an update that counts is {updates[0]['state']}"
    counted = _counts(result.get("counted"))
    return next((f"{counted[state]} updates that count are {state}" for state in _BAD if counted[state]), "")


def _is_listed(update: Mapping[str, Any]) -> bool:
    return update.get("counted") is True and str(update.get("state")) in _LISTED


def _is_reason(reason: object) -> bool:
    return isinstance(reason, Mapping) and reason.get("reason") in REASONS and isinstance(reason.get("text"), str)


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _values(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else []


def _text(value: object) -> str:
    return printable(value[:MAX_TEXT]) if isinstance(value, str) else ""


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _counts(value: object) -> dict[str, int]:
    found = value if isinstance(value, Mapping) else {}
    return {state: _whole(found.get(state)) or 0 for state in STATES}


def _number(text: str) -> tuple[int, str]:
    return (int(text) if text.isdigit() and len(text) < 20 else 0, text)
