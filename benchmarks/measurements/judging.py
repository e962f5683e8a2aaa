# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Design 10: how many evidence documents one core judges in a second."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict

from ..bench import Bench, Measurement, spread
from ..documents import document_mix
from ..rows import Row

DOCUMENTS: Final = 1000
GROUPS: Final = 3
ROUNDS: Final = 5
_Form = TypeVar("_Form")


def measure(bench: Bench) -> Iterator[Row]:
    """Every document is another host's: seven of ten healthy, one waits, one with a noisy queue, one that refuses."""
    documents = document_mix(DOCUMENTS, bench.work / "judging")
    texts = [json.dumps(document) for document in documents]
    bench.say(f"{DOCUMENTS} documents, {sum(map(len, texts)) // DOCUMENTS:,} bytes each on average")
    verdicts = _rates(documents, reboot_verdict)
    published = _rates(texts, lambda text: reboot_verdict(json.loads(text)).as_dict())
    yield Row("evidence documents judged, one core", "1/s", _best(verdicts), must="ours >= 8000")
    yield Row("evidence documents judged, from text to published verdict", "1/s", _best(published))
    bench.notes.append(f"documents judged, one core, min / median / max of {len(verdicts)}: {spread(verdicts, '1/s')}")


def _rates(documents: list[_Form], judge: Callable[[_Form], object]) -> list[float]:
    """Documents per second of processor time, round by round; no verdict is kept."""
    rates = []
    for _ in range(GROUPS * ROUNDS):
        begun = time.process_time()
        for document in documents:
            judge(document)
        rates.append(len(documents) / (time.process_time() - begun))
    return rates


def _best(rates: list[float]) -> float:
    """The best of the groups' medians: a group that another process disturbed does not count, a lucky round neither."""
    groups = [rates[start : start + ROUNDS] for start in range(0, len(rates), ROUNDS)]
    return max(statistics.median(group) for group in groups)


MEASUREMENT: Final = Measurement("judging", "evidence documents judged per second and core", measure)
