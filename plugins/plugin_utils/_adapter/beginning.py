# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which hosts a run has begun on: batches of one play are one run, everything else is a run of its own.

Ansible tells no task which batch it is in. Its lists of hosts lack those that have failed, under ``order: shuffle``
every batch finds them in another order, and what tasks have registered outlives the play. So the first task of a run
registers a beginning for all hosts of its batch, and that is what is compared here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from .run import registered_result

Beginning = Mapping[str, str]


def new_beginning(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return a beginning that no other equals: when, and a digest of the names of the play's hosts."""
    return {"at": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}", "hosts": _digest(_all_hosts(variables))}


def begun_in_this_play(variables: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Return what an earlier batch of this play has registered under a name, or None where the run begins now.

    A beginning that the host at hand knows too is over: it was of an earlier play, or of the same role before in this
    play, and its documents must not stand in for this run's.
    """
    hosts = _all_hosts(variables)
    batch = set(variables.get("ansible_play_batch") or ())
    if batch.issuperset(hosts):
        return None
    mine = _beginning(_here(variables, name))
    digest = _digest(hosts)

    def earlier(names: Iterable[str]) -> Mapping[str, Any] | None:
        """Return the latest result of these hosts that is of this play."""
        found = [result for host in names if (result := registered_result(variables, host, name))]
        of_play = [result for result in found if (begun := _beginning(result)) and begun.get("hosts") == digest]
        last = max(of_play, key=lambda result: str(result["begun"].get("at")), default=None)
        return last if last is not None and last["begun"] != mine else None

    # Looking into a host's variables is slow, and mostly the play's first host knows.
    return earlier(hosts[:1]) or earlier(hosts[1:])


def no_batch_waits(variables: Mapping[str, Any], name: str | None) -> bool:
    """Return whether no later batch of the play will begin; ``name`` is that of what the first task has registered."""
    batch = set(variables.get("ansible_play_batch") or ())
    others = [host for host in variables.get("ansible_play_hosts") or () if host not in batch]
    mine = _beginning(_here(variables, name)) if name and others else None
    if not name or mine is None:
        return True
    return all(_beginning(registered_result(variables, host, name)) == mine for host in reversed(others))


def _here(variables: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return registered_result(variables, str(variables.get("inventory_hostname")), name)


def _beginning(result: Mapping[str, Any] | None) -> Beginning | None:
    begun = (result or {}).get("begun")
    return begun if isinstance(begun, Mapping) else None


def _all_hosts(variables: Mapping[str, Any]) -> Sequence[str]:
    return list(variables.get("ansible_play_hosts_all") or ())


def _digest(hosts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(hosts)).encode()).hexdigest()[:16]
