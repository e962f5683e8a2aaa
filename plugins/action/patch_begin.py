# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: the first task of a run. A run that looks at no host is a failure, and every run has an id."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import ActionFail, checked_options
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import new_run_id, registered_result

ARGUMENT_SPEC = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "target": {"type": "str"},
    "limit": {"type": "str"},
    "run_id": {"type": "str"},
    "registered_as": {"type": "str", "required": True},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Return the id of the run: the given one, that of an earlier batch of the same play, or a new one."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        if not options["hosts"]:
            raise ActionFail(_nothing_found(options))
        # The first host of the play is in its first batch, whose id all later batches take over.
        first = next(iter(task_vars.get("ansible_play_hosts_all") or options["hosts"]))
        earlier = registered_result(task_vars, first, options["registered_as"]) or {}
        # A name may come again; then documents of an earlier run of that name must not count (see patch_fleet_report).
        result.update(
            changed=False,
            run_id=options["run_id"] or earlier.get("run_id") or new_run_id(),
            named=bool(options["run_id"]),
        )
        return result


def _nothing_found(options):
    target = options["target"] or "the target"
    limit = f" within --limit {options['limit']!r}" if options["limit"] else ""
    look = ", and that --limit leaves one of them" if limit else ""
    return (
        f"no host: {target!r}{limit} matches nothing in the inventory, so nothing was looked at. "
        f"Check patch_target for a typing mistake, that the group has hosts{look}"
    )
