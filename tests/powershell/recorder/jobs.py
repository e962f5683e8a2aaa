# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What does the double of the worker write for a job, and what must an agent say so that the worker writes the same?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import yaml

from recorder.fixtures import FixtureError, host_of
from recorder.golden import ROOT
from winsim.agent import search as agent_search
from winsim.agent import services
from winsim.agent.errors import AgentError
from winsim.agent.lines import UPDATE, history_lines, update_line
from winsim.agent.search import OFFLINE_SERVICE, Found
from winsim.clock import HostClock, stamp
from winsim.host import Access, Host
from winsim.worker import places, refusals, run, traces
from winsim.worker import scan as double
from winsim.worker.module import win_patch_job

WORKER: Final = "plugins/module_utils/patch_worker.ps1"
FOLDER: Final = ROOT / "tests" / "powershell" / "jobs"
JOB: Final = "scan-20261121T120000Z-1a2b3c4d"
SCAN: Final = {
    "criteria": "IsInstalled=0 or IsInstalled=1 and RebootRequired=1",
    "server_selection": "default",
    "service_id": None,
    "scan_cab": None,
    "catalog_max_age_days": None,
    "online": "auto",
    "history": 20,
    "attempts": 5,
}
BEHAVIOR: Final = ("RebootBehavior", "Impact", "CanRequestUserInput")
HISTORY: Final = {
    "date": "Date",
    "operation": "Operation",
    "result_code": "ResultCode",
    "unmapped_result_code": "UnmappedResultCode",
    "title": "Title",
    "client": "ClientApplicationID",
    "server_selection": "ServerSelection",
    "service_id": "ServiceID",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A host, in the words of a host file, and what a scan of it is asked for beyond `SCAN`."""

    name: str
    host: Mapping[str, Any]
    scan: Mapping[str, Any]
    delay_seconds: int
    ends: str

    @property
    def plan(self) -> dict[str, Any]:
        """As the module is given it; it adds `created_at`."""
        return {
            "schema": "winops.patching/plan/1",
            "id": JOB,
            "kind": "scan",
            "run_id": None,
            "delay_seconds": self.delay_seconds,
            "scan": {**SCAN, **self.scan},
        }


@dataclass(frozen=True, slots=True)
class Traces:
    """What a job leaves: the lines of its journal and of its result, and the last scan; empty where there is none."""

    journal: Sequence[Mapping[str, Any]]
    result: Sequence[Mapping[str, Any]]
    last_scan: Mapping[str, Any]


def cases(folder: Path = FOLDER) -> dict[str, Case]:
    """Every case of the folder. Raises FixtureError."""
    found = {}
    for path in sorted(folder.glob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or set(document) - {"host", "scan", "delay_seconds", "ends"}:
            raise FixtureError(f"{path.name} must hold only host, scan, delay_seconds and ends")
        host = {"name": path.stem, **document["host"]}
        scan, delay = document.get("scan", {}), document.get("delay_seconds", 0)
        found[path.stem] = Case(path.stem, host, scan, delay, document["ends"])
    return found


def run_double(case: Case, at: datetime) -> tuple[Traces, dict[str, Any]]:
    """What the double leaves, and the agent (for FakeAgent.psm1) that answers as the double's did."""
    host = host_of(case.host, at)
    ticks = [0.0]
    host.clock = HostClock(factor=1, start=host.clock.now(), ticks=lambda: ticks[0])
    agent = agent_of(host, case)
    answers: list[dict[str, Any]] = agent["searches"]

    def listening(host: Host, request: agent_search.Request) -> Found:
        try:
            found = agent_search.search(host, request)
        except AgentError as error:
            answers.append({"hresult": signed(error.hresult), "message": str(error)})
            raise
        answers.append({"found": found_thing(found, services.agent_of(host).language)})
        if request.catalog is None:
            agent["services"] = services_of(host, found)
        return found

    with patch.object(double, "search", listening):
        _start(host, case)
        while host.workers:
            ticks[0] += max(1.0, min(worker.due for worker in host.workers).timestamp() - host.clock.now().timestamp())
            run.settle(host)
    return traces_of(host), agent


def _start(host: Host, case: Case) -> None:
    worker = (ROOT / WORKER).read_text(encoding="ascii")
    arguments = {"operation": "start", "id": JOB, "plan": case.plan, "worker": worker}
    with patch.object(refusals, "check_worker"):
        win_patch_job(Access(host, host.identity(None)), {**arguments, "worker_sha256": "not looked at"})


def traces_of(host: Host) -> Traces:
    """What the double left on its host."""
    folder = places.folder_of(JOB)
    last = lines_of(host, places.LAST_SCAN)
    journal = traces.journal_of(host, JOB)
    return Traces(journal, lines_of(host, f"{folder}\\result.jsonl"), last[0] if last else {})


def lines_of(host: Host, path: str) -> list[dict[str, Any]]:
    """The lines of a file of JSON lines; none without the file."""
    file = host.file(path)
    return [json.loads(line) for line in (file.text or "").splitlines()] if file else []


def agent_of(host: Host, case: Case) -> dict[str, Any]:
    """What FakeAgent.psm1 is told, but for the answers to searches, which come while the double works."""
    words = host.update_agent
    if words is None:
        raise FixtureError(f"{case.name} has no update agent")
    agent: dict[str, Any] = {
        "boot_time": stamp(host.os.boot_time),
        "searches": [],
        "services": [],
        "history": [history_thing(line) for line in history_lines(words, 10**6)],
        "system_info": {"RebootRequired": words.reboot_required},
        "installer": {"IsBusy": words.busy, "RebootRequiredBeforeInstallation": words.refuses_to_install},
        "agent_version": words.version or f"10.0.{host.os.build}",
        "catalog_service": OFFLINE_SERVICE,
    }
    path = str(case.plan["scan"]["scan_cab"] or "")
    file = host.file(path) if path else None
    if file is not None:
        agent["file_time"] = stamp(file.modified or host.os.boot_time)
    if path in words.catalogs:
        date = words.catalogs[path].get("date")
        agent["cabinet_time"] = stamp(date) if date else ""
        if not words.catalogs[path].get("signed", True):
            agent["add_fails"] = signed("0x800B0100")
    return agent


def found_thing(found: Found, language: str) -> dict[str, Any]:
    """ISearchResult."""
    return {
        "ResultCode": found.result_code,
        "Updates": [update_thing(update, language) for update in found.updates],
        "Warnings": [
            {
                "Context": warning.get("context"),
                "HResult": signed(warning["hresult"]),
                "Message": warning.get("message"),
            }
            for warning in found.warnings
        ],
    }


def update_thing(update: Mapping[str, Any], language: str) -> dict[str, Any]:
    """IUpdate; a property that the host file calls unreadable is not there."""
    line = update_line(update, language)
    unreadable = update.get("unreadable", ())
    thing = {name: line[key] for key, (name, _) in UPDATE.items() if key not in unreadable}
    if "Categories" in thing:
        thing["Categories"] = [
            {"CategoryID": category["id"], "Name": category["name"], "Type": category["type"]}
            for category in thing["Categories"]
        ]
    thing["InstallationBehavior"] = {name: thing.pop(name) for name in BEHAVIOR if name in thing}
    identity = {name: thing.pop(name) for name in ("RevisionNumber",) if name in thing}
    return {**thing, "Identity": {"UpdateID": str(update["id"]), **identity}}


def history_thing(line: Mapping[str, Any]) -> dict[str, Any]:
    """IUpdateHistoryEntry2."""
    thing = {name: line[key] for key, name in HISTORY.items()}
    identity = {"UpdateID": line["id"], "RevisionNumber": line["revision"]}
    return {**thing, "HResult": signed(line["hresult"]), "UpdateIdentity": identity}


def services_of(host: Host, found: Found) -> list[dict[str, Any]]:
    """IUpdateServiceManager.Services: Windows Update, and the service that was searched."""
    managed = bool(services.agent_of(host).source.get("managed"))
    everywhere = service_thing(services.WINDOWS_UPDATE, "Windows Update", None, managed=False, default=not managed)
    used = found.source
    if used.service_id == services.WINDOWS_UPDATE:
        return [everywhere]
    return [everywhere, service_thing(used.service_id, used.name, used.server, managed=used.managed, default=managed)]


def service_thing(
    identity: str, name: str | None, server: str | None, *, managed: bool, default: bool
) -> dict[str, Any]:
    """IUpdateService2. `default` is what automatic updates use."""
    return {
        "ServiceID": identity.upper(),
        "Name": name,
        "IsManaged": managed,
        "IsDefaultAUService": default,
        "ServiceUrl": server or "",
    }


def signed(hresult: str) -> int:
    """As COM hands it out: 32 bits with a sign."""
    number = int(hresult, 16)
    return number - (1 << 32) if number >= 1 << 31 else number


def prepared(folder: Path, case: Case, double: Traces) -> Path:
    """A job's folder below `folder`, as the module leaves it: the plan, and the first line of the journal."""
    job = folder / "jobs" / JOB
    job.mkdir(parents=True)
    armed = double.journal[0]
    (job / "plan.json").write_text(json.dumps({**case.plan, "created_at": armed["at"]}) + "\n", encoding="utf-8")
    (job / "journal.jsonl").write_text(json.dumps(armed, separators=(",", ":")) + "\n", encoding="utf-8")
    return job


def left_in(job: Path) -> Traces:
    """What the worker left in the folder that it ran on."""
    last = _read(job.parent.parent / "last_scan.json")
    return Traces(_read(job / "journal.jsonl"), _read(job / "result.jsonl"), last[0] if last else {})


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().decode("utf-8").split("\n")[:-1]] if path.exists() else []


def comparable(traces: Traces) -> dict[str, Any]:
    """What must be equal under every engine: not times of now, numbers of processes, texts and types of exceptions."""
    journal = [{key: value for key, value in line.items() if key not in _OF_THE_RUN} for line in traces.journal]
    for line in journal:
        if isinstance(line.get("error"), Mapping):
            line["error"] = _error(line["error"])
    result = [{key: value for key, value in line.items() if key != "scanned_at"} for line in traces.result]
    for line in result[:1]:
        line["warnings"] = [_warning(warning) for warning in line["warnings"]]
        line["errors"] = [{"step": error["step"], "hresult": error["hresult"]} for error in line["errors"]]
    last = {key: value for key, value in traces.last_scan.items() if key != "scanned_at"}
    return {"journal": journal, "result": result, "last_scan": last}


_OF_THE_RUN: Final = frozenset({"at", "created_at", "process_id", "engine", "worker_sha256"})


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    word = None if "." in str(error["type"]) else error["type"]
    return {"step": error["step"], "hresult": error["hresult"], "word": word}


def _warning(warning: Mapping[str, Any]) -> dict[str, Any]:
    """What could not be read is told in the engine's own words, after the property's name."""
    if warning["context"] == "unreadable":
        return {"context": "unreadable", "what": str(warning["message"]).split(" times:")[0]}
    return dict(warning)
