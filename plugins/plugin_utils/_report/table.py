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
_WIDTHS = (28, 12, 8, 52, 60)


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
    lines.append("")
    lines.append(
        f"{counted}: reboot required {totals['required']}, not required {totals['not_required']}, "
        f"unknown {totals['unknown']}"
    )
    return "\n".join(lines)


def _cells(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    kind = row["kind"]
    reboot = _WORDS[row["reboot"]] + (f" ({kind})" if kind in ("hard", "in_progress") else "")
    because = ", ".join(row["because"]) or (f"hints: {', '.join(row['hints'])}" if row["hints"] else "-")
    unread = _short(row["error"]) or ", ".join(
        f"{entry['id']}{'' if not entry['decisive'] else ' !'}"
        for entry in sorted(row["unknown"], key=lambda entry: not entry["decisive"])
    )
    return tuple(_printable(text) for text in (name, reboot, row["safe_to_reboot"], because, unread or "-"))


def _short(error: str | None) -> str | None:
    """An operating system's error says in two words what the client says in three lines; the document has it all."""
    cause = re.search(r"\[Errno -?\d+\] ([^\"'()\[\]]+)", error or "")
    return error if cause is None else f"unreachable: {cause.group(1).strip()}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_fit(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _printable(text: str) -> str:
    """Host text must not move the cursor of the terminal it is shown on."""
    return "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text).strip()
