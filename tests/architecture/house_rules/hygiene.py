# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every file of the checkout has to be: portable, readable anywhere, and free of one machine's traces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Folders of somebody's machine, at the start of an absolute path.
MACHINE_PATHS = re.compile(r"(?<![\w.$}~/-])/(?:work|root|home/\w+|Users/\w+)\b")
TEMPORARY = re.compile(r"(?<![\w.$}~/-])/[t]mp/\w")
# Which package index is used is the user's configuration, never ours.
INDEX_HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|galaxy\.ansible\.com")
INDEX_OPTIONS = re.compile(r"--(?:extra-)?index-[u]rl|--find-[l]inks|--trusted-[h]ost")
# Texts quoted from others, byte for byte.
QUOTED = frozenset({"LICENSE"})


def findings(path: str, raw: bytes) -> list[str]:
    """Everything that is wrong with one file, as `line: sentence`."""
    if path in QUOTED:
        return []
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"1: not UTF-8: {error.reason}"]
    found = list(endings(text)) + list(traces(path, text))
    if path.endswith((".yml", ".yaml")) and not text.startswith("---\n"):
        found.append("1: YAML begins with '---'")
    return found


def endings(text: str) -> Iterator[str]:
    """Line feeds only, one at the end."""
    if "\r" in text:
        yield f"{text[: text.index(chr(13))].count(chr(10)) + 1}: carriage return"
    if text and not text.endswith("\n"):
        yield f"{text.count(chr(10)) + 1}: no line feed at the end of the file"
    if text.startswith("\ufeff"):
        yield "1: byte order mark"


def traces(path: str, text: str) -> Iterator[str]:
    """Places that exist on one machine only."""
    patterns = [
        (MACHINE_PATHS, "a path of one machine"),
        (INDEX_HOSTS, "a package host"),
        (INDEX_OPTIONS, "a package host"),
    ]
    if not path.startswith("tests/"):
        # Tests may speak of such a path as data; what ships must not.
        patterns.append((TEMPORARY, "a fixed temporary path"))
    for number, line in enumerate(text.split("\n"), start=1):
        for pattern, meaning in patterns:
            if pattern.search(line):
                yield f"{number}: {meaning}: {line.strip()[:80]}"
