# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: the reader itself, with its probes checked before anything is sent to a host."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import ActionFail, checked_options
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.preload import preload_client
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reader import READER
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import ProbeError, validate_probes

preload_client()

ARGUMENT_SPEC = {
    "probes": {"type": "list", "elements": "dict", "required": True},
    "time_limit": {"type": "int", "default": 120},
}


class ActionModule(ActionBase):
    """Checks the probes and hands them on."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Return what the reader answered."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        try:
            probes = validate_probes(options["probes"])
        except ProbeError as error:
            raise ActionFail(str(error)) from error
        arguments = {"probes": probes, "time_limit": options["time_limit"]}
        result.update(self._execute_module(module_name=READER, module_args=arguments, task_vars=task_vars))
        return result
