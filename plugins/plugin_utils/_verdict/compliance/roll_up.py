# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From the answers for single updates to the answer for the machine, by the fixed precedence.

failed, needed or rejected: non_compliant; else any pending reboot: pending_reboot; else anything unknown, a scan in
doubt or an unknown verdict: unknown; else compliant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..._evidence.wording import printable
from ..baseline.months import MonthAnswer
from ..persistent import repair_text
from .host import HostView
from .machine_reboot import MachineReboot, names_an_update
from .outcome import WAITING, UpdateVerdict
from .scan_trust import Doubt

Machine = Literal["compliant", "non_compliant", "pending_reboot", "unknown"]
MACHINES: tuple[Machine, ...] = ("non_compliant", "pending_reboot", "unknown", "compliant")
ReasonWord = Literal["failed", "missing", "rejected", "needs_reboot", "unknown"]
REASONS: tuple[ReasonWord, ...] = ("failed", "missing", "rejected", "needs_reboot", "unknown")
MAX_TEXT = 600
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a machine is not compliant; ``count`` is how many updates, months or facts say so."""

    reason: ReasonWord
    count: int
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {"reason": self.reason, "count": self.count, "text": self.text}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the roll-up looks at. ``check`` is the judge's own look at the machine: (state, why), or None."""

    updates: Mapping[str, UpdateVerdict]
    reboot: MachineReboot
    doubts: Sequence[Doubt]
    months: Sequence[MonthAnswer]
    check: tuple[str, str] | None


def roll_up(host: HostView, facts: Facts) -> tuple[Machine, tuple[Reason, ...]]:
    """Return the machine's state and every reason against it, in the order of the precedence."""
    notable = [verdict for verdict in facts.updates.values() if verdict.state not in ("installed", "not_needed")]
    reasons = tuple(
        reason
        for reason in (
            _failed(notable),
            _missing(notable, facts),
            _rejected(notable),
            _needs_reboot(notable, host, facts),
            _unknown(notable, host, facts),
        )
        if reason is not None
    )
    words = {reason.reason for reason in reasons}
    if words & {"failed", "missing", "rejected"}:
        return "non_compliant", reasons
    if "needs_reboot" in words:
        return "pending_reboot", reasons
    return ("unknown" if words else "compliant"), reasons


def name_of(verdict: UpdateVerdict) -> str:
    """Return an update as sentences name it."""
    update = verdict.update
    return f"KB{update.kb[0]}" if update.kb else (update.title[:80] or update.id[:80])


def _of(notable: Sequence[UpdateVerdict], state: str) -> list[UpdateVerdict]:
    return sorted(
        (verdict for verdict in notable if verdict.state == state and verdict.counted),
        key=lambda verdict: (name_of(verdict), verdict.update.id),
    )


def _reason(word: ReasonWord, count: int, *parts: str) -> Reason | None:
    text = "; ".join(part for part in parts if part)
    return Reason(word, count, printable(text[:MAX_TEXT])) if text else None


def _names(verdicts: Sequence[UpdateVerdict]) -> str:
    shown = [name_of(verdict) for verdict in verdicts[:_SHOWN]]
    more = f" and {len(verdicts) - _SHOWN} more" if len(verdicts) > _SHOWN else ""
    return f"{', '.join(shown)}{more}"


def _counted(verdicts: Sequence[UpdateVerdict], one: str, many: str) -> str:
    if not verdicts:
        return ""
    return f"{len(verdicts)} update{'s ' + many if len(verdicts) != 1 else ' ' + one}: {_names(verdicts)}"


def _why(found: Sequence[UpdateVerdict]) -> str:
    """The evidence for a single update; that of many stands beside each."""
    return f" ({found[0].because})" if len(found) == 1 else ""


def _failed(notable: Sequence[UpdateVerdict]) -> Reason | None:
    found = _of(notable, "failed")
    return _reason("failed", len(found), _counted(found, "failed", "failed") + _why(found))


def _missing(notable: Sequence[UpdateVerdict], facts: Facts) -> Reason | None:
    found = _of(notable, "needed")
    months = [month.reason for month in facts.months if month.state == "missing"]
    return _reason("missing", len(found) + len(months), _counted(found, "is missing", "are missing"), *months)


def _rejected(notable: Sequence[UpdateVerdict]) -> Reason | None:
    found = _of(notable, "rejected")
    return _reason(
        "rejected",
        len(found),
        _counted(found, "is installed although it is rejected", "are installed although they are rejected"),
    )


def _needs_reboot(notable: Sequence[UpdateVerdict], host: HostView, facts: Facts) -> Reason | None:
    """An update that waits makes the machine wait, also one that does not count, and under every judge."""
    waiting = sorted(
        (verdict for verdict in notable if verdict.state in WAITING),
        key=lambda verdict: (name_of(verdict), verdict.update.id),
    )
    parts = [_counted(waiting, "waits for a reboot", "wait for a reboot")]
    if not waiting and names_an_update(host):
        parts.append("evidence names updates that wait for a reboot")
    parts.extend(facts.reboot.texts)
    if facts.reboot.unattributed:
        parts.append("no update is named for it")
    return _reason("needs_reboot", max(1, len(waiting)), *parts)


def _unknown(notable: Sequence[UpdateVerdict], host: HostView, facts: Facts) -> Reason | None:
    found = _of(notable, "unknown")
    more = list(_other_doubts(host, facts))
    shown = _counted(found, "is not known", "are not known") + _why(found)
    return _reason("unknown", len(found) + len(more), shown, *more)


def _other_doubts(host: HostView, facts: Facts) -> Iterator[str]:
    yield from (doubt.text for doubt in facts.doubts)
    if host.untrusted:
        yield f"the scan is not trusted: {host.untrusted}"
    if host.verdict is None:
        yield "whether a reboot is required is unknown: no evidence of the host is given"
    elif host.verdict.reboot == "unknown":
        yield host.verdict.sentence
    if host.verdict is not None and host.verdict.persistent:
        yield repair_text(host.verdict.persistent)
    yield from (month.reason for month in facts.months if month.state == "unknown")
    if facts.check is not None and facts.check[0] == "unknown":
        yield facts.check[1]
