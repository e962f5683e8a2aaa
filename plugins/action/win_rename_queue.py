# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: what will the next boot make of the rename queue, and the queue with the newest versions winning."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.rename_queue_action import (
    RENAME_QUEUE_OPTIONS,
    RenameQueueAction,
)

ARGUMENT_SPEC = RENAME_QUEUE_OPTIONS


class ActionModule(RenameQueueAction):
    """Looks, and writes only when it is told to and all is proved."""
