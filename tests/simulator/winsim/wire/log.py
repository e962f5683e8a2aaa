# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What came over the wire: a line of JSON for each HTTP request, with the bytes of its body."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from .http import Request


class WireLog:
    """Writes `{"host": NAME, "bytes_up": N}` to a new file before the request is answered. Raises OSError."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._stream = file.open("w", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def of(self, host: str) -> Callable[[Request], None]:
        """What writes the requests of one host. The body is counted as it came, sealed or not."""

        def came(request: Request) -> None:
            line = json.dumps({"host": host, "bytes_up": len(request.body)}) + "\n"
            with self._lock:
                if not self._stream.closed:
                    self._stream.write(line)

        return came

    def close(self) -> None:
        """Nothing is written any more."""
        with self._lock:
            self._stream.close()
