# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action plugins against a simulated host, without a line between them: what they run is answered by the doubles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door

from winsim.build import build_host
from winsim.catalogue import MODULES
from winsim.clock import HostClock
from winsim.emulated.result import ModuleFailedError
from winsim.host import Access, Host
from winsim.hostfile import load_folder

NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)


def simulated_host(folder: Path, **words: Any) -> Host:
    """A host of these words of the host file, whose clock stands still."""
    document = {"name": "web01", "os": {"boot_time": "2026-11-01T03:12:00Z"}, **words}
    (folder / "web01.yml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    (found,) = load_folder(folder)
    return build_host(found, HostClock(start=NOW, ticks=lambda: 0.0))


class SimulatedDoor(Door):
    """A door whose modules are answered by the doubles of one host."""

    def __init__(self, action: Any, name: str, host: Host) -> None:
        super().__init__(action, name, {})
        self.host = host

    def execute(self, module_name: str, module_args: Mapping[str, Any], task_vars: Any) -> Any:
        """Arguments and answer go through JSON, as on the wire."""
        self.calls.append((module_name, module_args))
        arguments = json.loads(json.dumps(module_args))
        try:
            answer = MODULES[module_name].answers(Access(self.host, self.host.identity(None)), arguments)
        except ModuleFailedError as error:
            answer = error.as_result()
        return json.loads(json.dumps(answer))
