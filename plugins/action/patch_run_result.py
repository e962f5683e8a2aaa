# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: what came of a run for one host, as the last line of the host's journal."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe, checked_options
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import now_text
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_journal import append, journal_path
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_look import look_of_run
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_facts import run_facts
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_lines import run_line
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_outcome import run_outcome

ARGUMENT_SPEC = {
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "facts": {"type": "dict", "required": True},
    "begun": {"type": "str"},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Write the line of the result, and return what came of the host."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        host, folder = str(task_vars["inventory_hostname"]), Path(options["report_dir"])
        facts = run_facts(options["facts"], check=bool(self._task.check_mode))
        looked = look_of_run(folder, host, options["run_id"], begun=options["begun"], reboots=facts.reboots)
        path = journal_path(folder, host)
        answer = run_outcome(facts, looked.look, journal=str(path))
        append(path, [run_line(now_text(), options["run_id"], host, "result", answer.run)])
        return {**result, "changed": False, **as_unsafe(answer.as_dict())}
