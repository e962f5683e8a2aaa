# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Design 10, row 1, on the newer ansible-core: its wrapper is larger, and so is the bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..asking import ask
from ..bench import BASIC, OTHER, OURS, Bench, Measurement
from ..rows import Row
from ..running import ROOT, Ansible
from .wire_bytes import MOST_BYTES, QUESTION

# Where `make test` puts further versions of ansible-core.
CORES: Final = ROOT / ".build" / "cores"
NEWER: Final = "2.21"


def newest(cores: Path, line: str) -> Path | None:
    """The tools of the newest installed ansible-core of a line such as 2.21, or None."""
    found = [folder for folder in cores.glob(f"{line}.*") if re.fullmatch(r"[0-9]+(?:\.[0-9]+)*", folder.name)]
    complete = [folder for folder in found if (folder / "bin" / "ansible").exists()]
    most = max(complete, key=lambda folder: [int(part) for part in folder.name.split(".")], default=None)
    return most / "bin" if most else None


def measure(bench: Bench) -> Iterator[Row]:
    """The same question as wire-bytes asks; without such an ansible-core a note says so, and there is no row."""
    tools = newest(CORES, NEWER)
    if tools is None:
        bench.notes.append(f"bytes up on ansible-core {NEWER}: not measured, `make test` has not installed it")
        return
    ansible = Ansible(tools=tools, work=bench.work)
    other_core = replace(bench, ansible=ansible, core=ansible.core())
    ours, other = (ask(other_core, module, BASIC).bytes_up for module in (OURS, OTHER))
    name = f"{QUESTION}, ansible-core {other_core.core}"
    yield Row(f"{name}: against win_reboot_info", "bytes", ours, other, f"ours <= {MOST_BYTES[NEWER]}")
    yield Row(f"{name}: share of win_reboot_info", "bytes", ours, other, "ratio <= 0.37")


MEASUREMENT: Final = Measurement("wire-bytes-newer-core", "the same on a newer ansible-core", measure)
