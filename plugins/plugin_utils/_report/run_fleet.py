# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The fleet document of a patch run: every host with its verdict, its machine, and what the run did with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .._evidence.wording import printable
from .fleet import fleet_document, fleet_row, unread_row
from .run_facts import HostLook, run_facts
from .run_outcome import OUTCOMES, run_outcome

MAX_ERROR = 900


def lost_run(reason: str, *, journal: str | None) -> dict[str, Any]:
    """Return what is told of a host for which the run came to no result: unknown, with the reason."""
    return dict(run_outcome(run_facts({}), HostLook(doubt=reason), journal=journal).run)


def run_row(
    run: Mapping[str, Any],
    verdict: Mapping[str, Any] | None,
    *,
    machine: str | None,
    updates: Mapping[str, int],
    doubt: str,
) -> dict[str, Any]:
    """Return a host's row. ``verdict`` None or a ``doubt``: there is no evidence that counts.

    ``error`` is null for the hosts that may be green, and for no other.
    """
    if verdict is not None and machine is None and run.get("outcome") == "armed":
        # While a job waits on it, a host refuses a scan: its updates were not asked about.
        row = fleet_row(verdict)
    elif verdict is None or doubt:
        row = unread_row(doubt or "the host was not looked at in this run")
        row["machine"] = "unknown"
    else:
        row = fleet_row(verdict)
        row["machine"] = machine if machine is not None else "unknown"
        row["updates"] = {state: count for state, count in updates.items() if count}
    row["window"] = run.get("window") or run.get("next_window")
    row["error"] = _error(run)
    return {**row, "run": dict(run)}


def run_fleet(rows: Mapping[str, Mapping[str, Any]], *, at: str, run_id: str) -> dict[str, Any]:
    """Return the fleet document of a run; ``totals.run`` counts outcomes, ``totals.failed`` the hosts not green."""
    fleet = fleet_document(rows, at=at, run_id=run_id)
    found = Counter(str(row["run"].get("outcome")) for row in rows.values())
    states: Counter[str] = Counter()
    for row in rows.values():
        states.update(row["run"].get("counts") or {})
    fleet["totals"]["run"] = {outcome: found[outcome] for outcome in OUTCOMES}
    fleet["totals"]["updates"] = dict(sorted(states.items()))
    return fleet


def _error(run: Mapping[str, Any]) -> str | None:
    if run.get("failed_host") is False:
        return None
    stopped = run.get("stopped")
    reason = stopped.get("reason") if isinstance(stopped, Mapping) else None
    # Tables shorten what begins with this word.
    unreachable = isinstance(reason, str) and reason.startswith("unreachable:")
    return printable(str(reason if unreachable else run.get("sentence") or "the run failed for this host")[:MAX_ERROR])
