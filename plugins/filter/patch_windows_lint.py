# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: name all mistakes in the maintenance windows of all groups at once."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import lint_windows


def patch_windows_lint(groups):
    """Return ``{ok, mistakes, warnings}``."""
    return as_unsafe(lint_windows(groups))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_windows_lint": patch_windows_lint}
