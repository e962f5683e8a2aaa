# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What one installation did to what others have left for the next boot, and to the signals of a reboot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ..agent import rename_queue
from ..agent.install import REBOOT_REQUIRED, RUN_ONCE
from ..denial import CBS
from ..host import Host


@dataclass(frozen=True, slots=True)
class Before:
    """The rename queue and the names of RunOnce, before."""

    queue: list[rename_queue.Pair]
    run_once: list[str]


def look(host: Host) -> Before:
    return Before(rename_queue.read(host), _run_once(host))


def _run_once(host: Host) -> list[str]:
    key = host.registry.key(RUN_ONCE)
    return [value.name for value in key.values.values()] if key else []


def compare(host: Host, before: Before) -> dict[str, Any]:
    """`{queue, run_once, reboot_signals}` of the line that ends an installation."""
    after = look(host)
    lost = Counter(pair for pair in before.queue if pair[0]) - Counter(after.queue)
    names = {name.lower() for name in after.run_once}
    return {
        "queue": {
            "before": len(before.queue),
            "after": len(after.queue),
            "lost": [list(pair) for pair in lost.elements()],
        },
        "run_once": {"lost": [name for name in before.run_once if name.lower() not in names]},
        "reboot_signals": reboot_signals(host),
    }


def reboot_signals(host: Host) -> dict[str, bool]:
    return {
        "wu_reboot_required": host.registry.key(REBOOT_REQUIRED) is not None,
        "cbs_reboot_pending": host.registry.key(f"{CBS}\\RebootPending") is not None,
    }
