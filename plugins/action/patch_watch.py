# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: one look at a job that a run follows; what is new in its journal is kept on the controller."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import (
    ActionFail,
    as_unsafe,
    checked_options,
)
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.modules import HostModules
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_watch import Watch, earlier_look, look
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.patch_job import job_kind

ARGUMENT_SPEC = {
    "id": {"type": "str", "required": True},
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "earlier": {"type": "dict", "default": {}},
    "follow_minutes": {"type": "float", "default": 720.0},
    "lost_minutes": {"type": "float", "default": 60.0},
    "reboot_wait_minutes": {"type": "float", "default": 60.0},
}


class ActionModule(ActionBase):
    """Looks once, and never waits."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Return how the job stands; a host that does not answer is told so, and fails the task by no means."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        if job_kind(options["id"]) is None:
            raise ActionFail(f"id: {options['id'][:80]!r} is no id of a job; win_patch_job operation=list shows them")
        earlier = earlier_look(options["earlier"], options["id"])
        result["changed"] = False
        if earlier.get("over") is True:
            # Whoever is done waits for the others: nothing is asked of its host.
            return {**as_unsafe(earlier), **result}
        watch = Watch(
            job=options["id"],
            host=str(task_vars["inventory_hostname"]),
            run_id=options["run_id"],
            report_dir=Path(options["report_dir"]),
            earlier=earlier,
            follow=timedelta(minutes=options["follow_minutes"]),
            lost=timedelta(minutes=options["lost_minutes"]),
            reboot_wait=timedelta(minutes=options["reboot_wait_minutes"]),
        )
        return {**result, **as_unsafe(look(HostModules(self, task_vars), watch))}
