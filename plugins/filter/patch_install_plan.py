# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: make the plan of an install job."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.install import plan_of_host


def patch_install_plan(document, policy=None, options=None, now=None, skew_seconds=None):
    """Return what a host's run does about installing, every text marked as untrusted."""
    return as_unsafe(plan_of_host(document, policy=policy, options=options, now=now, skew_seconds=skew_seconds))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_install_plan": patch_install_plan}
