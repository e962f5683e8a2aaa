# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is true of a host: from its host file and its log, and from nothing that the collection says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from campaign.hosts import REBOOT_REQUIRED, SESSION_MANAGER
from campaign.model import Job, Look, Story, Words

JOBS: Final = "\\winops.patching\\jobs\\"
# Boots that nobody of us has asked for: by power.py, misbehaviour.py and mishaps.py of the simulator.
FOREIGN_BOOTS: Final = ("fault", "power cut", "second boot of its own", "restarted by the update")
# Two clocks that both count whole seconds.
SLACK: Final = timedelta(seconds=2)
PLANNED_KEYS: Final = (REBOOT_REQUIRED, SESSION_MANAGER)


@dataclass(frozen=True, slots=True)
class Truth:
    """The host at one moment: what is installed, what of it waits for a boot, and whether a boot is due."""

    since: datetime | None
    installed: frozenset[str]
    waiting: frozenset[str]
    reboot: bool


def moment(text: str) -> datetime:
    """A time as the simulator and the journals write it."""
    return datetime.fromisoformat(text)


def lines_of(text: str) -> list[Words]:
    """The lines that are JSON maps; a torn one is none."""
    found: list[Words] = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def jobs_of(state: Words, kind: str = "install") -> list[Job]:
    """The jobs whose folders are there, oldest first."""
    texts: dict[str, dict[str, str]] = {}
    for path, words in state["files"].items():
        place = path.lower().find(JOBS)
        job, _, name = path[place + len(JOBS) :].partition("\\")
        if place >= 0 and job.startswith(f"{kind}-"):
            texts.setdefault(job, {})[name] = words.get("text", "")
    return [_job(job, texts[job]) for job in sorted(texts)]


def _job(name: str, texts: Mapping[str, str]) -> Job:
    plans = lines_of(texts.get("plan.json", ""))
    return Job(name, plans[0] if plans else {}, tuple(lines_of(texts.get("journal.jsonl", ""))))


def updates_of(words: Words) -> dict[str, dict[str, Any]]:
    """By id, the updates of a host file."""
    return {one["id"]: one for one in words.get("update_agent", {}).get("updates", [])}


def truths(words: Words, log: Sequence[Words]) -> Iterator[Truth]:
    """The host before and after each entry of its log."""
    updates = updates_of(words)
    installed = {name for name, one in updates.items() if one.get("installed")}
    waiting: set[str] = set()
    signal = _asks_from_the_start(words)
    yield Truth(None, frozenset(installed), frozenset(waiting), signal)
    for entry in log:
        if entry["event"] == "install":
            _installed(updates, entry, installed, waiting)
        elif entry["event"] == "boot":
            waiting = {name for name in waiting if _waits_on(words, updates[name])}
            signal = signal and bool(words.get("survives_reboot"))
        yield Truth(moment(entry["at"]), frozenset(installed), frozenset(waiting), signal or bool(waiting))


def _asks_from_the_start(words: Words) -> bool:
    registry = words.get("registry", {})
    queue = registry.get(SESSION_MANAGER, {}).get("values", {})
    return REBOOT_REQUIRED in registry or any(name.startswith("PendingFileRename") for name in queue)


def _installed(updates: Mapping[str, Words], entry: Words, installed: set[str], waiting: set[str]) -> None:
    name, result = entry["id"], entry["result"]
    if result == "ok":
        installed.add(name)
        if waits(updates.get(name, {})):
            waiting.add(name)
    elif result == "rolled_back":
        installed.discard(name)
        waiting.discard(name)


def waits(update: Words) -> bool:
    """Whether its installation leaves it waiting for a boot (design, section 8)."""
    behavior = update.get("reboot_behavior", "never")
    asked = behavior == "always_requires" or (behavior == "can_request" and update.get("renames"))
    return bool(asked or update.get("result") == "roll_back" or update.get("interactive") or update.get("hard_reboot"))


def _waits_on(words: Words, update: Words) -> bool:
    return bool(update.get("interactive") or "keeps_update_pending" in words.get("misbehaves", []))


def truths_at(story: Story, first: datetime, last: datetime) -> list[Truth]:
    """What may be true for somebody who looked between two moments of the host's clock; never empty.

    Where the host's clock jumps, every truth of the run is one of them.
    """
    slack = SLACK + timedelta(seconds=abs(story.case.words.get("clock_jump", {}).get("seconds", 0)))
    all_truths = list(truths(story.case.words, story.log))
    ends: list[datetime | None] = [truth.since for truth in all_truths[1:]]
    found = [
        truth
        for truth, end in zip(all_truths, [*ends, None], strict=True)
        if (truth.since is None or truth.since <= last + slack) and (end is None or end >= first - slack)
    ]
    return found or all_truths[-1:]


def looked_between(look: Look) -> tuple[datetime, datetime] | None:
    """When the evidence of a row was read, from the begin of its scan on; None where there is none."""
    if look.evidence is None:
        return None
    collected = moment(look.evidence["collected_at"])
    scan = look.evidence.get("probes", {}).get("update_agent", {}).get("data") or {}
    scanned = scan.get("scanned_at")
    return (min(collected, moment(scanned)) if scanned else collected, collected)


def our_boots(log: Sequence[Words]) -> list[Words]:
    """The boots that a controller or a job has asked for."""
    return [entry for entry in log if entry["event"] == "boot" and not str(entry["cause"]).startswith(FOREIGN_BOOTS)]
