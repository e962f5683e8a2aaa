# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: which updates does this host need, which are installed, and which wait for a reboot?"""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.scan_action import SCAN_OPTIONS, ScanAction

ARGUMENT_SPEC = SCAN_OPTIONS


class ActionModule(ScanAction):
    """Scans the host, or uses a scan that is there, and returns it."""
