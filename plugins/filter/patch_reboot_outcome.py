# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell whether a host has booted between two readings, and what the boot did not clear."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reboot_deciding import outcome_of_reboot


def patch_reboot_outcome(after, before, policy=None):
    """Return the outcome, every text marked as untrusted."""
    return as_unsafe(outcome_of_reboot(after, before, policy=policy))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_reboot_outcome": patch_reboot_outcome}
