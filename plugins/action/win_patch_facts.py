# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: the same question as a cacheable fact, so that gates can be run from the fact cache."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.pending_action import (
    PENDING_OPTIONS,
    PendingAction,
)

ARGUMENT_SPEC = PENDING_OPTIONS


class ActionModule(PendingAction):
    """Asks the host once and returns the verdict as the fact winops_patching."""

    def answer(self, reading):
        """Return the fact; what was saved or asked for stands beside it."""
        return {"ansible_facts": {"winops_patching": reading.fact()}}
