# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A gate's document for people: a table, and the hosts that did not pass under the reason why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._evidence.wording import printable
from .gate import COMPLIANCE, REASONS
from .table import short_error

_WIDTHS = (28, 6, 14, 12, 14, 70)
_MOST_NAMED = 20
_LONGEST_LINE = 300
# What one host, and what several hosts are or do where the gate is open.
_WHAT = {
    "compliance": ("is compliant", "are compliant"),
    "reboot_allowed": ("may be rebooted now", "may be rebooted now"),
    "reboot_done": ("has done its reboot", "have done their reboot"),
}


def gate_table(gate: Mapping[str, Any]) -> str:
    """Return the hosts of a gate document, those that did not pass first."""
    hosts = gate["hosts"]
    order = list(REASONS)
    names = sorted(hosts, key=lambda name: (hosts[name]["passed"], _rank(order, hosts[name]["reason"]), name))
    heads = ("host", "gate", "machine" if gate["for"] == COMPLIANCE else "safe now", "reboot", "reason", "why")
    rows = [_cells(name, hosts[name], gate["for"]) for name in names]
    widths = [
        min(limit, max([len(head), *(len(row[column]) for row in rows)]))
        for column, (head, limit) in enumerate(zip(heads, _WIDTHS, strict=True))
    ]
    return "\n".join(
        [_line(heads, widths), _line(["-" * width for width in widths], widths), *(_line(row, widths) for row in rows)]
    )


def gate_sentences(gate: Mapping[str, Any]) -> str:
    """Return, for each reason that closes the gate, a sentence and its hosts with what is said of each."""
    parts = []
    for reason, sentence in REASONS.items():
        lines = [
            f"  {_short(name, 80)}: {_short(_text(row, entry['text']), _LONGEST_LINE)}"
            for name, row in gate["hosts"].items()
            for entry in row["reasons"]
            if entry["reason"] == reason and not entry["allowed"]
        ]
        if lines:
            parts.append("\n".join([f"{sentence} ({_hosts(len(lines))})", *lines]))
    return "\n\n".join(parts)


def gate_summary(gate: Mapping[str, Any]) -> str:
    """Return one line: open or closed, and which hosts for which reason."""
    totals = gate["totals"]
    if gate["passed"]:
        lenient = sum(1 for row in gate["hosts"].values() if row["reasons"])
        one = totals["hosts"] == 1
        who = "the one host" if one else f"all {totals['hosts']} hosts"
        if lenient:
            only = f"{_hosts(lenient)} only because {', '.join(gate['allow'])} is allowed"
            return f"the gate is open: {who} {'passes' if one else 'pass'}, {only}"
        return f"the gate is open: {who} {_WHAT[gate['for']][0 if one else 1]}"
    if not any(row["read"] for row in gate["hosts"].values()):
        return f"the gate is closed: of {_hosts(totals['hosts'])} not one was read ({_reasons(gate)})"
    return f"the gate is closed: {totals['failed']} of {_hosts(totals['hosts'])} did not pass ({_reasons(gate)})"


def _reasons(gate: Mapping[str, Any]) -> str:
    found = gate["totals"]["reasons"]
    return "; ".join(f"{reason.replace('_', ' ')}: {_names(gate, reason)}" for reason in REASONS if reason in found)


def _names(gate: Mapping[str, Any], reason: str) -> str:
    names = [name for name, row in gate["hosts"].items() if not row["passed"] and row["reason"] == reason]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(_short(name, 80) for name in names[:_MOST_NAMED]) + more


def _text(row: Mapping[str, Any], text: str) -> str:
    """Clients wrap why they reached nobody in lines of their own; the document has them all."""
    return text if row["read"] else short_error(text)


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{count} hosts"


def _rank(order: Sequence[str], reason: str | None) -> int:
    return order.index(reason) if reason in order else len(order)


def _cells(name: str, row: Mapping[str, Any], question: str) -> tuple[str, ...]:
    third = row["machine"] or "-" if question == COMPLIANCE else row["safe_to_reboot"]
    reason = str(row["reason"] or "-").replace("_", " ")
    passed = ("pass" if row["passed"] else "FAIL") + ("*" if row["passed"] and row["reasons"] else "")
    cells = (name, passed, third, row["reboot"].replace("_", " "), reason, _text(row, row["message"]))
    return tuple(printable(str(cell)).strip() for cell in cells)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_short(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _short(text: str, width: int) -> str:
    text = printable(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"
