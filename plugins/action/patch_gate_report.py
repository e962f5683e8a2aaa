# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: may this go on? Judges every host, writes gate.json and junit.xml, and shows who does not pass and why."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.beginning import no_batch_waits
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.core import ActionFail, checked_options, say
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import write_json, write_text
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.gate_judging import Gate
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.gate_rows import (
    boot_times_before,
    rows_of_facts,
    rows_of_folder,
    rows_of_this_run,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import (
    TimeTextError,
    format_time,
    parse_duration,
    parse_time,
)
from ansible_collections.winops.patching.plugins.plugin_utils._report.gate import QUESTIONS, REASONS, gate_document
from ansible_collections.winops.patching.plugins.plugin_utils._report.gate_table import (
    gate_sentences,
    gate_summary,
    gate_table,
)
from ansible_collections.winops.patching.plugins.plugin_utils._report.junit import junit_xml
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.judges import JUDGES, JudgeError
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError

ARGUMENT_SPEC = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "report_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "begun_as": {"type": "str"},
    "registered_as": {"type": "str"},
    "named": {"type": "bool", "default": False},
    "for": {"type": "str", "choices": list(QUESTIONS), "default": "compliance"},
    "from": {"type": "str", "choices": ["live", "facts", "evidence"], "default": "live"},
    "evidence_dir": {"type": "path"},
    "policy": {"type": "dict"},
    "judge": {"type": "str", "choices": list(JUDGES), "default": "winops"},
    "allow": {"type": "list", "elements": "str", "choices": list(REASONS), "default": []},
    "now": {"type": "str"},
    "max_age": {"type": "str"},
    "before": {"type": "path"},
}


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Judge the hosts, write both files, print the table and the reasons; return whether the gate is open."""
        del tmp
        result = super().run(None, task_vars)
        options = checked_options(self, ARGUMENT_SPEC)
        folder = Path(options["report_dir"])
        gate = _gate(options, folder)
        try:
            rows = _rows(gate, options, task_vars, folder)
        except (PolicyError, JudgeError) as error:
            raise ActionFail(str(error)) from error
        document = gate_document(
            rows,
            at=gate.at,
            run_id=options["run_id"],
            question=gate.question,
            source=options["from"],
            allow=options["allow"],
        )
        summary = gate_summary(document)
        say("\n\n".join(part for part in ("", gate_table(document), gate_sentences(document), summary, "") if part))
        write_json(folder / "gate.json", document)
        write_text(folder / "junit.xml", junit_xml(document))
        say(f"Saved: {folder / 'gate.json'} and {folder / 'junit.xml'}\n")
        result.update(
            changed=False,
            passed=document["passed"],
            last_batch=no_batch_waits(task_vars, options["begun_as"]),
            summary=summary,
            gate_file=str(folder / "gate.json"),
            junit_file=str(folder / "junit.xml"),
            totals=document["totals"],
        )
        return result


def _gate(options, folder):
    before = options["before"]
    done = options["for"] == "reboot_done"
    return Gate(
        question=options["for"],
        policy=options["policy"] or {},
        at=datetime.now(timezone.utc),
        judge=options["judge"],
        allow=options["allow"],
        now=_read("now", parse_time, options["now"], format_time),
        max_age=_read("max_age", parse_duration, options["max_age"]),
        before=boot_times_before(Path(before) if before else None, folder / "gate.json") if done else {},
    )


def _read(name, reader, text, shown=lambda value: value):
    try:
        return shown(reader(text)) if text else None
    except TimeTextError as error:
        raise ActionFail(f"{name}: {error}") from error


def _rows(gate, options, task_vars, folder):
    if options["from"] == "facts":
        return rows_of_facts(gate, task_vars, hosts=options["hosts"])
    if options["from"] == "evidence":
        if not options["evidence_dir"]:
            raise ActionFail("evidence_dir: from=evidence needs the folder that holds the saved evidence")
        return rows_of_folder(gate, Path(options["evidence_dir"]), hosts=options["hosts"])
    if not options["registered_as"]:
        raise ActionFail(
            "registered_as: from=live needs the name under which the reading task has registered its result"
        )
    return rows_of_this_run(
        gate,
        task_vars,
        hosts=options["hosts"],
        evidence_dir=folder / "evidence",
        run_id=options["run_id"],
        registered_as=options["registered_as"],
        named=options["named"],
    )
