# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell in what waves hosts are patched."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.windows import answer
from ansible_collections.winops.patching.plugins.plugin_utils._plan.waves.plan import patch_waves as brain


def patch_waves(hosts, policy=None, now=None):
    """Return ``{waves, serial, hosts, held, done, stopped, sentence}``."""
    return as_unsafe(answer("patch_waves", brain, hosts, now=now, policy=policy))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_waves": patch_waves}
