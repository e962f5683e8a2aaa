# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell what came of a package."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.packages import outcome


def patch_package_result(
    package, decision, run=None, before=None, after=None, proof=None, options=None, check_mode=False
):
    """Return the result and what follows from it, every text marked as untrusted."""
    how = {"before": before, "after": after, "proof": proof, "options": options, "check_mode": check_mode}
    return as_unsafe(outcome(package, decision, run, **how))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_package_result": patch_package_result}
