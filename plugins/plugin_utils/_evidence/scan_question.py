# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a scan is asked, and whether an earlier scan has answered that already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from .last_scan import LastScan
from .times import SAME_BOOT, format_time

PLAN_SCHEMA = "winops.patching/plan/1"
SELECTIONS = ("default", "managed_server", "windows_update", "microsoft_update", "service")
ONLINE_WORDS = ("auto", "true", "false")
ATTEMPTS = 5
CLOCK_SKEW = timedelta(minutes=5)


def scan_plan(job: str, asked: Mapping[str, Any], *, run_id: str | None, delay_seconds: int) -> dict[str, Any]:
    """Return the plan of a job of the kind scan, as the host takes it."""
    return {
        "schema": PLAN_SCHEMA,
        "id": job,
        "kind": "scan",
        "run_id": run_id,
        "delay_seconds": delay_seconds,
        "scan": dict(asked),
    }


def same_question(asked: Mapping[str, Any], other: object) -> bool:
    """Return whether another scan was asked exactly this; ids and paths ignore case, as Windows does."""
    return isinstance(other, Mapping) and all(_same(value, other.get(key)) for key, value in asked.items())


def _same(value: object, other: object) -> bool:
    if isinstance(value, str) and isinstance(other, str):
        return value.lower() == other.lower()
    return type(value) is type(other) and value == other


def why_not_reused(
    last: LastScan, asked: Mapping[str, Any], *, clock: datetime | None, boot: datetime | None, max_age: timedelta
) -> str | None:
    """Return why a finished scan does not answer the question any more, or None where it does.

    ``clock`` and ``boot`` are the host's own, None where they were not readable.
    """
    if not same_question(asked, last.asked):
        return "it was asked something else"
    if clock is None or boot is None:
        return "the host does not say what time it is, or when it has booted"
    if last.scanned_at <= boot:
        return f"it is older than the boot of {format_time(boot)}"
    if last.boot_time is not None and abs(last.boot_time - boot) > SAME_BOOT:
        return f"it was made in the boot of {format_time(last.boot_time)}, and this is the boot of {format_time(boot)}"
    if not last.complete:
        return "it is not complete"
    age = clock - last.scanned_at
    if age < -CLOCK_SKEW:
        return "it lies in the future: the host's clock was set back since"
    if age >= max_age:
        return "it is older than max_age"
    return None


def delay_of(host: str, span: timedelta) -> int:
    """Return how many seconds a host waits before it scans: always the same for one name, spread over the span.

    A thousand hosts that scan in one second bring their update server down.
    """
    seconds = int(span.total_seconds())
    if seconds <= 0:
        return 0
    return int.from_bytes(hashlib.sha256(host.encode("utf-8", "replace")).digest()[:8], "big") % seconds
