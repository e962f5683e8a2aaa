# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Design 10: what one host is sent for one look at how far its search for updates has come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from winsim.testing import Wire

from ..bench import BASIC, Bench, Measurement
from ..hosts import host_name
from ..rows import Row
from ..running import RunError, answer_of

# A healthy one, whose search takes a moment.
HOST: Final = host_name(2)
JOB: Final = "winops.patching.win_patch_job"
READER: Final = "winops.patching.win_probe"
OTHER: Final = "ansible.windows.win_updates"
MOST_RATIO: Final = 0.2
# A task takes some seconds to start; by then the search must run.
MOST_LOOKS: Final = 20
QUESTION: Final = "bytes up, one look at a running search"


def measure(bench: Bench) -> Iterator[Row]:
    """Bodies of all HTTP requests, Basic over HTTP: the largest of our looks, the mean of the other's calls."""
    other = _calls_of_the_other(bench)
    ours = _look(bench)
    yield Row(f"{QUESTION}: against win_updates", "bytes", ours, other, f"ratio <= {MOST_RATIO}")


def _calls_of_the_other(bench: Bench) -> float:
    """One task that searches: start, polls and cancel are calls of the same module and differ by some words."""
    taken, calls, answer = _asked(bench, OTHER, OTHER, {"state": "searched", "category_names": ["*"]})
    if "found_update_count" not in answer:
        raise RunError(f"{OTHER} has not searched: {str(answer)[:300]}")
    bench.say(f"{OTHER}: {taken.bytes_up:,} bytes up in {calls} calls")
    return taken.bytes_up / calls


def _look(bench: Bench) -> int:
    """A job is started, and looked at until it searches, each time by a command of its own that pays for its logon."""
    _, _, started = _asked(bench, JOB, JOB, {"operation": "start", "kind": "scan"})
    most = 0
    for _ in range(MOST_LOOKS):
        taken, calls, answer = _asked(bench, JOB, READER, {"operation": "read", "id": started.get("id")})
        if calls != 1:
            raise RunError(f"{JOB} took {calls} calls for one look: {str(answer)[:300]}")
        bench.say(f"{JOB} read: {taken.bytes_up:,} bytes up, the job is {answer.get('phase')}")
        most = max(most, taken.bytes_up)
        if answer.get("phase") == "scanning":
            return most
    raise RunError(f"the search of {started.get('id')} was never seen at work")


def _asked(bench: Bench, module: str, counted: str, options: Mapping[str, object]) -> tuple[Wire, int, dict[str, Any]]:
    """What the host received, how many runs of the counted module that were, and what was answered. Raises RunError."""
    before, runs = bench.fleet.wire(HOST), len(_runs(bench, counted))
    run = bench.ansible.ad_hoc(bench.inventory(2), HOST, module, "-a", json.dumps(dict(options)), *BASIC)
    after = bench.fleet.wire(HOST)
    calls = len(_runs(bench, counted)) - runs
    if not calls:
        raise RunError(f"{module} has not called {counted}:\n{run.output[-800:]}")
    taken = Wire(requests=after.requests - before.requests, bytes_up=after.bytes_up - before.bytes_up)
    return taken, calls, answer_of(run)


def _runs(bench: Bench, module: str) -> list[dict[str, Any]]:
    return [run for run in bench.fleet.runs(HOST) if run["name"] == module]


MEASUREMENT: Final = Measurement("poll-bytes", "bytes up for one look at a running search", measure)
