# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: say in one sentence whether it is open, why, and when that changes."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.windows import answer
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.explain import explain_window as brain


def explain_window(specs, now=None, purpose="install", timezone=None, no_windows="closed", windows_apply=True):
    """Return the sentence."""
    return as_unsafe(
        answer(
            "explain_window",
            brain,
            specs,
            now=now,
            timezone=timezone,
            purpose=purpose,
            no_windows=no_windows,
            windows_apply=windows_apply,
        )
    )


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"explain_window": explain_window}
