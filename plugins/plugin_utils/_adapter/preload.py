# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What every task needs, imported once in the process that all tasks are forked from.

ansible-core imports the client of a connection and the plugins of templates anew in every fork, one for each host and
task, which is most of the controller's processor time: a collection's files are even compiled again each time. An
action plugin is loaded before the forks, so what it imports they inherit.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.loader import filter_loader, test_loader

COLLECTION = "winops.patching"
# One of each file of the core's own that the roles use; the rest of the file comes with it.
CORE_FILTERS = ("combine", "flatten", "to_json")
CORE_TESTS = ("failed", "match", "superset")


def preload_client() -> None:
    """Import the client of the winrm connection, where it is installed; other connections need none of it."""
    with suppress(ImportError):
        import_module("winrm")


def preload_templates() -> None:
    """Import the filters and tests of this collection, and the core's own."""
    plugins = Path(__file__).resolve().parents[2]
    _load(filter_loader.get, "ansible.builtin", CORE_FILTERS)
    _load(test_loader.get, "ansible.builtin", CORE_TESTS)
    _load(filter_loader.get, COLLECTION, _names(plugins / "filter"))
    _load(test_loader.get, COLLECTION, _names(plugins / "test"))


def _load(get: Callable[[str], Any], namespace: str, names: tuple[str, ...]) -> None:
    """A plugin that is not there, or cannot be read, is told by the task that uses it.

    The loader raises KeyError and ValueError where the collection itself is not known, as outside of a run.
    """
    for name in names:
        with suppress(AnsibleError, ImportError, KeyError, ValueError):
            get(f"{namespace}.{name}")


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.py")))
