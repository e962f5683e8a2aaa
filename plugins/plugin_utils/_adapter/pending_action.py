# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The common part of the doors that ask a host for its signals: validate, read once, judge, return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._verdict.reboot import Verdict
from .compliance import judge_host
from .core import ActionFail, checked_options, line_losses
from .install_reading import lost_text
from .judging import judge
from .modules import HostModules
from .pending_question import SIGNAL_OPTIONS, Judging, judging_of, keep_evidence
from .preload import preload_client
from .reader import ask_host
from .reboot_result import verdict_fact, verdict_result
from .scan_evidence import HostReading, read_with_scan
from .scan_job import JobGoesOnError
from .scan_request import scan_request

preload_client()

PENDING_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        **SIGNAL_OPTIONS,
        "update_agent": {"type": "str", "choices": ["auto", "skip", "scan"], "default": "auto"},
        "unknown_is": {"type": "str", "choices": ["unknown", "required", "fail"], "default": "unknown"},
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
        """Return the verdict as a fact, and how the host's updates stand where it was scanned."""
        scan = self.document.get("scan")
        if scan is None:
            return verdict_fact(self.verdict, self.document)
        found = judge_host(scan, self.document, self.document["policy"], "winops", None)
        updates = {state: count for state, count in found["counts"].items() if count}
        reasons = [{"reason": entry["reason"], "count": entry["count"]} for entry in found["reasons"]]
        return verdict_fact(self.verdict, self.document, machine=found["machine"], updates=updates, reasons=reasons)


class PendingAction(ActionBase):
    """Runs the reader once; subclasses say what is returned of the reading."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    spec: Mapping[str, Mapping[str, Any]] = PENDING_OPTIONS

    def answer(self, reading: PendingReading) -> dict[str, Any]:
        """Return what the door is called for."""
        raise NotImplementedError

    def look_further(
        self, document: dict[str, Any], options: Mapping[str, Any], variables: dict[str, Any]
    ) -> dict[str, Any]:
        """Return what else the door is asked for; what it reads for that it adds to the document."""
        return {}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; an unreadable host fails it, with the verdict `unknown` beside the reason."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = checked_options(self, self.spec)
        host = str(variables.get("inventory_hostname") or "")
        judging = judging_of(
            options, host, self._find, unknown_is="required" if options["unknown_is"] == "required" else None
        )
        modules = HostModules(self, variables)
        judging.question.probes()  # what must not be sent is told now, and not as a host that does not answer
        try:
            found = self._read(judging, modules, variables, scan=options["update_agent"] == "scan")
        except JobGoesOnError as error:
            return {**result, "changed": False, "unreachable": True, "msg": str(error)}
        except line_losses() as error:
            if options.get("lost_host") != "report":
                raise
            return {**result, "changed": False, "lost": True, "msg": lost_text(error)}
        # The document says under which policy it was judged, so that a report of many hosts judges each by its own.
        policy, doubts = judging.policy_for(found.document)
        found.document["policy"] = policy
        reading = PendingReading(found.document, judge(found.document, policy, now=None, error=ActionFail))
        further = self.look_further(found.document, options, variables)
        result.update(changed=False, clock_skew_seconds=modules.clock_skew_seconds, **self.answer(reading), **further)
        result.update(keep_evidence(found.document, options, reading.verdict))
        told = [*modules.told, *found.warnings, *doubts]
        result.update(_ending(reading.verdict, found.failure, options["unknown_is"], told))
        return result

    def _find(self, name: str) -> str:
        find: Callable[[str, str], str] = self._find_needle
        return find("files", name)

    def _read(self, judging: Judging, modules: HostModules, variables: Mapping[str, Any], *, scan: bool) -> HostReading:
        question = judging.question
        if not scan:
            return HostReading(*ask_host(modules.run, question))
        hosts = variables.get("ansible_play_hosts_all") or [question.host]
        options = {"run_id": question.run_id}
        return read_with_scan(
            modules, scan_request(options, host=question.host, hosts=hosts, policy=judging.policy), question
        )


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
