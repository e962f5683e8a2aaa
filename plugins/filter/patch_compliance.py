# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: judge one host's updates, and the machine, from saved documents."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.compliance import judge_host
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe


def patch_compliance(scan, evidence=None, policy=None, judge="winops", now=None):
    """Return the answer for one host, every text marked as untrusted."""
    return as_unsafe(judge_host(scan, evidence, policy, judge, now))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_compliance": patch_compliance}
