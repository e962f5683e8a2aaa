# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The host's module for jobs: what it is given, and what its refusals become."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._evidence.patch_job import new_job_id
from .._evidence.scan_question import scan_plan
from .._evidence.wording import printable
from .._plan.install.document import install_document
from .core import ActionFail
from .modules import HostModules
from .reader import failure_of
from .scan_request import ScanRequest

JOB_MODULE = "winops.patching.win_patch_job"
REASONS = frozenset(
    {
        "not_elevated",
        "constrained_language",
        "signed_scripts_only",
        "foreign_owner",
        "reparse_point",
        "other_job",
        "worker_hash",
        "task_failed",
    }
)
MAX_MESSAGE = 1000


class RefusedError(Exception):
    """The host refuses the job; the message names the remedy, ``reason`` is a word for machines."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def worker_script() -> tuple[str, str]:
    """Return (text, SHA-256) of the worker as the collection ships it."""
    path = Path(__file__).parents[2] / "module_utils" / "patch_worker.ps1"
    try:
        content = path.read_bytes()
        return content.decode("utf-8"), hashlib.sha256(content).hexdigest()
    except (OSError, UnicodeDecodeError) as error:
        raise ActionFail(f"the worker {path} cannot be read: {error}; install the collection again") from None


def start_job(
    modules: HostModules, request: ScanRequest, *, in_earnest: bool = False, worker_lies_there: bool = True
) -> Mapping[str, Any]:
    """Return what the host says to a new scan job; raise RefusedError where it refuses.

    ``in_earnest`` starts it in check mode too. ``worker_lies_there`` is a guess: a wrong one costs one more call.
    """
    text, sha256 = worker_script()
    job = new_job_id("scan", datetime.now(timezone.utc), secrets.token_hex(4))
    plan = scan_plan(job, request.asked, run_id=request.run_id, delay_seconds=request.delay_seconds)
    arguments = {"operation": "start", "id": job, "plan": plan, "worker_sha256": sha256}
    run = modules.run_in_earnest if in_earnest else modules.run
    return _started(run, arguments, text, lies_there=worker_lies_there)


def start_install(
    modules: HostModules, plan: Mapping[str, Any], *, armed: bool, run_id: str | None
) -> Mapping[str, Any]:
    """Return what the host says to a new install job of a checked plan; raise RefusedError where it refuses."""
    text, sha256 = worker_script()
    job = new_job_id("install", datetime.now(timezone.utc), secrets.token_hex(4))
    document = install_document(job, plan, run_id=run_id)
    arguments = {"operation": "start", "id": job, "plan": document, "worker_sha256": sha256, "armed": armed}
    return _started(modules.run, arguments, text, lies_there=True)


def _started(
    run: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    arguments: Mapping[str, Any],
    worker: str,
    *,
    lies_there: bool,
) -> Mapping[str, Any]:
    """Return the host's answer. The worker is more than half of what a start sends, and most hosts have it already."""
    if lies_there:
        answer = checked_answer(run(JOB_MODULE, arguments))
        if answer.get("worker_wanted") is not True:
            return answer
    return checked_answer(run(JOB_MODULE, {**arguments, "worker": worker}))


def checked_answer(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answer of the host's module; raise RefusedError for a refusal and for what broke."""
    if not answer.get("failed"):
        return answer
    reason = answer.get("reason")
    if isinstance(reason, str) and reason in REASONS:
        raise RefusedError(printable(" ".join(str(answer.get("msg") or reason).split())[:MAX_MESSAGE]), reason)
    raise RefusedError(f"the job could not be handled on the host: {failure_of(answer)}", "error")
