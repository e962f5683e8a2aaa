# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: write the next maintenance windows as a calendar people can subscribe to."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.windows import answer
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.ical import to_ical as brain


def to_ical(specs, count=52, now=None, purpose="install", title="Maintenance windows", blackouts=False):
    """Return the text of an .ics file."""
    return as_unsafe(
        answer("to_ical", brain, specs, now=now, count=count, purpose=purpose, title=title, blackouts=blackouts)
    )


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"to_ical": to_ical}
