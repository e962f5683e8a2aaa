# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A mistake in a host file, and where it is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: file, line (from 1) and path of keys (`registry.HKLM\\X.values`), then what is wrong."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        if not self.line:
            return f"{self.file}: {self.message}"
        return f"{self.file}:{self.line}: {self.key or 'host file'}: {self.message}"


class HostFileError(Exception):
    """Every mistake of every file, in the order of the files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the reading of a file stands."""

    file: str
    key: str = ""
    problems: list[Problem] = field(default_factory=list)

    def below(self, word: str | int) -> Place:
        step = f"[{word}]" if isinstance(word, int) else f".{word}" if self.key else word
        return Place(self.file, self.key + step, self.problems)

    def refuse(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, self.key, message))


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or the list of known words."""
    words = list(known)
    close = difflib.get_close_matches(word.lower(), [w.lower() for w in words], n=1, cutoff=0.6)
    for candidate in words:
        if close and candidate.lower() == close[0]:
            return f"; did you mean '{candidate}'?"
    return f"; known: {', '.join(words)}"
