# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell which updates fit into a window, in what order, and when the others come."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.windows import answer
from ansible_collections.winops.patching.plugins.plugin_utils._plan.packing.plan import patch_plan as brain


def patch_plan(updates, window=None, now=None, policy=None):
    """Return ``{selected, deferred, expected_end, sentence, …}``."""
    return as_unsafe(answer("patch_plan", brain, updates, window, now=now, policy=policy))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_plan": patch_plan}
