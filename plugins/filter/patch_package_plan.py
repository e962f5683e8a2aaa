# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell whether a package is run now, and how."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.packages import decided


def patch_package_plan(package, looked, host=None, policy=None, options=None, now=None):
    """Return the decision, every text marked as untrusted."""
    return as_unsafe(decided(package, looked, now=now, host=host, policy=policy, options=options))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_package_plan": patch_package_plan}
