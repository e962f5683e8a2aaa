# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The newest evidence of a run about one host, and whether it still counts after all that was done with the host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._evidence.document import EvidenceError
from .._evidence.scan import ScanError
from .._evidence.times import TimeTextError, format_time, time_or_none
from .._report.run_facts import HostLook
from .._report.run_known import changed_at
from .._verdict.compliance.host_compliance import Compliance, patch_compliance
from .._verdict.policy import PolicyError
from .._verdict.reboot import Verdict, reboot_verdict
from .files import host_file_name
from .run import document_of_run
from .run_journal import journal_path, read_lines

_COMPLAINTS = (ScanError, EvidenceError, PolicyError, TimeTextError)
_MAX_REASON = 400


@dataclass(frozen=True)
class Looked:
    """What is known of a host: its look, and the answers that it comes of; None where there are none that count."""

    look: HostLook
    verdict: Verdict | None = None
    compliance: Compliance | None = None


def look_of_run(
    report_dir: Path, host: str, run_id: str, *, begun: str | None = None, reboots: Iterable[Mapping[str, Any]] = ()
) -> Looked:
    """Return the newest look of a run at a host. ``reboots`` are its results of patch_reboot.

    ``begun`` is when the run began: an id may be given twice, and what is older is of the run before.
    """
    path = report_dir / "evidence" / f"{host_file_name(host)}.json"
    document, missing = document_of_run(path, host, run_id)
    if document is None:
        return Looked(HostLook(doubt=missing))
    seen = _written_at(path)
    if _is_before(seen, time_or_none(begun)):
        return Looked(HostLook(doubt="the host gave no evidence in this run; an earlier one had the same id"))
    lines = [line for line in read_lines(journal_path(report_dir, host)) if line.get("run_id") == run_id]
    doubt = _too_old(seen, lines, reboots)
    if doubt:
        return Looked(HostLook(doubt=doubt))
    return _judged(document)


def _written_at(path: Path) -> datetime | None:
    """The controller's time of a document; what stands in it is by the clock of the host."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    except OSError:
        return None


def _is_before(seen: datetime | None, other: datetime | None) -> bool:
    """Journals tell whole seconds. What was seen nobody knows when was not seen after anything."""
    return other is not None and (seen is None or seen < other.replace(microsecond=0))


def _too_old(seen: datetime | None, lines: Sequence[Mapping[str, Any]], reboots: Iterable[Mapping[str, Any]]) -> str:
    """Return why a look proves nothing any more, empty where it counts. All times are the controller's."""
    booted = [result for result in reboots if result.get("state") in ("rebooted", "failed")]
    times = [changed_at(lines), *(time_or_none(result.get("at")) for result in booted)]
    last = max((time for time in times if time is not None), default=None)
    if last is None or not _is_before(seen, last):
        return ""
    when = format_time(seen) if seen is not None else "an unknown time"
    return f"nobody looked at the host after it was changed {format_time(last)}: the newest look is of {when}"


def _judged(document: Mapping[str, Any]) -> Looked:
    policy = document.get("policy")
    try:
        verdict = reboot_verdict(document, policy)
    except _COMPLAINTS as error:
        return Looked(HostLook(doubt=str(error)[:_MAX_REASON]))
    failure = document.get("error")
    if failure:
        return Looked(HostLook(reboot=verdict.reboot, doubt=" ".join(str(failure).split())[:_MAX_REASON]), verdict)
    scan = document.get("scan")
    if not isinstance(scan, Mapping):
        return Looked(
            HostLook(None, verdict.reboot, verdict.sentence, doubt="its updates were not asked about"), verdict
        )
    try:
        compliance = patch_compliance(scan, document, policy)
    except _COMPLAINTS as error:
        doubt = f"whether it is compliant cannot be judged: {error}"[:_MAX_REASON]
        return Looked(HostLook("unknown", verdict.reboot, doubt=doubt), verdict)
    lacks = any(compliance.counted.get(state) for state in ("needed", "failed"))
    look = HostLook(compliance.machine, verdict.reboot, compliance.sentence, doubt="", lacks=lacks)
    return Looked(look, verdict, compliance)
