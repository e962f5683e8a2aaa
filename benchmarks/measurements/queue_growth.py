# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How time and memory of a verdict grow with the rename queue, the one signal without an upper end."""

from __future__ import annotations

import copy
import time
import tracemalloc
from collections.abc import Iterator
from typing import Final

from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict

from ..bench import Bench, Measurement
from ..documents import Document, document_mix
from ..hosts import noise
from ..rows import Row

SIZES: Final = (100, 10_000, 100_000)
TIMES: Final = 3
MEBIBYTE: Final = 1 << 20


def measure(bench: Bench) -> Iterator[Row]:
    """A queue of noise, because every entry of it has to be looked at: the document is there, the verdict is made."""
    (healthy,) = document_mix(1, bench.work / "queue")
    for size in SIZES:
        document = _with_queue(healthy, size)
        seconds = min(_seconds(document) for _ in range(TIMES))
        peak = _peak_bytes(document)
        bench.say(f"{size:,} entries: {1000 * seconds:.1f} ms, {peak / MEBIBYTE:.1f} MiB")
        yield Row(f"rename queue of {size:,} entries: judged in", "ms", 1000 * seconds)
        yield Row(f"rename queue of {size:,} entries: peak memory beside the document", "MiB", peak / MEBIBYTE)


def _with_queue(document: Document, size: int) -> Document:
    changed = copy.deepcopy(document)
    values = {"PendingFileRenameOperations": {"kind": "REG_MULTI_SZ", "data": noise(size)}}
    changed["probes"]["session_manager"].update(state="ok", data={"values": values})
    return changed


def _seconds(document: Document) -> float:
    begun = time.process_time()
    reboot_verdict(document)
    return time.process_time() - begun


def _peak_bytes(document: Document) -> int:
    """Counted apart from the time, because counting is slow."""
    tracemalloc.start()
    try:
        reboot_verdict(document)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


MEASUREMENT: Final = Measurement(
    "queue-growth", f"a rename queue of {', '.join(map('{:,}'.format, SIZES))} entries", measure
)
