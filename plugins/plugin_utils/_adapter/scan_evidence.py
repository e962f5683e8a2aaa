# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A host's scan and signals together: one evidence document, and what the task has to warn of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._evidence.catalogue import SCAN_PROBE
from .._evidence.last_scan import failed_update_agent
from .._explain.errors import explain_error
from .job_module import RefusedError
from .modules import HostModules
from .reader import SignalQuestion, ask_host
from .scan_job import UnreadHostError
from .scan_reading import ScanHost
from .scan_request import ScanRequest


@dataclass(frozen=True)
class HostReading:
    """One host's evidence; ``failure`` is why it could not be read as a whole, ``warnings`` are for people."""

    document: dict[str, Any]
    failure: str | None = None
    warnings: Sequence[str] = ()


def read_with_scan(modules: HostModules, request: ScanRequest, question: SignalQuestion) -> HostReading:
    """Return the evidence of a host that is scanned first.

    Where the host refuses the scan its signals are read all the same, and the update agent is unknown. Raises
    JobGoesOnError; a host that is not reachable at the first word raises as with any module.
    """
    try:
        end = ScanHost(modules, request).scan(question.probes())
    except RefusedError as refusal:
        document, failure = ask_host(modules.run, question)
        document["probes"].setdefault(SCAN_PROBE, failed_update_agent(str(refusal)))
        return HostReading(document, failure, [f"the host was not scanned: {refusal}"])
    except UnreadHostError as error:
        document, failure = question.document({}, str(error))
        return HostReading(document, failure)
    document, failure = question.document(end.answer)
    return HostReading(with_scan(document, end.scan), failure, scan_warnings(end.scan))


def with_scan(document: dict[str, Any], scan: Mapping[str, Any]) -> dict[str, Any]:
    """Return an evidence document that holds a scan."""
    document["scan"] = scan
    if not scan["complete"]:
        document["probes"].setdefault(
            SCAN_PROBE, failed_update_agent(f"the scan is not complete: {shown_errors(scan)}")
        )
    return document


def scan_warnings(scan: Mapping[str, Any]) -> list[str]:
    """Return what a task warns of: nothing where the scan is all that was asked. A known code is explained."""
    if scan["complete"] and not scan["errors"]:
        return []
    state = "is not complete" if not scan["complete"] else "has errors"
    return [f"the scan {state}: {shown_errors(scan).rstrip('.')}{_explained(scan)}"]


def shown_errors(scan: Mapping[str, Any]) -> str:
    """Return the first of a scan's errors, and how many more there are."""
    errors = scan["errors"]
    if not errors:
        return "nobody says why"
    first = errors[0]
    code = f"{first['hresult']}, " if first.get("hresult") else ""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first['step']}: {code}{first['message']}{more}"


def _explained(scan: Mapping[str, Any]) -> str:
    """Return what the code of the first error means and what to do about it, empty where nobody knows."""
    code = scan["errors"][0].get("hresult") if scan["errors"] else None
    if not code:
        return ""
    known = explain_error(code)
    return f". {known['name']}: {known['cause']} {known['next_step']}" if known["class"] != "unknown" else ""
