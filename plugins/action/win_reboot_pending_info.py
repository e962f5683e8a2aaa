# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: does this host wait for a reboot, why, and may it be rebooted now?"""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.asking import asker
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.pending_action import (
    PENDING_OPTIONS,
    PendingAction,
)
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.rename_reading import (
    ANALYSIS_OPTIONS,
    analyse_further,
)

ARGUMENT_SPEC = {
    **PENDING_OPTIONS,
    **ANALYSIS_OPTIONS,
    "lost_host": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
}


class ActionModule(PendingAction):
    """Asks the host once and returns the verdict; what the rename queue leads to, it asks in a second run."""

    spec = ARGUMENT_SPEC

    def answer(self, reading):
        """Return the verdict in the shape of ansible.windows.win_reboot_info, and more."""
        return reading.result()

    def look_further(self, document, options, variables):
        """Return the rename queue carried out on paper, where it is asked for."""
        return analyse_further(asker(self, variables), document, options)
