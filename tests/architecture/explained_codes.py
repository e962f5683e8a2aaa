# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page on errors, as it follows from the tables of codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ansible_collections.winops.patching.plugins.plugin_utils._explain.entry import CLASSES, Entry
from ansible_collections.winops.patching.plugins.plugin_utils._explain.errors import known_codes
from ansible_collections.winops.patching.plugins.plugin_utils._explain.numbers import signed

EXIT_CODES_END = 0x10000
WORDS = {True: "yes", False: "no"}


def cell(text: str) -> str:
    """A text as a table cell; a page builder must not take a path's backslash or a dollar sign for its own."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")


def classes() -> Iterator[str]:
    """One row for each class, with the number of codes that have it."""
    counted = Counter(entry.kind for _number, entry in known_codes())
    yield "| Class | Says | Codes |"
    yield "|---|---|---|"
    for word, meaning in CLASSES.items():
        yield f"| `{word}` | {cell(meaning)} | {counted[word]} |"


def hresults() -> Iterator[str]:
    """One row for each HRESULT, with the signed number that PowerShell shows."""
    yield "| Code | Signed | Name | Class | Retry | Reboot | Cause | Next step |"
    yield "|---|---|---|---|---|---|---|---|"
    for number, entry in known_codes():
        if number >= EXIT_CODES_END:
            yield f"| `0x{number:08X}` | {signed(number)} | {row(entry)}"


def exit_codes() -> Iterator[str]:
    """One row for each number of Windows itself, with the HRESULT that carries it."""
    yield "| Code | As HRESULT | Name | Class | Retry | Reboot | Cause | Next step |"
    yield "|---|---|---|---|---|---|---|---|"
    for number, entry in known_codes():
        if number < EXIT_CODES_END:
            carried = f"`0x{0x80070000 + number:08X}`" if number else "-"
            yield f"| {number} | {carried} | {row(entry)}"


def row(entry: Entry) -> str:
    """What both tables say of a code."""
    flags = f"{WORDS[entry.retryable]} | {WORDS[entry.reboot_may_help]}"
    return f"{cell(entry.name)} | `{entry.kind}` | {flags} | {cell(entry.cause)} | {cell(entry.next_step)} |"
