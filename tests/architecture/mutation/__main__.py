# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`make mutation`: are the judges' mistakes noticed? docs/mutation.md tells what is done and what came of it.

    PYTHONHASHSEED=0 PYTHONPATH=tests/architecture .venv/bin/python -m mutation [--file NAME ...] [--at-most N]

With `--file` or `--at-most` the page is not written. Ends 1 when too few mutants are killed, a survivor has no reason,
a reason has no survivor, or a test is red without a mutant. Without the fixed hash seed a mutant that forgets to sort a
set would be noticed in one run and not in the next.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout

import pytest

from house_rules.places import ROOT

from . import targets
from .mutants import mutants_of, sample
from .report import NO_REASON, Figures, figures, page, reason_of, survivors
from .session import MutationRun, Outcome, Source
from .survivors import Key, read_reasons, stale

PYTEST = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=no", "--tb=native")


def source_of(file: str, at_most: int) -> Source:
    """A file under mutation, with its mutants."""
    tree, mutants = mutants_of(file, targets.text_of(file))
    return Source(file, targets.module_of(file), tree, sample(mutants, at_most))


def run(sources: Sequence[Source]) -> MutationRun | None:
    """The run when it could be made; else what pytest said is on the terminal."""
    terminal = sys.stdout
    work = MutationRun(sources, lambda text: print(f"mutation: {text}", file=terminal, flush=True))
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        pytest.main([*PYTEST, *targets.TESTS], plugins=[work])
    if work.outcomes:
        return work
    print(said.getvalue())
    for file in work.broken:
        print(f"mutation: {file} put in its own place turns a test red, so its mutants would prove nothing")
    return None


def complaints(
    groups: Mapping[str, Sequence[Outcome]], reasons: Mapping[Key, str], red: Sequence[str], files: Sequence[str]
) -> list[str]:
    """Why the run is not green."""
    found = [f"{name} is red without a mutant" for name in red]
    for title, outcomes in groups.items():
        if not figures(title, outcomes).enough:
            found.append(f"{title}: fewer than {targets.MUST} % of the mutants are killed")
    alive = [outcome for outcomes in groups.values() for outcome in survivors(outcomes)]
    for outcome in alive:
        if reason_of(outcome, reasons) == NO_REASON:
            mutant = outcome.mutant
            found.append(
                f"{mutant.file}:{mutant.line} {mutant.function}: {mutant.change}: {outcome.result}, {NO_REASON}"
            )
    for file, function, change in stale(reasons, [outcome.mutant for outcome in alive], files):
        found.append(f"{targets.REASONS.name} has a reason without a survivor: {file} {function}: {change}")
    return found


def shown(found: Figures) -> str:
    """One line of the terminal."""
    timed_out = f" ({found.timed_out} by their time-out)" if found.timed_out else ""
    return f"{found.title}: {found.killed} of {found.mutants} mutants killed{timed_out}, {found.percent:.1f} %"


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 when the run is not green."""
    every = [file for group in targets.GROUPS for file in group.files]
    parser = argparse.ArgumentParser(prog="mutation")
    parser.add_argument("--file", action="append", choices=every, help="only this file; may be repeated")
    parser.add_argument("--at-most", type=int, default=targets.AT_MOST, help="mutants of a file (default %(default)s)")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    os.nice(10)
    begun = time.monotonic()
    reasons = read_reasons(targets.REASONS)
    files = options.file or every
    work = run([source_of(file, options.at_most) for file in files])
    if work is None:
        return 1
    groups = {
        group.title: [outcome for outcome in work.outcomes if outcome.mutant.file in group.files]
        for group in targets.GROUPS
    }
    if files == every and options.at_most == targets.AT_MOST:
        targets.PAGE.write_text(page(groups, reasons), encoding="utf-8")
    wrong = complaints(groups, reasons, work.seen.red, files if options.at_most == targets.AT_MOST else [])
    for title, outcomes in groups.items():
        print(f"mutation: {shown(figures(title, outcomes))}")
    for text in wrong:
        print(f"mutation: {text}")
    print(
        f"mutation: {'RED' if wrong else 'ok'} after {time.monotonic() - begun:.0f} s; {targets.PAGE.name} tells more"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
