# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What will the next boot make of the rename queue, and is that what the updates meant?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._evidence.wording import printable
from . import findings
from .carry_out import Paper, carry_out
from .facts import read_files
from .findings import Finding, Target, in_words, reference, targets_of
from .lost import lost_entries
from .queues import Queues, read_queues
from .snapshot import snapshot_of

MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Analysis:
    """A queue carried out on paper, and what is wrong with it. Every finding becomes plain data with a sentence."""

    queues: Queues
    paper: Paper
    targets: Mapping[str, Target]
    downgrades: tuple[Finding, ...]
    will_fail: tuple[dict[str, Any], ...]
    chains: tuple[dict[str, Any], ...]
    deletions: tuple[dict[str, Any], ...]
    lost: tuple[dict[str, Any], ...]
    unknown: tuple[dict[str, Any], ...]

    @property
    def conflicts(self) -> list[Finding]:
        """Targets that more than one entry renames something to: no harm by itself, and so not part of the state."""
        return [finding for target in self.targets.values() for finding in findings.conflicts(target)]

    @property
    def state(self) -> str:
        """`risky` where something known is wrong, else `unknown` where something is not known, else `clean`."""
        harmful = [entry for entry in self.will_fail if not entry["harmless"]]
        if self.downgrades or self.deletions or self.lost or harmful:
            return "risky"
        return "unknown" if self.unknown else "clean"

    @property
    def sentence(self) -> str:
        """The state for people, worst first."""
        return _sentence(self)

    def as_dict(self, *, most: int | None = None) -> dict[str, Any]:
        """Return the published shape. With ``most`` every list holds at most so many, and NAME_more counts the rest."""
        shape: dict[str, Any] = {"state": self.state, "sentence": self.sentence}
        _list(shape, "entries", self.paper.steps, most, reference)
        _list(shape, "targets", list(self.targets.values()), most, Target.as_dict)
        shape["targets"] = {
            target.path: shown for target, shown in zip(self.targets.values(), shape["targets"], strict=False)
        }
        for name in ("conflicts", "downgrades"):
            _list(shape, name, getattr(self, name), most, in_words)
        for name in ("will_fail", "chains", "deletions", "lost", "unknown"):
            _list(shape, name, getattr(self, name), most, dict)
        return shape


def analyse(queue: object, files: object = None, *, snapshot: object = None, boot_time: object = None) -> Analysis:
    """Return the Analysis of a queue (`read_queues` says in which forms) on the facts of ``files`` (`read_files`).

    ``snapshot`` is an earlier one: what has vanished since is lost, unless a boot lies between. ``boot_time`` is that
    of the host now, where the queue is no evidence document that holds it. Never raises for what a host answered.
    """
    queues = read_queues(queue)
    known = read_files(files if files is not None else _files_of(queue))
    paper = carry_out(queues.entries, known)
    targets = targets_of(paper)
    places = targets.values()
    unknown = [_problem(text) for text in (*queues.problems, *known.problems)]
    unknown += findings.unknown_steps(paper.steps)
    unknown += [entry for target in places for entry in findings.unknown_versions(target)]
    lost: Sequence[dict[str, Any]] = ()
    if snapshot is not None:
        compared = lost_entries(snapshot, snapshot_of(queue, boot_time=boot_time))
        # RunOnce has a finding of its own: a queue alone says nothing of it.
        lost = [entry for entry in compared["lost"] if entry["place"] != "run_once"]
        unknown += [_problem(entry["reason"]) for entry in compared["unknown"] if entry["place"] != "run_once"]
    return Analysis(
        queues=queues,
        paper=paper,
        targets={target.path: target for target in places},
        downgrades=tuple(entry for target in places for entry in findings.downgrades(target)),
        will_fail=tuple(findings.failures(paper.steps)),
        chains=tuple(findings.chains(paper.steps)),
        deletions=tuple(findings.deletions(paper.steps)),
        lost=tuple(lost),
        unknown=tuple(unknown),
    )


def _files_of(queue: object) -> object:
    """An evidence document holds the facts that were read with it, or those of its scan."""
    if not isinstance(queue, Mapping):
        return None
    scan = queue.get("scan")
    return queue.get("files") or (scan.get("files") if isinstance(scan, Mapping) else None)


def _problem(text: str) -> dict[str, Any]:
    return {"path": None, "entry": None, "reason": printable(text[: findings.MAX_SENTENCE])}


def _list(
    shape: dict[str, Any], name: str, items: Sequence[Any], most: int | None, render: Callable[[Any], dict[str, Any]]
) -> None:
    """Put the first items into the shape, and how many were left out; lists within them are cut alike."""
    kept = items if most is None else items[:most]
    shape[name] = [_bounded(render(item), most) for item in kept]
    if len(items) > len(kept):
        shape[f"{name}_more"] = len(items) - len(kept)


def _bounded(entry: dict[str, Any], most: int | None) -> dict[str, Any]:
    for key in [key for key, value in entry.items() if most is not None and isinstance(value, list)]:
        left_out = len(entry[key]) - (most or 0)
        if left_out > 0:
            entry[key] = entry[key][:most]
            entry[f"{key}_more"] = left_out
    return entry


def _sentence(analysis: Analysis) -> str:
    total = len(analysis.queues.entries)
    if not total and not analysis.unknown and not analysis.lost:
        return "the queue is empty: the next boot changes no file"
    harmful = [entry for entry in analysis.will_fail if not entry["harmless"]]
    older = [in_words(finding) for finding in analysis.downgrades[:MAX_NAMED]]
    unknown = analysis.unknown
    parts = [
        _told(older, len(analysis.downgrades), "file becomes older", "files become older"),
        _told(
            analysis.deletions,
            len(analysis.deletions),
            "renamed file is deleted again",
            "renamed files are deleted again",
        ),
        _told(harmful, len(harmful), "operation will fail", "operations will fail"),
        _told(analysis.lost, len(analysis.lost), "entry is lost", "entries are lost"),
        _told(unknown, len(unknown), "thing is not known", "things are not known", key="reason"),
    ]
    told = "; ".join(part for part in parts if part)
    if not total and told:
        return told
    words = "1 entry" if total == 1 else f"{total} entries"
    return f"{words}: {told}" if told else f"{words}: nothing becomes older, nothing fails, nothing is lost"


def _told(items: Sequence[Mapping[str, Any]], total: int, one: str, many: str, *, key: str = "sentence") -> str:
    if not total:
        return ""
    shown = "; ".join(str(item[key]) for item in items[:MAX_NAMED])
    more = f"; and {total - MAX_NAMED} more" if total > MAX_NAMED else ""
    return f"{total} {one if total == 1 else many} ({shown}{more})"
