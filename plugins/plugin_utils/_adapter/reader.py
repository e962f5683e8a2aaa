# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run of the reader on the host, and the evidence document that comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .._evidence.catalogue import SCAN_PROBE, SIGNALS, probes_for
from .._evidence.document import EvidenceError, build_document
from .._evidence.last_scan import LAST_SCAN, last_scan_probe, update_agent_answer
from .._evidence.persistent import PERSISTENT, PERSISTENT_PROBE
from .._evidence.probes import ProbeError, validate_probes
from .._evidence.times import format_time
from .._evidence.wording import nearest, printable
from .core import ActionFail

READER = "winops.patching.win_probe"
MAX_MESSAGE = 300
_AGENT_SIGNALS = ("agent_reboot_required",)
# What the newest finished scan of the update agent answers.
_SCAN_SIGNALS = ("agent_reboot_required", "agent_updates_pending_reboot")

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


@dataclass(frozen=True)
class SignalQuestion:
    """What is asked of a host so that its signals can be judged, and the document that comes of the answer.

    ``custom_signals`` are the user's own, as given. ``update_agent`` says whether the newest finished scan of the host
    is read too, ``persistent`` whether the marks of signals are that a reboot did not clear.
    """

    host: str
    signals: Sequence[str]
    since: bool = False
    run_id: str | None = None
    custom_signals: Sequence[Any] = ()
    update_agent: bool = False
    persistent: bool = False

    def probes(self) -> list[dict[str, Any]]:
        """Return the probes; raise ActionFail for one that must not be sent."""
        own = [{"id": entry["id"], **entry["probe"]} for entry in self.custom_signals if entry["id"] in self.signals]
        asked = [name for name in self.signals if name in SIGNALS]
        # Whether the ConfigMgr client runs decides whether its answer is required, however narrow the question is.
        probes = [*probes_for(asked, write_times=self.since, also=["ccm_service"] if probes_for(asked) else []), *own]
        if self.update_agent and set(asked) & set(_SCAN_SIGNALS):
            probes.append(last_scan_probe())
        if self.persistent:
            probes.append({"id": PERSISTENT, **PERSISTENT_PROBE})
        try:
            return validate_probes(probes) if probes else []
        except ProbeError as error:
            raise ActionFail(str(error)) from error

    def document(self, answer: Mapping[str, Any], failure: str | None = None) -> tuple[dict[str, Any], str | None]:
        """Return (evidence document, what failed or None) of the reader's answer to ``probes``.

        With a ``failure``, or a damaged answer, every probe of the document is an error with that reason: it is judged
        unknown, never "no".
        """
        details: dict[str, Any] = {
            "host": self.host,
            "asked": self.probes(),
            "collected_at": format_time(datetime.now(timezone.utc)),
            "since": self.since,
            "run_id": self.run_id,
            "custom_signals": self.custom_signals,
            "asked_signals": None if set(self.signals) >= set(SIGNALS) else list(self.signals),
        }
        try:
            document = build_document({"probes": {}} if failure else answer, failure=failure, **details)
        except EvidenceError as error:
            failure = str(error)
            document = build_document({"probes": {}}, failure=failure, **details)
        return _with_update_agent(document), failure


def _with_update_agent(document: dict[str, Any]) -> dict[str, Any]:
    """Put what the newest scan left on the host into the place where scans stand in a document."""
    told = update_agent_answer(document["probes"])
    document["probes"].pop(LAST_SCAN, None)
    if told is not None:
        document["probes"][SCAN_PROBE] = told
    return document


def read_host(
    execute: Execute,
    *,
    host: str,
    signals: Sequence[str],
    since: bool,
    run_id: str | None,
    custom_signals: Sequence[Any] = (),
    update_agent: bool = False,
) -> tuple[dict[str, Any], str | None]:
    """Run the reader once and return (evidence document, what failed or None).

    A host that is not reachable raises, as with any module.
    """
    return ask_host(execute, SignalQuestion(host, signals, since, run_id, custom_signals, update_agent))


def ask_host(execute: Execute, question: SignalQuestion) -> tuple[dict[str, Any], str | None]:
    """Do the same for a question that is made already."""
    probes = question.probes()
    answer = execute(READER, {"probes": probes}) if probes else {"probes": {}, "system": {}}
    return question.document(answer, failure_of(answer))


def failure_of(answer: Mapping[str, Any]) -> str | None:
    """Return why the reader as a whole failed, in one printable line, or None."""
    if not answer.get("failed"):
        return None
    said = answer.get("module_stdout") or answer.get("module_stderr") or ""
    message = " ".join(str(answer.get("msg") or "no message").split())[:MAX_MESSAGE]
    shown = " ".join(str(said).split())[:120]
    return printable(f"{message}; it printed {json.dumps(shown)}" if shown else message)
