# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: what a code of Windows Update or of an installer means, and what to do about it."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import FilterError, as_unsafe
from ansible_collections.winops.patching.plugins.plugin_utils._explain.errors import explain_error as brain
from ansible_collections.winops.patching.plugins.plugin_utils._explain.numbers import CodeError


def explain_error(code):
    """Return the explanation of a code; what is no code is an error."""
    try:
        return as_unsafe(brain(code))
    except CodeError as complaint:
        raise FilterError(f"explain_error: {complaint}") from complaint


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by name."""
        return {"explain_error": explain_error}
