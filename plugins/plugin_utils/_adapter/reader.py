# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run of the reader on the host, and the evidence document that comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from .._evidence.catalogue import SIGNALS, probes_for
from .._evidence.document import EvidenceError, build_document
from .._evidence.probes import ProbeError, nearest, validate_probes
from .._evidence.times import format_time
from .core import ActionFail

READER = "winops.patching.win_probe"
MAX_MESSAGE = 300
_AGENT_SIGNALS = ("agent_reboot_required",)

Execute = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


def chosen_signals(signals: Sequence[str] | None, skip: Sequence[str] | None, update_agent: str) -> list[str]:
    """Return the ids of the signals to ask for, in the order of the catalogue; raise for an id that is none."""
    for option, names in (("signals", signals), ("skip", skip)):
        for name in names or ():
            if name not in SIGNALS:
                raise ActionFail(
                    f"{option}: {name!r} is no signal{nearest(str(name), list(SIGNALS))}; see docs/signals.md"
                )
    left = set(signals or SIGNALS) - set(skip or ())
    if update_agent == "skip":
        left -= set(_AGENT_SIGNALS)
    if not left:
        raise ActionFail("signals, skip: nothing is left to ask for; name at least one signal")
    return [name for name in SIGNALS if name in left]


def read_host(
    execute: Execute, *, host: str, signals: Sequence[str], since: bool, run_id: str | None
) -> tuple[dict[str, Any], str | None]:
    """Run the reader once and return (evidence document, what failed or None).

    When the reader failed or its answer is damaged, every probe of the document is an error with that reason: it is
    judged unknown, never "no". A host that is not reachable raises, as with any module.
    """
    try:
        probes = validate_probes(probes_for(signals, write_times=since))
    except ProbeError as error:
        raise ActionFail(str(error)) from error
    answer = execute(READER, {"probes": probes}) if probes else {"probes": {}, "system": {}}
    now = format_time(datetime.now(timezone.utc))
    failure = _failure_of(answer)
    try:
        read = {"probes": {}, "system": None} if failure else answer
        document = build_document(read, host=host, asked=probes, collected_at=now, since=since, run_id=run_id)
    except EvidenceError as error:
        failure = str(error)
        document = build_document({"probes": {}}, host=host, asked=probes, collected_at=now, since=since, run_id=run_id)
    if failure:
        for entry in document["probes"].values():
            entry["error"] = {"type": "winops.patching.ReaderFailed", "hresult": None, "message": failure}
    return document, failure


def _failure_of(answer: Mapping[str, Any]) -> str | None:
    if not answer.get("failed"):
        return None
    said = answer.get("module_stdout") or answer.get("module_stderr") or ""
    message = " ".join(str(answer.get("msg") or "no message").split())[:MAX_MESSAGE]
    shown = " ".join(str(said).split())[:120]
    return f"{message}; it printed {json.dumps(shown)}" if shown else message
