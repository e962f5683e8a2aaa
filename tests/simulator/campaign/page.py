# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""docs/faults.md: what goes wrong, what the operator sees, what the host does. Written from build/faults.json."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from campaign.catalogue import FAULTS
from campaign.model import Fault

BEGIN: Final = "<!-- faults: written by make faults -->"
END: Final = "<!-- end of faults -->"
LONGEST: Final = 160
GREEN: Final = frozenset({"patched", "nothing_to_do"})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\b\d\d:\d\d:\d\dZ")
_JOB: Final = re.compile(r"\b(install|scan)-\d{8}T\d{6}Z-[0-9a-f]{8}")
_ID: Final = re.compile(r"\b[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}\b")
HEADS: Final = ("Fault", "Cases", "What the operator sees", "What the host does", "How it ends")


def table(document: Mapping[str, Any]) -> str:
    """The table, a row for each fault of the catalogue, in its order."""
    lines = [_row(HEADS), _row(["---"] * len(HEADS))]
    for fault in FAULTS.values():
        cases = [case for case in document["cases"] if case["fault"] == fault.id]
        lines.append(_row([named(fault), str(len(cases)), _seen(cases), _done(cases), fault.ends.value]))
    return "\n".join(lines)


def named(fault: Fault) -> str:
    """The first cell of its row."""
    return f"`{fault.id}`: {fault.what}"


def written(page: str, document: Mapping[str, Any], summary: str) -> str:
    """The page with the table of this run between its marks. Raises ValueError where they are missing."""
    before, found, rest = page.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{summary}\n\n{table(document)}\n\n{END}{after}"


def faults_of(page: str) -> list[str]:
    """The first cells of the table of a page, to see whether it is current."""
    middle = page.partition(BEGIN)[2].partition(END)[0]
    rows = [line for line in middle.splitlines() if line.startswith("| `")]
    return [re.split(r"(?<!\\)\|", line)[1].strip() for line in rows]


def _seen(cases: Sequence[Mapping[str, Any]]) -> str:
    if not cases:
        return "not run"
    runs = [[case["runs"][place] for case in cases] for place in (0, -1)]
    told = [f"{word} run: {_outcomes(found)}" for word, found in zip(("first", "next"), runs, strict=True)]
    return "; ".join([*told, *_example(cases)])


def _outcomes(runs: Iterable[Mapping[str, Any]]) -> str:
    counts = Counter("killed" if run["exit_code"] is None else str(run["outcome"]) for run in runs)
    return ", ".join(f"{word} {count}" for word, count in counts.most_common())


def _example(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The sentence that most hosts had which were not simply patched."""
    runs = [run for case in cases for run in case["runs"] if run["sentence"] and run["outcome"] not in GREEN]
    said = Counter(general(run["sentence"]) for run in runs)
    if said:
        sentence = min(said, key=lambda text: (-said[text], text))
        yield f'"{sentence[:LONGEST]}{"…" if len(sentence) > LONGEST else ""}"'


def general(sentence: str) -> str:
    """Without what is different in every run: times, names of jobs and updates."""
    for pattern, word in ((_TIME, "TIME"), (_JOB, r"\1-JOB"), (_ID, "UPDATE")):
        sentence = pattern.sub(word, sentence)
    return sentence.replace("<", "").replace(">", "")


WORDS: Final = (
    ("jobs", "jobs"),
    ("interrupted", "of them cut off"),
    ("installed", "installed"),
    ("failed", "failed"),
    ("rolled_back", "rolled back"),
    ("our_boots", "reboots"),
    ("other_boots", "boots nobody asked for"),
)


def _done(cases: Sequence[Mapping[str, Any]]) -> str:
    """All that the hosts of these cases did, in both runs."""
    totals = {key: sum(case["host"][key] for case in cases) for key, _word in WORDS}
    told = [f"{totals[key]} {word}" for key, word in WORDS if totals[key]]
    return ", ".join(told) or "nothing"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
