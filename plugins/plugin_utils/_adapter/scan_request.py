# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a scan is asked for, from the options of a task: checked before a host hears of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from .._evidence.scan_criteria import DEFAULT_CRITERIA, CriteriaError, check_criteria
from .._evidence.scan_question import ATTEMPTS, ONLINE_WORDS, SELECTIONS, delay_of
from .._evidence.times import TimeTextError, parse_duration
from .._verdict.compliance.file_rules import FileRule, parse_file_rules
from .._verdict.policy import PolicyError
from .core import ActionFail

MAX_HISTORY = 10_000
MAX_JITTER = timedelta(minutes=5)
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LOCAL_PATH = re.compile(r"[A-Za-z]:\\[^*?\"<>|]+")

QUESTION_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "criteria": {"type": "str"},
        "server_selection": {"type": "str", "choices": list(SELECTIONS), "default": "default"},
        "service_id": {"type": "str"},
        "scan_cab": {"type": "str"},
        "catalog_max_age": {"type": "str"},
        "online": {"type": "str", "choices": list(ONLINE_WORDS), "default": "auto"},
        "history": {"type": "int", "default": 200},
        "jitter": {"type": "str"},
    }
)
WAITING_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "file_rules": {"type": "list", "elements": "dict"},
        "max_age": {"type": "str", "default": "22h"},
        "refresh": {"type": "bool", "default": False},
        "timeout": {"type": "str", "default": "2h"},
        "poll": {"type": "int"},
    }
)
_DEFAULTS = {
    name: option.get("default") for spec in (QUESTION_OPTIONS, WAITING_OPTIONS) for name, option in spec.items()
}


@dataclass(frozen=True)
class ScanRequest:
    """What one host is asked, and how long the task waits for it. ``poll`` None: pauses grow by themselves."""

    host: str
    asked: Mapping[str, Any]
    delay_seconds: int = 0
    run_id: str | None = None
    rules: tuple[FileRule, ...] = ()
    max_age: timedelta = timedelta(hours=22)
    refresh: bool = False
    timeout: timedelta = timedelta(hours=2)
    poll: int | None = None


def scan_question(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan's block ``scan``; the task fails with the option named."""
    criteria = (options["criteria"] or DEFAULT_CRITERIA).strip()
    try:
        check_criteria(criteria)
    except CriteriaError as error:
        raise ActionFail(f"criteria: {error}") from None
    history = options["history"]
    if not 0 <= history <= MAX_HISTORY:
        raise ActionFail(f"history: must be a number from 0 to {MAX_HISTORY}, not {history}")
    return {
        "criteria": criteria,
        "server_selection": options["server_selection"],
        "service_id": _service_id(options),
        "scan_cab": _scan_cab(options),
        "catalog_max_age_days": _catalog_days(options),
        "online": options["online"],
        "history": history,
        "attempts": ATTEMPTS,
    }


def _service_id(options: Mapping[str, Any]) -> str | None:
    given: str | None = options["service_id"]
    if (given is not None) != (options["server_selection"] == "service"):
        raise ActionFail("service_id: goes with server_selection=service, and only with it")
    if given is not None and not _GUID.fullmatch(given.strip("{} ")):
        raise ActionFail(f"service_id: {given[:60]!r} is no id such as 7971f918-a847-4430-9279-4a52d1efe18d")
    return given.strip("{} ").lower() if given else None


def _scan_cab(options: Mapping[str, Any]) -> str | None:
    given: str | None = options["scan_cab"]
    if given is None:
        return None
    if not _LOCAL_PATH.fullmatch(given):
        raise ActionFail(
            f"scan_cab: {given[:80]!r} is no local path of the host such as C:\\Windows\\Temp\\wsusscn2.cab; "
            "the update agent does not read from a share, so copy the file there first"
        )
    if options["server_selection"] != "default":
        raise ActionFail("scan_cab: an offline catalogue is a source of its own; leave server_selection out")
    return given


def _catalog_days(options: Mapping[str, Any]) -> int | None:
    if options["catalog_max_age"] is None:
        return None
    if options["scan_cab"] is None:
        raise ActionFail("catalog_max_age: goes with scan_cab, and only with it")
    age = duration_of("catalog_max_age", options["catalog_max_age"])
    if age < timedelta(days=1) or age % timedelta(days=1):
        raise ActionFail("catalog_max_age: must be whole days such as 40d")
    return age.days


def duration_of(name: str, value: object) -> timedelta:
    """Return an option's duration; the task fails with the option named."""
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    try:
        return parse_duration(value)
    except TimeTextError as error:
        raise ActionFail(f"{name}: {error}") from None


def delay_seconds(options: Mapping[str, Any], host: str, hosts: Sequence[str]) -> int:
    """Return how long the host waits before it scans; without the option, one second for each host of the play."""
    given = options["jitter"]
    span = min(timedelta(seconds=len(hosts)), MAX_JITTER) if given is None else duration_of("jitter", given)
    if span > MAX_JITTER:
        raise ActionFail("jitter: at most 5m; longer waits belong into the schedule of the run")
    return delay_of(host, span)


def scan_request(
    options: Mapping[str, Any], *, host: str, hosts: Sequence[str], policy: Mapping[str, Any] | None = None
) -> ScanRequest:
    """Return the request of a task's options; those that a door does not have take their defaults.

    Without an own list of ``file_rules`` those of the policy are looked at.
    """
    given = {**_DEFAULTS, **options}
    rules, where = given["file_rules"], "file_rules"
    if rules is None and policy:
        rules, where = policy.get("file_rules"), "policy.file_rules"
    try:
        parsed = parse_file_rules(rules, where) if rules else ()
    except PolicyError as error:
        raise ActionFail(str(error)) from None
    if given["poll"] is not None and not 1 <= given["poll"] <= 3600:
        raise ActionFail(f"poll: must be a number of seconds from 1 to 3600, not {given['poll']}")
    return ScanRequest(
        host=host,
        asked=scan_question(given),
        delay_seconds=delay_seconds(given, host, hosts),
        run_id=given.get("run_id"),
        rules=parsed,
        max_age=duration_of("max_age", given["max_age"]),
        refresh=given["refresh"],
        timeout=duration_of("timeout", given["timeout"]),
        poll=given["poll"],
    )
