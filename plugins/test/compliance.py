# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Doors: is an answer of patch_compliance compliant, or unknown? Never both."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.compliance import machine_word


def patch_compliant(value):
    """Return whether the machine is compliant."""
    return machine_word(value) == "compliant"


def patch_unknown(value):
    """Return whether there is no answer."""
    return machine_word(value) == "unknown"


class TestModule:
    """The tests of this file."""

    def tests(self):
        """Return them by name."""
        return {"patch_compliant": patch_compliant, "patch_unknown": patch_unknown}
