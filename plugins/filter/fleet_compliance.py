# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: roll the answers of many hosts up to one of the fleet."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.compliance import judge_fleet
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe


def fleet_compliance(hosts, policy=None, judge="winops", now=None):
    """Return the answer for the fleet, every text marked as untrusted."""
    return as_unsafe(judge_fleet(hosts, policy, judge, now))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"fleet_compliance": fleet_compliance}
