# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How far may a host's scan be trusted? What speaks against it, each in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ..._evidence.document import Evidence
from ..._evidence.scan import Scan
from ..._evidence.times import SAME_BOOT, format_time
from .policy import CompliancePolicy

_CLOCK_SKEW = timedelta(minutes=5)
_SECURITY_ONLY = "security"
_ALL = "all"
_SHOWN = 3
SECURITY_UPDATES = "0fa1201d-4330-4fa8-8ae9-b877473b6441"


class Doubt(NamedTuple):
    """Why a host cannot be called compliant by this scan; ``id`` is a word for machines."""

    id: str
    text: str


def scan_age(scan: Scan, at: datetime | None) -> timedelta | None:
    """Return how old the scan was at an instant; None where either is not known."""
    return at - scan.scanned_at if at is not None and scan.scanned_at is not None else None


def booted_since(scan: Scan, evidence: Evidence | None) -> bool:
    """Whether the host is known to have booted after the scan: then nothing that waited for it is still waiting."""
    if evidence is None or evidence.boot_time is None or scan.scanned_at is None:
        return False
    return scan.scanned_at <= evidence.boot_time


def doubts_of(
    scan: Scan, evidence: Evidence | None, policy: CompliancePolicy, at: datetime | None
) -> tuple[Doubt, ...]:
    """Return what keeps this scan from proving anything at the instant ``at``; empty where nothing does."""
    return (
        *_of_time(scan, evidence, policy, at),
        *_of_evidence(evidence, policy, at),
        *_of_boot(scan, evidence),
        *_of_completeness(scan),
        *_of_host(scan, evidence),
        *_of_coverage(scan, policy),
    )


def _of_time(scan: Scan, evidence: Evidence | None, policy: CompliancePolicy, at: datetime | None) -> Iterator[Doubt]:
    longest = policy.reboot.max_scan_age
    age = scan_age(scan, at)
    if scan.scanned_at is None:
        yield Doubt("scan_without_time", "the scan does not say when it was made")
    elif age is None:
        yield Doubt("no_time", "without evidence and without now nobody knows how old the scan is")
    elif age >= longest:
        yield Doubt("scan_too_old", f"the scan of {format_time(scan.scanned_at)} is {_days(age)} old: scan again")
    elif age < -_CLOCK_SKEW:
        yield Doubt(
            "scan_from_future",
            f"the scan of {format_time(scan.scanned_at)} is later than the time it is judged at: the evidence is older "
            "than the scan, or the host's clock was set back",
        )


def _of_evidence(evidence: Evidence | None, policy: CompliancePolicy, at: datetime | None) -> Iterator[Doubt]:
    if evidence is None:
        return
    if evidence.collected_at is None:
        yield Doubt("evidence_without_time", "the evidence does not say when it was collected")
    elif at is not None and at - evidence.collected_at >= policy.reboot.max_scan_age:
        text = f"the evidence of {format_time(evidence.collected_at)} is {_days(at - evidence.collected_at)} old"
        yield Doubt("evidence_too_old", f"{text}: collect it again")


def _of_boot(scan: Scan, evidence: Evidence | None) -> Iterator[Doubt]:
    if evidence is None:
        return
    if evidence.boot_time is None:
        yield Doubt("no_boot_time", "the boot time is not known, so the scan may be older than the boot")
    elif booted_since(scan, evidence):
        text = "the host has booted since the scan: what it finished or rolled back only a new scan shows"
        yield Doubt("scan_before_boot", text)
    elif scan.boot_time is not None and abs(scan.boot_time - evidence.boot_time) > SAME_BOOT:
        boots = f"{format_time(scan.boot_time)}, the evidence of the boot of {format_time(evidence.boot_time)}"
        yield Doubt("other_boot", f"the scan was made in the boot of {boots}: scan again")


def _of_completeness(scan: Scan) -> Iterator[Doubt]:
    if scan.incomplete:
        why = f" ({'; '.join(error.text for error in scan.errors[:_SHOWN])})" if scan.errors else ""
        yield Doubt("scan_incomplete", f"the scan is not complete{why}")
    if scan.problems:
        more = f" and {len(scan.problems) - _SHOWN} more" if len(scan.problems) > _SHOWN else ""
        yield Doubt("scan_damaged", f"the scan is damaged: {'; '.join(scan.problems[:_SHOWN])}{more}")


def _of_host(scan: Scan, evidence: Evidence | None) -> Iterator[Doubt]:
    if evidence is not None and scan.host and evidence.host and scan.host.lower() != evidence.host.lower():
        yield Doubt("other_host", f"the scan is of {scan.host[:80]}, the evidence of {evidence.host[:80]}")


def _of_coverage(scan: Scan, policy: CompliancePolicy) -> Iterator[Doubt]:
    """An offline catalogue knows security updates only: of a baseline that asks for more it proves nothing."""
    if _ALL in scan.coverage:
        return
    selectors = policy.baseline.install
    inside = selectors is not None and all(
        selector.classifications and selector.classifications <= {SECURITY_UPDATES} for selector in selectors
    )
    if not inside or _SECURITY_ONLY not in scan.coverage:
        shown = ", ".join(scan.coverage[:_SHOWN])
        yield Doubt("coverage", f"the source of the scan shows only {shown} updates, and the baseline asks for more")


def _days(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} h" if hours else f"{int(age.total_seconds() // 60)} min"
