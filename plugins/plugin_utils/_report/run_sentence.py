# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What came of a run for one host, in sentences for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .run_facts import HostLook, RunFacts
from .run_updates import RunUpdate, counts

_HEADS: Mapping[str, str] = {
    "patched": "Patched",
    "nothing_to_do": "Nothing to do",
    "planned": "Check mode, nothing was changed",
    "deferred": "Deferred",
    "armed": "Armed, the host goes on by itself",
    "pending_reboot": "Waits for a reboot",
    "stopped": "Stopped",
    "failed": "Failed",
    "running": "The job goes on without this run",
    "unknown": "Unknown",
}
_SHOWN = 3


def run_sentence(outcome: str, why: str, facts: RunFacts, look: HostLook) -> str:
    """Return the outcome with its reason, what was done, and what is still open."""
    head = _HEADS.get(outcome, outcome)
    reason = _plain(why)
    parts = [f"{head}: {reason}." if reason else f"{head}."]
    parts += list(_failures(facts.updates))
    parts += list(_done(facts))
    if outcome in ("patched", "nothing_to_do", "planned") and look.machine:
        told = _plain(look.sentence) if look.machine == "non_compliant" and not look.lacks else ""
        parts.append(f"{told or 'The machine is ' + look.machine.replace('_', ' ')}.")
    elif outcome in ("deferred", "armed") and look.reboot == "required":
        parts.append("A reboot is required.")
    return " ".join(parts)


def _failures(updates: Sequence[RunUpdate]) -> Iterator[str]:
    bad = [update for update in updates if update.is_bad]
    for update in bad[:_SHOWN]:
        code = f" with {update.hresult}" if update.hresult and update.hresult not in update.because else ""
        name = f" ({update.name})" if update.name else ""
        yield f"{update.shown} {update.state.replace('_', ' ')}{code}{name}: {_plain(update.because)}."
    if len(bad) > _SHOWN:
        yield f"{len(bad) - _SHOWN} more failed."


def _done(facts: RunFacts) -> Iterator[str]:
    found = counts(facts.updates)
    if found:
        yield f"Updates: {_listed(found)}."
    if facts.packages:
        states = [str(package.get("state") or "unknown")[:30] for package in facts.packages]
        yield f"Packages: {_listed(Counter(states))}."
    reboots = facts.reboots_made + facts.reboots_by_jobs
    if reboots > 0:
        yield f"The host was rebooted {'once' if reboots == 1 else f'{reboots} times'}."


def _listed(found: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in found.items())


def _plain(text: str | None) -> str:
    return " ".join((text or "").split()).rstrip(".")
