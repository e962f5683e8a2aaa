# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: list the next maintenance windows."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.windows import answer
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import next_windows as brain


def next_windows(specs, count=12, now=None, purpose="install"):
    """Return the windows as ``[{start, end, name}]``, in UTC."""
    return as_unsafe(answer("next_windows", brain, specs, count=count, now=now, purpose=purpose))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"next_windows": next_windows}
