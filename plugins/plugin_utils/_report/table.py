# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The fleet as a table for a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_ORDER = {"required": 0, "unknown": 1, "not_required": 2}
_WORDS = {"required": "required", "not_required": "no", "unknown": "unknown"}
_HEADS = ("host", "reboot", "safe now", "because", "not readable")
_WIDTHS = (28, 18, 8, 44, 48)
_KINDS = {"hard": " (hard)", "in_progress": " (running)"}
_LIMITS = {"not_elevated": "token not elevated", "constrained_language": "constrained language"}
# What clients print of an error, innermost last: the operating system's words, or those of the exception.
_CAUSES = (re.compile(r"\[Errno -?\d+\] ([^\"'()\[\]]+)"), re.compile(r"[A-Z]\w+\(['\"]([^'\"]{4,})['\"]"))


def fleet_table(fleet: Mapping[str, Any]) -> str:
    """Return the hosts of a fleet document, those that need attention first, and a line with the totals."""
    hosts = fleet["hosts"]
    names = sorted(hosts, key=lambda name: (_ORDER.get(hosts[name]["reboot"], 1), name))
    rows = [_cells(name, hosts[name]) for name in names]
    widths = [
        min(limit, max([len(head), *(len(row[column]) for row in rows)]))
        for column, (head, limit) in enumerate(zip(_HEADS, _WIDTHS, strict=True))
    ]
    lines = [_line(_HEADS, widths), _line(["-" * width for width in widths], widths)]
    lines.extend(_line(row, widths) for row in rows)
    totals = fleet["totals"]["reboot"]
    counted = "1 host" if len(rows) == 1 else f"{len(rows)} hosts"
    summary = (
        f"{counted}: reboot required {totals['required']}, not required {totals['not_required']}, "
        f"unknown {totals['unknown']}"
    )
    if any(cells[4].startswith("! ") for cells in rows):
        summary += "    (! without it there is no answer)"
    return "\n".join([*lines, "", summary])


def _cells(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    reboot = _WORDS[row["reboot"]] + _KINDS.get(row["kind"], "")
    because = ", ".join(row["because"]) or (f"hints: {', '.join(row['hints'])}" if row["hints"] else "-")
    return tuple(_printable(text) for text in (name, reboot, row["safe_to_reboot"], because, _unread(row)))


def _unread(row: Mapping[str, Any]) -> str:
    """One reason where there is one; else the signals, those without which there is no answer first, marked with !."""
    if row["error"]:
        return short_error(row["error"])
    decisive = [entry["id"] for entry in row["unknown"] if entry["decisive"]]
    others = [entry["id"] for entry in row["unknown"] if not entry["decisive"]]
    mark = "! " if decisive else ""
    if row.get("limits"):
        causes = ", ".join(_LIMITS.get(limit["id"], limit["id"]) for limit in row["limits"])
        return f"{mark}{causes}: {len(row['unknown'])} signals" if row["unknown"] else causes
    return mark + ", ".join([*decisive, *others]) or "-"


def short_error(error: str) -> str:
    """Clients wrap an error in three lines of their own; the document has them all."""
    for cause in _CAUSES:
        if found := cause.search(error):
            word = "unreachable: " if error.startswith("unreachable") else ""
            return f"{word}{found.group(1).strip()}"
    return error


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_fit(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _printable(text: str) -> str:
    """Host text must not move the cursor of the terminal it is shown on."""
    unsafe = ("C", "Zl", "Zp")
    return "".join(" " if unicodedata.category(char).startswith(unsafe) else char for char in text).strip()
