# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A callback for the tests: every result of every task as one line of JSON, in the file that RECORDER_FILE names."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorder
type: notification
short_description: Every result as one line of JSON
description:
  - Appends host, task, state and result to the file of the environment variable E(RECORDER_FILE).
author: winops.patching contributors (@winops)
"""


class CallbackModule(CallbackBase):
    """Writes at once, so that an interrupted run leaves what it had."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"

    def _record(self, state, task_result):
        found = task_result.result if hasattr(task_result, "result") else task_result._result
        task = task_result.task if hasattr(task_result, "task") else task_result._task
        host = task_result.host if hasattr(task_result, "host") else task_result._host
        result = {name: value for name, value in found.items() if not name.startswith("_ansible")}
        line = {"host": host.get_name(), "task": task.get_name(), "state": state, "result": result}
        with Path(os.environ["RECORDER_FILE"]).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        """The task has ended well."""
        self._record("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """The task has failed, whether that counts or not."""
        self._record("failed", result)

    def v2_runner_on_unreachable(self, result):
        """The host could not be reached."""
        self._record("unreachable", result)

    def v2_runner_on_skipped(self, result):
        """The condition was false."""
        self._record("skipped", result)
