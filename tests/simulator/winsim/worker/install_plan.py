# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The plan of an installation as its worker reads it. All times are the host's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..agent import services
from .steps import StepError, refused_as

IF_REQUIRED: Final = "if_required"


@dataclass(frozen=True, slots=True)
class RebootPlan:
    """Any mode but `if_required` means never."""

    mode: str
    not_before: datetime | None
    deadline: datetime | None
    reserve_seconds: float
    most: int
    warn_seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """`deadline` None: windows do not apply. `updates` are the plan's own maps, each with an id."""

    updates: list[dict[str, Any]]
    phases: list[str]
    source: dict[str, Any]
    not_before: datetime | None
    start_before: datetime | None
    deadline: datetime | None
    reserve_seconds: float
    min_free_mb: float
    busy_wait_seconds: float
    reboot: RebootPlan

    def source_asked(self) -> tuple[str, str | None]:
        """Selection and id of the service. Raises StepError."""
        word = str(self.source.get("server_selection") or "default")
        if word not in services.SELECTIONS:
            raise _bad(f"there is no server_selection '{word}'")
        service_id = {"microsoft_update": services.MICROSOFT_UPDATE, "service": self.source.get("service_id")}.get(word)
        if word == "service" and not service_id:
            raise _bad("server_selection service needs a service_id")
        return word, service_id


def read_plan(plan: Mapping[str, Any]) -> InstallPlan:
    """Raises StepError."""
    if plan.get("updates") is None or plan.get("phases") is None:
        raise _bad("the plan of an installation needs updates and phases")
    if not all(update.get("id") for update in plan["updates"]):
        raise _bad("an update of the plan has no id")
    if len({str(update["id"]).lower() for update in plan["updates"]}) != len(plan["updates"]):
        raise _bad("an update stands in the plan twice")
    return InstallPlan(
        updates=list(plan["updates"]),
        phases=list(plan["phases"]),
        source=dict(plan.get("source") or {}),
        not_before=_time(plan, "not_before"),
        start_before=_time(plan, "start_before"),
        deadline=_time(plan, "deadline"),
        reserve_seconds=_number(plan, "reserve_minutes", 15) * 60,
        min_free_mb=_number(plan, "min_free_mb", 0),
        busy_wait_seconds=_number(plan, "busy_wait_minutes", 30) * 60,
        reboot=_reboot(plan.get("reboot") or {}),
    )


def _reboot(words: Mapping[str, Any]) -> RebootPlan:
    return RebootPlan(
        mode=str(words.get("mode")),
        not_before=_time(words, "not_before"),
        deadline=_time(words, "deadline"),
        reserve_seconds=_number(words, "reserve_minutes", 15) * 60,
        most=int(_number(words, "max_reboots", 2)),
        warn_seconds=_number(words, "warn_seconds", 300),
        message=str(words.get("message") or ""),
    )


def run_seconds(update: Mapping[str, Any]) -> float:
    """How long the plan says that an update takes at most."""
    return _number(update, "run_minutes", 60) * 60


def _number(words: Mapping[str, Any], name: str, default: float) -> float:
    value = words.get(name)
    return default if value is None else float(value)


def _time(words: Mapping[str, Any], name: str) -> datetime | None:
    value = words.get(name)
    if not value:
        return None
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise _bad(f"{name} is no time: '{value}'") from None


def _bad(message: str) -> StepError:
    return refused_as("starting", "bad_plan", message)
