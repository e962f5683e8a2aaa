# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Months as equivalence: any one of several updates, or any late enough build, stands for the month."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from .values import Mistakes, read_entries, read_kb, read_mapping, read_text

MonthState = Literal["satisfied", "missing", "unknown"]
_BUILD = re.compile(r"(?:(?:10|6|5)\.[0-9]+\.)?([0-9]{4,6})\.([0-9]{1,7})")


@dataclass(frozen=True, slots=True)
class Build:
    """A build line, such as 20348, and the revision within it (UBR), such as 4405."""

    line: int
    revision: int

    def __str__(self) -> str:
        return f"{self.line}.{self.revision}"


def parse_build(text: object) -> Build | None:
    """Return the build of ``20348.4405`` or ``10.0.20348.4405``; None where the text has no revision or is none."""
    form = _BUILD.fullmatch(text.strip()) if isinstance(text, str) else None
    return Build(int(form.group(1)), int(form.group(2))) if form else None


@dataclass(frozen=True, slots=True)
class MonthAnswer:
    """Whether a host holds a month. ``by`` is the KB or the build that tells, ``reason`` a sentence."""

    name: str
    state: MonthState
    by: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Month:
    """What stands for a month: KB numbers (digits) and builds."""

    name: str
    kbs: frozenset[str]
    builds: tuple[Build, ...]

    def answer(self, installed: Collection[str], needed: Collection[str], build: Build | None) -> MonthAnswer:
        """Whether a host holds the month, by the KB numbers it has and lacks and by its build.

        A build speaks for its own line only. Without a KB of the month on either side and without a build of the
        host's line the answer is unknown: the month may be meant for another version of Windows, or may be contained
        in a later update.
        """
        if held := sorted(self.kbs.intersection(installed)):
            return MonthAnswer(self.name, "satisfied", f"KB{held[0]}", f"{self.name}: KB{held[0]} is installed")
        same_line = sorted((own.revision, own) for own in self.builds if build is not None and own.line == build.line)
        if same_line and build is not None and build.revision >= same_line[0][0]:
            least = str(same_line[0][1])
            return MonthAnswer(self.name, "satisfied", str(build), f"{self.name}: build {build} is {least} or later")
        if lacking := sorted(self.kbs.intersection(needed)):
            return MonthAnswer(self.name, "missing", f"KB{lacking[0]}", f"{self.name}: KB{lacking[0]} is not installed")
        if same_line and build is not None:
            reason = f"{self.name}: build {build} is older than {same_line[0][1]}"
            return MonthAnswer(self.name, "missing", str(build), reason)
        reason = f"{self.name}: the scan shows none of its updates, and no build of the host's line is named"
        return MonthAnswer(self.name, "unknown", None, reason)


def parse_months(value: object, where: str, mistakes: Mistakes) -> tuple[Month, ...]:
    """Return the months of a list of ``{name, any_of: [{kb} or {build}]}``; what is wrong is noted."""
    months = [
        _parse(entry, f"{where}[{place}]", mistakes)
        for place, entry in enumerate(read_entries(value, "months", where, mistakes))
    ]
    names: set[str] = set()
    for place, month in enumerate(months):
        if month.name and month.name in names:
            mistakes.note(f"{where}[{place}].name", f"{month.name!r} is the name of another month too")
        names.add(month.name)
    return tuple(months)


def _parse(entry: object, where: str, mistakes: Mistakes) -> Month:
    words = read_mapping(entry, ("name", "any_of"), where, mistakes)
    if words is None:
        return Month("", frozenset(), ())
    name = read_text(words.get("name"), f"{where}.name", mistakes) or ""
    kbs: set[str] = set()
    builds: list[Build] = []
    for place, item in enumerate(
        read_entries(words.get("any_of"), "KB numbers and builds", f"{where}.any_of", mistakes)
    ):
        found = _alternative(item, f"{where}.any_of[{place}]", mistakes)
        if isinstance(found, Build):
            builds.append(found)
        elif found is not None:
            kbs.add(found)
    return Month(name, frozenset(kbs), tuple(builds))


def _alternative(item: object, where: str, mistakes: Mistakes) -> str | Build | None:
    words = read_mapping(item, ("kb", "build"), where, mistakes)
    if words is None:
        return None
    if ("kb" in words) == ("build" in words):
        mistakes.note(where, "needs exactly one of kb and build")
        return None
    if "kb" in words:
        return read_kb(words["kb"], f"{where}.kb", mistakes)
    build = parse_build(words["build"])
    if build is None:
        given = f"{str(words['build'])[:60]!r}"
        mistakes.note(f"{where}.build", f"{given} is not a build such as '20348.4405' (in quotation marks)")
    return build
