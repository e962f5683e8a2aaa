# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell whether work fits into what is left of the window."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.windows import answer
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import window_fits as brain


def window_fits(specs, duration, reserve="15m", now=None, purpose="install", no_windows="closed", windows_apply=True):
    """Return the answer, true or false."""
    return answer(
        "window_fits",
        brain,
        specs,
        duration,
        reserve,
        now=now,
        purpose=purpose,
        no_windows=no_windows,
        windows_apply=windows_apply,
    )


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"window_fits": window_fits}
