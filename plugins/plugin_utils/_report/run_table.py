# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What came of a patch run, as a table for a terminal, and below it what somebody has to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._evidence.wording import printable
from .run_outcome import OUTCOMES
from .run_updates import BAD, STATES
from .table import short_error

_HEADS = ("host", "run", "machine", "reboot", "updates", "next window")
_WIDTHS = (28, 16, 14, 22, 44, 22)
_REBOOT = {"required": "required", "not_required": "no", "unknown": "unknown"}
_KINDS = {"hard": " (hard)", "in_progress": " (running)"}
_MOST_HOSTS = 20
_MOST_LINES = 5
_WIDE = 200


def run_table(fleet: Mapping[str, Any]) -> str:
    """Return the hosts of a run's fleet document, the worst first, a line of totals, and what needs somebody."""
    hosts = fleet["hosts"]
    rank = {outcome: place for place, outcome in enumerate(OUTCOMES)}
    names = sorted(hosts, key=lambda name: (not hosts[name]["error"], rank.get(hosts[name]["run"]["outcome"], 0), name))
    rows = [_cells(name, hosts[name]) for name in names]
    widths = [
        min(limit, max([len(head), *(len(row[column]) for row in rows)]))
        for column, (head, limit) in enumerate(zip(_HEADS, _WIDTHS, strict=True))
    ]
    lines = [_line(_HEADS, widths), _line(["-" * width for width in widths], widths)]
    lines += [_line(row, widths) for row in rows]
    parts = ["\n".join(lines), _summary(fleet)]
    parts += [part for part in (_attention(hosts, names), _meanwhile(hosts, names)) if part]
    return "\n\n".join(parts)


def _cells(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    run = row["run"]
    mark = "! " if row["error"] else ""
    reboot = f"{_REBOOT.get(row['reboot'], 'unknown')}{_KINDS.get(row['kind'], '')}{_rebooted(run)}"
    cells = (
        name,
        f"{mark}{run['outcome']}",
        row["machine"] or "not asked",
        reboot,
        _updates(run),
        (run.get("next_window") or {}).get("start") or "-",
    )
    return tuple(printable(str(cell)).strip() for cell in cells)


def _rebooted(run: Mapping[str, Any]) -> str:
    made = sum(1 for one in run.get("reboots") or () if one.get("state") == "rebooted")
    return f", rebooted {made}x" if made > 1 else ", rebooted" if made else ""


def _updates(run: Mapping[str, Any]) -> str:
    found = run.get("counts") or {}
    parts = [f"{found[state]} {state.replace('_', ' ')}" for state in reversed(STATES) if found.get(state)]
    packages = len(run.get("packages") or ())
    if packages:
        parts.append(f"{packages} package{'s' if packages > 1 else ''}")
    return ", ".join(parts) or "-"


def _summary(fleet: Mapping[str, Any]) -> str:
    totals = fleet["totals"]
    reboot, failed = totals["reboot"], totals["failed"]
    outcomes = ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in totals["run"].items() if number)
    hosts = "1 host" if totals["hosts"] == 1 else f"{totals['hosts']} hosts"
    required = (
        f"reboot required {reboot['required']}, not required {reboot['not_required']}, unknown {reboot['unknown']}"
    )
    needs = f"    (! {failed} of them need{'s' if failed == 1 else ''} somebody)" if failed else ""
    return f"{hosts}: {outcomes or 'none'}; {required}{needs}"


def _attention(hosts: Mapping[str, Any], names: Sequence[str]) -> str:
    """For each host that is not green: why, and each failed update with its cause and the next step."""
    concerned = [name for name in names if hosts[name]["error"]]
    lines = [line for name in concerned[:_MOST_HOSTS] for line in _about(name, hosts[name])]
    if len(concerned) > _MOST_HOSTS:
        lines.append(f"and {len(concerned) - _MOST_HOSTS} more hosts: fleet.json has them all")
    return "\n".join(lines)


def _about(name: str, row: Mapping[str, Any]) -> Iterator[str]:
    bad = [update for update in row["run"].get("updates") or () if update["state"] in BAD]
    error = short_error(str(row["error"]))
    if not bad:
        yield from _folded(f"{name}: ", error)
    for update in bad[:_MOST_LINES]:
        title = update["title"][:80] or update["id"]
        code = f" {update['hresult']}" if update.get("hresult") else ""
        meaning = f" {update['name']}" if update.get("name") else ""
        yield from _folded(f"{name}: ", f"{title}: {update['state'].replace('_', ' ')}{code}{meaning}")
        yield from _folded("    cause: ", update.get("cause") or update["because"])
        if update.get("next_step"):
            yield from _folded("    next:  ", update["next_step"])
    if len(bad) > _MOST_LINES:
        yield f"{name}: {len(bad) - _MOST_LINES} more updates failed: fleet.json has them all"


def _meanwhile(hosts: Mapping[str, Any], names: Sequence[str]) -> str:
    """What jobs did while nobody watched."""
    lines = []
    for name in names:
        told = hosts[name]["run"].get("meanwhile") or ()
        lines += [line for text in told[-_MOST_LINES:] for line in _folded(f"{name}: ", str(text))]
    return "\n".join(["While nobody watched:", *lines]) if lines else ""


def _folded(head: str, text: str) -> Iterator[str]:
    """One line, or a few below each other where the text is long."""
    words, line = printable(text).split(), printable(head)
    indent = " " * min(len(head), 8)
    for word in words:
        if len(line) + len(word) + 1 > _WIDE and line.strip():
            yield line.rstrip()
            line = indent
        line += f"{word[:_WIDE]} "
    yield line.rstrip()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_fit(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
