# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Faults of power: boots that nobody asked for, and boots that do not go by the book."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from campaign.hosts import BY_HOST, REBOOT_REQUIRED, SESSION_MANAGER, TEMPLATES, host, reboots, update
from campaign.model import Ends, Fault, Measured, Variant

QUEUE: Final = "PendingFileRenameOperations"


def _power_cuts(measured: Measured, *, torn: bool) -> Iterator[Variant]:
    """At each line that the journal of an install job may have, for both templates; the host reboots by itself."""
    for template, make in TEMPLATES.items():
        for line in range(2, measured.lines[template] + 1):
            cut = {"at_line": line, "torn": torn}
            yield Variant(f"{template}, line {line}", make(power_cut=cut), BY_HOST)


def _cut(measured: Measured) -> Iterator[Variant]:
    yield from _power_cuts(measured, torn=False)


def _torn(measured: Measured) -> Iterator[Variant]:
    yield from _power_cuts(measured, torn=True)


def _both(words: dict[str, Any]) -> Iterator[Variant]:
    yield Variant("the controller reboots it", reboots(**words))
    yield Variant("it reboots itself", reboots(**words), BY_HOST)


def _boots_twice(_measured: Measured) -> Iterator[Variant]:
    yield from _both({"misbehaves": ["boots_twice"]})


def _serviced(_measured: Measured) -> Iterator[Variant]:
    yield from _both({"misbehaves": ["services_after_boot"]})
    for minutes in (20, 50):
        yield Variant(f"for {minutes} minutes", reboots(servicing_after_boot_minutes=minutes))
        yield Variant(f"for {minutes} minutes, by itself", reboots(servicing_after_boot_minutes=minutes), BY_HOST)


def _keeps_pending(_measured: Measured) -> Iterator[Variant]:
    yield from _both({"misbehaves": ["keeps_update_pending"]})


def _shifts(_measured: Measured) -> Iterator[Variant]:
    yield from _both({"misbehaves": ["shifts_boot_time"]})


def _stuck_key(_measured: Measured) -> Iterator[Variant]:
    stuck = {"registry": {REBOOT_REQUIRED: {"volatile": True}}, "survives_reboot": [REBOOT_REQUIRED]}
    yield from _both(stuck)


def _stuck_queue(_measured: Measured) -> Iterator[Variant]:
    entries = ["\\??\\C:\\Windows\\System32\\new.tmp", "!\\??\\C:\\Windows\\System32\\old.dll"]
    files = {
        path: {"version": "1.0.0.0"} for path in ("C:\\Windows\\System32\\new.tmp", "C:\\Windows\\System32\\old.dll")
    }
    values = {QUEUE: {"type": "REG_MULTI_SZ", "data": entries}}
    yield from _both(
        {
            "registry": {SESSION_MANAGER: {"values": values}},
            "files": files,
            "survives_reboot": [f"{SESSION_MANAGER}\\{QUEUE}"],
        }
    )


def _reboots_itself(_measured: Measured) -> Iterator[Variant]:
    for number in (1, 2):
        words = {n: {"reboots_itself": True} if n == number else {} for n in (1, 2)}
        updates = [update(n, **words[n]) for n in (1, 2)]
        yield Variant(f"update {number} of 2", host(*updates))
        yield Variant(f"update {number} of 2, the host reboots itself", host(*updates), BY_HOST)


FAULTS: Final = (
    Fault("power_cut", "the power goes just after the job has written line n of its journal", Ends.PATCHED, _cut),
    Fault("journal_torn", "the same, and only half of that line has reached the disk", Ends.PATCHED, _torn),
    Fault("boots_twice", "after each boot the host boots once more by itself", Ends.PATCHED, _boots_twice),
    Fault("servicing_after_boot", "the host answers while servicing still runs after a boot", Ends.PATCHED, _serviced),
    Fault("stays_pending", "the keys are gone after a boot, and the updates wait on", Ends.NOT_GREEN, _keeps_pending),
    Fault("boot_time_shifts", "the boot time is moved by a time synchronisation", Ends.PATCHED, _shifts),
    Fault("stuck_key", "a key that asks for a reboot survives every boot", Ends.NOT_GREEN, _stuck_key),
    Fault("stuck_queue", "entries of the rename queue survive every boot", Ends.NOT_GREEN, _stuck_queue),
    Fault("update_reboots", "an update reboots the host by itself", Ends.PATCHED, _reboots_itself),
)
