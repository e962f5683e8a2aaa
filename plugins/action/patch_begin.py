# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: the first task of a run. A run that looks at no host is a failure, and every run has an id."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.beginning import (
    begun_in_this_play,
    new_beginning,
)
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import ActionFail, checked_options
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import set_aside
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.preload import preload_templates
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import new_run_id
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.saved_documents import holds_a_document

# It is the first task of every run.
preload_templates()

ARGUMENT_SPEC = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "target": {"type": "str"},
    "limit": {"type": "str"},
    "run_id": {"type": "str"},
    "registered_as": {"type": "str", "required": True},
    "evidence_dir": {"type": "path"},
    "reports": {"type": "list", "elements": "path", "default": []},
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
        earlier = begun_in_this_play(task_vars, options["registered_as"])
        if earlier is None:
            # First of all: whatever stops this run from now on, no older report can be taken for its answer.
            for report in options["reports"]:
                set_aside(Path(report))
        _look_for_something(options)
        # A name may come again; then documents of an earlier run of that name must not count (see patch_fleet_report).
        result.update(
            changed=False,
            run_id=options["run_id"] or (earlier["run_id"] if earlier else new_run_id()),
            named=bool(options["run_id"]),
            begun=earlier["begun"] if earlier else new_beginning(task_vars),
        )
        return result


def _look_for_something(options):
    folder = options["evidence_dir"]
    if folder and not holds_a_document(Path(folder)):
        raise ActionFail(
            f"no evidence: {folder} holds no document that a run has saved, so nothing was looked at. "
            "Check patch_evidence_dir for a typing mistake"
        )
    if not folder and not options["hosts"]:
        raise ActionFail(_nothing_found(options))


def _nothing_found(options):
    target = options["target"] or "the target"
    limit = f" within --limit {options['limit']!r}" if options["limit"] else ""
    look = ", and that --limit leaves one of them" if limit else ""
    return (
        f"no host: {target!r}{limit} matches nothing in the inventory, so nothing was looked at. "
        f"Check patch_target for a typing mistake, that the group has hosts{look}"
    )
