# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The way to the answer who else patches a host: one run of the reader, judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.preflight import probes_of_preflight
from .._evidence.times import TimeTextError, parse_time
from .._verdict.preflight import OWNERS, judge_preflight
from .core import ActionFail, checked_options
from .preload import preload_client
from .reader import READER, failure_of

preload_client()

PREFLIGHT_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"owner": {"type": "str", "choices": list(OWNERS), "default": "exclusive"}, "until": {"type": "str"}}
)


class PreflightAction(ActionBase):
    """Asks one host once."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the findings; a host that could not be read at all fails the task, and its answer is unknown."""
        del tmp
        result: dict[str, Any] = super().run(None, task_vars)
        options = checked_options(self, PREFLIGHT_OPTIONS)
        until = _until(options["until"])
        answer: Mapping[str, Any] = self._execute_module(
            module_name=READER, module_args={"probes": probes_of_preflight()}, task_vars=task_vars or {}
        )
        failure = failure_of(answer)
        probes = answer.get("probes")
        if not failure and not isinstance(probes, Mapping):
            failure = "its answer is damaged"
        told = {"warnings": list(answer["warnings"])} if answer.get("warnings") else {}
        result.update(changed=False, **told)
        if failure or not isinstance(probes, Mapping):
            message = f"the host was reached, but it could not be read: {failure}"
            result.update(failed=True, msg=message, error=message, stops="unknown", stops_run=True)
            result.update(owner=options["owner"], findings=[])
            return result
        result.update(judge_preflight(probes, owner=options["owner"], until=until).as_dict())
        return result


def _until(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        return parse_time(given)
    except TimeTextError as error:
        raise ActionFail(f"until: {error}") from None
