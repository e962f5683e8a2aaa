# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: is a maintenance window open at an instant?"""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.windows import answer_at


def in_window(specs, at=None, purpose="install", no_windows="closed", windows_apply=True):
    """Return whether it is open; what cannot be read is closed."""
    return answer_at("in_window", specs, at=at, purpose=purpose, no_windows=no_windows, windows_apply=windows_apply)


class TestModule:
    """The tests of this file."""

    def tests(self):
        """Return them by name."""
        return {"in_window": in_window}
