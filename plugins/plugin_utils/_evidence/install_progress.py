# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How far an install job is, for the person who watches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .install_journal import InstallJournal, Planned


@dataclass(frozen=True, slots=True)
class Counts:
    """How many updates of a job are done with; ``total`` None where the plan is not known."""

    total: int | None
    downloaded: int
    installed: int
    failed: int
    skipped: int

    def as_dict(self) -> dict[str, int | None]:
        """Return the published shape."""
        return {
            "total": self.total,
            "downloaded": self.downloaded,
            "installed": self.installed,
            "failed": self.failed,
            "skipped": self.skipped,
        }


def counts_of(journal: InstallJournal, total: int | None) -> Counts:
    """Return how far a job is; ``installed`` is what the agent reported as done, which is no proof."""
    ended = [one for one in journal.attempts if one.result is not None]
    return Counts(
        total=total,
        downloaded=sum(1 for result, _code in journal.downloads.values() if result in ("ok", "present")),
        installed=sum(1 for one in ended if one.succeeded),
        failed=sum(1 for one in ended if not one.succeeded),
        skipped=len(journal.skips),
    )


def progress_sentence(journal: InstallJournal, counts: Counts, titles: Mapping[str, str]) -> str:
    """Return what the job does, for people: ``installing 2 of 5: KB5030216, since 03:12:00Z``."""
    of = f" of {counts.total}" if counts.total is not None else ""
    now = titles.get(journal.doing or "", journal.doing or "")[:80]
    if journal.outcome is not None:
        failed = f", {counts.failed} failed" if counts.failed else ""
        return f"{journal.outcome}: {counts.installed}{of} installed{failed}, {counts.skipped} skipped"
    if journal.phase == "installing" and journal.doing is not None:
        since = f", since {journal.last_at:%H:%M:%SZ}" if journal.last_at else ""
        return f"installing {len(journal.attempts)}{of}: {now}{since}"
    if journal.phase == "downloading" and journal.doing is not None:
        return f"downloading {len(journal.downloads) + 1}{of}: {now}"
    step = f" ({journal.step.replace('_', ' ')})" if journal.step not in (None, "begin", "started") else ""
    return f"{journal.phase or 'not begun'}{step}, {counts.installed}{of} installed"


def titles_of(updates: Sequence[Planned]) -> Mapping[str, str]:
    """Return how sentences name each update."""
    return {update.id: update.shown for update in updates}
