# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: check a list of packages, and say what a host is asked about each."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.packages import checked_packages


def patch_packages(packages):
    """Return the packages with their probes; nothing in them is a template any more."""
    return as_unsafe(checked_packages(packages))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_packages": patch_packages}
