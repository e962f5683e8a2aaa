# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What came of an install job, for people: each failure explained, what may be tried again, and what happened when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from .._evidence.install_journal import InstallJournal
from .._evidence.times import format_time
from .._evidence.wording import printable
from .._explain.errors import explain_error
from .._verdict.install.update_result import Result
from .._verdict.install.verdict import InstallVerdict

# Classes of trouble that pass: an update that failed so may be tried again in the same run.
PASSING = frozenset({"transient", "network", "server", "busy", "reboot"})
MOST_EVENTS = 200
_MAX_TEXT = 400


def install_report(verdict: InstallVerdict, *, since: datetime | None = None) -> dict[str, Any]:
    """Return the published answer with ``explanation`` for each code, ``not_again`` and ``story``.

    ``not_again`` maps the updates that this run must not try again to the reason. ``story`` are sentences in the order
    in which it happened, of all that the journal tells or of what came after ``since``: what a controller that was lost
    has missed.
    """
    answer = verdict.as_dict()
    not_again = {}
    for shown, result in zip(answer["updates"], verdict.results, strict=True):
        shown["explanation"] = explain_error(result.hresult) if result.hresult else None
        reason = _why_not_again(result, shown["explanation"])
        if reason is not None:
            not_again[result.update.id] = reason
    titles = {result.update.id: result.update.shown for result in verdict.results}
    return {**answer, "not_again": not_again, "story": story(verdict.journal, titles, since=since)}


def _why_not_again(result: Result, explanation: Mapping[str, Any] | None) -> str | None:
    if result.state == "rolled_back":
        return "it was rolled back in this run"
    if result.state != "failed":
        return None
    if explanation is None:
        return "it failed in this run"
    return None if explanation["class"] in PASSING else f"it failed in this run with {explanation['name']}"


def story(journal: InstallJournal, titles: Mapping[str, str], *, since: datetime | None = None) -> list[str]:
    """Return what happened as sentences with the host's time, oldest first, at most MOST_EVENTS of the newest."""
    events = [event for part in (_job, _work, _host, _end) for event in part(journal, titles)]
    timed = sorted(((at, text) for at, text in events if at is not None), key=lambda event: event[0])
    told = [f"{format_time(at)} {text}" for at, text in timed if since is None or at > since]
    told += [text for at, text in events if at is None]
    return [printable(text[:_MAX_TEXT]) for text in told[-MOST_EVENTS:]]


_Event = tuple["datetime | None", str]


def _job(journal: InstallJournal, _titles: Mapping[str, str]) -> Iterator[_Event]:
    name = journal.job or "the job"
    if journal.armed_at is not None:
        waits = f", for the window that opens {format_time(journal.not_before)}" if journal.not_before else ""
        yield journal.armed_at, f"{name} was handed to the host{waits}"
    if journal.starts:
        yield journal.starts[0].at, f"{name} began to work"
    results = Counter(result for result, _code in journal.downloads.values())
    if results:
        parts = [f"{number} {result}" for result, number in sorted(results.items())]
        first = next((one.at for one in journal.attempts if one.at is not None), None)
        yield first, f"downloads: {', '.join(parts)}"
    for at, seconds in journal.jumps:
        yield at, f"the clock of the host jumped by {seconds} seconds"


def _work(journal: InstallJournal, titles: Mapping[str, str]) -> Iterator[_Event]:
    for one in journal.attempts:
        name = titles.get(one.id, one.id)
        if one.result is None:
            yield one.at, f"{name} was begun; its end is not told"
            continue
        took = f" after {one.seconds // 60} min" if one.seconds is not None else ""
        code = f" with {one.hresult}" if one.hresult and not one.succeeded else ""
        reboot = ", and needs a reboot" if one.reboot_required else ""
        yield one.ended_at, f"{name}: {one.result.replace('_', ' ')}{code}{took}{reboot}"
    for reason, number in sorted(Counter(skip.reason for skip in journal.skips.values()).items()):
        at = max((skip.at for skip in journal.skips.values() if skip.reason == reason and skip.at), default=None)
        yield at, f"{number} not begun: {reason.replace('_', ' ')}"


def _host(journal: InstallJournal, _titles: Mapping[str, str]) -> Iterator[_Event]:
    if journal.reboot_began is not None:
        yield journal.reboot_began, "the job rebooted the host"
    for start in journal.boots:
        how = "the host was up again" if start.expected else "the host had booted without the job's doing"
        yield start.at, f"{how}, and the job went on to verify"
    if journal.reboot_failed is not None:
        yield None, f"the reboot failed: {journal.reboot_failed}"
    if journal.reboot_skipped is not None:
        skip = journal.reboot_skipped
        yield skip.at, f"no reboot: {skip.text or skip.reason.replace('_', ' ')}"


def _end(journal: InstallJournal, titles: Mapping[str, str]) -> Iterator[_Event]:
    if journal.outcome is not None:
        why = f": {journal.error['message']}" if journal.error and journal.error.get("message") else ""
        yield journal.ended_at, f"the job ended, {journal.outcome}{why}"
    elif journal.last_at is not None:
        doing = f", {titles.get(journal.doing, journal.doing)}" if journal.doing else ""
        yield journal.last_at, f"the last word of the journal: {journal.phase}{doing}"
