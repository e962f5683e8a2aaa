# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`make record`: runs our scripts under the PowerShell of this machine and writes what they answered to tests/golden.

    make record                            every fixture
    make record ARGS="cim files"           these fixtures
    make record ARGS="--host web01"        this Windows machine, as it is
    make record ARGS="--kit DIR"           what to carry to a Windows host without Python
    make record ARGS="--add DIR --name web01"   a recording of what came back from there

It ends 0 when everything that was asked for is recorded, 1 when something is not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from recorder import carried, engine, fixtures, golden, job_recording, jobs, replay


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything that was asked for is there, else 1."""
    options = _options().parse_args(arguments)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        if options.kit:
            return _pack(options.kit)
        if options.add or options.host:
            return _record_host(options, now)
        return _record_fixtures(options, now)
    except (engine.EngineError, fixtures.FixtureError, golden.RecordingError, OSError) as error:
        print(f"record: {error}", file=sys.stderr)
        return 1


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="record", description="Record our scripts under a real PowerShell.")
    parser.add_argument("fixtures", nargs="*", metavar="FIXTURE", help="only these; all without one")
    parser.add_argument("--host", metavar="NAME", help="record this Windows machine under that name")
    parser.add_argument("--kit", type=Path, metavar="DIR", help="write what a Windows host without Python needs")
    parser.add_argument("--add", type=Path, metavar="DIR", help="record what came back in the folder of --kit")
    parser.add_argument("--name", default="windows", help="with --add: the name of the recording (windows)")
    parser.add_argument("--replace", action="append", default=[], metavar="OLD=NEW", help="hide a text of a real host")
    parser.add_argument("--engine", metavar="PROGRAM", help="pwsh or powershell; the first that is on PATH")
    parser.add_argument("--golden", type=Path, default=golden.GOLDEN, metavar="DIR", help="tests/golden")
    return parser


def _pack(folder: Path) -> int:
    print(f"{folder}: {', '.join(carried.pack(folder))}")
    print(f"Carry the folder to a Windows host, run record.cmd there, bring it back, and then ({golden.GUIDE}):")
    print(f'  make record ARGS="--add {folder} --name NAME"')
    return 0


def _record_host(options: argparse.Namespace, now: datetime) -> int:
    at = now.isoformat()
    if options.add:
        recording = carried.unpack(options.add, options.name, at)
    else:
        found = engine.find(options.engine)
        asked = fixtures.standard_arguments()
        output = engine.run_script(found, fixtures.READER, asked, None)
        sha256 = golden.sha256_of(fixtures.READER)
        recording = carried.of_real_host(options.host, at, sha256, asked, output)
    pairs = [tuple(text.split("=", 1)) for text in options.replace]
    if not all(len(pair) == 2 and pair[0] for pair in pairs):
        raise engine.EngineError("--replace takes OLD=NEW")
    recording = replace(recording, output=carried.replaced(recording.output, pairs))
    broken = _tell_problems(recording)
    if broken:
        return broken
    path = golden.write(recording, options.golden)
    system = recording.output["system"]
    print(f"recorded {path.name}, which holds the names {system['computer_name']} and {system['user']}")
    print(f"Read it before you share it; --replace OLD=NEW hides what should not be seen ({golden.GUIDE})")
    return 0


def _record_fixtures(options: argparse.Namespace, now: datetime) -> int:
    found = engine.find(options.engine)
    cases = {f"{job_recording.PREFIX}{name}": case for name, case in jobs.cases().items()}
    known = fixtures.names()
    unknown = sorted(set(options.fixtures) - set(known) - set(cases))
    if unknown:
        raise fixtures.FixtureError(f"no fixture {', '.join(unknown)}; there are {', '.join([*known, *cases])}")
    failed = 0
    asked = options.fixtures or [*known, *cases]
    for name in asked:
        if name in cases:
            failed += _keep(name, partial(job_recording.record, found, cases[name], now), options.golden)
        else:
            fixture = fixtures.load(name, known[name], now)
            failed += _keep(name, partial(_recorded, found, fixture, now), options.golden)
    kept = len(asked) - failed
    print(f"record: {kept} recorded under {found.edition} {found.version}, {failed} not")
    return 1 if failed else 0


def _recorded(found: engine.Engine, fixture: fixtures.Fixture, now: datetime) -> golden.Recording:
    """A recording of one fixture of the reader. Raises EngineError."""
    return golden.Recording(
        name=f"{fixture.name}.{found.label}",
        recorded_at=now.isoformat(),
        engine=found.as_document(),
        script=fixture.script,
        script_sha256=golden.sha256_of(fixture.script),
        state=fixture.state,
        arguments=fixture.arguments,
        output=engine.run_script(found, fixture.script, fixture.arguments, fixture.state),
        not_run=fixture.not_run,
    )


def _keep(name: str, record: Callable[[], golden.Recording], folder: Path) -> int:
    """1 when there is nothing to keep. A recording that the double disagrees with is kept: the tests are for that."""
    try:
        recording = record()
    except engine.EngineError as error:
        print(f"NOT recorded {name}: {error}", file=sys.stderr)
        return 1
    broken = _tell_problems(recording)
    if broken:
        return broken
    golden.write(recording, folder)
    diff = replay.replay(recording)
    print(f"recorded {recording.name}{': the simulator answers otherwise' if diff else ''}")
    return 0


def _tell_problems(recording: golden.Recording) -> int:
    """1 when the answer breaks the contract of its script, which is said line by line."""
    problems = replay.problems(recording)
    for problem in problems:
        print(f"{recording.name} breaks the contract: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
