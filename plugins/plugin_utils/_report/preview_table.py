# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A preview as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._evidence.wording import printable
from .table import short_error

_HEADS = ("host", "wave", "begins", "expected end", "install", "later", "left out", "why")
_WIDTHS = (28, 4, 20, 20, 7, 5, 8, 60)


def preview_table(preview: Mapping[str, Any]) -> str:
    """Return the hosts of a preview by wave, those without a plan last, and a line with the totals."""
    hosts = preview["hosts"]
    names = sorted(hosts, key=lambda name: (hosts[name]["wave"] is None, hosts[name]["wave"] or 0, name))
    rows = [_cells(name, hosts[name]) for name in names]
    widths = [
        min(limit, max([len(head), *(len(row[column]) for row in rows)]))
        for column, (head, limit) in enumerate(zip(_HEADS, _WIDTHS, strict=True))
    ]
    lines = [_line(_HEADS, widths), _line(["-" * width for width in widths], widths)]
    lines += [_line(row, widths) for row in rows]
    totals = preview["totals"]
    summary = (
        f"{_counted(totals['hosts'], 'host')}: {_counted(totals['selected'], 'update')} to install, "
        f"{totals['deferred']} later, {totals['not_planned']} left out; {_counted(totals['failed'], 'host')} without a "
        "plan. Nothing was changed."
    )
    return "\n".join([*lines, "", summary])


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _cells(name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    planned = entry["error"] is None
    cells = (
        name,
        entry["wave"] or "-",
        entry["begins"] or "-",
        entry["expected_end"] or "-",
        len(entry["selected"]) if planned else "?",
        len(entry["deferred"]) if planned else "?",
        len(entry["not_planned"]) if planned else "?",
        _why(entry),
    )
    return tuple(printable(str(cell)).strip() for cell in cells)


def _why(entry: Mapping[str, Any]) -> str:
    """What keeps the host, or its first update, back."""
    if entry["error"]:
        return short_error(str(entry["error"]))
    if entry["held"]:
        return str(entry["held"])
    first = next((update for update in entry["deferred"] if update["word"] != "needs_reboot"), None)
    if first is not None:
        return str(first["reason"])
    return str(entry["warnings"][0]) if entry["warnings"] else "-"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_fit(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
