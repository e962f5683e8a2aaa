# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Plays the install jobs of a campaign again, by the shipped worker under a real PowerShell, and compares line by line.

    PYTHONPATH=tests/simulator:tests/powershell .venv/bin/python -m campaign.replaying build/faults

Of each job the life up to its first boot is played. It ends 0 when every line was the same, 1 when one was not, and 2
without an engine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from campaign.model import Words
from campaign.truth import lines_of
from recorder import engine

WORKER: Final = "plugins/module_utils/patch_worker.ps1"
FAKE: Final = "FakeAgent.psm1"
# What every engine must write alike; times, numbers of processes and texts are its own.
COMPARED: Final = ("phase", "step", "id", "revision", "result", "hresult", "reason", "outcome", "reboot_required")
# `run(agent, folder)` runs the worker on that job's folder.
Run = Callable[[Mapping[str, Any], Path], object]


def main(arguments: Sequence[str] | None = None) -> int:
    """0, 1 or 2, as above."""
    parser = argparse.ArgumentParser(prog="replaying", description="Play install jobs of a campaign on a real engine.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="build/faults")
    folder: Path = parser.parse_args(arguments).folder
    try:
        found = engine.find()
    except engine.EngineError as error:
        print(f"replaying: {error}", file=sys.stderr)
        return 2

    def run(agent: Mapping[str, Any], job: Path) -> object:
        return engine.run_script(found, WORKER, {}, agent, "-Fake", FAKE, "-Job", str(job))

    told = [f"{path.parent}: {line}" for path in sorted(folder.glob("*/*/replay.json")) for line in replayed(path, run)]
    print("\n".join(told) or "replaying: every line was the same")
    return 1 if told else 0


def replayed(path: Path, run: Run) -> list[str]:
    """Where the worker wrote other lines than its double did, as sentences."""
    case = json.loads(path.read_text(encoding="utf-8"))
    expected, cut = first_life(case["expected"])
    with tempfile.TemporaryDirectory(prefix="replay-") as work:
        job = Path(work) / "jobs" / str(case["plan"]["id"])
        job.mkdir(parents=True)
        (job / "plan.json").write_text(json.dumps(case["plan"]), encoding="utf-8")
        journal = job / "journal.jsonl"
        journal.write_text(json.dumps(expected[0]) + "\n", encoding="utf-8")
        run(case["agent"], job)
        written = lines_of(journal.read_text(encoding="utf-8"))
    return differences(expected, written[: len(expected)] if cut else written)


def first_life(lines: Sequence[Words]) -> tuple[list[Words], bool]:
    """The lines up to the first boot, and whether there were more to come."""
    for number, line in enumerate(lines):
        if (line.get("phase"), line.get("step")) == ("verifying", "started"):
            return list(lines[:number]), True
    return list(lines), not any(line.get("phase") == "done" for line in lines)


def differences(expected: Sequence[Words], written: Sequence[Words]) -> list[str]:
    """The first line that is not the same, or that one side lacks."""
    pairs = zip(_compared(expected), _compared(written), strict=False)
    for number, (wanted, found) in enumerate(pairs, 1):
        if wanted != found:
            return [f"line {number} is {json.dumps(found)} and not {json.dumps(wanted)}"]
    if len(expected) != len(written):
        return [f"the worker wrote {len(written)} lines, its double {len(expected)}"]
    return []


def _compared(lines: Sequence[Words]) -> list[dict[str, Any]]:
    return [{name: line[name] for name in COMPARED if name in line} for line in lines]


if __name__ == "__main__":
    sys.exit(main())
