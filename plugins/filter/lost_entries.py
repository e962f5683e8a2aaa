# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: what vanished between two snapshots without a boot."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.lost import lost_entries as brain


def lost_entries(before, after):
    """Return what is lost, every text marked as untrusted."""
    return as_unsafe(brain(before, after))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"lost_entries": lost_entries}
