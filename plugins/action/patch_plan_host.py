# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: what would a patch run install on this host, and when? From the host's document of this run."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import as_unsafe, checked_options
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.preview import entry_of_host

ARGUMENT_SPEC = {
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "registered_as": {"type": "str", "required": True},
    "windows": {"type": "raw"},
    "no_windows": {"type": "str", "choices": ["closed", "open"]},
    "clock": {"type": "str", "choices": ["controller", "host"], "default": "controller"},
    "order": {"type": "str", "choices": ["shortest", "severity", "servicing_stack_first", "given"]},
    "policy": {"type": "dict", "default": {}},
    "member": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Return the host's entry of the preview, and what it brings to the waves."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        own = {key: options[key] for key in ("windows", "no_windows", "order")}
        policy = {**options["policy"], **{key: value for key, value in own.items() if value}}
        entry = entry_of_host(
            task_vars,
            str(task_vars["inventory_hostname"]),
            evidence_dir=Path(options["report_dir"]) / "evidence",
            run_id=options["run_id"],
            registered_as=options["registered_as"],
            clock=options["clock"],
            policy=policy,
        )
        result.update(changed=False, plan=as_unsafe(entry), member=_member(options["member"], policy))
        return result


def _member(given, policy):
    """Return what the waves have to know of the host. Without windows it is held, as its plan is closed."""
    member = {key: value for key, value in given.items() if value is not None}
    if policy.get("windows_apply") is False:
        return member
    windows = policy.get("windows") or ([] if policy.get("no_windows", "closed") == "closed" else None)
    return member if windows is None else {**member, "windows": windows}
