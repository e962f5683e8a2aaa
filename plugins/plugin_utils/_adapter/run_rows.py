# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The rows of a run's fleet document: from the journals and documents of this run, and no host is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._report.run_fleet import lost_run, run_row
from .._report.run_lines import OWN_KEYS
from .run import failure_of, registered_result
from .run_journal import journal_path, read_lines
from .run_look import look_of_run


def run_rows(
    variables: Mapping[str, Any],
    *,
    hosts: Sequence[str],
    report_dir: Path,
    run_id: str,
    registered_as: str,
    named: bool = False,
    begun: str | None = None,
) -> dict[str, dict[str, Any]]:
    """Return a row for every host, unknown with the reason where the run came to no result for it.

    ``named`` says that somebody gave the run its id: then an earlier run may have had the same, and only what tasks
    have registered now counts.
    """
    rows = {}
    for host in hosts:
        path = journal_path(report_dir, host)
        # Looking into a host's variables is slow in large inventories: most have a line in their journal.
        missing = _why_none(variables, host, registered_as) if named else None
        run = None if missing else _result_line(path, run_id)
        if run is None:
            reason = missing or _why_none(variables, host, registered_as) or "its journal does not tell its result"
            run = lost_run(reason, journal=str(path))
        looked = look_of_run(report_dir, host, run_id, begun=begun)
        rows[host] = run_row(
            run,
            looked.verdict.as_dict(signals=False) if looked.verdict is not None else None,
            machine=looked.compliance.machine if looked.compliance is not None else None,
            updates=looked.compliance.counts if looked.compliance is not None else {},
            doubt=str(run.get("doubt") or looked.look.doubt),
        )
    return rows


def names_outside(variables: Mapping[str, Any], hosts: Sequence[str]) -> str | None:
    """Return why the play lacks some of its hosts, None where it has them all."""
    outside = sorted(set(hosts) - set(variables.get("ansible_play_hosts_all") or hosts))
    if not outside:
        return None
    return (
        f"the play could not take in {', '.join(repr(name) for name in outside[:5])}: such names do not work in a host "
        "pattern; rename them in the inventory"
    )


def _why_none(variables: Mapping[str, Any], host: str, name: str) -> str | None:
    """Return why a host's task has told no result in this run, None where it has."""
    task = registered_result(variables, host, name)
    if task is not None and task.get("outcome"):
        return None
    return failure_of(task) or (
        "the run came to no result for this host: it was never reached, or was lost on the way, "
        "or a variable of its own was refused; the output of the run names what failed"
    )


def _result_line(path: Path, run_id: str) -> dict[str, Any] | None:
    found = next(
        (
            line
            for line in reversed(read_lines(path))
            if line.get("step") == "result" and line.get("run_id") == run_id and line.get("outcome")
        ),
        None,
    )
    return {key: value for key, value in found.items() if key not in OWN_KEYS} if found is not None else None
