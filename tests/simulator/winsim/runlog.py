# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What was run on the hosts, and as whom: a line of JSON for each command."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .clock import stamp
from .host import Host

# Its name in the folder of the state files.
RUN_LOG: Final = "runs.jsonl"

# Told of every command: the host, and what is known of the command.
Record = Callable[[Host, dict[str, Any]], None]


def nobody(_host: Host, _facts: dict[str, Any]) -> None:
    """Keeps nothing."""


class RunLog:
    """Writes `{at, host, tier, name, user, become, job, format}` to a new file, before the answer. Raises OSError."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._stream = file.open("w", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def write(self, host: Host, facts: dict[str, Any]) -> None:
        line = json.dumps({"at": stamp(host.clock.now()), "host": host.name, **facts}, ensure_ascii=False) + "\n"
        with self._lock:
            if not self._stream.closed:
                self._stream.write(line)

    def close(self) -> None:
        """Nothing is written any more."""
        with self._lock:
            self._stream.close()
