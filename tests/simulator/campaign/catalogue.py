# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All faults, and the cases that they make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from campaign import faults_agent, faults_controller, faults_host, faults_line, faults_power
from campaign.model import Case, Fault, Measured

PARTS: Final = (faults_host, faults_line, faults_power, faults_agent, faults_controller)
FAULTS: Final[dict[str, Fault]] = {fault.id: fault for part in PARTS for fault in part.FAULTS}


def cases(measured: Measured) -> Iterator[Case]:
    """Every case of every fault; the name of its host is that of the fault, with a number."""
    for fault in FAULTS.values():
        for number, variant in enumerate(fault.variants(measured), 1):
            yield Case(
                name=f"{fault.id.replace('_', '-')}-{number:03d}",
                fault=fault.id,
                detail=variant.detail,
                ends=variant.ends or fault.ends,
                words=variant.words,
                variables=variant.variables,
                windows=variant.windows,
                how=fault.how,
            )
