# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: is an update there and in effect, and which sources say so?"""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.verify_action import (
    VERIFY_OPTIONS,
    VerifyAction,
)

ARGUMENT_SPEC = VERIFY_OPTIONS


class ActionModule(VerifyAction):
    """Asks the host, and compares what it says with what was expected."""
