# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a fresh look at the host says of one planned update: its scan, or the worker's own search after its work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from ..._evidence.document import EvidenceError, parse_evidence
from ..._evidence.history import HistoryEntry
from ..._evidence.install_journal import InstallJournal, Planned, Seen
from ..._evidence.scan import Scan, ScanError, parse_scan
from ..._evidence.times import format_time
from ..compliance.history import newest_attempts
from ..compliance.host_compliance import Compliance, patch_compliance
from ..compliance.outcome import WAITING, UpdateVerdict

Word = Literal["installed", "waiting", "offered", "absent", "unknown"]
# An entry of the agent's history may bear the time at which its work began elsewhere.
BEFORE = timedelta(minutes=10)


class View(NamedTuple):
    """``waiting``: installed and needs a reboot; ``absent``: in no answer; ``unknown`` has its reason in ``text``."""

    word: Word
    text: str


@dataclass(frozen=True, slots=True)
class FreshLook:
    """What is known of the host after the job. ``doubt`` is why the scan proves nothing, empty where it does.

    ``booted_at`` is the newest boot that is known, ``reboot`` the verdict about the host (required, not_required,
    unknown), None where nobody gave evidence. ``problem`` is what is wrong with the evidence.
    """

    journal: InstallJournal
    scan: Scan | None
    compliance: Compliance | None
    attempts: Mapping[str, HistoryEntry]
    booted_at: datetime | None
    reboot: str | None
    doubt: str
    problem: str = ""

    def of(self, planned: Planned) -> View:
        """Return what is so of an update now: by the scan where it is fresh, else by the worker's own search."""
        if self.compliance is None or self.scan is None or self.doubt:
            seen = self.journal.seen.get(planned.id)
            return self._by_worker(seen) if seen is not None else View("unknown", self.doubt or _NO_LOOK)
        verdict = self.compliance.updates.get(planned.id)
        return self._absent() if verdict is None else _by_scan(verdict, planned)

    def _by_worker(self, seen: Seen) -> View:
        view = _by_worker(seen, self.journal)
        if view.word == "waiting" and self.booted_after(seen.at):
            return View("unknown", f"{view.text}; the host has booted since, and nobody could look at it again")
        return view

    def _absent(self) -> View:
        scan = self.scan
        if scan is None or scan.incomplete or scan.problems or scan.complete is None or "all" not in scan.coverage:
            return View("unknown", "the fresh scan lacks it, and does not show everything")
        return View("absent", "the fresh scan does not show it at all")

    def history(self, update: str, since: datetime | None) -> tuple[str | None, str | None]:
        """Return (result, HRESULT) of the newest installation in the agent's history since then, None where none is."""
        if since is None:
            return None, None
        entry = self.attempts.get(update)
        if entry is not None and entry.at is not None and entry.at >= since - BEFORE:
            return entry.result, entry.hresult
        seen = self.journal.seen.get(update)
        if seen is not None and seen.history_at is not None and seen.history_at >= since - BEFORE:
            return seen.history, seen.hresult
        return None, None

    def booted_after(self, instant: datetime | None) -> bool:
        """Whether the host is known to have booted after an instant."""
        return instant is not None and self.booted_at is not None and self.booted_at > instant


_NO_LOOK = "nobody has looked at the host since"


def fresh_look(
    journal: InstallJournal,
    scan: object,
    evidence: object,
    *,
    ids: Collection[str],
    policy: object,
    now: object,
) -> FreshLook:
    """Return what is known of the host after the job. A scan or evidence that cannot be judged is a doubt, no error.

    Raises PolicyError or TimeTextError for a policy or a time that nobody can use.
    """
    doubt, parsed, compliance = _NO_LOOK, None, None
    boot, evidence, broken = _boot_of(evidence)
    if scan is not None:
        try:
            parsed = parse_scan(scan)
            compliance = patch_compliance(parsed, evidence, policy, now=now)
            doubt = _why_not_fresh(parsed, journal, boot)
        except (ScanError, EvidenceError) as error:
            parsed, doubt = None, f"the fresh scan cannot be judged: {str(error)[:200]}"
    boots = [boot, *(start.boot_time or start.at for start in journal.boots)]
    known = [time for time in boots if time is not None]
    return FreshLook(
        journal=journal,
        scan=parsed,
        compliance=compliance,
        attempts=newest_attempts(parsed, ids) if parsed is not None else {},
        booted_at=max(known, default=None),
        reboot="unknown" if broken else _reboot(compliance, given=evidence is not None),
        doubt=doubt,
        problem=broken,
    )


def _boot_of(evidence: object) -> tuple[datetime | None, object, str]:
    """(the boot time, the evidence or None where it is damaged, why)"""
    if evidence is None:
        return None, None, ""
    try:
        return parse_evidence(evidence).boot_time, evidence, ""
    except EvidenceError as error:
        return None, None, f"the fresh evidence cannot be judged: {str(error)[:200]}"


def _reboot(compliance: Compliance | None, *, given: bool) -> str | None:
    return compliance.reboot if compliance is not None and given else None


def _why_not_fresh(scan: Scan, journal: InstallJournal, boot: datetime | None) -> str:
    """Why a scan is not one of the host as the job left it; empty where it is."""
    if scan.scanned_at is None:
        return "the scan does not say when it was made"
    changed = journal.changed_at
    when = format_time(scan.scanned_at)
    if changed is not None and scan.scanned_at < changed:
        return f"the scan of {when} is older than what the job did until {format_time(changed)}: scan again"
    if boot is not None and scan.scanned_at <= boot:
        return f"the scan of {when} is older than the boot of {format_time(boot)}: scan again"
    return ""


def _by_scan(verdict: UpdateVerdict, planned: Planned) -> View:
    found = verdict.update
    if verdict.state == "unknown":
        return View("unknown", verdict.because)
    if found.installed is False:
        other = found.revision is not None and planned.revision is not None and found.revision != planned.revision
        revision = f" in revision {found.revision}" if other else ""
        return View("offered", f"the update agent offers it{revision}")
    if verdict.state in WAITING:
        return View("waiting", verdict.because)
    if verdict.state == "not_needed":
        return View("absent", verdict.because)
    if verdict.state in ("installed", "rejected"):
        return _of_revision(found.revision, planned.revision)
    return View("unknown", verdict.because)


def _of_revision(found: int | None, planned: int | None) -> View:
    if found is not None and planned is not None and found < planned:
        return View("unknown", f"revision {found} of it is installed, and {planned} was planned")
    return View("installed", "the update agent says that it is installed")


def _by_worker(seen: Seen, journal: InstallJournal) -> View:
    """The worker looked after its last installation and its last boot, or it would not have come so far."""
    changed = journal.changed_at
    when = f" at {format_time(seen.at)}" if seen.at is not None else ""
    if seen.at is None or changed is None or seen.at < changed:
        return View("unknown", f"the job's own search{when} may be older than what it did")
    if seen.installed is True:
        if seen.reboot_required is True:
            return View("waiting", f"the job's own search{when} found that it waits for a reboot")
        if seen.reboot_required is False:
            return View("installed", f"the job's own search{when} found it installed")
        return View("unknown", f"the job's own search{when} found it installed, and not whether it needs a reboot")
    if seen.offered is True:
        return View("offered", f"the job's own search{when} was offered it")
    return View("unknown", f"the job's own search{when} did not find it")
