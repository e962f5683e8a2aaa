# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The door to a host's updates: brings a scan about, waits for it, and returns the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .core import ActionFail, checked_options
from .job_module import RefusedError
from .judging import judge
from .modules import HostModules
from .pending_question import SIGNAL_OPTIONS, Judging, judging_of, keep_evidence
from .preload import preload_client
from .scan_evidence import scan_warnings, with_scan
from .scan_job import JobGoesOnError, UnreadHostError
from .scan_reading import ScanEnd, ScanHost
from .scan_request import QUESTION_OPTIONS, WAITING_OPTIONS, ScanRequest, scan_request

preload_client()

SCAN_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        **SIGNAL_OPTIONS,
        **QUESTION_OPTIONS,
        **WAITING_OPTIONS,
        "unknown_is": {"type": "str", "choices": ["unknown", "fail"], "default": "unknown"},
    }
)


class ScanAction(ActionBase):
    """Asks one host for its updates."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the scan; one that is not complete is returned with its reasons, and warned of."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = checked_options(self, SCAN_OPTIONS)
        host = str(variables.get("inventory_hostname") or "")
        judging = judging_of({**options, "update_agent": "scan"}, host, self._find)
        hosts = variables.get("ansible_play_hosts_all") or [host]
        request = scan_request(options, host=host, hosts=hosts, policy=judging.policy)
        modules = HostModules(self, variables)
        result["changed"] = False
        try:
            result.update(self._scan(modules, request, judging, options))
        except RefusedError as refusal:
            result.update(failed=True, msg=str(refusal), reason=refusal.reason)
        except UnreadHostError as error:
            message = f"the host was reached, but it could not be read: {error}"
            result.update(failed=True, msg=message, error=message)
        except JobGoesOnError as error:
            result.update(unreachable=True, msg=str(error))
        return result

    def _scan(
        self, modules: HostModules, request: ScanRequest, judging: Judging, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        wanted = options["evidence"] != "none"
        end = ScanHost(modules, request).scan(judging.question.probes() if wanted else ())
        answer: dict[str, Any] = {"scan": end.scan, "clock_skew_seconds": modules.clock_skew_seconds}
        doubts: list[str] = []
        if wanted:
            document, doubts = _document(end, judging)
            verdict = judge(document, document["policy"], now=None, error=ActionFail)
            answer.update(keep_evidence(document, options, verdict))
        told = [*modules.told, *scan_warnings(end.scan), *doubts]
        if told:
            answer["warnings"] = told
        if options["unknown_is"] == "fail" and not end.scan["complete"]:
            answer.update(failed=True, msg=scan_warnings(end.scan)[-1])
        return answer

    def _find(self, name: str) -> str:
        find: Callable[[str, str], str] = self._find_needle
        return find("files", name)


def _document(end: ScanEnd, judging: Judging) -> tuple[dict[str, Any], list[str]]:
    document, _failure = judging.question.document(end.answer)
    document["policy"], doubts = judging.policy_for(document)
    return with_scan(document, end.scan), doubts
