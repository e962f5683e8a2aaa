# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Plans of jobs as the controller makes them, and what jobs leave on a host."""

from __future__ import annotations

import json

from ansible_collections.winops.patching.tests.contract.jobs import JOB, WORKER, plan_of

from winsim.host import Host
from winsim.worker.places import folder_of

__all__ = ["JOB", "WORKER", "journal_of", "result_of", "scan_plan", "steps_of", "text_of"]


def scan_plan(job: str = JOB, *, delay: int = 0, **scan: object) -> dict[str, object]:
    """A plan as the controller sends it; `scan` are words of its scan block."""
    return plan_of(job, delay, scan)


def text_of(host: Host, name: str, job: str = JOB) -> str:
    """What is in a file of a job."""
    file = host.file(f"{folder_of(job)}\\{name}")
    assert file is not None, name
    return file.text or ""


def journal_of(host: Host, job: str = JOB) -> list[dict[str, object]]:
    return [json.loads(line) for line in text_of(host, "journal.jsonl", job).splitlines()]


def result_of(host: Host, job: str = JOB) -> list[dict[str, object]]:
    return [json.loads(line) for line in text_of(host, "result.jsonl", job).splitlines()]


def steps_of(host: Host, job: str = JOB) -> list[object]:
    """The journal in short: the step of each line, or its phase."""
    return [line.get("step", line["phase"]) for line in journal_of(host, job)]
