# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs one command of a client against a host: finds out what it is, and who answers it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from . import catalogue, jobs, payload
from .emulated import raw
from .emulated.result import ModuleFailedError
from .emulated.utility import UTILITIES
from .host import Access, BecomeError, Host
from .runlog import Record, nobody
from .wire.winrs import Outcome
from .worker.run import settle

REFUSED: Final = "refused"
_SHOWN = 300


class Executor:
    """Answers commands, counts by tier and name what was answered, and tells `record` of each."""

    def __init__(self, record: Record = nobody) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._record = record
        self._lock = threading.Lock()

    def __call__(self, host: Host, line: str, stdin: bytes) -> Outcome:
        """The command's outcome. An asynchronous run is begun and not waited for."""
        try:
            asked = payload.read(line, stdin)
        except payload.PayloadError as error:
            return _failed_json(str(error))
        takes = host.network.run_ms / 1000
        with host.lock:
            settle(host)
            match asked:
                case payload.ModuleRun():
                    outcome = self._module(host, asked)
                    return outcome if asked.job else replace(outcome, takes=outcome.takes + takes)
                case payload.UtilityRun():
                    return replace(self._utility(host, asked), takes=takes)
                case payload.RawScript():
                    return replace(self._raw(host, asked), takes=takes)

    def _count(self, host: Host, tier: str, name: str, user: str | None, run: payload.ModuleRun | None = None) -> str:
        with self._lock:
            self.counts[tier, name] += 1
        facts: dict[str, Any] = {"tier": tier, "name": name, "user": user, "become": None, "job": None, "format": None}
        if run is not None:
            facts.update(become=run.become, job=run.job, format=run.format)
        self._record(host, facts)
        return tier

    def _module(self, host: Host, run: payload.ModuleRun) -> Outcome:
        name = payload.full_name(run.module)
        module = catalogue.MODULES.get(name)
        if module is None:
            self._count(host, REFUSED, name, None, run)
            return _failed_json(catalogue.refusal(name))
        try:
            identity = host.identity(run.become)
        except BecomeError as error:
            self._count(host, REFUSED, name, None, run)
            return _failed_json(f"internal error: failed to become user '{run.become}': {error}")

        def execute() -> dict[str, Any]:
            try:
                return module.answers(Access(host, identity), run.args)
            except ModuleFailedError as error:
                return error.as_result()

        tier = self._count(host, module.tier, name, identity.user, run)
        if run.job:
            return Outcome(stdout=_json(jobs.start(host, run.job, run.limit, execute)), tier=tier)
        access = Access(host, identity)
        takes = module.takes(access, run.args)
        outcome = _answered(host, tier, lambda: module.waits(access, run.args), execute)
        return replace(outcome, takes=outcome.takes + takes)

    def _utility(self, host: Host, run: payload.UtilityRun) -> Outcome:
        answer = UTILITIES.get(run.script)
        if answer is None:
            self._count(host, REFUSED, run.script, None)
            return Outcome(stderr=f"winsim does not know the script {run.script}\r\n".encode(), code=1)
        identity = host.identity(None)
        printed = answer(Access(host, identity), run)
        return _printed(printed, self._count(host, catalogue.EMULATED, run.script, identity.user))

    def _raw(self, host: Host, script: payload.RawScript) -> Outcome:
        found = raw.find(script.text)
        if found is None:
            self._count(host, REFUSED, "raw script", None)
            reason = f"winsim does not know this script and does not run PowerShell: {script.text[:_SHOWN]}\r\n"
            return Outcome(stderr=reason.encode("utf-8", "replace"), code=1)
        kind, match = found
        identity = host.identity(None)
        printed = kind.run(Access(host, identity), match, script.stdin)
        return _printed(printed, self._count(host, catalogue.EMULATED, kind.name, identity.user))


def _answered(host: Host, tier: str, waits: Callable[[], float], execute: Callable[[], dict[str, Any]]) -> Outcome:
    """The answer; or for how long there is none yet, and who knows it then."""
    with host.lock:
        settle(host)
        seconds = waits()
        if seconds > 0:
            return Outcome(tier=tier, takes=seconds, later=lambda: _answered(host, tier, waits, execute))
        return Outcome(stdout=_json(execute()), tier=tier)


def _json(result: dict[str, Any]) -> bytes:
    return json.dumps(result, ensure_ascii=False).encode("utf-8", "replace") + b"\r\n"


def _failed_json(message: str) -> Outcome:
    return Outcome(stdout=_json({"changed": False, "failed": True, "msg": message}))


def _printed(printed: raw.Printed, tier: str) -> Outcome:
    return Outcome(stdout=printed.out.encode(), stderr=printed.err.encode(), code=printed.code, tier=tier)
