# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Many hosts' verdicts as one document, in which no host is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

SCHEMA = "winops.patching/fleet/1"
VERDICT_KEYS = ("reboot", "kind", "because", "hints", "unknown", "busy", "safe_to_reboot", "since", "sentence")


def fleet_row(verdict: Mapping[str, Any], *, error: str | None = None) -> dict[str, Any]:
    """Return one host's row: the verdict's values unchanged; ``machine`` is null while updates were not asked about."""
    row: dict[str, Any] = {"machine": None}
    row.update({key: verdict[key] for key in VERDICT_KEYS})
    row.update(updates={}, window=None, error=error, limits=verdict.get("limits", []))
    return row


def unread_row(reason: str) -> dict[str, Any]:
    """Return the row of a host that gave no evidence in this run: unknown, with the reason."""
    verdict: dict[str, Any] = {
        "reboot": "unknown",
        "kind": "none",
        "because": [],
        "hints": [],
        "unknown": [],
        "busy": [],
        "safe_to_reboot": "unknown",
        "since": None,
        "sentence": f"Whether a reboot is required is unknown: {reason}",
    }
    return fleet_row(verdict, error=reason)


def fleet_document(rows: Mapping[str, Mapping[str, Any]], *, at: str, run_id: str | None) -> dict[str, Any]:
    """Return the fleet document of rows by host name, hosts in the order of their names."""
    hosts = {name: dict(rows[name]) for name in sorted(rows)}
    return {
        "schema": SCHEMA,
        "at": at,
        "run_id": run_id,
        "hosts": hosts,
        "totals": {
            "hosts": len(hosts),
            "reboot": _count(hosts, "reboot", ("required", "not_required", "unknown")),
            "safe_to_reboot": _count(hosts, "safe_to_reboot", ("yes", "no", "unknown")),
            "machine": _count(hosts, "machine", ("compliant", "non_compliant", "pending_reboot", "unknown")),
            "failed": sum(1 for row in hosts.values() if row["error"] is not None),
        },
    }


def _count(hosts: Mapping[str, Mapping[str, Any]], key: str, words: tuple[str, ...]) -> dict[str, int]:
    found = Counter(row[key] for row in hosts.values())
    return {word: found[word] for word in words}
