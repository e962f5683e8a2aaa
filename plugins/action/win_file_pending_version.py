# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: which version will this file be after the boot, and by which entry?"""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.pending_version_action import (
    PENDING_VERSION_OPTIONS,
    PendingVersionAction,
)

ARGUMENT_SPEC = PENDING_VERSION_OPTIONS


class ActionModule(PendingVersionAction):
    """Asks the host twice at most."""
