# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Design 10: 50,000 hosts with 200 updates each judged and rolled up, from parsed documents, by two processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ..bench import Bench, Measurement
from ..documents import document_mix
from ..judged_fleet import UPDATES
from ..memory import watched
from ..rows import Row
from ..running import ROOT, RunError

HOSTS: Final = 50_000
PROCESSES: Final = 2
DOCUMENTS: Final = 100
MEGABYTE: Final = 1_000_000


def measure(bench: Bench) -> Iterator[Row]:
    """Wall time of judging and rolling up alone; memory of all processes together, documents and answer included."""
    file = bench.work / "fleet-evidence.json"
    file.write_text(json.dumps(document_mix(DOCUMENTS, bench.work / "fleet-judging")), encoding="utf-8")
    answer, peak = judge_fleet(file)
    bench.notes.append(f"{HOSTS:,} hosts judged: {answer['totals']['machine']}")
    what = f"{HOSTS:,} hosts x {UPDATES} updates judged and rolled up, {PROCESSES} processes"
    yield Row(what, "s", answer["seconds"], must="ours <= 60")
    yield Row(f"{what}: peak memory", "MB", peak / MEGABYTE, must="ours <= 1000")


def judge_fleet(evidence: Path) -> tuple[dict[str, Any], int]:
    """What the program said, and the bytes that it and its processes held at their peak. Raises RunError."""
    command = [sys.executable, "-m", "benchmarks.judged_fleet", str(evidence), str(HOSTS), str(PROCESSES)]
    program = subprocess.Popen(  # a list, no shell
        command, cwd=ROOT, env=os.environ.copy(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with watched(program.pid) as peak:
        out, complaints = program.communicate()
    if program.returncode != 0:
        raise RunError(f"the fleet could not be judged: {complaints.strip()[-400:]}")
    return json.loads(out), peak.bytes


MEASUREMENT: Final = Measurement("fleet-judging", f"{HOSTS:,} hosts x {UPDATES} updates judged and rolled up", measure)
