# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell whether planned updates are there, by a fresh scan, the job and the proof."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.verifying import verified_host


def patch_verify_result(document, judged=None, proof=None, policy=None):
    """Return the answer, every text marked as untrusted."""
    return as_unsafe(verified_host(document, judged, proof, policy))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"patch_verify_result": patch_verify_result}
