# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Doors: exactly one of reboot_required, reboot_not_required and reboot_unknown is true of an answer."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reboot_words import reboot_answer


def reboot_required(value):
    """Return whether the answer is required."""
    return reboot_answer(value) == "required"


def reboot_not_required(value):
    """Return whether the answer is not_required."""
    return reboot_answer(value) == "not_required"


def reboot_unknown(value):
    """Return whether there is no answer."""
    return reboot_answer(value) == "unknown"


class TestModule:
    """The tests of this file."""

    def tests(self):
        """Return them by name."""
        return {
            "reboot_required": reboot_required,
            "reboot_not_required": reboot_not_required,
            "reboot_unknown": reboot_unknown,
        }
