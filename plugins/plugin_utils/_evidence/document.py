# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The evidence document: what a host answered, kept so that it can be judged again, later and elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .times import parse_time, time_or_none
from .wording import type_name

SCHEMA = "winops.patching/evidence/1"
PROBE_STATES = frozenset({"ok", "absent", "denied", "timeout", "error"})


class EvidenceError(ValueError):
    """A document that cannot be judged; the message names what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One host's answers. Times are aware UTC instants or None; ``probes`` is as the document holds it.

    ``asked_signals`` None means all: a probe may answer for signals that nobody asked for, which stay not asked.
    ``judged_at`` is the instant at which ages and expiries are judged: ``collected_at`` unless the caller gives one.
    ``scan`` is the host's scan document as it was saved, None where the host was not scanned.
    """

    host: str
    collected_at: datetime | None
    boot_time: datetime | None
    system: Mapping[str, Any]
    probes: Mapping[str, Any]
    run_id: str | None = None
    since_asked: bool = False
    judged_at: datetime | None = None
    custom_signals: tuple[Any, ...] = ()
    asked_signals: frozenset[str] | None = None
    scan: Mapping[str, Any] | None = None
    problems: tuple[str, ...] = field(default=())

    @property
    def build(self) -> int | None:
        """The major build, e.g. 20348, or None where it was not readable."""
        head = str(self.system.get("os_build") or "").split(".")
        if len(head) >= 3 and head[0] in ("5", "6", "10"):
            head = head[2:]
        return int(head[0]) if head and re.fullmatch(r"[0-9]{1,9}", head[0]) else None


def parse_evidence(document: object, *, now: datetime | None = None) -> Evidence:
    """Return the Evidence of a document of SCHEMA; raise EvidenceError where it is none.

    Unreadable times and a damaged system block are listed in ``problems`` and left empty: what depends on them is
    judged unknown, nothing else is lost.
    """
    if not isinstance(document, Mapping):
        raise EvidenceError(f"evidence is a mapping, not {type_name(document)}: give the document that a run has saved")
    schema = document.get("schema")
    if schema != SCHEMA:
        raise EvidenceError(
            f"evidence of schema {str(schema)[:80]!r} cannot be judged here, only {SCHEMA!r}: "
            "collect it again, or use the version of winops.patching that wrote it"
        )
    probes = document.get("probes")
    if not isinstance(probes, Mapping):
        raise EvidenceError("the evidence has no probes: the document is damaged or was cut off; collect it again")
    problems = []
    system = document.get("system")
    if not isinstance(system, Mapping):
        problems.append("the system block is missing")
        system = {}
    collected_at = time_or_none(document.get("collected_at"))
    if collected_at is None:
        problems.append(f"collected_at {str(document.get('collected_at'))[:40]!r} is not a time")
    boot_time = time_or_none(document.get("boot_time"))
    if boot_time is None:
        problems.append("the boot time is not known")
    scan = document.get("scan")
    if scan is not None and not isinstance(scan, Mapping):
        problems.append(f"the scan is no mapping but {type_name(scan)}")
        scan = None
    run_id = document.get("run_id")
    return Evidence(
        host=str(document.get("host") or ""),
        collected_at=collected_at,
        boot_time=boot_time,
        system=system,
        probes=probes,
        run_id=run_id if isinstance(run_id, str) else None,
        since_asked=document.get("since") is True,
        judged_at=now or collected_at,
        custom_signals=_custom_signals(document.get("custom_signals")),
        asked_signals=_asked_signals(document.get("asked_signals")),
        scan=scan,
        problems=tuple(problems),
    )


def _custom_signals(value: object) -> tuple[Any, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise EvidenceError("the evidence's custom_signals are no list: the document is damaged; collect it again")
    return tuple(value)


def _asked_signals(value: object) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise EvidenceError(
            "the evidence's asked_signals are no list of ids: the document is damaged; collect it again"
        )
    return frozenset(value)


def build_document(
    answer: Mapping[str, Any],
    *,
    host: str,
    asked: Sequence[Mapping[str, Any]],
    collected_at: str,
    since: bool = False,
    run_id: str | None = None,
    failure: str | None = None,
    custom_signals: Sequence[Any] = (),
    asked_signals: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the evidence document of one answer of the reader.

    ``answer`` holds ``probes`` and ``system`` as the reader returned them; a probe that was asked and not answered is
    put in as an error, so that it is judged unknown. ``collected_at`` is used where the host's own clock is unreadable.
    ``failure`` is why the reader as a whole failed, if it did. ``custom_signals`` are the user's own, as given, so that
    the document can be judged again without them at hand.
    """
    system = answer.get("system")
    system = (
        dict(system)
        if isinstance(system, Mapping)
        else {"errors": [{"field": "system", "error": {"message": "not returned"}}]}
    )
    answers = answer.get("probes")
    if not isinstance(answers, Mapping):
        raise EvidenceError("the answer of the host holds no probes: it is damaged or was cut off")
    probes: dict[str, Any] = {}
    for spec in asked:
        name = str(spec["id"])
        entry: dict[str, Any] = {"asked": {key: value for key, value in spec.items() if key != "id"}}
        found = answers.get(name)
        if isinstance(found, Mapping) and found.get("state") in PROBE_STATES:
            entry.update(found)
        else:
            entry.update(state="error", error=_no_answer(found, failure))
        probes[name] = entry
    return {
        "schema": SCHEMA,
        "host": host,
        "collected_at": _clock(system.get("clock"), collected_at),
        "boot_time": system.get("boot_time"),
        "run_id": run_id,
        "since": since,
        "error": failure,
        "custom_signals": list(custom_signals),
        "asked_signals": list(asked_signals) if asked_signals is not None else None,
        "system": system,
        "probes": probes,
    }


def _no_answer(found: object, failure: str | None) -> dict[str, Any]:
    if failure:
        return {"type": "winops.patching.ReaderFailed", "hresult": None, "message": failure}
    text = (
        "the host's answer lacks this probe" if found is None else f"the host's answer is damaged: {str(found)[:200]}"
    )
    return {"type": "winops.patching.NoAnswer", "hresult": None, "message": text}


def _clock(host_clock: object, fallback: str) -> str:
    parse_time(fallback)
    return str(host_clock) if time_or_none(host_clock) is not None else fallback
