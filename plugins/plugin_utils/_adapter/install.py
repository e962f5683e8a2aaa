# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The doors' way to plans and results of install jobs: from documents to the published answers, one kind of error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .._evidence.document import EvidenceError
from .._evidence.scan import ScanError
from .._evidence.times import TimeTextError, parse_time
from .._evidence.wording import type_name
from .._plan.install.plan import build_install_plan
from .._plan.windows.questions import WindowError
from .._report.install_report import install_report
from .._verdict.compliance.host_compliance import patch_compliance
from .._verdict.install.verdict import judge_install
from .._verdict.policy import PolicyError
from .core import FilterError

_COMPLAINTS = (ScanError, EvidenceError, PolicyError, TimeTextError, WindowError)


def plan_of_host(
    document: object, *, policy: object, options: object, now: object, skew_seconds: object
) -> dict[str, Any]:
    """Return the published plan of a host's document, which holds a scan; what cannot be planned is a FilterError.

    With ``options.clock: host`` the time is that at which the evidence was collected, unless ``now`` is given.
    """
    try:
        scan, evidence = _documents(document)
        compliance = patch_compliance(scan, evidence, policy, now=None if evidence is not None else _now(now))
        host_decides = isinstance(options, Mapping) and options.get("clock") == "host"
        collected = evidence.get("collected_at") if host_decides and isinstance(evidence, Mapping) else None
        at = now if now is not None else collected
        return build_install_plan(
            compliance, scan, now=_now(at), policy=policy, options=options, skew_seconds=skew_seconds
        ).as_dict()
    except _COMPLAINTS as complaint:
        raise FilterError(f"patch_install_plan: {complaint}") from complaint


def result_of_host(
    plan: object,
    lines: object,
    document: object,
    *,
    policy: object,
    now: object,
    running: object,
    since: object,
) -> dict[str, Any]:
    """Return what came of an install job, with explanations and its story; ``document`` holds the scan after it."""
    if not isinstance(lines, (list, tuple)):
        raise FilterError(f"patch_install_result: lines: must be a list of lines of a journal, not {type_name(lines)}")
    if running is not None and not isinstance(running, bool):
        raise FilterError("patch_install_result: running: must be true, false or null")
    try:
        scan, evidence = _documents(document) if document is not None else (None, None)
        verdict = judge_install(plan, lines, scan, evidence, policy=policy, now=now, running=running)
        return install_report(verdict, since=parse_time(since) if since is not None else None)
    except _COMPLAINTS as complaint:
        raise FilterError(f"patch_install_result: {complaint}") from complaint


def _documents(document: object) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """(the scan, the evidence) of a saved document, of a result of win_patch_info, or of a scan alone."""
    if not isinstance(document, Mapping):
        raise ScanError(f"needs a scan, or a document that holds one, not {type_name(document)}")
    if "updates" in document:
        return document, None
    scan = document.get("scan")
    if not isinstance(scan, Mapping):
        raise ScanError("the document holds no scan: scan the host first")
    evidence = document if "probes" in document else document.get("evidence")
    return scan, evidence if isinstance(evidence, Mapping) else None


def _now(given: object) -> object:
    return datetime.now(timezone.utc) if given is None else given
