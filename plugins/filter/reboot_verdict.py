# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: judge saved evidence again, under another policy, without a host."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import FilterError, as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.judging import judge


def reboot_verdict(evidence, policy=None, now=None):
    """Return the verdict of an evidence document, every text marked as untrusted."""
    return as_unsafe(judge(evidence, policy, now=now, error=FilterError).as_dict())


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"reboot_verdict": reboot_verdict}
