# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: judge what came of an install job."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.install import result_of_host


def patch_install_result(lines, plan, document=None, policy=None, now=None, running=None, since=None):
    """Return what came of every update and of the job, every text marked as untrusted."""
    answer = result_of_host(plan, lines, document, policy=policy, now=now, running=running, since=since)
    return as_unsafe(answer)


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_install_result": patch_install_result}
