# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What winsim answers, and how: the one list behind dispatch, refusals, `python -m winsim tiers` and the README."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import faults
from .emulated import raw, utility
from .emulated.async_status import async_status
from .emulated.package import package_takes, win_package
from .emulated.ping import win_ping
from .emulated.reboot_info import win_reboot_info
from .emulated.setup import setup
from .emulated.stat import win_stat
from .emulated.updates import poll_waits, win_updates
from .host import Access
from .probes.run import KINDS
from .served import win_probe
from .worker.module import win_patch_job
from .worker.program import KINDS as JOB_KINDS
from .writers import MARK_KEYS, win_reboot_mark, win_rename_queue

EXECUTED: Final = "executed"
SERVED: Final = "served"
EMULATED: Final = "emulated"
TIERS: Final[Mapping[str, str]] = {
    EXECUTED: "the shipped script ran under a real pwsh against the host's state; not built yet, nothing is executed",
    SERVED: "Python answers the contract of this collection's own reader and worker from the host's state: a double",
    EMULATED: "modules and scripts of others, answered by shape from the host's state",
}


def at_once(_access: Access, _args: Mapping[str, Any]) -> float:
    """Most modules keep nobody waiting."""
    return 0.0


@dataclass(frozen=True, slots=True)
class Module:
    """A module that winsim answers; `takes`: for how many real seconds the answer waits, beyond the host's `run_ms`.

    `waits`: for how many there is no answer yet, which is asked again when they are over.
    """

    name: str
    tier: str
    answers: Callable[[Access, Mapping[str, Any]], dict[str, Any]]
    remark: str
    takes: Callable[[Access, Mapping[str, Any]], float] = at_once
    waits: Callable[[Access, Mapping[str, Any]], float] = at_once


_ALL: Final = (
    Module("winops.patching.win_probe", SERVED, win_probe, f"probe kinds: {', '.join(KINDS)}"),
    Module(
        "winops.patching.win_patch_job",
        SERVED,
        win_patch_job,
        f"start, stop, list; jobs of the kind {', '.join(JOB_KINDS)}, carried out by a double of the worker",
    ),
    Module("winops.patching.win_rename_queue", SERVED, win_rename_queue, "writes the queue if it is what was expected"),
    Module("winops.patching.win_reboot_mark", SERVED, win_reboot_mark, f"keys: {', '.join(MARK_KEYS)}"),
    Module("ansible.windows.win_ping", EMULATED, win_ping, ""),
    Module(
        "ansible.windows.setup",
        EMULATED,
        setup,
        "the facts a play needs",
    ),
    Module("ansible.windows.win_reboot_info", EMULATED, win_reboot_info, "with what it makes of refused keys"),
    Module(
        "ansible.windows.win_package",
        EMULATED,
        win_package,
        "state: present of what `packages` lists, also through wusa.exe and dism.exe; no links, no shares, no log file",
        package_takes,
    ),
    Module("ansible.windows.win_stat", EMULATED, win_stat, "files of the host file; no links, no shares"),
    Module(
        "ansible.windows.win_updates",
        EMULATED,
        win_updates,
        "without async; its agent calls back at every quarter of a download and of an installation",
        waits=poll_waits,
    ),
    Module(
        "ansible.windows.async_status",
        EMULATED,
        async_status,
        "a job runs for `run_ms`; its result outlives a boot, a running job does not",
    ),
)
MODULES: Final[Mapping[str, Module]] = {module.name: module for module in _ALL}


def rows() -> list[tuple[str, str, str]]:
    """(tier, what, remark) of everything that is answered."""
    found = [(module.tier, module.name, module.remark) for module in _ALL]
    found += [(EMULATED, f"script: {kind.name}", "") for kind in raw.KINDS]
    found += [(EMULATED, f"script: {name}", "") for name in utility.UTILITIES]
    return found


def refusal(module: str) -> str:
    """What a module that nobody answers is told."""
    served = ", ".join(m.name for m in _ALL if m.tier == SERVED)
    emulated = ", ".join(m.name for m in _ALL if m.tier == EMULATED)
    return f"winsim does not know the module {module} (it serves {served}; it emulates {emulated})"


def table() -> str:
    """The rows as a Markdown table, for the README."""
    lines = ["| tier | what | remark |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {tier} | {what} | {remark} |" for tier, what, remark in rows())])


def fault_table() -> str:
    """The kinds of faults as a Markdown table, for the README."""
    lines = ["| `do` | what happens |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {kind.meaning} |" for name, kind in faults.KINDS.items())])
