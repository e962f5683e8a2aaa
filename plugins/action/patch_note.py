# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: one line in the journal of a host: what a run is about to do with it, or has done."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import ActionFail, checked_options
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import now_text
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_journal import append, journal_path
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_lines import OWN_KEYS, OWN_STEPS, run_line

ARGUMENT_SPEC = {
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "step": {"type": "str", "required": True},
    "data": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Append the line, and return the path of the journal."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        host = str(task_vars["inventory_hostname"])
        step, data = options["step"], options["data"]
        if step in OWN_STEPS:
            raise ActionFail(f"step: {step!r} is written by another module; name your step otherwise")
        taken = [key for key in OWN_KEYS if key in data]
        if taken:
            raise ActionFail(f"data: {taken[0]!r} is written by this task itself; name your value otherwise")
        path = journal_path(Path(options["report_dir"]), host)
        append(path, [run_line(now_text(), options["run_id"], host, step, data)])
        result.update(changed=False, journal=str(path), noted=step)
        return result
