# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Asks one simulated host one question, and counts what that host received."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from winsim.testing import Wire

from .bench import OTHER, OURS, SETUP, Bench
from .hosts import host_name
from .running import RunError, answer_of

# This one waits for a reboot, so the answers can be compared.
HOST: Final = host_name(1)
TIMES: Final = 2
WAITS: Final[Mapping[str, Callable[[Mapping[str, Any]], object]]] = {
    OURS: lambda answer: answer.get("reboot_required"),
    OTHER: lambda answer: answer.get("reboot_required"),
    SETUP: lambda answer: answer.get("ansible_facts", {}).get("ansible_reboot_pending"),
}


def ask(bench: Bench, module: str, transport: Sequence[str]) -> Wire:
    """The most that a run took, of a few. Raises RunError, also when the module does not see the waiting reboot."""
    taken = [_once(bench, module, transport) for _ in range(TIMES)]
    return Wire(requests=max(wire.requests for wire in taken), bytes_up=max(wire.bytes_up for wire in taken))


def _once(bench: Bench, module: str, transport: Sequence[str]) -> Wire:
    before = bench.fleet.wire(HOST)
    run = bench.ansible.ad_hoc(bench.inventory(1), HOST, module, *transport)
    after = bench.fleet.wire(HOST)
    if WAITS[module](answer_of(run)) is not True:
        raise RunError(f"{module} does not say that {HOST} waits for a reboot:\n{run.output[-800:]}")
    taken = Wire(requests=after.requests - before.requests, bytes_up=after.bytes_up - before.bytes_up)
    bench.say(f"{module} {transport[-1].rpartition('=')[2]}: {taken.bytes_up:,} bytes up, {taken.requests} requests")
    return taken
