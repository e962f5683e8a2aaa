# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The months of a policy against one host: which it holds, and which of its updates thereby no longer count."""

from __future__ import annotations

from collections.abc import Sequence

from ..baseline.months import MonthAnswer, parse_build
from .host import HostView
from .judge_updates import not_counted
from .outcome import LACKING, UpdateVerdict


def answer_months(host: HostView) -> tuple[MonthAnswer, ...]:
    """Return the answer for every month. A scan that is not trusted says nothing of KB numbers."""
    months = host.policy.baseline.months
    if not months:
        return ()
    updates = () if host.untrusted else host.scan.updates
    installed = {number for update in updates if update.installed is True for number in update.kb}
    needed = {number for update in updates if update.installed is False for number in update.kb}
    build = parse_build(host.evidence.system.get("os_build")) if host.evidence is not None else None
    return tuple(month.answer(installed, needed, build) for month in months)


def pass_over_months(
    host: HostView, found: dict[str, UpdateVerdict], answers: Sequence[MonthAnswer]
) -> dict[str, UpdateVerdict]:
    """Return the updates; one that lacks and stands for a month that the host holds otherwise does not count."""
    held = {
        number: answer.reason
        for month, answer in zip(host.policy.baseline.months, answers, strict=True)
        if answer.state == "satisfied"
        for number in month.kbs
    }
    if not held:
        return found
    passed = dict(found)
    for name, verdict in found.items():
        reason = next((held[number] for number in verdict.update.kb if number in held), None)
        if reason is not None and verdict.counted and verdict.state in LACKING:
            passed[name] = not_counted(verdict, "month_held", reason)
    return passed
