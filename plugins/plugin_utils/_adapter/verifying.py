# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The doors' way to the answer whether planned updates are there: one kind of error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._evidence.document import EvidenceError, parse_evidence
from .._evidence.scan import ScanError, parse_scan
from .._evidence.times import TimeTextError
from .._evidence.wording import type_name
from .._report.verify_report import proof_demands, verify_report
from .._verdict.compliance.host_compliance import patch_compliance
from .._verdict.persistent import PersistentSignal, signal_mark
from .._verdict.policy import POLICY_KEYS, PolicyError
from .._verdict.reboot import reboot_verdict
from .core import FilterError

_COMPLAINTS = (ScanError, EvidenceError, PolicyError, TimeTextError)


def updates_to_prove(plan: object, document: object) -> list[dict[str, Any]]:
    """Return the updates of a plan as win_patch_verify_info takes them."""
    try:
        scan = parse_scan(_scan_of(document)) if document is not None else None
    except ScanError as complaint:
        raise FilterError(f"patch_verify_updates: {complaint}") from complaint
    return proof_demands(plan, scan)


def verified_host(document: object, judged: object, proof: object, policy: object) -> dict[str, Any]:
    """Return what a fresh scan, the judged job and the proof say together.

    ``document`` is a result of win_patch_info with its evidence; its own policy counts unless one is given.
    """
    try:
        scan = parse_scan(_scan_of(document))
        evidence = _evidence_of(document)
        held = evidence.get("policy")
        rules = {**(held if isinstance(held, Mapping) else {}), **(policy if isinstance(policy, Mapping) else {})}
        parsed = parse_evidence(evidence)
        verdict = reboot_verdict(evidence, {key: value for key, value in rules.items() if key in POLICY_KEYS})
        return verify_report(
            judged if isinstance(judged, Mapping) else None,
            proof if isinstance(proof, Mapping) else None,
            compliance=patch_compliance(scan, parsed, rules),
            verdict=verdict,
            persistent=[
                PersistentSignal(signal, mark)
                for signal in verdict.signals
                if signal.id in verdict.persistent and (mark := signal_mark(signal)) is not None
            ],
            scan=scan,
        )
    except _COMPLAINTS as complaint:
        raise FilterError(f"patch_verify_result: {complaint}") from complaint


def _scan_of(document: object) -> object:
    """The scan of a saved document, or of a result of win_patch_info."""
    if not isinstance(document, Mapping):
        raise ScanError(f"needs a document that holds a scan, not {type_name(document)}")
    within = document.get("evidence")
    scan = document.get("scan") or (within.get("scan") if isinstance(within, Mapping) else None)
    if not isinstance(scan, Mapping):
        raise ScanError("the document holds no scan: scan the host first")
    return scan


def _evidence_of(document: object) -> Mapping[str, Any]:
    if isinstance(document, Mapping):
        held = document if "probes" in document else document.get("evidence")
        if isinstance(held, Mapping):
            return held
    raise EvidenceError("holds no evidence document: scan the host with evidence=return")
