# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: a host remembers until its next boot that it needs one."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reboot_mark_action import (
    REBOOT_MARK_OPTIONS,
    RebootMarkAction,
)

ARGUMENT_SPEC = REBOOT_MARK_OPTIONS


class ActionModule(RebootMarkAction):
    """Writes volatile keys and nothing else."""
