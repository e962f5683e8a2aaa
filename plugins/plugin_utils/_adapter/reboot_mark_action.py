# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The way to a mark that a host needs a reboot: read, work out the steps, carry them out unless it is check mode."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.persistent import MOST_MARKS, is_mark
from .._evidence.update import kb_number
from .._evidence.wording import printable
from .._verdict.reboot_mark import MARK_PROBES, MarkError, MarkPlan, plan_persistent, plan_updates, plan_witness
from .asking import asker, read_document
from .core import ActionFail, checked_options
from .preload import preload_client

preload_client()

WRITER = "winops.patching.win_reboot_mark"
REBOOT_MARK_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "state": {"type": "str", "choices": ["marked", "cleared"], "default": "marked"},
        "source": {"type": "str", "choices": ["own", "windows_update"], "default": "own"},
        "reason": {"type": "str"},
        "file": {"type": "str"},
        "kb": {"type": "str"},
        "exit_code": {"type": "int"},
        "run_id": {"type": "str"},
        "update_ids": {"type": "list", "elements": "str", "default": []},
        "persistent": {"type": "dict"},
    }
)
_DETAILS: Mapping[str, str] = {"reason": "Reason", "file": "File", "kb": "Kb", "run_id": "RunId"}
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SIGNAL = re.compile(r"[a-z][a-z0-9_]{0,63}")
MAX_TEXT = 500
MAX_IDS = 200


class RebootMarkAction(ActionBase):
    """Reads once, writes at most once."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; where the keys cannot be read the task fails and nothing is written."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = _checked(checked_options(self, REBOOT_MARK_OPTIONS))
        probes = [{"id": name, **probe} for name, probe in MARK_PROBES.items()]
        host = str(variables.get("inventory_hostname") or "")
        document, failure = read_document(asker(self, variables), probes, host=host)
        if failure:
            return {**result, "failed": True, "msg": f"the host was reached, but it could not be read: {failure}"}
        try:
            plan = _plan(document, options)
        except MarkError as error:
            return {**result, "failed": True, "msg": printable(str(error))}
        written = self._write(plan, variables)
        result.update(changed=plan.changed, state=options["state"], kept=list(plan.kept), **written)
        if plan.kept:
            result["warnings"] = [f"{len(plan.kept)} update ids stay: Windows Update wrote them, not this module"]
        if self._task.diff:
            result["diff"] = {"before": _shown(plan.before), "after": _shown(plan.after)}
        return result

    def _write(self, plan: MarkPlan, variables: dict[str, Any]) -> dict[str, Any]:
        if not plan.changed or self._task.check_mode:
            return {}
        answer: Mapping[str, Any] = self._execute_module(
            module_name=WRITER, module_args={"steps": list(plan.steps)}, task_vars=variables
        )
        if answer.get("failed"):
            raise ActionFail(printable(str(answer.get("msg") or "the mark could not be written")[:MAX_TEXT]))
        return {}


def _plan(document: Mapping[str, Any], options: Mapping[str, Any]) -> MarkPlan:
    marked = options["state"] == "marked"
    if options["persistent"] is not None:
        return plan_persistent(document["probes"], options["persistent"])
    if options["source"] == "windows_update":
        return plan_updates(document["probes"], marked=marked, update_ids=options["update_ids"])
    details: dict[str, Any] = {name: options[option] for option, name in _DETAILS.items()}
    code = options["exit_code"]
    # The registry holds 32 bits: -2145124329 and 2149842967 are one code.
    details["ExitCode"] = None if code is None else code & 0xFFFFFFFF
    return plan_witness(document["probes"], marked=marked, details=details, marked_at=str(document["collected_at"]))


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    """The options with what they mean together; the task fails for what makes no sense."""
    if options["persistent"] is not None:
        return _checked_marks(options)
    updates = options["source"] == "windows_update"
    if options["update_ids"] and not updates:
        raise ActionFail("update_ids: go with source=windows_update only, which writes Windows Update's own key")
    if options["state"] == "marked" and updates and not options["update_ids"]:
        raise ActionFail("update_ids: source=windows_update needs the ids of the updates that wait for a reboot")
    if options["state"] == "marked" and not updates and not (options["reason"] or "").strip():
        raise ActionFail("reason: say in one line why the host needs a reboot")
    if len(options["update_ids"]) > MAX_IDS:
        raise ActionFail(f"update_ids: {len(options['update_ids'])} are more than {MAX_IDS}")
    wrong = [name for name in options["update_ids"] if not _GUID.fullmatch(name)]
    if wrong:
        raise ActionFail(f"update_ids: {wrong[0][:60]!r} is no id such as d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11")
    return {**options, **_texts(options)}


def _checked_marks(options: dict[str, Any]) -> dict[str, Any]:
    """Marks of signals stand for themselves: nothing else is written with them."""
    beside = [
        name for name, option in REBOOT_MARK_OPTIONS.items() if options[name] not in (None, option.get("default"))
    ]
    if [name for name in beside if name != "persistent"]:
        raise ActionFail("persistent: goes alone; it says which marks the host is to have, and {} that it has none")
    marks = options["persistent"]
    if len(marks) > MOST_MARKS:
        raise ActionFail(f"persistent: {len(marks)} are more than {MOST_MARKS}")
    for name, mark in marks.items():
        if not _SIGNAL.fullmatch(str(name)) or not is_mark(mark):
            raise ActionFail(
                f"persistent: {printable(str(name)[:60])!r} is no signal with its mark, a SHA-256 of 64 digits"
            )
    return options


def _texts(options: Mapping[str, Any]) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for option in _DETAILS:
        value = options[option]
        if value is not None and len(value) > MAX_TEXT:
            raise ActionFail(f"{option}: {len(value)} characters are more than {MAX_TEXT}")
        texts[option] = printable(value.strip()) or None if value else None
    if texts["kb"]:
        number = kb_number(texts["kb"])
        if number is None:
            raise ActionFail(f"kb: {texts['kb'][:60]!r} is no article such as KB5030216")
        texts["kb"] = f"KB{number}"
    code = options["exit_code"]
    if code is not None and not -(2**31) <= code < 2**32:
        raise ActionFail(f"exit_code: {code} is no exit code of Windows, which has 32 bits")
    return texts


def _shown(keys: Mapping[str, Mapping[str, Any]]) -> str:
    return json.dumps(keys, indent=1, sort_keys=True, default=str) + "\n"
