# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The way to a rename queue that was looked at, or put right: read, work it out here, write only what is proved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.catalogue import BUSY_SIGNALS, SIGNALS
from .._evidence.document import parse_evidence
from .._evidence.times import format_time, parse_time
from .._evidence.wording import printable
from .._verdict.policy import parse_policy
from .._verdict.rename_analysis.normal import Normalised, normalise
from .._verdict.rename_analysis.snapshot import snapshot_of
from .._verdict.signals import judge_signals
from .asking import MAX_FILES, Ask, FilesRead, asker, checked_most, read_document
from .core import ActionFail, checked_options
from .preload import preload_client
from .rename_reading import cut, queue_probes, read_files_of_queue, shown_analysis

preload_client()

WRITER = "winops.patching.win_rename_queue"
RENAME_QUEUE_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "state": {"type": "str", "choices": ["analysed", "normalised"], "default": "analysed"},
        "max_files": {"type": "int", "default": MAX_FILES},
        "snapshot": {"type": "dict"},
        "return_snapshot": {"type": "bool", "default": False},
    }
)
# Both forms of the queue go to the host in one message.
MAX_WRITE_BYTES = 100_000
_SHOWN = 20


@dataclass(frozen=True)
class _Host:
    """What was read of the host."""

    document: dict[str, Any]
    read: FilesRead


class RenameQueueAction(ActionBase):
    """Runs the reader twice at most, and the writer once where something is to be changed."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; what cannot be proved is not changed, and said."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = checked_options(self, RENAME_QUEUE_OPTIONS)
        most = checked_most(options["max_files"])
        ask: Ask = asker(self, variables)
        name = str(variables.get("inventory_hostname") or "")
        document, failure = read_document(ask, queue_probes(), host=name)
        if failure:
            message = f"the host was reached, but it could not be read: {failure}"
            return {**result, "failed": True, "msg": message, "error": message}
        host = _Host(document, read_files_of_queue(ask, document, most=most))
        analysis = shown_analysis(document, host.read, snapshot=options["snapshot"])
        result.update(changed=False, rename_queue=analysis)
        if options["return_snapshot"]:
            result["snapshot"] = snapshot_of(document)
        warnings = list(host.read.told)
        if options["state"] == "normalised":
            result.update(self._normalise(host, variables, warnings))
        elif analysis["state"] != "clean":
            warnings.append(analysis["sentence"])
        if warnings:
            result["warnings"] = warnings
        return result

    def _normalise(self, host: _Host, variables: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
        found = normalise(host.document, host.read.files)
        answer: dict[str, Any] = {
            "changed": found.changed,
            "dropped": cut(found.dropped, _SHOWN),
            "dropped_count": len(found.dropped),
            "refused": cut(found.refused, _SHOWN),
            "refused_count": len(found.refused),
        }
        whole = [entry["reason"] for entry in found.refused if entry["target"] is None]
        if whole:
            return {**answer, "failed": True, "msg": f"the queue stays as it is: {'; '.join(whole[:3])}"}
        warnings.extend(f"{entry['target']} stays as it is: {entry['reason']}" for entry in found.refused[:5])
        if not found.changed:
            return answer
        busy = _busy(host.document)
        if busy:
            text = f"the queue stays as it is, because an installer may be writing to it: {busy}"
            return {**answer, "changed": False, "failed": True, "msg": f"{text}; run again when it is idle"}
        changes = _changes(found)
        if self._task.diff:
            answer["diff"] = {"before": _text(found.before), "after": _text({**found.before, **found.values})}
        if not self._task.check_mode:
            answer.update(self._write(changes, host.document, variables))
        return answer

    def _write(
        self, changes: Sequence[Mapping[str, Any]], document: Mapping[str, Any], variables: dict[str, Any]
    ) -> dict[str, Any]:
        # The host's own time names the copy: `20261121T120000Z`.
        stamp = format_time(parse_time(document["collected_at"])).replace("-", "").replace(":", "")
        answer: Mapping[str, Any] = self._execute_module(
            module_name=WRITER, module_args={"changes": list(changes), "stamp": stamp}, task_vars=variables
        )
        if answer.get("failed"):
            reason = str(answer.get("reason") or "error")
            text = printable(str(answer.get("msg") or "the queue could not be written")[:600])
            return {"changed": reason == "write_differs", "failed": True, "msg": text, "reason": printable(reason[:40])}
        return {"backup": printable(str(answer.get("backup") or "")[:300])}


def _changes(found: Normalised) -> list[dict[str, Any]]:
    changes = [
        {"name": name, "expected": list(found.before[name]), "wanted": list(wanted)}
        for name, wanted in found.values.items()
    ]
    size = len(json.dumps(changes))
    if size > MAX_WRITE_BYTES:
        raise ActionFail(
            f"the queue stays as it is: {size} bytes are more than the {MAX_WRITE_BYTES} that one message carries; "
            "restart the host after fewer installations"
        )
    return changes


def _busy(document: Mapping[str, Any]) -> str:
    """Who may be writing to the queue, or cannot be asked about; empty when nobody is."""
    signals = judge_signals(parse_evidence(document), parse_policy(None))
    return "; ".join(
        f"{SIGNALS[signal.id].title}: {signal.detail}"
        for signal in signals
        if signal.id in BUSY_SIGNALS and signal.state != "absent"
    )[:400]


def _text(values: Mapping[str, Sequence[str]]) -> str:
    """The queue as a person reads it, one operation a line, unchanged but for what moves a cursor."""
    lines = []
    for name in sorted(values):
        strings = [*values[name], ""] if len(values[name]) % 2 else list(values[name])
        lines += [
            f"{name}: {one} -> {other or '(delete)'}" for one, other in zip(strings[::2], strings[1::2], strict=True)
        ]
    return "".join(f"{printable(line)}\n" for line in lines)
