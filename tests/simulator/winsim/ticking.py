# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lets jobs go on while nobody looks, so that the state files tell of them in time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from .host import Host
from .worker.run import settle

# Real seconds.
INTERVAL: Final = 0.05


class Ticker:
    """One thread for all hosts; a host without a job costs it nothing."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._hosts = hosts
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="winsim jobs", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(INTERVAL):
            for host in [host for host in self._hosts if host.workers or host.appointments]:
                with host.lock:
                    settle(host)

    def close(self) -> None:
        """Jobs stand still from now on."""
        self._ended.set()
        self._thread.join()
