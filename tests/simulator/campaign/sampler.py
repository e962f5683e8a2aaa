# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Keeps every job that was ever seen on a host: the hosts themselves throw their older ones away."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from campaign.model import Job
from campaign.truth import jobs_of
from winsim.testing import Fleet

# Real seconds; a host keeps five jobs, and each takes longer than that.
EVERY: Final = 1.5


class Sampler:
    """One thread that looks at the state files until it is closed."""

    def __init__(self, fleet: Fleet, hosts: Iterable[str]) -> None:
        self._fleet = fleet
        self._jobs: dict[str, dict[str, Job]] = {host: {} for host in hosts}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()

    def jobs(self, host: str) -> tuple[Job, ...]:
        """All that were seen on the host, oldest first, as they lay there last."""
        known = self._jobs[host]
        return tuple(known[name] for name in sorted(known))

    def look(self) -> None:
        """Look at every host now."""
        for host, known in self._jobs.items():
            for job in jobs_of(self._fleet.state(host)):
                if job.id not in known or len(job.lines) >= len(known[job.id].lines):
                    known[job.id] = job

    def close(self) -> None:
        """Look once more, and never again."""
        self._ended.set()
        self._thread.join()
        self.look()

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            self.look()
