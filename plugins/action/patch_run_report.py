# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: what came of a run for all its hosts, as fleet.json and as a table. No host is left out."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import ActionFail, checked_options, say
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import write_json
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import now_text
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_journal import append, journal_path
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_rows import names_outside, run_rows
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_fleet import run_fleet
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_lines import run_line
from ansible_collections.winops.patching.plugins.plugin_utils._report.run_table import run_table

ARGUMENT_SPEC = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "registered_as": {"type": "str", "required": True},
    "named": {"type": "bool", "default": False},
    "begun": {"type": "str"},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Write fleet.json, print the table, and return the path and the totals."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        folder, run_id = Path(options["report_dir"]), options["run_id"]
        rows = run_rows(
            task_vars,
            hosts=options["hosts"],
            report_dir=folder,
            run_id=run_id,
            registered_as=options["registered_as"],
            named=options["named"],
            begun=options["begun"],
        )
        fleet = run_fleet(rows, at=now_text(), run_id=run_id)
        # The table comes first: a folder that cannot be written to must not take it away.
        say(f"\n{run_table(fleet)}\n")
        path = folder / "fleet.json"
        write_json(path, fleet)
        say(f"Saved: {path}, with evidence/ and journal/ beside it\n")
        # Until here nobody has been told what the results say. A host without a journal has none.
        for path, host in ((journal_path(folder, host), host) for host in rows):
            if path.exists():
                append(path, [run_line(now_text(), run_id, host, "reported", {})])
        failed = [host for host, row in fleet["hosts"].items() if row["error"] is not None]
        result.update(changed=False, fleet_file=str(path), totals=fleet["totals"], failed_hosts=failed)
        outside = names_outside(task_vars, options["hosts"])
        if outside:
            raise ActionFail(outside)
        return result
