# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A job of the kind `scan`: asks the agent, with patience, and writes down what it said."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Final

from ..agent import services
from ..agent.lines import (
    INSTALLER_FLAGS,
    history_lines,
    installer_flag,
    installer_warnings,
    unreadable_warnings,
    update_line,
)
from ..agent.search import OFFLINE_NAME, OFFLINE_SERVICE, Found, Request, search, search_takes
from ..clock import stamp
from . import places, traces
from .catalog import checked_catalog
from .patience import Patience, search_patiently
from .run import KilledError, Steps, WorkerRun
from .steps import refused_as, step
from .system import boot_stamp

READS_HISTORY: Final = 1.0
READS_UPDATES: Final = 2.0


@dataclass(slots=True)
class Asked:
    """The plan's scan block, and what came of it on the way."""

    plan: dict[str, Any]
    word: str
    service_id: str | None
    catalog: str | None = None
    dates: dict[str, Any] = field(default_factory=lambda: {"catalog_date": None, "catalog_file_date": None})
    errors: list[dict[str, Any]] = field(default_factory=list)

    def request(self, *, online: bool) -> Request:
        return Request(self.plan["criteria"], self.word, self.service_id, online, self.catalog)


def scan(run: WorkerRun) -> Steps:
    """Raises StopAskedError, StepError, KilledError."""
    asked = _asked(run.plan["scan"])
    delay = run.plan.get("delay_seconds") or 0
    if delay > 0:
        run.say("scanning", step="waiting", seconds=delay)
        yield from run.sleep(delay)
    if asked.plan.get("scan_cab"):
        _add_catalog(run, asked)
    found, online = yield from _search_updates(run, asked)
    scanned_at = stamp(run.at)
    run.say("scanning", step="found", updates=len(found.updates), result_code=found.result_code)
    yield READS_HISTORY
    history = history_lines(services.agent_of(run.host), int(asked.plan.get("history") or 0))
    run.say("scanning", step="history", entries=len(history))
    yield READS_UPDATES
    if found.updates or history:
        run.may_go_on()
    _write_result(run, _header(run, asked, found, scanned_at, online=online), found, history)
    _write_last_scan(run, asked, found, scanned_at)


def _asked(plan: dict[str, Any]) -> Asked:
    if not plan.get("criteria"):
        raise refused_as("starting", "bad_plan", "the plan of a scan needs scan.criteria")
    word = str(plan.get("server_selection") or "default")
    if word not in services.SELECTIONS:
        raise refused_as("starting", "bad_plan", f"there is no server_selection '{word}'")
    service_id = {"microsoft_update": services.MICROSOFT_UPDATE, "service": plan.get("service_id")}.get(word)
    if word == "service" and not service_id:
        raise refused_as("starting", "bad_plan", "server_selection service needs a service_id")
    return Asked(plan, word, service_id)


def _add_catalog(run: WorkerRun, asked: Asked) -> None:
    """From here on the search goes to the offline catalog."""
    asked.dates = checked_catalog(run, asked.plan)
    asked.word, asked.service_id, asked.catalog = "service", OFFLINE_SERVICE, asked.plan["scan_cab"]


def _search_updates(run: WorkerRun, asked: Asked) -> Generator[float, None, tuple[Found, bool]]:
    """What was found, and whether online. The local store says less, which `errors` tells."""
    said = "true" if asked.catalog is not None else asked.plan.get("online", "auto")
    patience = Patience("scanning", asked.plan.get("attempts"), said)
    with step("searching"):
        found, online = yield from search_patiently(
            run, patience, lambda attempt, online: _search_once(run, asked, attempt, online=online)
        )
    asked.errors.extend(patience.errors)
    return found, online


def _search_once(run: WorkerRun, asked: Asked, attempt: int, *, online: bool) -> Generator[float, None, Found]:
    """A search cannot be stopped."""
    run.may_go_on()
    request = asked.request(online=online)
    run.say(
        "scanning",
        step="searching",
        attempt=attempt,
        criteria=request.criteria,
        server_selection=request.selection,
        service_id=request.service_id,
        online=online,
    )
    yield search_takes(run.host, request)
    agent = run.host.update_agent
    if agent is not None and agent.search_kills_worker:
        raise KilledError
    return search(run.host, request)


def _header(run: WorkerRun, asked: Asked, found: Found, scanned_at: str, *, online: bool) -> dict[str, Any]:
    agent = services.agent_of(run.host)
    return {
        "line": "scan",
        "scanned_at": scanned_at,
        "online": online,
        "result_code": found.result_code,
        "server_selection": asked.word,
        "service_id": found.source.service_id,
        "service_name": OFFLINE_NAME if asked.catalog else found.source.name,
        "service_managed": found.source.managed,
        "service_server": found.source.server,
        **asked.dates,
        "agent_version": agent.version or f"10.0.{run.host.os.build}",
        "reboot_required": agent.reboot_required,
        **{word: installer_flag(agent, word) for word in INSTALLER_FLAGS},
        "warnings": found.warnings + installer_warnings(agent) + unreadable_warnings(found.updates),
        "errors": asked.errors,
    }


def _write_result(run: WorkerRun, header: dict[str, Any], found: Found, history: list[dict[str, Any]]) -> None:
    language = services.agent_of(run.host).language
    updates = [update_line(update, language) for update in found.updates]
    end = {"line": "end", "updates": len(updates), "history": len(history)}
    document = [header, *updates, *history, end]
    run.write("result.jsonl", "".join(traces.one_line(line) + "\n" for line in document))


def _write_last_scan(run: WorkerRun, asked: Asked, found: Found, scanned_at: str) -> None:
    """What the next run may use instead of a new scan."""
    known = not any("reboot_required" in update.get("unreadable", ()) for update in found.updates)
    waiting = [str(update["id"]).lower() for update in found.updates if update.get("reboot_required")]
    document = {
        "id": run.job,
        "scanned_at": scanned_at,
        "reboot_required": services.agent_of(run.host).reboot_required,
        "updates_pending_reboot": waiting if known else None,
        "asked": asked.plan,
        "updates": len(found.updates),
        "boot_time": boot_stamp(run.host),
        "complete": not asked.errors,
    }
    traces.put_file(run.host, places.LAST_SCAN, traces.one_line(document) + "\n", run.at)
