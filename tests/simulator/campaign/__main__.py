# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`make faults`: hosts with faults, patched by the real playbook, run again, compared with what is true.

    make faults                                   everything; writes build/faults.json, build/faults/ and docs/faults.md
    make faults ARGS="--only line_cut,power_cut"  these faults; docs/faults.md stays as it is
    make faults ARGS="--most 3"                   at most so many cases of each fault
    make faults ARGS="--plant installs_twice"     puts a violation in on purpose

It ends 0 when no promise was broken, 1 when one was, 2 when the campaign could not be run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from ansible_process import ROOT
from campaign import batches, catalogue, page, plants, results
from campaign.batches import Batch, Done, Settings
from campaign.measure import measure
from campaign.model import Case
from campaign.playbook import RunError, end_all
from winsim.testing import NotServingError

# So many groups that work, each of which waits some of its time, and so many that mostly wait.
WORKING, WAITING = 3, 2
# How many violations of a group are shown while the others still run.
SHOWN: Final = 5
PAGE: Final = ROOT / "docs" / "faults.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """0, 1 or 2, as above."""
    chosen = _parser().parse_args(arguments)
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            work = chosen.work or Path(folder)
            outcome = _campaign(chosen, work)
    except (RunError, NotServingError, OSError) as error:
        print(f"faults: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nfaults: interrupted; every run and simulator is stopped", file=sys.stderr)
        return 130
    build: Path = chosen.build
    build.mkdir(parents=True, exist_ok=True)
    results.write(outcome, build)
    said = results.headline(outcome, time.monotonic() - begun)
    if not (chosen.only or chosen.most or chosen.plant):
        text = page.written(PAGE.read_text(encoding="utf-8"), results.document(outcome), _summary(said))
        PAGE.write_text(text, encoding="utf-8")
    _tell(outcome, said, build)
    return 1 if outcome.violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="faults", description="Patch hosts that have faults, and look at the truth.")
    parser.add_argument("--only", metavar="FAULTS", help="only these, by id, with commas between them")
    parser.add_argument("--most", type=int, metavar="N", help="at most so many cases of each fault")
    parser.add_argument("--plant", choices=[*plants.HOOKS, *plants.SPOILS], help="put a violation in on purpose")
    parser.add_argument("--build", type=Path, default=ROOT / "build", metavar="DIR", help="where results go (build)")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep everything that the runs wrote there")
    return parser


def _campaign(chosen: argparse.Namespace, work: Path) -> results.Outcome:
    """Measure, then run all batches, so many at once. Raises RunError, NotServingError."""
    print("faults: looking how many requests, tasks and lines a run without faults has", flush=True)
    cases = selected(list(catalogue.cases(measure(work / "measured"))), chosen.only, chosen.most)
    settings = Settings(work, hook=plants.HOOKS.get(chosen.plant, ""), spoil=plants.SPOILS.get(chosen.plant))
    todo = batches.batches(cases)
    print(f"faults: {len(cases)} cases in {len(todo)} groups", flush=True)
    if settings.hook:
        return results.Outcome(tuple(batches.run(batch, settings) for batch in todo))
    return results.Outcome(_all(todo, settings, len(cases)))


def selected(cases: Sequence[Case], only: str | None, most: int | None) -> list[Case]:
    """Those that were asked for. Raises RunError for a fault that does not exist."""
    names = list(dict.fromkeys(only.split(","))) if only else list(catalogue.FAULTS)
    if unknown := sorted(set(names) - set(catalogue.FAULTS)):
        raise RunError(f"there is no fault {', '.join(unknown)}; there are: {', '.join(catalogue.FAULTS)}")
    found: list[Case] = []
    for name in names:
        mine = [case for case in cases if case.fault == name]
        step = max(1, -(-len(mine) // most)) if most else 1
        found += mine[::step]
    return found


def _all(todo: Sequence[Batch], settings: Settings, count: int) -> tuple[Done, ...]:
    """Beside the groups that keep the processors busy go those that mostly wait, the longest first."""
    begun = time.monotonic()
    order = sorted(todo, key=lambda batch: list(batches.PLAYS).index(batch.how))
    finished: list[Done] = []
    with ThreadPoolExecutor(WORKING) as busy, ThreadPoolExecutor(WAITING) as waiting:
        pools = [busy if batch.how == "runs" else waiting for batch in order]
        coming = [pool.submit(batches.run, batch, settings) for pool, batch in zip(pools, order, strict=True)]
        try:
            for future in as_completed(coming):
                finished.append(future.result())
                _progress(finished, len(todo), count, time.monotonic() - begun)
        except BaseException:
            # Threads cannot be interrupted: without their runs they come to their end.
            for pool in (busy, waiting):
                pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise
    return tuple(sorted(finished, key=lambda done: done.batch.name))


def _progress(finished: Sequence[Done], groups: int, count: int, seconds: float) -> None:
    last = finished[-1]
    ran = sum(len(done.stories) for done in finished)
    print(
        f"faults: {len(finished)} of {groups} groups, {ran} of {count} cases, {seconds:.0f} s; {last.batch.name}: "
        f"{len(last.stories)} cases in {last.seconds:.0f} s, {len(last.violations)} violations",
        flush=True,
    )
    for line in results.shown(last.violations)[:SHOWN]:
        print(line, flush=True)


def _summary(said: str) -> str:
    return "\n".join(f"* {line.removeprefix('faults: ')}" for line in said.splitlines())


def _tell(outcome: results.Outcome, said: str, build: Path) -> None:
    if outcome.violations:
        print("\nBroken promises:")
        print("\n".join(results.shown(outcome.violations)))
        counts = Counter(found.check for found in outcome.violations)
        print(f"faults: {', '.join(f'{name} {count}' for name, count in counts.most_common())}")
    print(said)
    print(f"faults: {build / 'faults.json'}, and a folder for each case in {build / 'faults'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
