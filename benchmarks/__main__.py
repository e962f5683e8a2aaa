# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`make bench`: measures everything in one run, prints a table and writes `build/bench.json`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from winsim.testing import NotServingError

from .bench import Bench, Measurement, running_bench
from .measurements import ALL
from .rows import Row, RowError, as_json, table
from .running import ROOT, RunError

HONESTY: Final = (
    "Hosts are simulated: requests and bytes are what a real one would get; times lack what PowerShell takes there."
)
# What a measurement may die of; anything else is a defect of the measurement and shows its traceback.
CANNOT: Final = (RunError, RowError, NotServingError, OSError)


@dataclass(slots=True)
class Results:
    """Rows of what was measured, and one sentence for each measurement that could not be made."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything was measured, whatever the figures; 1 when not, which is named; 128 + n for a signal."""
    chosen = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end_by_signal)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    # An older file must not stand in for what this run did not measure.
    chosen.output.unlink(missing_ok=True)
    begun = time.monotonic()
    picked = [measurement for measurement in ALL if not chosen.only or measurement.name in chosen.only]
    try:
        with tempfile.TemporaryDirectory(prefix="winops-bench-") as work:
            results = measure_all(picked, chosen.tools, Path(work))
    except KeyboardInterrupt:
        _say("interrupted; the simulator is stopped")
        return 128 + signal.SIGINT
    chosen.output.write_text(as_json(results.rows), encoding="utf-8")
    _show(results, chosen.output, time.monotonic() - begun)
    return 1 if results.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measure winops.patching beside what exists.")
    parser.add_argument(
        "--only", action="append", choices=[measurement.name for measurement in ALL], help="again for more"
    )
    parser.add_argument(
        "--output", type=Path, default=ROOT / "build" / "bench.json", metavar="FILE", help="build/bench.json"
    )
    tools = Path(sys.executable).parent
    parser.add_argument(
        "--tools", type=Path, default=tools, metavar="DIR", help="the bin folder of another ansible-core"
    )
    return parser


def _end_by_signal(number: int, _frame: object) -> None:
    """Raised where the program is, so that every `finally` on the way out stops what was started."""
    raise SystemExit(128 + number)


def measure_all(measurements: Sequence[Measurement], tools: Path, work: Path) -> Results:
    """One fleet for all; a measurement that fails does not stop the others."""
    results = Results()
    try:
        with running_bench(tools, work, _say) as bench:
            for number, measurement in enumerate(measurements, start=1):
                _say(f"[{number}/{len(measurements)}] {measurement.title}")
                measure_one(measurement, bench, results)
            results.notes += bench.notes
    except CANNOT as error:
        results.failures.append(f"everything: {error}")
    return results


def measure_one(measurement: Measurement, bench: Bench, results: Results) -> None:
    """Adds its rows; those that came before it failed stay."""
    begun = time.monotonic()
    try:
        for row in measurement.measure(bench):
            if any(row.name == known.name for known in results.rows):
                raise RowError(f"there are two rows of the name {row.name!r}")
            results.rows.append(row)
    except CANNOT as error:
        results.failures.append(f"{measurement.name}: {error}")
        _say(f"{measurement.name} could not be measured: {error}")
    else:
        _say(f"{measurement.name} took {time.monotonic() - begun:.1f} s")


def _show(results: Results, output: Path, seconds: float) -> None:
    print(f"\n{table(results.rows)}\n" if results.rows else "\nNothing was measured.\n")
    for note in (*results.notes, HONESTY):
        print(f"* {note}")
    missed = [row.name for row in results.rows if row.met is False]
    bound = sum(row.met is not None for row in results.rows)
    path = output.relative_to(ROOT) if output.is_relative_to(ROOT) else output
    print(f"\n{len(results.rows)} rows, {bound - len(missed)} of {bound} bounds met, {seconds:.0f} s; saved: {path}")
    for name in missed:
        print(f"MISSED: {name}")
    sys.stdout.flush()
    for failure in results.failures:
        print(f"NOT MEASURED: {failure}", file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(f"bench: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
