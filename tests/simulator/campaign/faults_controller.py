# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Faults of the controller, and runs that end before their hosts do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from campaign.hosts import BY_HOST, quiet, reboots
from campaign.model import Ends, Fault, Measured, Variant, Window
from campaign.places import spread

KILLS: Final = 30
INTERRUPTS: Final = 4
# The case's own variables that say at which task its run is ended; they are not for Ansible.
KILL: Final = "campaign_kill"


def steps(tasks: tuple[str, ...], count: int) -> list[tuple[str, int]]:
    """So many tasks of a run, evenly: each with the how-manieth time it is shown."""
    seen: dict[str, int] = {}
    numbered = []
    for task in tasks:
        seen[task] = seen.get(task, 0) + 1
        numbered.append((task, seen[task]))
    return [numbered[place] for place in spread(len(numbered), count)]


def _kills(measured: Measured) -> Iterator[Variant]:
    # The last one falls between the results of the hosts and the report.
    report = [task for task in measured.tasks if "fleet.json" in task]
    for task, number in [*steps(measured.tasks, KILLS), *((task, 1) for task in report)]:
        kill = {"task": task, "number": number, "signal": "SIGKILL"}
        yield Variant(f"{task} ({number})", reboots(), {KILL: kill})


def _interrupts(measured: Measured) -> Iterator[Variant]:
    for task, number in steps(measured.tasks[2:], INTERRUPTS):
        kill = {"task": task, "number": number, "signal": "SIGINT"}
        yield Variant(f"{task} ({number})", reboots(), {KILL: kill})


def _second(_measured: Measured) -> Iterator[Variant]:
    for number in range(1, 4):
        yield Variant(f"quiet {number}", quiet())
        yield Variant(f"reboots {number}", reboots())
        yield Variant(f"reboots by itself {number}", reboots(), BY_HOST)


def _armed(_measured: Measured) -> Iterator[Variant]:
    """The window opens when the controller is long gone."""
    windows = (Window(240, 2400),)
    for how in ("arm", "wait"):
        variables = {"patch_when_closed": how, **BY_HOST}
        yield Variant(f"{how}, quiet", quiet(), variables, windows)
        yield Variant(f"{how}, reboots", reboots(), variables, windows)
    arm = {"patch_when_closed": "arm", **BY_HOST}
    yield Variant("arm, and the power goes", reboots(power_cut={"at_line": 9}), arm, windows)
    yield Variant("arm, and it boots twice", reboots(misbehaves=["boots_twice"]), arm, windows)


FAULTS: Final = (
    Fault("controller_killed", "the controller is killed (SIGKILL) at a task", Ends.PATCHED, _kills, how="kills"),
    Fault(
        "controller_interrupted", "the run is interrupted (Ctrl-C) at a task", Ends.PATCHED, _interrupts, how="kills"
    ),
    Fault("second_controller", "two controllers patch the same host at once", Ends.PATCHED, _second, how="twice"),
    Fault("controller_away", "the window opens when nobody follows any more", Ends.ARMED, _armed, how="armed"),
)
