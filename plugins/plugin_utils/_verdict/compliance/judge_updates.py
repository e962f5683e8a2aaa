# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Every update of one host judged: those of its scan, those of the catalogue, and those that only wait for a reboot."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from ..._evidence.scan import Update
from ..baseline.baseline import Baseline, Place
from ..baseline.supersedence import superseded_by
from .catalog import CatalogEntry
from .host import HostView
from .judges import Judge
from .outcome import LACKING, STATES, Outcome, State, UpdateVerdict
from .policy import CompliancePolicy

MAX_CACHED: Final = 50_000
_NOT_IN_SCAN = Place(False, "not_in_scan", "only the evidence names it, the scan does not show it")
_RANK = {state: place for place, state in enumerate(STATES)}
_Mode = tuple[str, bool, str, bool]
_Cached = tuple[Update, Place, UpdateVerdict, "datetime | None"]


class UpdateJudge:
    """Judges the updates of many hosts under one policy.

    Most updates of most hosts are installed, and nothing on the host is about them in particular: their answer hangs on
    the update alone, and hosts share it.
    """

    __slots__ = ("_baseline", "_cached", "_judge", "_size", "policy")

    def __init__(self, policy: CompliancePolicy, judge: Judge) -> None:
        self.policy = policy
        self._baseline: Baseline = policy.baseline
        self._judge = judge
        self._cached: dict[_Mode, dict[int, _Cached]] = {}
        self._size = 0

    def all_of(self, host: HostView) -> dict[str, UpdateVerdict]:
        """Return every update by its id; of two with one id the worse."""
        found: dict[str, UpdateVerdict] = {}
        mode = (host.untrusted, host.outdated, host.namings.key_unread, host.catalog_newer)
        cached = self._cached.setdefault(mode, {})
        usual = not (self.policy.rules or host.namings.by_kb)
        usual = usual and not (host.outdated and host.scan.reboot_required_updates)
        named, place_of, at = host.namings.by_id, self._baseline.place, host.at
        for update in host.scan.updates:
            name = update.id
            shared = usual and name not in named
            known = cached.get(id(update)) if shared else None
            if known is not None and (known[3] is at or known[1] is place_of(update, at)):
                verdict = known[2]
            else:
                verdict = self._one(update, host)
                if shared and update.installed is True:
                    self._remember(cached, (update, place_of(update, at), verdict, at))
            found[name] = _worse(found[name], verdict) if name in found else verdict
        self._add_unlisted(found, host)
        _pass_over_superseded(found, host.scan.updates)
        return found

    def _remember(self, cached: dict[int, _Cached], entry: _Cached) -> None:
        if self._size >= MAX_CACHED:
            for entries in self._cached.values():
                entries.clear()
            self._size = 0
        # The update is kept with its answer, so that its id stays its own.
        cached[id(entry[0])] = entry
        self._size += 1

    def _one(self, update: Update, host: HostView) -> UpdateVerdict:
        outcome = self._judge.judge(update, self.policy.rules.about(update), host)
        entry = host.policy.catalog.entries.get(update.id) if host.catalog_newer and host.policy.catalog else None
        if entry is not None and outcome.state == "installed" and (entry.revision or 0) > (update.revision or 0):
            text = f"the catalogue has revision {entry.revision} of it, newer than the scan"
            outcome = Outcome("unknown", text)
        return self._verdict(update, outcome, self._baseline.place(update, host.at), host.at)

    def _verdict(self, update: Update, outcome: Outcome, place: Place, at: datetime | None) -> UpdateVerdict:
        state: State = outcome.state
        because, counted = outcome.because, place.in_baseline
        if place.word == "rejected" and update.installed is not False:
            if state == "unknown":
                # It may be there: only what is known to be absent is merely listed.
                counted = True
            elif self._judge.rejects and update.installed is True:
                state, because, counted = "rejected", f"it is installed, and the policy rejects it; {because}", True
        return UpdateVerdict(
            update=update,
            state=state,
            because=because,
            word=self._judge.words[state],
            counted=counted,
            place=place.word,
            place_reason=place.reason,
        )

    def _add_unlisted(self, found: dict[str, UpdateVerdict], host: HostView) -> None:
        catalog = self.policy.catalog
        for entry in catalog.entries.values() if catalog else ():
            if entry.id not in found:
                update = Update(entry.id, entry.revision, title=entry.title, classification=entry.classification)
                place = self._baseline.place(update, host.at)
                found[entry.id] = self._verdict(update, self._of_catalog(update, entry, host), place, host.at)
        if not self._judge.tells_reboots:
            return
        for name in host.namings.by_id:
            if name not in found:
                update = Update(name)
                outcome = self._judge.judge(update, (), host)
                found[name] = self._verdict(update, outcome, _NOT_IN_SCAN, host.at)

    def _of_catalog(self, update: Update, entry: CatalogEntry, host: HostView) -> Outcome:
        rules = self.policy.rules.about(update)
        if self._judge.by_disk or (self._judge.tells_reboots and host.namings.about(update)):
            return self._judge.judge(update, rules, host)
        if host.untrusted:
            return Outcome("unknown", f"the scan is not trusted: {host.untrusted}")
        if host.catalog_newer:
            return Outcome("unknown", "the catalogue is newer than the scan, which lacks it")
        scan = host.scan
        if scan.incomplete or scan.problems:
            return Outcome("unknown", "the scan lacks it, and is not complete")
        if "all" not in scan.coverage and not _covered(entry, scan.coverage):
            return Outcome("unknown", f"the source of the scan shows only {', '.join(scan.coverage[:3])} updates")
        return Outcome("not_needed", "the scan is newer than the catalogue and lacks it")


def _covered(entry: CatalogEntry, coverage: Iterable[str]) -> bool:
    name = (entry.classification or "").lower()
    return name == "security updates" and "security" in coverage


def _worse(one: UpdateVerdict, other: UpdateVerdict) -> UpdateVerdict:
    return min(one, other, key=lambda verdict: (not verdict.counted, _RANK[verdict.state]))


def _pass_over_superseded(found: dict[str, UpdateVerdict], updates: tuple[Update, ...]) -> None:
    """What another update stands in for is not missing."""
    lacking = [name for name, verdict in found.items() if verdict.counted and verdict.state in LACKING]
    if not lacking:
        return
    missing = frozenset(lacking)
    over = [update for update in updates if not missing.isdisjoint(update.supersedes)]
    above = superseded_by(over, lambda update: found[update.id].counted)
    for name in lacking:
        if name in above:
            found[name] = not_counted(found[name], "superseded", f"superseded by {above[name]}")


def not_counted(verdict: UpdateVerdict, place: str, reason: str) -> UpdateVerdict:
    """Return the verdict as one that the machine's answer does not depend on."""
    return UpdateVerdict(verdict.update, verdict.state, verdict.because, verdict.word, False, place, reason)
