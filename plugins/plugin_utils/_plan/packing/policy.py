# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How updates are packed into a window: whose rules hold, what is kept free for a reboot, what runs first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..._evidence.update import kb_number, update_id
from ..._evidence.wording import nearest, type_name
from ..keys import (
    PACKING_KEYS,
    REBOOT_KEYS,
    WAVE_KEYS,
    WINDOW_KEYS,
    number_or_none,
    one_of,
    policy_reader,
    short,
    span_of,
    true_or_false,
)
from ..windows.questions import NO_WINDOWS
from ..windows.values import PURPOSES

WINOPS, CONFIGMGR_2007 = "winops", "configmgr_2007"
RULES = (WINOPS, CONFIGMGR_2007)
ORDERS = ("given", "shortest", "severity", "servicing_stack_first")
# 5 minutes of countdown and 10 of restart, as ConfigMgr 2007 counted.
_COUNTDOWN, _RESTART = timedelta(minutes=5), timedelta(minutes=10)
KINDS = ("feature_updates", "service_packs", "other")
# Minutes. ConfigMgr's defaults: since 2103 an hour and two for a feature update; 2007 had 20 minutes, 60 for a service
# pack.
DEFAULT_MINUTES: Mapping[str, Mapping[str, int]] = {
    WINOPS: {"feature_updates": 120, "service_packs": 60, "other": 60},
    CONFIGMGR_2007: {"feature_updates": 20, "service_packs": 60, "other": 20},
}
LONGEST_MINUTES = 14 * 24 * 60
LONGEST_RESERVE = timedelta(days=1)
_MOST_OWN = 10_000


@dataclass(frozen=True, slots=True)
class PackingPolicy:
    """A checked policy. Times are in seconds; ``own_seconds`` are by KB number or update id, ``windows`` as given."""

    rules: str = WINOPS
    order: str = "shortest"
    reserve: int = 900
    default_seconds: Mapping[str, int] = field(default_factory=dict)
    own_seconds: Mapping[str, int] = field(default_factory=dict)
    windows: object = None
    purpose: str = "install"
    no_windows: str = "closed"
    windows_apply: bool = True


def run_seconds(value: object) -> int:
    """Return the seconds of a run time in minutes, rounded up; raise ValueError."""
    minutes = number_or_none(value)
    if minutes is None or not 0 < minutes <= LONGEST_MINUTES:
        raise ValueError(f"must be a number of minutes from 1 to {LONGEST_MINUTES}, not {short(value)}")
    return math.ceil(minutes * 60)


def parse_packing_policy(policy: object) -> PackingPolicy:
    """Return the policy of a mapping (None: the default); raise PlanError with every mistake by key."""
    reader = policy_reader(policy, (*PACKING_KEYS, *WINDOW_KEYS), (*WAVE_KEYS, *REBOOT_KEYS))
    rules = reader.take("rules", one_of(RULES), WINOPS)
    found = PackingPolicy(
        rules=rules,
        order=reader.take("order", one_of(ORDERS), "given" if rules == CONFIGMGR_2007 else "shortest"),
        reserve=reader.take("reserve", _reserve, int((_COUNTDOWN + _RESTART).total_seconds())),
        default_seconds=_defaults(rules) | reader.take("default_run_minutes", _default_seconds, dict[str, int]()),
        own_seconds=reader.take("run_minutes", _own_seconds, dict[str, int]()),
        windows=reader.given.get("windows"),
        purpose=reader.take("purpose", one_of(PURPOSES), "install"),
        no_windows=reader.take("no_windows", one_of(NO_WINDOWS), "closed"),
        windows_apply=reader.take("windows_apply", true_or_false, True),
    )
    reader.finish()
    return found


def _defaults(rules: str) -> dict[str, int]:
    return {kind: minutes * 60 for kind, minutes in DEFAULT_MINUTES[rules].items()}


def _reserve(value: Any) -> int:
    """A duration, or countdown and restart apart."""
    if isinstance(value, Mapping):
        for key in value:
            _known(key, ("countdown", "restart"))
        span = span_of(value.get("countdown", "5m")) + span_of(value.get("restart", "10m"))
    else:
        span = span_of(value)
    if span > LONGEST_RESERVE:
        raise ValueError(f"{short(value)} is more than a day")
    return int(span.total_seconds())


def _known(key: object, words: tuple[str, ...]) -> None:
    if key not in words:
        raise ValueError(f"{short(key)}: no such key{nearest(str(key)[:60], words)}; there are {', '.join(words)}")


def _default_seconds(value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping):
        return dict.fromkeys(KINDS, run_seconds(value))
    for key in value:
        _known(key, KINDS)
    return {key: run_seconds(minutes) for key, minutes in value.items()}


def _own_seconds(value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping) or len(value) > _MOST_OWN:
        raise ValueError(f"must be a mapping of KB number or update id to minutes, not {type_name(value)}")
    found = {}
    for key, minutes in value.items():
        name = kb_number(key) or update_id(key)
        if name is None:
            raise ValueError(f"{short(key)} is neither a KB number nor an update id")
        found[name] = run_seconds(minutes)
    return found
