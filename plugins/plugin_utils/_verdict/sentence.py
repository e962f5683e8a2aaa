# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A verdict in one or two sentences for people."""

from __future__ import annotations

from collections.abc import Sequence

from .._evidence.activity import AGENT_BUSY, AGENT_BUSY_TITLE
from .._evidence.catalogue import SIGNALS
from .signal import Signal

MAX_SENTENCE = 700
MAX_HEADLINE = 380
_SHOWN = 3
_KINDS = {"hard": " (hard: nothing else may install before it)", "in_progress": " (it is already running)"}


def sentence_of(
    reboot: str,
    kind: str,
    deciding: Sequence[Signal],
    weak: Sequence[Signal],
    unknown: Sequence[tuple[str, str, bool]],
    *,
    busy: Sequence[str],
    limits: Sequence[tuple[str, str]],
    persistent: Sequence[str] = (),
) -> str:
    """Return what is known, why, and what could not be read. ``unknown`` holds (id, reason, decisive)."""
    decisive = [(name, reason) for name, reason, decides in unknown if decides]
    parts = [_headline(reboot, kind, deciding, decisive, limited=bool(limits))[:MAX_HEADLINE]]
    if busy:
        titles = [AGENT_BUSY_TITLE if name == AGENT_BUSY else SIGNALS[name].title for name in busy]
        parts.append(f"Not now: {_names([title[:1].lower() + title[1:] for title in titles])}.")
    parts.extend(f"{reason[:1].upper()}{reason[1:]}." for _name, reason in limits)
    if persistent:
        parts.append(f"Passed over, because a reboot did not clear it: {_names(persistent)}.")
    if weak:
        parts.append(f"Weak hints only: {_names([signal.id for signal in weak])}.")
    rest = unknown if deciding else [entry for entry in unknown if not entry[2]]
    if rest:
        parts.append(_unread([(name, reason) for name, reason, _decides in rest], limited=bool(limits)))
    return " ".join(parts)[:MAX_SENTENCE]


def _headline(
    reboot: str, kind: str, deciding: Sequence[Signal], decisive: Sequence[tuple[str, str]], *, limited: bool
) -> str:
    if reboot == "not_required":
        return "No reboot is required."
    if deciding:
        first = deciding[0]
        more = f", and {_names([signal.id for signal in deciding[1:]])}" if len(deciding) > 1 else ""
        return f"A reboot is required{_KINDS.get(kind, '')}: {first.id}, {first.detail}{more}."
    causes = _names([name if limited else f"{name} ({reason})" for name, reason in decisive])
    if reboot == "required":
        return f"A reboot is taken for required, as the policy asks, because this could not be read: {causes}."
    return f"Whether a reboot is required is unknown: not readable {causes}."


def _unread(unknown: Sequence[tuple[str, str]], *, limited: bool) -> str:
    agent = [reason for name, reason in unknown if name == "agent_reboot_required"]
    others = [name for name, _reason in unknown if name != "agent_reboot_required"]
    parts = []
    if agent:
        parts.append(
            "the update agent could not be asked" if limited else f"the update agent could not be asked ({agent[0]})"
        )
    if others:
        parts.append(f"not readable: {_names(others)}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _names(names: Sequence[str]) -> str:
    shown = list(names[:_SHOWN])
    if len(names) > _SHOWN:
        shown.append(f"{len(names) - _SHOWN} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
