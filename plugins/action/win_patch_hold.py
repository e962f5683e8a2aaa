# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: keep the jobs of this collection off a host."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.hold_action import HOLD_OPTIONS, HoldAction

ARGUMENT_SPEC = HOLD_OPTIONS


class ActionModule(HoldAction):
    """Takes the lock of all jobs and gives it back."""
