# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: who else installs updates on this host?"""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.preflight_action import (
    PREFLIGHT_OPTIONS,
    PreflightAction,
)

ARGUMENT_SPEC = PREFLIGHT_OPTIONS


class ActionModule(PreflightAction):
    """Asks the host and judges what it answers."""
