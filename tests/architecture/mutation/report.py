# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The figures of a run: on the terminal, and as docs/mutation.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from house_rules.places import ROOT

from . import targets
from .session import NOT_RUN, SURVIVED, TIMED_OUT, Outcome
from .survivors import Key

NO_REASON = "no reason given"


@dataclass(frozen=True, slots=True)
class Figures:
    """How many mutants there are, and how many of them a test has found."""

    title: str
    mutants: int
    killed: int
    timed_out: int

    @property
    def percent(self) -> float:
        """The share of killed mutants, cut to one digit: 89.99 is not 90."""
        return self.killed * 1000 // self.mutants / 10 if self.mutants else 100.0

    @property
    def enough(self) -> bool:
        """Whether the share is what it must be; without rounding."""
        return self.killed * 100 >= targets.MUST * self.mutants


def figures(title: str, outcomes: Sequence[Outcome]) -> Figures:
    """The figures of some outcomes; a time-out is a mutant found."""
    alive = sum(outcome.result in (SURVIVED, NOT_RUN) for outcome in outcomes)
    timed_out = sum(outcome.result == TIMED_OUT for outcome in outcomes)
    return Figures(title, len(outcomes), len(outcomes) - alive, timed_out)


def survivors(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What no test has found, by file and line."""
    alive = [outcome for outcome in outcomes if outcome.result in (SURVIVED, NOT_RUN)]
    return sorted(alive, key=lambda outcome: (outcome.mutant.file, outcome.mutant.line, outcome.mutant.change))


def reason_of(outcome: Outcome, reasons: Mapping[Key, str]) -> str:
    """The reason given for a survivor."""
    return reasons.get(outcome.mutant.key, NO_REASON)


def page(groups: Mapping[str, Sequence[Outcome]], reasons: Mapping[Key, str]) -> str:
    """The whole page; equal outcomes give an equal text."""
    return "\n".join([*_head(), *_table(groups), *_survivors(groups, reasons)]) + "\n"


def _head() -> Iterator[str]:
    tests = ",\n".join(f"`{folder}`" for folder in targets.TESTS)
    yield f"""\
# What the tests notice

`make mutation` wrote this page; a change by hand is lost.

A mutation run puts small mistakes into the code, one at a time, and runs the unit tests against each: a test that turns
red has *killed* the mutant; a mutant that leaves all tests green has *survived*. At least {targets.MUST} % of each part
must be killed, and every survivor must have a reason (`{targets.REASONS.relative_to(ROOT).as_posix()}`).

The mistakes: comparisons and their bounds, `and`/`or` and forgotten parts of a condition, forgotten `not`, conditions
the wrong way round, other truths, numbers and words, functions that answer nothing, bounds of slices, forgotten
operands, filters, statements, methods and optional arguments, `any` for `all`, `min` for `max`, `list` for `sorted`,
quantifiers and flags of regular expressions. Left alone are types, docstrings, prose (text with a space, and what is
inserted into it) and the exact length at which a shown text is cut.

The tests: {tests},
each against the mutants of the lines that it runs. Property tests are not among them, because what they find depends on
what they draw; nor are tests of sheer size. Of a file with more than {targets.AT_MOST} mutants so many are drawn, the
same ones each time."""


def _table(groups: Mapping[str, Sequence[Outcome]]) -> Iterator[str]:
    yield ""
    yield "| Part | Mutants | Killed | Share |"
    yield "|---|---|---|---|"
    for title, outcomes in groups.items():
        yield _row(figures(f"**{title}**", outcomes))
        for file in sorted({outcome.mutant.file for outcome in outcomes}):
            yield _row(figures(f"`{file}`", [outcome for outcome in outcomes if outcome.mutant.file == file]))


def _row(found: Figures) -> str:
    return f"| {found.title} | {found.mutants} | {found.killed} | {found.percent:.1f} % |"


def _survivors(groups: Mapping[str, Sequence[Outcome]], reasons: Mapping[Key, str]) -> Iterator[str]:
    yield ""
    yield f"## Survivors of {targets.BRAIN}"
    for title, outcomes in groups.items():
        alive = survivors(outcomes)
        yield ""
        yield f"### {title}"
        yield ""
        if not alive:
            yield "None."
            continue
        yield "| Line | Function | Change | Reason |"
        yield "|---|---|---|---|"
        for outcome in alive:
            mutant = outcome.mutant
            change = " to ".join(_code(part) for part in mutant.change.split(" => "))
            reason = _cell(reason_of(outcome, reasons))
            yield f"| {mutant.file}:{mutant.line} | `{mutant.function}` | {change} | {reason} |"


def _code(text: str) -> str:
    """Code in a table cell: a bar would end the cell, even in code."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{_cell(text)}{fence}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
