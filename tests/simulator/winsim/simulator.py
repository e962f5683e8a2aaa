# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All hosts of one simulator: from a folder of host files to open ports, and back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .build import build_host
from .clock import HostClock
from .execution import Executor
from .hostfile import load_folder
from .inventory import write_inventory
from .runlog import RUN_LOG, RunLog, nobody
from .statefile import StateFiles
from .ticking import Ticker
from .wire.auth import CredentialFile, new_account
from .wire.endpoint import LOOPBACK, CannotListenError, Endpoint, Port
from .wire.log import WireLog
from .wire.loop import AcceptLoop
from .wire.tls import Authority


class Simulator:
    """Serves every host of `folder`. Raises HostFileError, CannotListenError."""

    def __init__(
        self,
        folder: Path,
        *,
        port_base: int | None = None,
        time_factor: float = 60.0,
        state_folder: Path | None = None,
        wire_log: Path | None = None,
    ) -> None:
        documents = load_folder(folder)
        clock = HostClock(factor=time_factor)
        self._states = StateFiles(state_folder) if state_folder else None
        self._run_log = RunLog(state_folder / RUN_LOG) if state_folder else None
        self._executor = Executor(self._run_log.write if self._run_log else nobody)
        self._wire_log = WireLog(wire_log) if wire_log else None
        self._ticker: Ticker | None = None
        self.endpoints: list[Endpoint] = []
        accounts = [new_account(number) for number in range(1, len(documents) + 1)]
        self._loop = AcceptLoop()
        self._credentials = CredentialFile(accounts)
        secure = any(document.get("network", {}).get("https") for document in documents)
        self._authority = Authority(LOOPBACK) if secure else None
        try:
            for number, (document, account) in enumerate(zip(documents, accounts, strict=True)):
                host = build_host(document, clock)
                host.user = account.user
                port = Port(port_base + number if port_base else 0)
                endpoint = Endpoint(host, account, port, self._executor, self._loop.watch, self._loop.unwatch)
                self.endpoints.append(endpoint)
                if self._wire_log:
                    endpoint.came = self._wire_log.of(host.name)
                if self._authority and host.network.https:
                    endpoint.tls = self._authority.context(host.name)
                endpoint.come_up()
        except CannotListenError:
            self.close()
            raise
        for endpoint in self.endpoints:
            if self._states:
                endpoint.host.changed = self._states.write
            endpoint.host.touch()
        self._ticker = Ticker([endpoint.host for endpoint in self.endpoints])

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How often each tier has answered each module or script."""
        return self._executor.counts

    def write_inventory(self, file: Path) -> None:
        write_inventory(file, self.endpoints, self._authority.file if self._authority else None)

    def close(self) -> None:
        """Ends all connections, frees the ports and writes every state file a last time."""
        if self._ticker:
            self._ticker.close()
        for endpoint in self.endpoints:
            endpoint.close()
        self._loop.close()
        self._credentials.close()
        for open_one in (self._authority, self._wire_log, self._run_log):
            if open_one:
                open_one.close()
        for endpoint in self.endpoints:
            endpoint.host.touch()
