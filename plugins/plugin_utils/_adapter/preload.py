# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The WinRM client, imported once in the process that all tasks are forked from.

ansible-core imports the client of a connection anew in every fork, one for each host and task, which is most of the
controller's processor time. An action plugin is loaded before the forks, so what it imports they inherit.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module


def preload_client() -> None:
    """Import the client of the winrm connection, where it is installed; other connections need none of it."""
    with suppress(ImportError):
        import_module("winrm")
