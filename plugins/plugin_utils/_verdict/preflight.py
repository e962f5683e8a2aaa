# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Who else installs updates on this host? Findings that stop a run, unless the host is said to be shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from .._evidence.activity import CONFIGMGR_WORKS
from .._evidence.answers import Answer, Reading, answer_of, number_of, value_of
from .._evidence.preflight import (
    CAU_ROLE,
    CAU_TYPE,
    CLUSTER_SERVICE,
    CONFIGMGR_DEPLOYMENTS,
    CONFIGMGR_SERVICE,
    EXTENSION_SERVICES,
    EXTENSIONS,
    MDM_UPDATE,
)
from .._evidence.times import format_time, time_or_none
from .._evidence.update_policy import read_update_policy
from .._evidence.wording import printable
from .automatic_updates import automatic_updates

Stops = Literal["yes", "no", "unknown"]
OWNERS = ("exclusive", "shared")
MAX_TEXT = 400
MAX_SENTENCE = 900
_NAMED = 3
# Policy CSP Update/AllowAutoUpdate: what a device manager tells Windows to do by itself.
_MDM: Mapping[int, tuple[Stops, str]] = {
    0: ("no", "notifies before it downloads"),
    1: ("yes", "installs by itself and notifies before it restarts"),
    2: ("yes", "installs and restarts by itself"),
    3: ("yes", "installs and restarts at the time that is set"),
    4: ("yes", "installs and restarts by itself, without a word to the user"),
    5: ("no", "is switched off"),
}
# CLUSTER_RESOURCE_STATE of the cluster API.
_ONLINE, _PENDING_ONLINE = 2, 129
# CCM_SoftwareUpdate.EvaluationState: 2 submitted, 3 detecting, 4 and 5 downloading; 14 waits for a service window.
_SOON = (2, 3, 4, 5, 6, *CONFIGMGR_WORKS)
_WAITS_FOR_WINDOW = 14
_CONFIGMGR_SAYS: Mapping[Stops, str] = {
    "yes": "ConfigMgr installs by itself",
    "unknown": "ConfigMgr may install by itself",
    "no": "ConfigMgr offers, and does not install in the meantime",
}


@dataclass(frozen=True, slots=True)
class Patcher:
    """Somebody else who may install updates. ``stops``: whether a run must not begin for that; unknown is no "no"."""

    id: str
    stops: Stops
    text: str
    by_default: bool = False

    def as_dict(self) -> dict[str, str]:
        """Return the published shape."""
        return {"id": self.id, "stops": self.stops, "text": printable(self.text[:MAX_TEXT])}


@dataclass(frozen=True, slots=True)
class Preflight:
    """The answer for one host; ``stops`` is that of its findings: yes before unknown before no.

    ``stops_run``: whether a run must leave the host alone. That nobody has told Windows what to do by itself is not
    enough for that: it is so on most hosts. Everything else that is unknown is.
    """

    stops: Stops
    owner: str
    findings: tuple[Patcher, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "stops": self.stops,
            "stops_run": self.stops_run,
            "owner": self.owner,
            "findings": [finding.as_dict() for finding in self.findings],
            "sentence": printable(self._sentence()[:MAX_SENTENCE]),
        }

    @property
    def stops_run(self) -> bool:
        """Whether a run must leave the host alone."""
        return any(one.stops == "yes" or (one.stops == "unknown" and not one.by_default) for one in self.findings)

    def _sentence(self) -> str:
        if not self.findings:
            return "Nobody else is known to install updates on this host."
        heads = {
            "yes": "Somebody else installs updates on this host",
            "unknown": "Whether somebody else installs updates on this host is unknown",
            "no": "Nobody else installs updates on this host in the meantime",
        }
        head = "The host is shared, so nothing stops the run" if self.owner == "shared" else heads[self.stops]
        told = [finding.text for finding in self.findings if self.owner == "shared" or finding.stops == self.stops]
        return f"{head}: {' '.join(told)}"


def judge_preflight(probes: Mapping[str, Any], *, owner: str = "exclusive", until: datetime | None = None) -> Preflight:
    """Return who else patches a host, by the answers to the probes of preflight.py.

    ``until`` is the end of the window by the host's clock: deployments whose deadline lies later do not stop; None
    stands for ever. ``owner`` is ``exclusive`` or ``shared``: then nothing stops, and everything is still told.
    """
    found = [
        *_automatic(probes),
        *_device_manager(probes),
        *_configmgr(probes, until),
        *_cluster(probes),
        *_extensions(probes),
    ]
    if owner == "shared":
        found = [Patcher(one.id, "no", one.text) for one in found]
    order: Sequence[Stops] = ("yes", "unknown", "no")
    findings = tuple(sorted(found, key=lambda one: order.index(one.stops)))
    return Preflight(findings[0].stops if findings else "no", owner, findings)


def _automatic(probes: Mapping[str, Any]) -> Iterator[Patcher]:
    source = read_update_policy(probes)
    answer = automatic_updates({"source": source})
    stops: Stops = answer["installs"]
    if stops != "no":
        untold = source["policy_state"] in ("ok", "absent") and not {"AUOptions", "NoAutoUpdate"} & set(
            source["policy"]
        )
        yield Patcher("automatic_updates", stops, answer["sentence"], by_default=untold)


def _device_manager(probes: Mapping[str, Any]) -> Iterator[Patcher]:
    """A missing policy is an answer: then no device manager tells Windows what to do."""
    answer = answer_of(probes, MDM_UPDATE)
    if answer.reading is Reading.ABSENT:
        return
    if answer.reading is not Reading.FOUND:
        yield Patcher("mdm_policy", "unknown", _unread("The update policy of a device manager", answer))
        return
    exists, _kind, data = value_of(answer.data, "AllowAutoUpdate")
    if not exists:
        return
    number = number_of(data)
    stops, does = _MDM.get(-1 if number is None else number, ("unknown", f"has a setting nobody knows ({data!r:.40})"))
    yield Patcher("mdm_policy", stops, f"By the policy of a device manager Windows Update {does}.")


def _configmgr(probes: Mapping[str, Any], until: datetime | None) -> Iterator[Patcher]:
    answer = answer_of(probes, CONFIGMGR_DEPLOYMENTS)
    runs = _service_state(answer_of(probes, CONFIGMGR_SERVICE), "CcmExec")
    if answer.reading is not Reading.FOUND:
        if answer.reading is Reading.ABSENT:
            if runs == "yes":
                yield Patcher("configmgr", "no", "The ConfigMgr client runs, and knows of no deployments at all.")
        elif runs != "no":
            text = _unread("The ConfigMgr client is there, and its deployments", answer)
            yield Patcher("configmgr", "unknown", text)
        return
    instances = answer.data.get("instances")
    if not isinstance(instances, list):
        yield Patcher("configmgr", "unknown", "The answer of the ConfigMgr client is damaged.")
        return
    if runs == "no":
        # A client that does not run installs nothing, whatever it was told when it last ran.
        return
    judged = [_deployment(entry, until) for entry in instances]
    for stops, text in _CONFIGMGR_SAYS.items():
        shown = [why for word, why in judged if word == stops]
        if shown:
            more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
            yield Patcher("configmgr", stops, f"{text}: {'; '.join(shown[:_NAMED])}{more}.")


def _deployment(entry: object, until: datetime | None) -> tuple[Stops, str]:
    if not isinstance(entry, Mapping):
        return "unknown", "a damaged entry"
    name = f"KB{entry['ArticleID']}" if entry.get("ArticleID") else str(entry.get("Name") or "an update")[:80]
    state = number_of(entry.get("EvaluationState"))
    if state in _SOON:
        return "yes", f"{name} is under way (EvaluationState {state})"
    given = entry.get("Deadline")
    if given in (None, ""):
        return "no", f"{name} has no deadline"
    deadline = time_or_none(given)
    if deadline is None:
        return "unknown", f"{name} has a deadline that cannot be read"
    if until is not None and deadline > until:
        return "no", f"{name} has its deadline later, at {format_time(deadline)}"
    waits = ", and waits for a window of ConfigMgr" if state == _WAITS_FOR_WINDOW else ""
    return "yes", f"{name} has its deadline at {format_time(deadline)}{waits}"


def _cluster(probes: Mapping[str, Any]) -> Iterator[Patcher]:
    """Only the self-updating role shows on a node. A run from outside shows nowhere before it begins."""
    runs = _service_state(answer_of(probes, CLUSTER_SERVICE), "ClusSvc")
    if runs == "no":
        return
    answer = answer_of(probes, CAU_ROLE)
    if answer.reading is Reading.ABSENT:
        if runs == "yes":
            text = "The cluster service runs, and its provider (root\\MSCluster) is not there to be asked."
            yield Patcher("cluster_aware_updating", "unknown", text)
        return
    instances = answer.data.get("instances") if answer.reading is Reading.FOUND else None
    if not isinstance(instances, list):
        text = _unread("The host may be a node of a cluster, and whether that updates itself", answer)
        yield Patcher("cluster_aware_updating", "unknown", text)
        return
    roles = [entry for entry in instances if isinstance(entry, Mapping) and _is_role(entry)]
    if not roles:
        return
    name = str(roles[0].get("Name") or CAU_TYPE)[:80]
    state = number_of(roles[0].get("State"))
    if state in (_ONLINE, _PENDING_ONLINE):
        yield Patcher("cluster_aware_updating", "yes", f"The cluster updates itself: its role {name} is online.")
    else:
        text = f"The cluster has the self-updating role {name}, which is not online (state {state})."
        yield Patcher("cluster_aware_updating", "unknown" if state is None else "no", text)


def _is_role(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("Type") or CAU_TYPE).lower() == CAU_TYPE.lower()


def _extensions(probes: Mapping[str, Any]) -> Iterator[Patcher]:
    answer = answer_of(probes, EXTENSIONS)
    if answer.reading is Reading.ABSENT:
        return
    services = answer.data.get("services") if answer.reading is Reading.FOUND else None
    if not isinstance(services, list):
        text = _unread("The services of other management products", answer)
        yield Patcher("management_extension", "unknown", text)
        return
    known = {name.lower(): told for name, told in EXTENSION_SERVICES.items()}
    for entry in services:
        name = str(entry.get("name") or "") if isinstance(entry, Mapping) else ""
        if name.lower() not in known or entry.get("state") == "stopped":
            continue
        product, how = known[name.lower()]
        text = (
            f"{product} is there (service {name}, {entry.get('state')}): {how}; whether it is told to, nobody can see."
        )
        yield Patcher("management_extension", "unknown", text)


def _service_state(answer: Answer, name: str) -> Stops:
    """Whether a service runs."""
    if answer.reading is Reading.ABSENT:
        return "no"
    services = answer.data.get("services") if answer.reading is Reading.FOUND else None
    if not isinstance(services, list):
        return "unknown"
    states = [
        entry.get("state")
        for entry in services
        if isinstance(entry, Mapping) and str(entry.get("name")).lower() == name.lower()
    ]
    if not states:
        return "unknown"
    return "no" if states[0] == "stopped" else "yes"


def _unread(what: str, answer: Answer) -> str:
    reason = answer.reason or {Reading.ABSENT: "nothing answers"}.get(answer.reading, "the answer is damaged")
    return f"{what} could not be read: {reason}."
