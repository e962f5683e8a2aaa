# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: is something being installed on the host right now, by whom and since when?"""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.activity_action import (
    ACTIVITY_OPTIONS,
    ActivityAction,
)

ARGUMENT_SPEC = ACTIVITY_OPTIONS


class ActionModule(ActivityAction):
    """Asks the host, and waits until it is idle when it is told to."""
