# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a run of the campaign prints: headings, failures, the recap. The default callback copies each result first."""

from __future__ import annotations

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: headings
type: stdout
short_description: Headings, failures and the recap
description:
  - Prints as the default callback does, less what went well.
author: winops.patching contributors (@winops)
"""
_COUNTS = ("ok", "changed", "unreachable", "failures", "skipped", "rescued", "ignored")


class CallbackModule(CallbackBase):
    """Shows at once what comes."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "headings"

    def v2_playbook_on_task_start(self, task, is_conditional):
        """A task begins on some host."""
        del is_conditional
        self._display.display(f"\nTASK [{task.get_name().strip()}] ***")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """The task has failed, whether that counts or not."""
        self._failed("fatal", result, ignore_errors)

    def v2_runner_on_unreachable(self, result):
        """The host could not be reached."""
        self._failed("unreachable", result, ignore_errors=False)

    def v2_playbook_on_stats(self, stats):
        """The end: a line for each host."""
        self._display.display("\nPLAY RECAP ***")
        for host in sorted(stats.processed):
            found = stats.summarize(host)
            counts = " ".join(f"{'failed' if name == 'failures' else name}={found[name]}" for name in _COUNTS)
            self._display.display(f"{host} : {counts}")

    def _failed(self, word, result, ignore_errors):
        told = f"{word}: [{result.host.get_name()}]: {result.result.get('msg')}"
        self._display.display(f"{told}{' ...ignoring' if ignore_errors else ''}")
