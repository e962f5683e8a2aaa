# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a run without faults is like: the numbers from which the faults are made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from campaign.batches import FACTOR, RUN_SECONDS
from campaign.fleets import served
from campaign.hosts import TEMPLATES
from campaign.model import ALWAYS, Case, Ends, Measured
from campaign.playbook import TASK, RunError
from campaign.truth import jobs_of

# The host whose run has the most steps.
LONGEST: Final = "reboots"


def _case(template: str, **variables: Any) -> Case:
    words = TEMPLATES[template]()
    return Case(f"measured-{template}", "none", "measured", Ends.PATCHED, words, variables, ALWAYS)


def measure(work: Path) -> Measured:
    """Runs each template once without a fault. Raises RunError where even that does not end well."""
    host = replace(_case(LONGEST, patch_reboot_by="host"), name="measured-by-host")
    cases = [*(_case(template) for template in TEMPLATES), host]
    with served(cases, work, factor=FACTOR, most_seconds=RUN_SECONDS) as fleet:
        looks = fleet.play(1)
        fleet.settled()
        states = {case.name: fleet.fleet.state(case.name) for case in cases}
    log = (work / "run-1.log").read_text(encoding="utf-8").splitlines()
    if looks[cases[0].name].code != 0:
        raise RunError("a run without any fault did not end well:\n" + "\n".join(log[-40:]))
    lines = {name: max((len(job.lines) for job in jobs_of(state)), default=0) for name, state in states.items()}
    return Measured(
        requests={template: looks[f"measured-{template}"].requests for template in TEMPLATES},
        lines={
            template: lines[f"measured-{template}"] if template != LONGEST else lines[host.name]
            for template in TEMPLATES
        },
        tasks=tuple(found["name"] for line in log if (found := TASK.match(line))),
    )
