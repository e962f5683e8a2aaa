# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Probe kind `event`."""

from __future__ import annotations

from typing import Any, Final

from ..clock import stamp
from ..host import Access
from .answers import AbsentError, Ask, denied

# Logs that every Windows has, even when empty; any other is absent unless the host file lists an event of it.
USUAL_LOGS: Final = {
    "application",
    "security",
    "setup",
    "system",
    "microsoft-windows-windowsupdateclient/operational",
    "microsoft-windows-taskscheduler/operational",
}


def read_events(access: Access, ask: Ask) -> dict[str, Any]:
    """The newest `max` events that match, newest first."""
    log = str(ask["log"])
    if access.denies_log(log):
        raise denied("Attempted to perform an unauthorized operation.")
    in_log = [event for event in access.host.events if event.log.lower() == log.lower()]
    if not in_log and log.lower() not in USUAL_LOGS:
        raise AbsentError
    provider, ids = str(ask.get("provider") or "").lower(), set(ask.get("ids") or [])
    found = [e for e in in_log if (not provider or e.provider.lower() == provider) and (not ids or e.id in ids)]
    newest = sorted(found, key=lambda event: event.time, reverse=True)[: int(ask["max"])]
    return {
        "events": [
            {
                "id": event.id,
                "time": stamp(event.time),
                "provider": event.provider,
                "message": event.message if event.message is not None else " ".join(event.data),
                "data": list(event.data),
            }
            for event in newest
        ],
    }
