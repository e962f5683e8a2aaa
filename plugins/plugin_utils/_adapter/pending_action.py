# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The common part of the doors that ask a host for its signals: validate, read once, judge, return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._verdict.reboot import Verdict
from .core import ActionFail, checked_options
from .files import host_file_name, write_json
from .judging import judge, merged_policy
from .preload import preload_client
from .reader import chosen_signals, read_host
from .reboot_result import verdict_fact, verdict_result
from .rule_files import load_custom_signals, load_rename_rules

preload_client()

PENDING_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "signals": {"type": "list", "elements": "str"},
        "skip": {"type": "list", "elements": "str"},
        "custom_signals": {"type": "list", "elements": "raw"},
        "rename_rules": {"type": "list", "elements": "raw"},
        "policy": {"type": "dict"},
        "update_agent": {"type": "str", "choices": ["auto", "skip"], "default": "auto"},
        "evidence": {"type": "str", "choices": ["none", "return", "file"], "default": "none"},
        "evidence_dir": {"type": "path"},
        "since": {"type": "bool", "default": False},
        "unknown_is": {"type": "str", "choices": ["unknown", "required", "fail"], "default": "unknown"},
        "run_id": {"type": "str"},
    }
)


@dataclass(frozen=True)
class PendingReading:
    """One host's evidence and verdict, as a door returns them."""

    document: Mapping[str, Any]
    verdict: Verdict

    def result(self) -> dict[str, Any]:
        """Return the verdict as a module result."""
        return verdict_result(self.verdict, self.document)

    def fact(self) -> dict[str, Any]:
        """Return the verdict as a fact."""
        return verdict_fact(self.verdict, self.document)


class PendingAction(ActionBase):
    """Runs the reader once; subclasses say what is returned of the reading."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def answer(self, reading: PendingReading) -> dict[str, Any]:
        """Return what the door is called for."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; an unreadable host fails it, with the verdict `unknown` beside the reason."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = self._options()
        own, parsed = load_custom_signals(options["custom_signals"], self._find)
        names = [signal.definition.id for signal in parsed]
        signals = chosen_signals(options["signals"], options["skip"], options["update_agent"], custom=names)
        policy = merged_policy(
            options["policy"],
            error=ActionFail,
            custom=frozenset(names),
            rename_rules=load_rename_rules(options["rename_rules"], self._find),
            unknown_is="required" if options["unknown_is"] == "required" else None,
        )
        host = str(variables.get("inventory_hostname") or "")
        told: list[Any] = []
        document, failure = read_host(
            lambda name, arguments: self._execute(name, arguments, variables, told),
            host=host,
            signals=signals,
            since=options["since"],
            run_id=options["run_id"],
            custom_signals=own,
        )
        # The document says under which policy it was judged, so that a report of many hosts judges each by its own.
        document["policy"] = policy
        reading = PendingReading(document, judge(document, policy, now=None, error=ActionFail))
        result.update(changed=False, **self.answer(reading))
        result.update(self._evidence(reading, options, host))
        result.update(_ending(reading.verdict, failure, options["unknown_is"], told))
        return result

    def _options(self) -> dict[str, Any]:
        options = checked_options(self, PENDING_OPTIONS)
        if options["evidence"] == "file" and not options["evidence_dir"]:
            raise ActionFail("evidence_dir: evidence=file needs the folder to write to")
        return options

    def _find(self, name: str) -> str:
        find: Callable[[str, str], str] = self._find_needle
        return find("files", name)

    def _execute(
        self, name: str, arguments: Mapping[str, Any], variables: dict[str, Any], told: list[Any]
    ) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._execute_module(
            module_name=name, module_args=dict(arguments), task_vars=variables
        )
        told.extend(answer.get("warnings") or ())
        return answer

    def _evidence(self, reading: PendingReading, options: Mapping[str, Any], host: str) -> dict[str, Any]:
        if options["evidence"] == "return":
            return {"evidence": reading.document, "signals": [signal.as_dict() for signal in reading.verdict.signals]}
        if options["evidence"] == "file":
            path = Path(options["evidence_dir"]) / f"{host_file_name(host)}.json"
            write_json(path, reading.document)
            return {"evidence_file": str(path)}
        return {}


def _ending(verdict: Verdict, failure: str | None, unknown_is: str, told: list[Any]) -> dict[str, Any]:
    """Return how the task ends, with what ansible-core had to warn of the reader's output."""
    ending: dict[str, Any] = {"warnings": told} if told else {}
    if failure:
        message = f"the host was reached, but it could not be read: {failure}"
        return {**ending, "failed": True, "msg": message, "error": message}
    if verdict.reboot != "unknown":
        return ending
    if unknown_is == "fail":
        return {**ending, "failed": True, "msg": verdict.sentence}
    return {"warnings": [*told, f"there is no yes and no no: {verdict.sentence}"]}
