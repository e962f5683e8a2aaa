# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs one command of a client against a host: finds out what it is, and who answers it."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from typing import Any

from . import catalogue, payload
from .emulated import raw
from .emulated.async_status import FOLDER
from .emulated.result import ModuleFailedError
from .emulated.utility import UTILITIES
from .host import Access, Host
from .wire.winrs import Outcome

_SHOWN = 300


class Executor:
    """Answers commands, and counts by tier and name what was answered."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def __call__(self, host: Host, line: str, stdin: bytes) -> Outcome:
        try:
            asked = payload.read(line, stdin)
        except payload.PayloadError as error:
            return _failed_json(str(error))
        with host.lock:
            match asked:
                case payload.ModuleRun():
                    return self._module(host, asked)
                case payload.UtilityRun():
                    return self._utility(host, asked)
                case payload.RawScript():
                    return self._raw(host, asked)

    def _count(self, tier: str, name: str) -> str:
        with self._lock:
            self.counts[tier, name] += 1
        return tier

    def _module(self, host: Host, run: payload.ModuleRun) -> Outcome:
        name = payload.full_name(run.module)
        module = catalogue.MODULES.get(name)
        if module is None:
            self._count("refused", name)
            return _failed_json(catalogue.refusal(name))
        try:
            result = module.answers(Access(host, host.identity(run.become)), run.args)
        except ModuleFailedError as error:
            result = error.as_result()
        tier = self._count(module.tier, name)
        if run.job:
            result = _started(host, run.job, result)
        return Outcome(stdout=_json(result), tier=tier)

    def _utility(self, host: Host, run: payload.UtilityRun) -> Outcome:
        answer = UTILITIES.get(run.script)
        if answer is None:
            self._count("refused", run.script)
            return Outcome(stderr=f"winsim does not know the script {run.script}\r\n".encode(), code=1)
        printed = answer(Access(host, host.identity(None)), run)
        return _printed(printed, self._count(catalogue.EMULATED, run.script))

    def _raw(self, host: Host, script: payload.RawScript) -> Outcome:
        found = raw.find(script.text)
        if found is None:
            self._count("refused", "raw script")
            reason = f"winsim does not know this script and does not run PowerShell: {script.text[:_SHOWN]}\r\n"
            return Outcome(stderr=reason.encode("utf-8", "replace"), code=1)
        kind, match = found
        printed = kind.run(Access(host, host.identity(None)), match, script.stdin)
        return _printed(printed, self._count(catalogue.EMULATED, kind.name))


def _started(host: Host, job: str, result: dict[str, Any]) -> dict[str, Any]:
    """An asynchronous run is over as soon as it begins; its result waits for async_status."""
    job_id = f"{job}.{os.getpid()}"
    host.jobs[job_id] = result
    return {
        "started": True,
        "finished": False,
        "results_file": f"{FOLDER}\\{job_id}",
        "ansible_job_id": job_id,
        "_ansible_suppress_tmpdir_delete": True,
        "ansible_async_watchdog_pid": os.getpid(),
    }


def _json(result: dict[str, Any]) -> bytes:
    return json.dumps(result, ensure_ascii=False).encode("utf-8", "replace") + b"\r\n"


def _failed_json(message: str) -> Outcome:
    return Outcome(stdout=_json({"changed": False, "failed": True, "msg": message}))


def _printed(printed: raw.Printed, tier: str) -> Outcome:
    return Outcome(stdout=printed.out.encode(), stderr=printed.err.encode(), code=printed.code, tier=tier)
