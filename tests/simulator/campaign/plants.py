# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Violations that are put in on purpose, to see them found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

# Runs in the simulator: the double of the worker installs what it has just installed once more.
INSTALLS_TWICE: Final = """
from winsim.worker import install

once = install._install_one

def twice(session, item):
    yield from once(session, item)
    if item.found is not None:
        item.found.update(installed=False, downloaded=True)
        yield from once(session, item)

install._install_one = twice
"""
HOOKS: Final[Mapping[str, str]] = {"installs_twice": INSTALLS_TWICE}


def _drop_host(folder: Path) -> None:
    """The report lacks its first host."""
    path = folder / "fleet.json"
    if path.exists():
        document = json.loads(path.read_text(encoding="utf-8"))
        del document["hosts"][min(document["hosts"])]
        path.write_text(json.dumps(document), encoding="utf-8")


SPOILS: Final[Mapping[str, Callable[[Path], None]]] = {"drops_host": _drop_host}
# The check that has to find it.
FOUND_BY: Final[Mapping[str, str]] = {"installs_twice": "installed_once", "drops_host": "in_every_report"}
