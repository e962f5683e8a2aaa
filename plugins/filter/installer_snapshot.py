# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: what waits for the next boot, by name and hash, to be compared later."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.rename import check_times
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.snapshot import snapshot_of


def installer_snapshot(evidence, boot_time=None, taken_at=None):
    """Return the snapshot, every text marked as untrusted."""
    check_times("installer_snapshot", boot_time=boot_time, taken_at=taken_at)
    return as_unsafe(snapshot_of(evidence, boot_time=boot_time, taken_at=taken_at))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"installer_snapshot": installer_snapshot}
