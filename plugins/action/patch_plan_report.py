# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: the plans of all hosts in waves, as plan.json and as a table. No host is left out."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import ActionFail, checked_options, say
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import write_json
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import failure_of, registered_result
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import format_time
from ansible_collections.winops.patching.plugins.plugin_utils._plan.waves.plan import patch_waves
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import WindowError
from ansible_collections.winops.patching.plugins.plugin_utils._report.preview import preview_document, unplanned
from ansible_collections.winops.patching.plugins.plugin_utils._report.preview_table import preview_table

ARGUMENT_SPEC = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "registered_as": {"type": "str", "required": True},
    "waves": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Write plan.json, print the table, and return the path and the totals."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        tasks = {host: registered_result(task_vars, host, options["registered_as"]) for host in options["hosts"]}
        entries = {host: _entry(task) for host, task in tasks.items()}
        # A host without a plan takes no part in a wave: nobody knows what it needs.
        members = {host: tasks[host].get("member") for host, entry in entries.items() if entry["error"] is None}
        now = datetime.now(timezone.utc)
        try:
            waves = patch_waves(members, now=now, policy=options["waves"])
        except WindowError as error:
            raise ActionFail(f"waves: {error}") from error
        preview = preview_document(entries, waves, at=format_time(now), run_id=options["run_id"])
        say(f"\n{preview_table(preview)}\n")
        path = Path(options["report_dir"]) / "plan.json"
        write_json(path, preview)
        say(f"Saved: {path}\n")
        result.update(changed=False, plan_file=str(path), totals=preview["totals"], serial=preview["serial"])
        return result


def _entry(task):
    if task is not None and isinstance(task.get("plan"), dict):
        return task["plan"]
    return unplanned(failure_of(task) or "the host was never planned for in this run")
