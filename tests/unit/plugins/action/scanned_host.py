# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host in memory that is scanned: it answers what is asked about jobs, and its worker works as time goes by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door, answer_of
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    SYSTEM,
    ok,
    refused,
    value,
)

PLACE = "%ProgramFiles%\\winops.patching"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BOOT = "2026-11-20T03:12:00Z"
IDS = [f"d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a{number:02}" for number in range(4)]
PID = 4711


def stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def update_line(name: str, **words: Any) -> dict[str, Any]:
    """One update as the worker writes it."""
    return {
        "line": "update",
        "id": name,
        "revision": 201,
        "title": f"Update {name[-2:]}",
        "kb": ["5030216"],
        "categories": [
            {"id": "0fa1201d-4330-4fa8-8ae9-b877473b6441", "name": "Security Updates", "type": "UpdateClassification"},
            {"id": "569e8e8f-c6cd-42c8-92a3-efbb20a0f6f5", "name": "Windows Server 2022", "type": "Product"},
        ],
        "type": 1,
        "severity": "Critical",
        "cves": [],
        "bulletins": [],
        "min_size": 1,
        "max_size": 7_000_000,
        "installed": False,
        "downloaded": False,
        "hidden": False,
        "mandatory": False,
        "present": False,
        "beta": False,
        "uninstallable": True,
        "browse_only": False,
        "reboot_required": False,
        "reboot_behavior": 2,
        "impact": 0,
        "can_request_user_input": False,
        "eula_accepted": True,
        "deployment_action": 1,
        "deadline": None,
        "last_deployment_change": "2026-11-10T18:00:00Z",
        "supersedes": [],
        **words,
    }


def history_line(**words: Any) -> dict[str, Any]:
    """One entry of the history as the worker writes it."""
    return {
        "line": "history",
        "date": "2026-11-10T02:11:00Z",
        "operation": 1,
        "result_code": 2,
        "hresult": "0x00000000",
        "unmapped_result_code": 0,
        "title": "Update",
        "id": IDS[0],
        "revision": 201,
        "client": "UpdateOrchestrator",
        "server_selection": 1,
        "service_id": "3da21691-e39d-4da6-8a4b-b43877bcb1b7",
        **words,
    }


def header_line(**words: Any) -> dict[str, Any]:
    """The first line of a result."""
    return {
        "line": "scan",
        "scanned_at": stamp(NOON),
        "online": True,
        "result_code": 2,
        "server_selection": "default",
        "service_id": "3da21691-e39d-4da6-8a4b-b43877bcb1b7",
        "service_name": "Windows Server Update Service",
        "service_managed": True,
        "service_server": "https://wsus.example:8531",
        "catalog_date": None,
        "catalog_file_date": None,
        "agent_version": "10.0.20348.2700",
        "reboot_required": True,
        "busy": False,
        "reboot_required_before_installation": False,
        "warnings": [],
        "errors": [],
        **words,
    }


def result_lines(**header: Any) -> list[dict[str, Any]]:
    """A whole result: two updates, of which one waits for a reboot, and one entry of history."""
    return [
        header_line(**header),
        update_line(IDS[0], installed=True, reboot_required=True),
        update_line(IDS[1]),
        history_line(),
        {"line": "end", "updates": 2, "history": 1},
    ]


def as_text(lines: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


class ScannedHost:
    """`sleep` lets its time go by; a scan takes `takes` seconds and ends as `outcome` says ("died": not at all)."""

    def __init__(self, *, takes: float = 30, outcome: str = "finished") -> None:
        self.now = NOON
        self.elapsed = 0.0
        self.takes, self.outcome = takes, outcome
        self.lines = result_lines()
        self.error: Any = None
        self.refusal: Mapping[str, Any] | None = None
        self.files: dict[str, str] = {}
        self.versions: dict[str, Any] = {}
        self.denied: set[str] = set()
        self.queue: list[str] = []
        self.running: dict[str, Any] | None = None
        self.plans: list[Mapping[str, Any]] = []
        self.events: list[tuple[datetime, Callable[[], None]]] = []
        self.losses: dict[int, Exception | Mapping[str, Any]] = {}
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.slept: list[float] = []
        self.text_limit: int | None = None
        self.check_modes: list[bool] = []

    def sleep(self, seconds: float) -> None:
        """Stands in for time.sleep."""
        self.slept.append(seconds)
        self.elapsed += seconds
        self.now += timedelta(seconds=seconds)
        self._settle()

    def monotonic(self) -> float:
        """Stands in for time.monotonic."""
        return self.elapsed

    def modules(self) -> list[str]:
        """The short names of what was run on it."""
        return [name.rpartition(".")[2] for name, _arguments in self.calls]

    def asked(self, place: int) -> list[str]:
        """The ids of the probes of a call."""
        return [probe["id"] for probe in self.calls[place][1]["probes"]]

    def execute(self, module_name: str, module_args: Mapping[str, Any], task_vars: Any) -> Mapping[str, Any]:
        """Stands in for _execute_module."""
        self.calls.append((module_name, module_args))
        lost = self.losses.get(len(self.calls))
        if isinstance(lost, Exception):
            raise lost
        if lost is not None:
            return lost
        if module_name.endswith("win_patch_job"):
            return self._job(module_args)
        probes = {probe["id"]: self._answer(probe) for probe in module_args["probes"]}
        return {"changed": False, "probes": probes, "system": {**SYSTEM, "clock": stamp(self.now), "boot_time": BOOT}}

    def _settle(self) -> None:
        while self.events and self.events[0][0] <= self.now:
            _when, event = self.events.pop(0)
            event()

    def _job(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.refusal is not None:
            return self.refusal
        if arguments["operation"] != "start":
            return {"changed": False, "jobs": []}
        if self.running is not None:
            return {"changed": False, "attached": True, "id": self.running["Id"], "folder": "", "started_at": None}
        self.start(arguments["id"], arguments["plan"])
        return {"changed": True, "attached": False, "id": arguments["id"], "folder": "", "started_at": stamp(self.now)}

    def start(self, job: str, plan: Mapping[str, Any]) -> None:
        """A job begins, of this task or of another controller."""
        self.plans.append(plan)
        self.write(job, "plan.json", json.dumps(plan) + "\n")
        self.say(job, phase="armed", id=job, kind="scan", created_at=stamp(self.now))
        for seconds, event in (
            (1, lambda: self._begins(job)),
            (2, lambda: self.say(job, phase="scanning", step="searching", attempt=1)),
            (self.takes, lambda: self._ends(job, plan)),
        ):
            self.events.append((self.now + timedelta(seconds=seconds), event))
        self._settle()

    def write(self, job: str, name: str, text: str) -> None:
        self.files[f"{PLACE}\\jobs\\{job}\\{name}"] = text

    def say(self, job: str, **facts: Any) -> None:
        """One line of the journal."""
        path = f"{PLACE}\\jobs\\{job}\\journal.jsonl"
        self.files[path] = self.files.get(path, "") + json.dumps({"at": stamp(self.now), **facts}) + "\n"

    def _begins(self, job: str) -> None:
        self.say(
            job,
            phase="scanning",
            step="started",
            process_id=PID,
            worker_sha256="ab" * 32,
            boot_time=BOOT,
            engine="5.1.20348.2700",
        )
        self.running = {"Id": job, "Kind": "scan", "ProcessId": PID, "StartedAt": stamp(self.now)}

    def _ends(self, job: str, plan: Mapping[str, Any]) -> None:
        if self.outcome == "finished":
            self.write(job, "result.jsonl", as_text(self.lines))
            waiting = [line["id"] for line in self.lines if line.get("reboot_required") is True and "kb" in line]
            self.files[f"{PLACE}\\last_scan.json"] = (
                json.dumps(
                    {
                        "id": job,
                        "scanned_at": stamp(self.now),
                        "reboot_required": True,
                        "updates_pending_reboot": waiting,
                        "asked": plan["scan"],
                        "updates": 2,
                        "boot_time": BOOT,
                    }
                )
                + "\n"
            )
        if self.outcome != "died":
            self.say(job, phase="done", outcome=self.outcome, error=self.error)
        self.running = None

    def _answer(self, probe: Mapping[str, Any]) -> Mapping[str, Any]:
        if probe.get("path") in self.denied:
            return refused()
        if probe["kind"] == "text_tail":
            return self._tail(probe)
        if probe["id"].startswith("running_job"):
            return self._mark()
        if probe["id"].startswith("processes"):
            live = [{"name": "powershell", "id": PID, "started": stamp(NOON)}]
            return ok(running=live) if self.running is not None else ABSENT
        if probe["kind"] == "file":
            found = self.versions.get(probe["path"])
            return ok(length=1, modified=None, version=found, sha256=None) if found else ABSENT
        if probe["id"] == "session_manager":
            queue = {"PendingFileRenameOperations": value(self.queue, "REG_MULTI_SZ")} if self.queue else {}
            return ok(values=queue)
        return answer_of()["probes"].get(probe["id"], ABSENT)

    def _mark(self) -> Mapping[str, Any]:
        if self.running is None:
            return ABSENT
        return ok(values={name: value(data) for name, data in self.running.items()})

    def _tail(self, probe: Mapping[str, Any]) -> Mapping[str, Any]:
        text = self.files.get(probe["path"])
        if text is None:
            return ABSENT
        content = text.encode()
        most = min(probe.get("max_bytes", 65536), self.text_limit or 10**9)
        begin = min(probe.get("offset", max(0, len(content) - most)), len(content))
        piece = content[begin : begin + most]
        if begin + len(piece) < len(content) and b"\n" in piece:
            piece = piece[: piece.rindex(b"\n") + 1]
        return ok(text=piece.decode(errors="replace"), offset=begin + len(piece), length=len(content))


class ScanDoor(Door):
    """An action plugin that talks to such a host."""

    def __init__(self, action: Any, name: str, host: ScannedHost) -> None:
        super().__init__(action, name)
        self.host = host

    def execute(self, module_name: str, module_args: Mapping[str, Any], task_vars: Any) -> Any:
        """Hand the module to the host."""
        return self.host.execute(module_name, module_args, task_vars)
