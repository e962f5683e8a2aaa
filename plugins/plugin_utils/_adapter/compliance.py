# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The doors' way to the questions about compliance: one kind of error, and the word of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._evidence.document import EvidenceError
from .._evidence.scan import ScanError
from .._evidence.times import TimeTextError
from .._evidence.wording import printable, type_name
from .._verdict.compliance.fleet import FleetError, fleet_compliance
from .._verdict.compliance.host_compliance import patch_compliance
from .._verdict.compliance.judges import JudgeError
from .._verdict.compliance.roll_up import MACHINES
from .._verdict.policy import PolicyError
from .core import FilterError

_COMPLAINTS = (ScanError, EvidenceError, PolicyError, JudgeError, TimeTextError, FleetError)


def judge_host(scan: object, evidence: object, policy: object, judge: object, now: object) -> dict[str, Any]:
    """Return the published answer for one host; what cannot be judged at all is a FilterError."""
    try:
        return patch_compliance(scan, evidence, policy, judge, now=now).as_dict()
    except _COMPLAINTS as complaint:
        raise FilterError(f"patch_compliance: {complaint}") from complaint


def judge_fleet(hosts: object, policy: object, judge: object, now: object) -> dict[str, Any]:
    """Return the published answer for a fleet; what cannot be judged at all is a FilterError."""
    try:
        return fleet_compliance(hosts, policy, judge, now=now)
    except _COMPLAINTS as complaint:
        raise FilterError(f"fleet_compliance: {complaint}") from complaint


def machine_word(value: object) -> str:
    """Return the machine's word of an answer of patch_compliance (or of a host of fleet_compliance).

    A mapping without one, or with null (a task that failed, a host of fleet.json whose updates nobody asked about), is
    unknown. Raises FilterError for what is no mapping, and for a word that there is not.
    """
    if not isinstance(value, Mapping):
        raise FilterError(f"needs what the filter patch_compliance returned, not {type_name(value)}")
    word = value.get("machine")
    if word is None:
        return "unknown"
    if not isinstance(word, str) or word not in MACHINES:
        raise FilterError(f"{printable(str(word)[:60])!r} is no state of a machine; there are {', '.join(MACHINES)}")
    return word
