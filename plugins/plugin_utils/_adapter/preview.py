# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From the document that a host left in this run to its entry in the preview."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._evidence.document import EvidenceError
from .._evidence.scan import ScanError
from .._evidence.times import TimeTextError
from .._plan.windows.questions import WindowError
from .._report.preview import host_preview, unplanned
from .._verdict.compliance.host_compliance import patch_compliance
from .._verdict.policy import PolicyError
from .core import ActionFail
from .files import host_file_name
from .run import document_of_run, failure_of, registered_result


def entry_of_host(
    variables: Mapping[str, Any],
    host: str,
    *,
    evidence_dir: Path,
    run_id: str,
    registered_as: str,
    clock: str,
    policy: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a host's entry. ``clock``: ``controller``, or ``host`` for the time at which its evidence was collected.

    A host without a document of this run, or with one that cannot be judged, is there with the reason; a policy that
    can be used for no host is raised as ActionFail.
    """
    task = registered_result(variables, host, registered_as)
    if task is None:
        # An earlier run may have had the same id, so its document proves nothing.
        return unplanned("the host was never scanned in this run")
    document, missing = document_of_run(evidence_dir / f"{host_file_name(host)}.json", host, run_id)
    failure = failure_of(task)
    if document is None or failure:
        return unplanned(failure or missing)
    scan = document.get("scan")
    if not isinstance(scan, Mapping):
        return unplanned("its document holds no scan")
    if scan.get("complete") is False:
        return unplanned(f"its scan did not come to an end: {_first_error(scan)}")
    now = document.get("collected_at") if clock == "host" else datetime.now(timezone.utc)
    try:
        compliance = patch_compliance(scan, document, policy)
        return host_preview(compliance, scan.get("updates"), now=now, policy=policy)
    except (ScanError, EvidenceError, TimeTextError) as error:
        return unplanned(str(error))
    except (PolicyError, WindowError) as error:
        raise ActionFail(str(error)) from error


def _first_error(scan: Mapping[str, Any]) -> str:
    errors = scan.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, Mapping):
        return "no reason is given"
    return " ".join(str(first[key]) for key in ("hresult", "message") if first.get(key))
