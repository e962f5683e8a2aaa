# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell whether a maintenance window is open, until when, and why."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.windows import answer
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import window_state as brain


def window_state(specs, now=None, purpose="install", no_windows="closed", windows_apply=True):
    """Return the dict with ``open``, ``closes_at``, ``remaining_seconds``, ``next`` and ``reason``."""
    return as_unsafe(
        answer(
            "window_state", brain, specs, now=now, purpose=purpose, no_windows=no_windows, windows_apply=windows_apply
        )
    )


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"window_state": window_state}
