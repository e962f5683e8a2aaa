# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The journal of an install job: what was begun and what came of it, what was left out, when the host booted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from .answers import number_of
from .history import RESULTS, hex_code
from .patch_job import MAX_MESSAGE, OUTCOMES, complaint_of, job_kind, word_of
from .times import time_or_none
from .update import update_id
from .wording import printable

MAX_TITLE = 200
MAX_LOST = 20
SAME_BOOT = timedelta(minutes=5)
_GOOD = ("succeeded", "succeeded_with_errors")
_ENDS = frozenset({*_GOOD, "failed", "aborted"})
_NOBODY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Planned:
    """One update of a plan. ``revision`` None: the plan does not name it, or is damaged."""

    id: str
    revision: int | None
    title: str
    named: bool

    @property
    def shown(self) -> str:
        """How sentences name it."""
        return self.title[:80] or self.id


@dataclass(slots=True)
class Attempt:
    """One installation. ``result`` None: it was begun, and the journal has no end of it that makes sense.

    ``lost`` are the entries of the rename queue and of RunOnce that vanished while it ran, ``unread`` says which of the
    two could not be compared, ``left`` is by how many entries the queue grew (None: not known).
    """

    id: str
    revision: int | None
    at: datetime | None
    ended_at: datetime | None = None
    result: str | None = None
    hresult: str | None = None
    reboot_required: bool | None = None
    seconds: int | None = None
    lost: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    left: int | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the agent reported it as done."""
        return self.result in _GOOD


@dataclass(frozen=True, slots=True)
class Skip:
    """Why an update of the plan was not begun: a word of the contract and a text of the host."""

    reason: str
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the worker's own search after its work said of an update; None is what could not be read."""

    at: datetime | None
    offered: bool | None
    installed: bool | None
    reboot_required: bool | None
    history_at: datetime | None
    history: str | None
    hresult: str | None


@dataclass(frozen=True, slots=True)
class Start:
    """A process of the job that began to work. ``expected``: a reboot by the job came before it."""

    at: datetime | None
    boot_time: datetime | None
    verifying: bool
    expected: bool | None


@dataclass(slots=True)
class InstallJournal:
    """All that the journal tells. Ids are in lower case; times are aware UTC instants of the host's clock or None.

    ``outcome`` None: the journal has no last line. ``damaged`` counts what was no line. ``reboot_required`` is the last
    answer of the verifying phase, ``reboot_skipped`` the last reason why no reboot was begun.
    """

    job: str | None = None
    armed_at: datetime | None = None
    not_before: datetime | None = None
    deadline: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    skips: dict[str, Skip] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    downloads: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    starts: list[Start] = field(default_factory=list)
    reboots: int = 0
    reboot_began: datetime | None = None
    reboot_failed: str | None = None
    reboot_skipped: Skip | None = None
    reboot_required: bool | None = None
    jumps: list[tuple[datetime | None, int]] = field(default_factory=list)
    outcome: str | None = None
    error: Mapping[str, Any] | None = None
    ended_at: datetime | None = None
    last_at: datetime | None = None
    phase: str | None = None
    step: str | None = None
    doing: str | None = None
    offered: int | None = None
    lines: int = 0
    damaged: int = 0

    def attempt(self, update: str) -> Attempt | None:
        """The last installation of an update."""
        return next((one for one in reversed(self.attempts) if one.id == update), None)

    @property
    def boots(self) -> tuple[Start, ...]:
        """Every start after a boot; a start whose boot time is not known counts, since only a boot causes it."""
        first = next((start.boot_time for start in self.starts if start.boot_time is not None), None)
        found, known = [], first
        for start in self.starts[1:]:
            if start.boot_time is None or known is None or abs(start.boot_time - known) > SAME_BOOT:
                found.append(start)
            known = start.boot_time or known
        return tuple(found)

    @property
    def changed_at(self) -> datetime | None:
        """When the host was last changed or has booted as far as the journal knows: what is older proves nothing."""
        times = [time for one in self.attempts for time in (one.at, one.ended_at)]
        times += [time for start in self.boots for time in (start.at, start.boot_time)]
        known = [time for time in times if time is not None]
        return max(known, default=None)

    @property
    def suspects(self) -> Mapping[str, str]:
        """By id, why nobody may call an update verified: entries that it may have left for the next boot are gone."""
        found: dict[str, str] = {}
        for place, one in enumerate(self.attempts):
            if not one.lost:
                continue
            shown = "; ".join(one.lost[:3])
            found[one.id] = f"{len(one.lost)} entries of the queue for the next boot were lost while it ran: {shown}"
            for earlier in self.attempts[:place]:
                if earlier.left != 0 and earlier.id != one.id:
                    text = f"entries that it may have left for the next boot were lost while {one.id} ran: {shown}"
                    found.setdefault(earlier.id, text)
        return found


def planned_updates(plan: object) -> tuple[Planned, ...]:
    """Return the updates of a plan as judges take them, each id once; what names no update is left out."""
    entries = plan.get("updates") if isinstance(plan, Mapping) else None
    found: dict[str, Planned] = {}
    for entry in entries if isinstance(entries, (list, tuple)) else ():
        given = entry if isinstance(entry, Mapping) else _NOBODY
        name = update_id(given.get("id"))
        if name is not None and name not in found:
            title = word_of(given.get("title"), MAX_TITLE) or ""
            found[name] = Planned(name, _count(given.get("revision")), title, given.get("named") is True)
    return tuple(found.values())


def read_journal(lines: Iterable[object]) -> InstallJournal:
    """Return the journal of its lines in order; what makes no sense is counted and changes nothing."""
    journal = InstallJournal()
    for line in lines:
        if not isinstance(line, Mapping) or word_of(line.get("phase")) is None:
            journal.damaged += 1
            continue
        _take(journal, line)
    return journal


def _take(journal: InstallJournal, line: Mapping[str, Any]) -> None:
    phase, step = word_of(line.get("phase")), word_of(line.get("step"))
    at = time_or_none(line.get("at"))
    journal.lines += 1
    journal.phase, journal.step = phase, step
    journal.last_at = at or journal.last_at
    key = step if phase in ("armed", "done") else f"{phase}/{step}"
    handler = _HANDLERS.get(phase if phase in ("armed", "done") else str(key))
    if handler is None and step in ("started", "clock_jump"):
        handler = _HANDLERS[str(step)]
    if handler is not None:
        handler(journal, line, at)


def _armed(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    name = line.get("id")
    journal.job = str(name) if job_kind(name) is not None else None
    journal.armed_at = at
    journal.not_before, journal.deadline = time_or_none(line.get("not_before")), time_or_none(line.get("deadline"))


def _started(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    verifying = line.get("phase") == "verifying"
    journal.starts.append(Start(at, time_or_none(line.get("boot_time")), verifying, _flag(line.get("expected"))))
    journal.doing = None


def _clock_jump(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    seconds = line.get("seconds")
    if isinstance(seconds, int) and not isinstance(seconds, bool):
        journal.jumps.append((at, seconds))


def _found(journal: InstallJournal, line: Mapping[str, Any], _at: datetime | None) -> None:
    journal.offered = _count(line.get("offered"))


def _download_begins(journal: InstallJournal, line: Mapping[str, Any], _at: datetime | None) -> None:
    journal.doing = _named(journal, line)


def _downloaded(journal: InstallJournal, line: Mapping[str, Any], _at: datetime | None) -> None:
    name = _named(journal, line)
    journal.doing = None
    if name is not None:
        journal.downloads[name] = (word_of(line.get("result")) or "failed", hex_code(line.get("hresult")))


def _begins(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    name = _named(journal, line)
    journal.doing = name
    if name is not None:
        journal.attempts.append(Attempt(name, _count(line.get("revision")), at))


def _ends(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    name = _named(journal, line)
    journal.doing = None
    if name is None:
        return
    attempt = journal.attempt(name)
    if attempt is None or attempt.ended_at is not None:
        # Its begin is missing: the line was damaged. What came of it still counts.
        attempt = Attempt(name, _count(line.get("revision")), None)
        journal.attempts.append(attempt)
    result = word_of(line.get("result"))
    attempt.ended_at = at
    attempt.result = result if result in _ENDS else None
    attempt.hresult = hex_code(line.get("hresult"))
    attempt.reboot_required = _flag(line.get("reboot_required"))
    attempt.seconds = _count(line.get("seconds"))
    _read_traces(attempt, line)


def _read_traces(attempt: Attempt, line: Mapping[str, Any]) -> None:
    """What it did to the rename queue and to RunOnce; what could not be compared may have been lost."""
    queue, run_once = line.get("queue"), line.get("run_once")
    lost: list[str] = []
    unread = []
    for name, place, shown in (("rename queue", queue, _pair), ("RunOnce", run_once, _text)):
        entries = place.get("lost") if isinstance(place, Mapping) else None
        if isinstance(entries, (list, tuple)):
            lost += [shown(entry) for entry in entries]
        else:
            unread.append(name)
    before, after = (
        (_count(queue.get("before")), _count(queue.get("after"))) if isinstance(queue, Mapping) else (None, None)
    )
    attempt.left = None if before is None or after is None else max(0, after - before)
    attempt.lost, attempt.unread = tuple(lost[:MAX_LOST]), tuple(unread)


def _pair(entry: object) -> str:
    parts = list(entry) if isinstance(entry, (list, tuple)) else [entry]
    shown = [_text(part).removeprefix("!").removeprefix("\\??\\") for part in parts[:2]]
    return f"{shown[0]} -> {shown[1]}" if len(shown) == 2 and shown[1] else f"deletion of {shown[0] if shown else '?'}"


def _text(value: object) -> str:
    return printable(str(value)[:MAX_TITLE])


def _skipped(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    name = _named(journal, line)
    if name is not None:
        journal.skips[name] = _skip(line, at)


def _skip(line: Mapping[str, Any], at: datetime | None) -> Skip:
    return Skip(word_of(line.get("reason")) or "unknown", word_of(line.get("text"), MAX_MESSAGE) or "", at)


def _reboots(journal: InstallJournal, _line: Mapping[str, Any], at: datetime | None) -> None:
    journal.reboots += 1
    journal.reboot_began, journal.reboot_skipped = at, None


def _reboot_fails(journal: InstallJournal, line: Mapping[str, Any], _at: datetime | None) -> None:
    journal.reboot_failed = word_of(line.get("text"), MAX_MESSAGE) or "the host did not go down"


def _reboot_skipped(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    journal.reboot_skipped = _skip(line, at)


def _seen(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    name = _named(journal, line)
    if name is None:
        return
    given = line.get("history")
    history = given if isinstance(given, Mapping) else _NOBODY
    code = _count(history.get("result_code"))
    journal.seen[name] = Seen(
        at=at,
        offered=_flag(line.get("offered")),
        installed=_flag(line.get("installed")),
        reboot_required=_flag(line.get("reboot_required")),
        history_at=time_or_none(history.get("date")),
        history=RESULTS[code] if code is not None and code < len(RESULTS) else None,
        hresult=hex_code(history.get("hresult")),
    )


def _reboot_seen(journal: InstallJournal, line: Mapping[str, Any], _at: datetime | None) -> None:
    journal.reboot_required = _flag(line.get("required"))


def _done(journal: InstallJournal, line: Mapping[str, Any], at: datetime | None) -> None:
    outcome = line.get("outcome")
    journal.outcome = outcome if isinstance(outcome, str) and outcome in OUTCOMES else "failed"
    journal.error = complaint_of(line.get("error"))
    if isinstance(line.get("error"), Mapping) and journal.error is not None:
        journal.error = {**journal.error, "type": word_of(line["error"].get("type"))}
    journal.ended_at, journal.doing = at, None
    required = _flag(line.get("reboot_required"))
    journal.reboot_required = journal.reboot_required if required is None else required


_Handler = Callable[[InstallJournal, Mapping[str, Any], "datetime | None"], None]
_HANDLERS: Mapping[str, _Handler] = MappingProxyType(
    {
        "armed": _armed,
        "started": _started,
        "clock_jump": _clock_jump,
        "downloading/found": _found,
        "downloading/begin": _download_begins,
        "downloading/end": _downloaded,
        "installing/begin": _begins,
        "installing/end": _ends,
        "installing/skipped": _skipped,
        "rebooting/begin": _reboots,
        "rebooting/failed": _reboot_fails,
        "rebooting/skipped": _reboot_skipped,
        "verifying/update": _seen,
        "verifying/reboot": _reboot_seen,
        "done": _done,
    }
)


def _named(journal: InstallJournal, line: Mapping[str, Any]) -> str | None:
    name = update_id(line.get("id"))
    if name is None:
        journal.damaged += 1
    return name


def _count(value: object) -> int | None:
    return number_of(value) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
