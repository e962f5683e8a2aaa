# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From what a door was given to a verdict, with the brain's complaints turned into the door's error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._evidence.document import EvidenceError
from .._evidence.times import TimeTextError
from .._evidence.wording import type_name
from .._verdict.policy import PolicyError, parse_policy
from .._verdict.reboot import Verdict, reboot_verdict


def judge(evidence: object, policy: object, *, now: object, error: Callable[[str], Exception]) -> Verdict:
    """Return the verdict; what cannot be judged at all is raised as ``error``."""
    try:
        return reboot_verdict(evidence, policy, now=now)
    except (EvidenceError, PolicyError, TimeTextError) as complaint:
        raise error(f"reboot_verdict: {complaint}") from complaint


def merged_policy(
    value: object, *, error: Callable[[str], Exception], custom: frozenset[str] = frozenset(), **options: Any
) -> dict[str, Any]:
    """Return a door's option ``policy`` with the door's own options of the same name put into it, checked."""
    if value is None:
        value = {}
    given = {name: option for name, option in options.items() if option is not None}
    if not isinstance(value, dict):
        raise error(f"policy: must be a mapping, not {type_name(value)}")
    twice = sorted(set(given) & set(value))
    if twice:
        raise error(f"{', '.join(twice)}: given as an option and inside policy; keep one of them")
    merged = {**value, **given}
    try:
        parse_policy(merged, custom=custom)
    except PolicyError as complaint:
        raise error(str(complaint)) from complaint
    return merged
