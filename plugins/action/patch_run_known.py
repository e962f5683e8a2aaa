# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: what does the journal of a host know of a job? What happened after that, nobody has told yet."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import (
    ActionFail,
    as_unsafe,
    checked_options,
)
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_journal import journal_path, read_lines
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_known import (
    hooks_open,
    lost_entries,
    named_job,
    untold_job,
)

ARGUMENT_SPEC = {
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str"},
    "job": {"type": "str"},
    "jobs": {"type": "list", "elements": "dict"},
    "return_lines": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Return how many lines of the job are known, whether its end is, and until when it was read."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        if (options["job"] is None) == (options["jobs"] is None):
            raise ActionFail("job, jobs: give the id of one job, or the list of win_patch_job operation=list")
        host = str(task_vars["inventory_hostname"])
        lines = read_lines(journal_path(Path(options["report_dir"]), host))
        now = datetime.now(timezone.utc)
        one = options["job"]
        found = named_job(one, lines) if one is not None else untold_job(options["jobs"], lines, now=now)
        known = found.known
        told = {"job": found.job, "state": found.state, "sentence": found.sentence, "last_at": known.last_at}
        told["lost_entries"] = lost_entries(lines)
        told.update(lines=len(known.lines), ended=known.ended, since=known.told_until, read_at=known.read_at)
        if options["return_lines"]:
            told["job_lines"] = [dict(line) for line in known.in_order]
        return {**result, "changed": False, "hooks_open": hooks_open(lines), **as_unsafe(told)}
