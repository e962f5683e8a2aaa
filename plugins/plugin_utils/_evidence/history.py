# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One line of the update agent's history: what was installed or removed, when, and with which result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from .times import time_or_none
from .update import MAX_TEXT, update_id
from .wording import printable

# OperationResultCode of the Windows Update Agent.
RESULTS = ("not_started", "in_progress", "succeeded", "succeeded_with_errors", "failed", "aborted")
OPERATIONS = {1: "install", 2: "uninstall"}
_HEX = re.compile(r"0x[0-9a-f]{1,8}", re.IGNORECASE)


class HistoryEntry(NamedTuple):
    """``hresult`` is ``0x80070643``, or None where it is not known; ``operation`` and ``result`` are words."""

    id: str
    at: datetime | None
    operation: str
    result: str
    hresult: str | None
    title: str
    revision: int | None
    client: str
    source: str


def read_history(raw: object) -> HistoryEntry | None:
    """Return the entry, or None where it names no update."""
    if not isinstance(raw, (dict, Mapping)):
        return None
    name = update_id(raw.get("id"))
    if name is None:
        return None
    revision = raw.get("revision")
    return HistoryEntry(
        id=name,
        at=time_or_none(raw.get("at")),
        operation=_word(raw.get("operation"), OPERATIONS),
        result=_word(raw.get("result"), dict(enumerate(RESULTS))),
        hresult=hex_code(raw.get("hresult")),
        title=_text(raw.get("title")),
        revision=revision if isinstance(revision, int) and not isinstance(revision, bool) else None,
        client=_text(raw.get("client")),
        source=_text(raw.get("source")),
    )


def hex_code(value: object) -> str | None:
    """Return ``0x80240016`` for a code in hexadecimal text, signed or unsigned; None for all else."""
    if isinstance(value, str) and _HEX.fullmatch(value.strip()):
        value = int(value, 16)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return f"0x{value & 0xFFFFFFFF:08X}"


def _word(value: object, words: Mapping[int, str]) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return words.get(value, str(value))
    return _text(value).strip().lower()


def _text(value: object) -> str:
    return printable(value[:MAX_TEXT]) if isinstance(value, str) else ""
