# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A case that went well, as its runs would have left it; tests break one thing in it."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from campaign.hosts import reboots, update
from campaign.model import ALWAYS, Case, Ends, Look, Story
from campaign.truth import jobs_of

STARTED = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
A, B = update(1)["id"], update(2)["id"]
JOB = "install-20261121T201000Z-1a2b3c4d"
FOLDER = f"C:\\Program Files\\winops.patching\\jobs\\{JOB}"


def at(minutes):
    return f"{STARTED + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


LOG = [
    {"at": at(10), "event": "job", "id": JOB, "kind": "install", "phase": "armed"},
    {"at": at(13), "event": "install", "id": A, "revision": 201, "result": "ok"},
    {"at": at(15), "event": "install", "id": B, "revision": 202, "result": "ok"},
    {"at": at(16), "event": "job", "id": JOB, "kind": "install", "phase": "done"},
    {"at": at(20), "event": "boot", "cause": "winops.patching"},
]
JOURNAL = [
    {"at": at(10), "phase": "armed", "id": JOB},
    {"at": at(11), "phase": "installing", "step": "begin", "id": A, "revision": 201},
    {"at": at(13), "phase": "installing", "step": "end", "id": A, "result": "succeeded", "hresult": "0x00000000"},
    {"at": at(13), "phase": "installing", "step": "begin", "id": B, "revision": 202},
    {"at": at(15), "phase": "installing", "step": "end", "id": B, "result": "succeeded", "hresult": "0x00000000"},
    {"at": at(16), "phase": "done", "outcome": "finished", "error": None},
]
PLAN = {"id": JOB, "run_id": "one", "updates": [{"id": A}, {"id": B}]}


def document(lines):
    return "".join(json.dumps(line) + "\n" for line in lines)


def row(outcome, *, updates=("verified", "verified"), machine="compliant", reboot="not_required"):
    told = [{"id": name, "state": state, "because": "said"} for name, state in zip((A, B), updates, strict=False)]
    run = {"outcome": outcome, "sentence": f"it was {outcome}", "updates": told, "persistent": []}
    return {"machine": machine, "reboot": reboot, "error": None, "run": run}


def evidence(minutes):
    probes = {"update_agent": {"data": {"scanned_at": at(minutes)}}}
    return {"collected_at": at(minutes), "probes": probes}


@pytest.fixture
def good():
    """Both updates installed in the first run, one reboot, nothing in the second."""
    files = {
        f"{FOLDER}\\plan.json": {"text": json.dumps(PLAN)},
        f"{FOLDER}\\journal.jsonl": {"text": document(JOURNAL)},
    }
    state = {"files": files, "log": copy.deepcopy(LOG), "tasks": {}, "processes": [], "registry": {}}
    well = {"ok": 20, "failed": 0, "unreachable": 0}
    looks = (
        Look(0, STARTED, STARTED + timedelta(minutes=32), row("patched"), well, evidence(30), state, 100),
        Look(
            0,
            STARTED + timedelta(minutes=60),
            STARTED + timedelta(minutes=72),
            row("nothing_to_do", updates=()),
            well,
            evidence(70),
            state,
            150,
        ),
    )
    case = Case("none-001", "none", "nothing", Ends.PATCHED, reboots(), {}, ALWAYS)
    kept = [{"step": "job", "job": JOB, "line": line} for line in JOURNAL]
    jobs = tuple(jobs_of(state))
    return Story(case, STARTED, looks, copy.deepcopy(state), tuple(kept), quiet=True, worker="double", jobs=jobs)


@pytest.fixture
def changed(good):
    """`changed(log=…, journal=…, plan=…, case=…)`: the good story with that in place of its own."""

    def make(*, log=None, journal=None, plan=None, state=None, case=None, looks=None, **words):
        final = copy.deepcopy(dict(good.final)) | (state or {})
        if log is not None:
            final["log"] = log
        if journal is not None:
            final["files"][f"{FOLDER}\\journal.jsonl"] = {"text": document(journal)}
        if plan is not None:
            final["files"][f"{FOLDER}\\plan.json"] = {"text": json.dumps(plan)}
        found = replace(good, final=final, jobs=tuple(jobs_of(final)), **words)
        found = replace(found, case=replace(found.case, **case)) if case else found
        for number, change in (looks or {}).items():
            mine = [replace(look, **change) if n == number else look for n, look in enumerate(found.looks)]
            found = replace(found, looks=tuple(mine))
        return found

    return make
