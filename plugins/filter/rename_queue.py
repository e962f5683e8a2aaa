# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: carry the rename queue out on paper."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.rename import MOST, analysed


def rename_queue(queue, files=None, snapshot=None, boot_time=None, most=MOST):
    """Return what the next boot makes of the queue, every text marked as untrusted."""
    return as_unsafe(analysed(queue, files, snapshot, boot_time=boot_time, most=most))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"rename_queue": rename_queue}
