# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the file rules of an update say: of the files on disk, and of those that the next boot moves into place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..._evidence.scan import FileReading
from .file_rules import Answer, FileRule, shown_file
from .host import HostView

_NOTHING_THERE = FileReading("absent", None, None)
_WORST: tuple[Answer, ...] = ("fails", "unknown", "passes")


class RuleAnswer(NamedTuple):
    """``now`` is the answer for the file on disk, ``later`` for the one after the boot; ``entry`` names the operation
    that is aimed at the file, empty where none is. The texts say what was seen."""

    now: Answer
    later: Answer
    entry: str
    now_text: str
    later_text: str


class RulesAnswer(NamedTuple):
    """The answers of all rules of one update; the worst counts. ``entries`` name the operations aimed at its files."""

    now: Answer
    later: Answer
    entries: tuple[str, ...]
    now_text: str
    later_text: str


def ask_rules(rules: Sequence[FileRule], host: HostView) -> RulesAnswer:
    """Return what at least one rule says of the files of a host."""
    answers = [_ask(rule, host) for rule in rules]
    now = min((answer.now for answer in answers), key=_WORST.index)
    later = min((answer.later for answer in answers), key=_WORST.index)
    return RulesAnswer(
        now,
        later,
        tuple(answer.entry for answer in answers if answer.entry),
        "; ".join(answer.now_text for answer in answers if answer.now == now),
        "; ".join(answer.later_text for answer in answers if answer.later == later),
    )


def _ask(rule: FileRule, host: HostView) -> RuleAnswer:
    name = shown_file(rule)
    now, seen = rule.check(host.files.get(rule.key), name)
    now_text = f"{seen}, the rule wants {rule.wants}"
    if host.queue is None:
        unread = f"the rename queue was not read, so nobody knows what becomes of {name}"
        return RuleAnswer(now, "unknown", "", now_text, unread)
    coming = host.queue.at(rule.key)
    if coming is None:
        return RuleAnswer(now, now, "", now_text, now_text)
    entry = f"queue entry {coming.entry}, aimed at a file of its rule"
    if not coming.sure:
        return RuleAnswer(now, "unknown", entry, now_text, f"{entry}: whether the rename succeeds is not known")
    found = _NOTHING_THERE if coming.source is None else host.files.get(coming.source)
    later, seen = rule.check(found, f"what the queue puts in the place of {name}")
    return RuleAnswer(now, later, entry, now_text, f"{entry}: {seen}, the rule wants {rule.wants}")
