# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: name the updates of a plan as win_patch_verify_info takes them."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.verifying import updates_to_prove


def patch_verify_updates(plan, document=None):
    """Return the list."""
    return as_unsafe(updates_to_prove(plan, document))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_verify_updates": patch_verify_updates}
