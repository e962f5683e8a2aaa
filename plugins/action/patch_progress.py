# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: tell how far all followed jobs are, and wait until the next look while one of them goes on."""

from __future__ import annotations

from datetime import datetime, timezone
from time import sleep

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import checked_options, say
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import registered_result
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_progress import pause, sweep

ARGUMENT_SPEC = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "registered_as": {"type": "str", "required": True},
    "seconds": {"type": "float", "default": 15.0},
    "earlier": {"type": "dict"},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Print what has changed, sleep where a job goes on, and return which do."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        at = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}"
        looks = {host: registered_result(task_vars, host, options["registered_as"]) for host in options["hosts"]}
        earlier = self._earlier(options, task_vars) or {}
        told = sweep(looks, at=at, earlier=earlier)
        sweeps = 1 + int(earlier.get("sweeps", 0))
        say(told.text)
        if told.running:
            sleep(pause(options["seconds"], sweeps))
        result.update(changed=False, going_on=bool(told.running), running=list(told.running), at=at, sweeps=sweeps)
        result["shown"] = dict(told.shown)
        return result

    def _earlier(self, options, task_vars):
        """What this task has registered at its last turn, unless it is given."""
        if options["earlier"] is not None:
            return options["earlier"]
        name = self._task.register
        host = str(task_vars["inventory_hostname"])
        return registered_result(task_vars, host, name) if isinstance(name, str) else None
