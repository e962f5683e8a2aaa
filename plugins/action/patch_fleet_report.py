# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: the documents of this run, merged into one fleet document and shown as a table. No host is left out."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import ActionFail, checked_options, say
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import write_json
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import collect_rows, now_text
from ansible_collections.winops.patching.plugins.plugin_utils._report.fleet import fleet_document
from ansible_collections.winops.patching.plugins.plugin_utils._report.table import fleet_table

ARGUMENT_SPEC = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "registered_as": {"type": "str", "required": True},
    "named": {"type": "bool", "default": False},
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
        folder = Path(options["report_dir"])
        rows = collect_rows(
            task_vars,
            hosts=options["hosts"],
            evidence_dir=folder / "evidence",
            run_id=options["run_id"],
            registered_as=options["registered_as"],
            named=options["named"],
        )
        fleet = fleet_document(rows, at=now_text(), run_id=options["run_id"])
        path = folder / "fleet.json"
        # The table comes first: a folder that cannot be written to must not take it away.
        say(f"\n{fleet_table(fleet)}\n")
        write_json(path, fleet)
        say(f"Saved: {path} and {folder / 'evidence'}\n")
        result.update(changed=False, fleet_file=str(path), totals=fleet["totals"])
        outside = sorted(set(options["hosts"]) - set(task_vars.get("ansible_play_hosts_all") or options["hosts"]))
        if outside:
            raise ActionFail(
                f"the play could not take in {', '.join(repr(name) for name in outside[:5])}: such names do not work "
                "in a host pattern; rename them in the inventory"
            )
        return result
