# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What one installation did to what others have left for the next boot, and to the signals of a reboot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ..agent import rename_queue
from ..agent.install import REBOOT_REQUIRED, RUN_ONCE
from ..denial import CBS, SESSION_MANAGER
from ..host import Host

Change = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Before:
    """The rename queue and the names of RunOnce, before; None: they could not be read."""

    queue: list[rename_queue.Pair] | None
    run_once: list[str] | None


def look(host: Host) -> Before:
    return Before(None if host.denied.key(SESSION_MANAGER) else rename_queue.read(host), _run_once(host))


def _run_once(host: Host) -> list[str] | None:
    if host.denied.key(RUN_ONCE):
        return None
    key = host.registry.key(RUN_ONCE)
    return [value.name for value in key.values.values()] if key else []


def compare(host: Host, before: Before) -> dict[str, Any]:
    """`{queue, run_once, reboot_signals}` of the line that ends an installation."""
    after = look(host)
    return {
        "queue": _queue_change(before.queue, after.queue),
        "run_once": _run_once_change(before.run_once, after.run_once),
        "reboot_signals": reboot_signals(host),
    }


def _queue_change(before: list[rename_queue.Pair] | None, after: list[rename_queue.Pair] | None) -> Change:
    if before is None or after is None:
        return None
    lost = Counter(pair for pair in before if pair[0]) - Counter(after)
    return {"before": len(before), "after": len(after), "lost": [list(pair) for pair in lost.elements()]}


def _run_once_change(before: list[str] | None, after: list[str] | None) -> Change:
    if before is None or after is None:
        return None
    names = {name.lower() for name in after}
    return {"lost": [name for name in before if name.lower() not in names]}


def reboot_signals(host: Host) -> dict[str, bool | None]:
    """None where the key could not be read."""
    keys = {"wu_reboot_required": REBOOT_REQUIRED, "cbs_reboot_pending": f"{CBS}\\RebootPending"}
    return {name: None if host.denied.key(path) else host.registry.key(path) is not None for name, path in keys.items()}
