# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How far the jobs of many hosts are, as lines for the person who watches: each sweep tells what has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._evidence.wording import printable

_HEADS = ("host", "phase", "progress")
_WIDTHS = (28, 12, 100)
_SHOWN_HOSTS = 5
MAX_TEXT = 300
_LONGEST_PAUSE = 8


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look at all hosts of a run. ``shown`` is a digest of each host's row; ``running`` whoever is not over."""

    shown: Mapping[str, str]
    running: Sequence[str]
    text: str


def sweep(looks: Mapping[str, Mapping[str, Any] | None], *, at: str, earlier: Mapping[str, Any] | None = None) -> Sweep:
    """Return what a sweep tells of results of patch_watch by host.

    ``earlier`` is ``{at, shown}`` of the sweep before. A host that was not looked at since then has left the run for
    another reason, and is waited for no longer.
    """
    before = _rows_before(earlier)
    since = earlier.get("at") if before is not None and isinstance(earlier, Mapping) else None
    rows = {host: _row(host, look) for host, look in looks.items() if look is not None and look.get("id")}
    running = [host for host, look in looks.items() if host in rows and look is not None and _goes_on(look, since)]
    shown = {host: _digest(row) for host, row in rows.items()}
    told = [rows[host] for host in rows if before is None or before.get(host) != shown[host]]
    return Sweep(shown, running, _text(told, running, len(rows), at, first=before is None))


def pause(seconds: float, sweeps: int) -> float:
    """Return how long to wait after so many sweeps: longer and longer, up to eight times as long.

    Every look at a host costs a module on it, and nobody needs to see each second of a job that takes an hour.
    """
    return max(0.0, seconds) * min(_LONGEST_PAUSE, 1 + max(0, sweeps - 1) // 2)


def _rows_before(earlier: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    shown = earlier.get("shown") if isinstance(earlier, Mapping) else None
    return shown if isinstance(shown, Mapping) else None


def _goes_on(look: Mapping[str, Any], since: object) -> bool:
    if look.get("over") is not False:
        return False
    at = look.get("at")
    return not (isinstance(at, str) and isinstance(since, str)) or at > since


def _row(host: str, look: Mapping[str, Any]) -> tuple[str, str, str]:
    lost = f" (no answer, {look['lost']} times in a row)" if look.get("lost") and not look.get("gave_up") else ""
    phase = "given up" if look.get("gave_up") else "interrupted" if look.get("interrupted") is True else None
    said = f"{look.get('progress') or look.get('msg') or '-'}{lost}"
    return _plain(host), _plain(phase or str(look.get("phase") or "-")), _plain(said)


def _digest(row: Sequence[str]) -> str:
    """What a sweep hands to the next must stay small with thousands of hosts."""
    return hashlib.sha256("\n".join(row).encode("utf-8", "replace")).hexdigest()[:12]


def _plain(text: str) -> str:
    return printable(" ".join(text.split())[:MAX_TEXT])


def _text(told: Sequence[tuple[str, str, str]], running: Sequence[str], known: int, at: str, *, first: bool) -> str:
    clock = at[11:19]
    if not known:
        return f"{clock}  no host has a job that is followed"
    widths = [
        min(limit, max([len(head), *(len(row[column]) for row in told)]))
        for column, (head, limit) in enumerate(zip(_HEADS, _WIDTHS, strict=True))
    ]
    lines = [_line(_HEADS, widths), _line(["-" * width for width in widths], widths)] if first else []
    lines += [_line(row, widths) for row in told]
    return "\n".join([*lines, f"{clock}  {_summary(running, known, bool(told))}"])


def _summary(running: Sequence[str], known: int, changed: bool) -> str:
    if not running:
        return f"all {known} jobs are over" if known > 1 else "the job is over"
    names = ", ".join(running[:_SHOWN_HOSTS])
    more = f" and {len(running) - _SHOWN_HOSTS} more" if len(running) > _SHOWN_HOSTS else ""
    nothing = "" if changed else "nothing new: "
    return printable(
        f"{nothing}{len(running)} of {known} jobs {'goes' if len(running) == 1 else 'go'} on: {names}{more}"
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_fit(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
