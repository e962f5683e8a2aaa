# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: decide whether a host may be rebooted now."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reboot_deciding import decision_of_host


def patch_reboot_decision(
    document, policy=None, options=None, now=None, skew_seconds=None, queue=None, count=0, persistent=None
):
    """Return the decision, every text marked as untrusted."""
    answer = decision_of_host(
        document,
        policy=policy,
        options=options,
        now=now,
        skew_seconds=skew_seconds,
        queue=queue,
        count=count,
        persistent=persistent,
    )
    return as_unsafe(answer)


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_reboot_decision": patch_reboot_decision}
