# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Is something being installed on the host right now, by whom and since when?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .._evidence.activity import (
    AGENT_BUSY,
    CONFIGMGR_UPDATES,
    CONFIGMGR_WAITS,
    CONFIGMGR_WORKS,
    LINGERING,
    SETUPS,
)
from .._evidence.answers import Answer, Reading, answer_of, number_of, value_of
from .._evidence.catalogue import BUSY_SIGNALS
from .._evidence.document import Evidence
from .._evidence.times import format_time, time_or_none
from .._evidence.wording import printable
from .judge_products import client_runs
from .policy import parse_policy
from .reboot import limits_of
from .signal import Signal
from .signals import JUDGES

SETUP_RUNNING = "setup_running"
CONFIGMGR_INSTALLING = "configmgr_installing"
_MAX_SHOWN = 5
_MAX_TEXT = 120
MAX_SENTENCE = 600
# Whose work a signal shows, among the processes that were found.
_ACTORS: Mapping[str, tuple[str, ...]] = {
    "servicing_in_progress": ("TiWorker", "TrustedInstaller"),
    "installer_running": ("wusa", "msiexec"),
    "cbs_reboot_in_progress": ("TiWorker", "TrustedInstaller"),
}
_NAMES: Mapping[str, str] = {
    "servicing_in_progress": "component servicing",
    "installer_running": "Windows Installer",
    "cbs_reboot_in_progress": "component servicing",
    "patch_job_running": "winops.patching",
}


@dataclass(frozen=True, slots=True)
class Work:
    """Something at work. ``since`` is the start of who does it, where that is known; the work may have begun later."""

    id: str
    who: str
    since: str | None
    detail: str

    def as_dict(self) -> dict[str, str | None]:
        """Return the published shape."""
        return {"id": self.id, "who": self.who, "since": self.since, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Unread:
    """A place that gave no answer; ``decisive`` where there is no "no" without it."""

    id: str
    reason: str
    decisive: bool

    def as_dict(self) -> dict[str, str | bool]:
        """Return the published shape."""
        return {"id": self.id, "reason": self.reason, "decisive": self.decisive}


@dataclass(frozen=True, slots=True)
class Activity:
    """The answer for one host. ``hints`` are there and say nothing by themselves."""

    activity: Literal["yes", "no", "unknown"]
    busy: tuple[Work, ...]
    hints: tuple[Work, ...]
    unknown: tuple[Unread, ...]
    limits: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The answer for people."""
        return _sentence(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "activity": self.activity,
            "busy": [work.as_dict() for work in self.busy],
            "hints": [work.as_dict() for work in self.hints],
            "unknown": [entry.as_dict() for entry in self.unknown],
            "sentence": self.sentence,
        }


def judge_activity(evidence: Evidence) -> Activity:
    """Return the Activity of evidence that was collected with the probes of activity.

    Yes while anything is at work. Without that it is unknown when a place could not be read that may hide an
    installation. The update agent, which refuses network logons, is no such place, and ConfigMgr only where it runs.
    """
    policy = parse_policy(None)
    busy: list[Work] = []
    unread: list[Unread] = []
    for name in BUSY_SIGNALS:
        signal = JUDGES[name](evidence, policy)
        if signal.state == "present":
            busy.append(_work(evidence, signal))
        elif signal.state != "absent":
            unread.append(Unread(name, signal.detail, decisive=True))
    busy.extend(_setups(evidence))
    hints = list(_lingering(evidence, busy))
    _ask_agent(evidence, busy, unread)
    _ask_configmgr(evidence, busy, hints, unread)
    decided: Literal["yes", "no", "unknown"] = "no"
    if busy:
        decided = "yes"
    elif any(entry.decisive for entry in unread):
        decided = "unknown"
    limits = tuple(reason for _name, reason in limits_of(evidence))
    return Activity(decided, tuple(busy), tuple(hints), tuple(unread), limits)


def _work(evidence: Evidence, signal: Signal) -> Work:
    if signal.id == "patch_job_running":
        return _job(evidence, signal)
    processes = _processes(evidence, _ACTORS[signal.id])
    return Work(signal.id, _named(processes) or _NAMES[signal.id], _since(processes), signal.detail)


def _job(evidence: Evidence, signal: Signal) -> Work:
    data = answer_of(evidence.probes, "running_job").data
    started = time_or_none(value_of(data, "StartedAt")[2])
    return Work(signal.id, _NAMES[signal.id], format_time(started) if started else None, signal.detail)


def _setups(evidence: Evidence) -> Iterator[Work]:
    found = _processes(evidence, SETUPS)
    if found:
        yield Work(SETUP_RUNNING, _named(found), _since(found), "a setup program is running")


def _lingering(evidence: Evidence, busy: list[Work]) -> Iterator[Work]:
    """What stays for minutes after its work. Two of msiexec are the service and who called it, so that is work."""
    known = {work.id for work in busy}
    for name in LINGERING:
        signal = "installer_running" if name == "msiexec" else "servicing_in_progress"
        found = _processes(evidence, (name,))
        if not found or signal in known:
            continue
        work = Work(signal, _named(found), _since(found), "it runs, as it also does for minutes after its work")
        if name == "msiexec" and len(found) > 1:
            busy.append(replace(work, detail="Windows Installer was called and has not ended"))
        else:
            yield work


def _processes(evidence: Evidence, names: Sequence[str]) -> list[Mapping[str, Any]]:
    """Running processes of these names, in the order of the names."""
    running = answer_of(evidence.probes, "processes").data.get("running")
    entries = [entry for entry in running if isinstance(entry, Mapping)] if isinstance(running, list) else []
    wanted = [name.lower() for name in names]
    found = [entry for entry in entries if str(entry.get("name")).lower() in wanted]
    return sorted(found, key=lambda entry: wanted.index(str(entry.get("name")).lower()))


def _named(processes: Sequence[Mapping[str, Any]]) -> str:
    shown = [f"{entry.get('name')} ({number_of(entry.get('id'))})" for entry in processes[:_MAX_SHOWN]]
    more = [f"{len(processes) - _MAX_SHOWN} more"] if len(processes) > _MAX_SHOWN else []
    return printable(", ".join([*shown, *more])[:_MAX_TEXT])


def _since(processes: Sequence[Mapping[str, Any]]) -> str | None:
    times = [instant for entry in processes if (instant := time_or_none(entry.get("started"))) is not None]
    return format_time(min(times)) if times else None


def _ask_agent(evidence: Evidence, busy: list[Work], unread: list[Unread]) -> None:
    answer = answer_of(evidence.probes, AGENT_BUSY)
    if answer.reading is Reading.ABSENT:
        return
    value = answer.data.get("value")
    if value is True:
        busy.append(Work(AGENT_BUSY, "the update agent", None, "the update agent says that an installation is running"))
    elif value is not False:
        reason = answer.reason or f"the update agent answered {str(value)[:40]!r} instead of yes or no"
        unread.append(Unread(AGENT_BUSY, printable(reason), decisive=False))


def _ask_configmgr(evidence: Evidence, busy: list[Work], hints: list[Work], unread: list[Unread]) -> None:
    answer = answer_of(evidence.probes, CONFIGMGR_UPDATES)
    if answer.reading is Reading.ABSENT:
        return
    updates = _updates(answer)
    if updates is None:
        reason = answer.reason or "the answer is damaged: no list of updates with their states"
        decisive = client_runs(evidence, refused=answer.reading is Reading.UNKNOWN)
        unread.append(Unread(CONFIGMGR_INSTALLING, printable(reason), decisive))
        return
    for states, words, into in (
        (CONFIGMGR_WORKS, "ConfigMgr is installing {}", busy),
        (CONFIGMGR_WAITS, "ConfigMgr is about to install {}", hints),
    ):
        found = [update for update in updates if number_of(update.get("EvaluationState")) in states]
        if found:
            into.append(Work(CONFIGMGR_INSTALLING, "the ConfigMgr client", _begun(found), words.format(_titles(found))))


def _updates(answer: Answer) -> list[Mapping[str, Any]] | None:
    instances = answer.data.get("instances") if answer.reading is Reading.FOUND else None
    if not isinstance(instances, list):
        return None
    whole = [
        entry
        for entry in instances
        if isinstance(entry, Mapping) and number_of(entry.get("EvaluationState")) is not None
    ]
    return whole if len(whole) == len(instances) else None


def _titles(updates: Sequence[Mapping[str, Any]]) -> str:
    named = [f"KB{update['ArticleID']}" if update.get("ArticleID") else str(update.get("Name")) for update in updates]
    more = f" and {len(named) - _MAX_SHOWN} more" if len(named) > _MAX_SHOWN else ""
    return printable(", ".join(name[:60] for name in named[:_MAX_SHOWN])) + more


def _begun(updates: Sequence[Mapping[str, Any]]) -> str | None:
    times = [instant for update in updates if (instant := time_or_none(update.get("StartTime"))) is not None]
    return format_time(min(times)) if times else None


def _sentence(found: Activity) -> str:
    parts = []
    if found.activity == "yes":
        works = "; ".join(_one(work) for work in found.busy[:_MAX_SHOWN])
        parts.append(f"Something is at work: {works}.")
    elif found.activity == "no":
        parts.append("Nothing is being installed.")
    else:
        decisive = "; ".join(f"{entry.id} ({entry.reason})" for entry in found.unknown if entry.decisive)
        parts.append(f"Whether something is being installed is unknown: not readable {decisive[:300]}.")
    parts.extend(f"{reason[:1].upper()}{reason[1:]}." for reason in found.limits)
    parts.extend(f"Besides, {work.who}: {work.detail}." for work in found.hints)
    if any(entry.id == AGENT_BUSY for entry in found.unknown):
        parts.append("The update agent could not be asked.")
    return " ".join(parts)[:MAX_SENTENCE]


def _one(work: Work) -> str:
    since = f" since {work.since}" if work.since else ""
    return f"{work.detail} ({work.who}{since})"
