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
from .._evidence.probes import ProbeError, validate_probes
from .._evidence.times import format_time
from .._evidence.wording import nearest, printable
from .core import ActionFail

READER = "winops.patching.win_probe"
MAX_MESSAGE = 300
_AGENT_SIGNALS = ("agent_reboot_required",)

Execute = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


def chosen_signals(
    signals: Sequence[str] | None, skip: Sequence[str] | None, update_agent: str, *, custom: Sequence[str] = ()
) -> list[str]:
    """Return the ids of the signals to ask for, the user's own (``custom``) last; raise for an id that is none."""
    known = [*SIGNALS, *custom]
    for option, names in (("signals", signals), ("skip", skip)):
        for name in names or ():
            if name not in known:
                raise ActionFail(f"{option}: {name!r} is no signal{nearest(str(name), known)}; see docs/signals.md")
    left = set(signals or known) - set(skip or ())
    if update_agent == "skip":
        left -= set(_AGENT_SIGNALS)
    if not left:
        raise ActionFail("signals, skip: nothing is left to ask for; name at least one signal")
    return [name for name in known if name in left]


def read_host(
    execute: Execute,
    *,
    host: str,
    signals: Sequence[str],
    since: bool,
    run_id: str | None,
    custom_signals: Sequence[Any] = (),
) -> tuple[dict[str, Any], str | None]:
    """Run the reader once and return (evidence document, what failed or None).

    When the reader failed or its answer is damaged, every probe of the document is an error with that reason: it is
    judged unknown, never "no". A host that is not reachable raises, as with any module.
    """
    try:
        own = [{"id": entry["id"], **entry["probe"]} for entry in custom_signals if entry["id"] in signals]
        asked = [name for name in signals if name in SIGNALS]
        # Whether the ConfigMgr client runs decides whether its answer is required, however narrow the question is.
        probes = [*probes_for(asked, write_times=since, also=["ccm_service"] if probes_for(asked) else []), *own]
        probes = validate_probes(probes) if probes else []
    except ProbeError as error:
        raise ActionFail(str(error)) from error
    answer = execute(READER, {"probes": probes}) if probes else {"probes": {}, "system": {}}
    now = format_time(datetime.now(timezone.utc))
    failure = _failure_of(answer)
    read = {"probes": {}} if failure else answer
    details: dict[str, Any] = {"host": host, "asked": probes, "collected_at": now, "since": since, "run_id": run_id}
    details["custom_signals"] = custom_signals
    details["asked_signals"] = None if set(signals) >= set(SIGNALS) else signals
    try:
        return build_document(read, failure=failure, **details), failure
    except EvidenceError as error:
        return build_document({"probes": {}}, failure=str(error), **details), str(error)


def _failure_of(answer: Mapping[str, Any]) -> str | None:
    if not answer.get("failed"):
        return None
    said = answer.get("module_stdout") or answer.get("module_stderr") or ""
    message = " ".join(str(answer.get("msg") or "no message").split())[:MAX_MESSAGE]
    shown = " ".join(str(said).split())[:120]
    return printable(f"{message}; it printed {json.dumps(shown)}" if shown else message)
