# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Is an update there and in effect? What the sources say, and which of them agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._evidence.answers import Reading, answer_of, number_of
from ..._evidence.document import Evidence
from ..._evidence.scan import FileReading
from ..._evidence.wording import printable, type_name
from ..rename_analysis.facts import parse_version
from ..rename_analysis.pending_version import PendingVersion
from . import sources
from .demands import Demand
from .sources import SourceAnswer

VERDICTS = ("inconsistent", "missing", "pending", "unknown", "verified")
_DEFINITE = ("installed", "pending", "missing")
MAX_PREDICTIONS = 200
MAX_SENTENCE = 500
MAX_WHY = 300


@dataclass(frozen=True, slots=True)
class Proved:
    """One update with its verdict. ``agree`` support it, ``disagree`` say otherwise, ``unsure`` do not know."""

    key: str
    verdict: str
    answers: tuple[SourceAnswer, ...]
    agree: tuple[str, ...]
    disagree: tuple[str, ...]
    unsure: tuple[str, ...]
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "verdict": self.verdict,
            "agree": list(self.agree),
            "disagree": list(self.disagree),
            "unsure": list(self.unsure),
            "sources": [answer.as_dict() for answer in self.answers if answer.says != "not_asked"],
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read besides the document: packages by update and their probes, files and what becomes of them."""

    packages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    package_probes: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, FileReading] = field(default_factory=dict)
    pending: Mapping[str, PendingVersion] = field(default_factory=dict)


def prove(evidence: Evidence, demands: Sequence[Demand], facts: Facts, scan: object) -> list[Proved]:
    """Return what can be said of each update: verified, pending, inconsistent, missing or unknown."""
    waiting = _waiting(evidence)
    return [_prove(evidence, demand, facts, scan, waiting) for demand in demands]


def _prove(evidence: Evidence, demand: Demand, facts: Facts, scan: object, waiting: str | None) -> Proved:
    probes = evidence.probes
    packages = facts.packages.get(demand.key, demand.packages)
    answers = (
        sources.ask_packages(probes, demand, packages, facts.package_probes),
        sources.ask_agent(evidence, scan, demand) if demand.kb or demand.id else _not_asked("update_agent"),
        sources.ask_hotfixes(probes, demand, waiting),
        sources.ask_build(evidence, demand.builds),
        sources.ask_files(demand.rules, facts.files, facts.pending),
        sources.ask_reboot_key(probes, demand),
    )
    verdict, reason = _decide(answers)
    supports = {"verified": ("installed",), "inconsistent": ("installed",), "unknown": ()}
    words = supports.get(verdict, (verdict, "silent") if verdict == "missing" else (verdict,))
    agree = [answer.source for answer in answers if answer.says in words]
    disagree = [answer.source for answer in answers if answer.says in _DEFINITE and answer.says not in words]
    unsure = [answer.source for answer in answers if answer.says in ("unknown", "silent") and answer.says not in words]
    if verdict == "unknown":
        disagree = []
    return Proved(
        key=demand.key,
        verdict=verdict,
        answers=answers,
        agree=tuple(agree),
        disagree=tuple(disagree),
        unsure=tuple(unsure),
        sentence=printable(f"{demand.key} is {verdict}: {reason}"[:MAX_SENTENCE]),
    )


def _not_asked(source: str) -> SourceAnswer:
    return SourceAnswer(source, "not_asked", "it knows updates only")


def _waiting(evidence: Evidence) -> str | None:
    """Why the list of hotfixes proves nothing by itself; None where it is certain that nothing waits for a boot."""
    for probe, words in (("cbs_reboot_pending", "component servicing"), ("wu_reboot_required", "Windows Update")):
        answer = answer_of(evidence.probes, probe)
        if answer.reading is Reading.FOUND:
            return f"{words} waits for a reboot, and the list also holds what waits"
        if answer.reading is not Reading.ABSENT:
            return f"whether {words} waits for a reboot is not known"
    return None


def _decide(answers: Sequence[SourceAnswer]) -> tuple[str, str]:
    """The verdict and its reason. An unknown of what was asked for never lets the others prove it."""
    by_word: dict[str, list[SourceAnswer]] = {}
    for answer in answers:
        by_word.setdefault(answer.says, []).append(answer)
    told = {word: _told(by_word[word]) for word in by_word}
    missing, installed, pending = (by_word.get(word) for word in ("missing", "installed", "pending"))
    if missing and (installed or pending):
        return "inconsistent", f"{told['missing']}, but {told['installed' if installed else 'pending']}"
    if missing:
        return "missing", told["missing"]
    if pending:
        return "pending", told["pending"]
    # The list of hotfixes is asked anyway: what others prove does not depend on it.
    unknown = [answer for answer in by_word.get("unknown", ()) if answer.source != "hotfix_list" or not installed]
    if unknown:
        return "unknown", _told(unknown)
    if installed:
        return "verified", told["installed"]
    if any(answer.source == "hotfix_list" for answer in by_word.get("silent", ())):
        return "missing", told["silent"]
    return "unknown", told.get("silent", "nothing was asked that knows it")


def _told(answers: Sequence[SourceAnswer]) -> str:
    return "; ".join(f"{answer.source}: {answer.detail}" for answer in answers)


def check_predictions(
    prediction: object, files: Mapping[str, FileReading], pending: Mapping[str, PendingVersion], *, read: bool = True
) -> list[dict[str, Any]]:
    """Return, for each file of an earlier analysis, whether the boot made of it what was predicted; never raises.

    What is said of the prediction as a whole has no path. ``read`` is false where the host could not be read at all.

    ``prediction`` is an analysis (`targets: {path: {final_version}}`); facts are by path in lower case.
    ``[{path, predicted, found, verdict, sentence}]``
    """
    targets = prediction.get("targets") if isinstance(prediction, Mapping) else None
    if not isinstance(prediction, Mapping) or not isinstance(targets, Mapping):
        what = "a mapping without targets" if isinstance(prediction, Mapping) else type_name(prediction)
        return [_whole(f"it is no analysis of a rename queue but {what}")]
    if not targets and prediction.get("state") == "clean":
        return [_whole("its queue was empty, so no file was to change", "verified" if read else "unknown")]
    if not targets:
        return [_whole(f"it names no file: {str(prediction.get('sentence') or 'its queue was not known')[:MAX_WHY]}")]
    found = []
    for path, target in list(targets.items())[:MAX_PREDICTIONS]:
        outcome = target.get("outcome") if isinstance(target, Mapping) else None
        version = target.get("final_version") if isinstance(target, Mapping) else None
        key = str(path).lower()
        found.append(_predicted(str(path), outcome, version, files.get(key), pending.get(key)))
    more = number_of(prediction.get("targets_more")) or 0
    left_out = len(targets) - len(found) + more
    if left_out > 0:
        found.append(_whole(f"{left_out} of its files were not looked at, because a result lists only the first ones"))
    return found


def _whole(words: str, verdict: str = "unknown") -> dict[str, Any]:
    """What is said of a prediction as a whole."""
    sentence = printable(f"the prediction: {words}"[:MAX_SENTENCE])
    return {"path": "", "predicted": None, "found": None, "verdict": verdict, "sentence": sentence}


def _predicted(
    path: str, outcome: object, version: object, reading: FileReading | None, pending: PendingVersion | None
) -> dict[str, Any]:
    gone = outcome in ("deleted", "moved")
    if not gone and not isinstance(version, str):
        return _prediction(path, None, None, "unknown", "no version was predicted")
    wanted = None if gone else str(version)
    if reading is None or reading.state not in ("ok", "absent"):
        state = reading.state if reading else "not read"
        return _prediction(path, wanted, None, "unknown", f"the file could not be read ({state})")
    there = reading.state == "ok"
    if gone:
        matches = not there
    elif there and reading.version is None:
        return _prediction(path, wanted, None, "unknown", "the file has no version, or it was not read")
    else:
        matches = there and _same_version(reading.version, wanted)
    if matches:
        return _prediction(path, wanted, reading.version, "verified", "as predicted")
    if pending is not None and pending.after_boot not in ("unchanged", "absent", "unknown"):
        return _prediction(path, wanted, reading.version, "pending", "the entry still waits for the boot")
    return _prediction(path, wanted, reading.version, "inconsistent", "not as predicted")


def _same_version(one: str | None, other: str | None) -> bool:
    """10.0 and 10.0.0.0 are one version; what is none must be the same text."""
    numbers = [parse_version(text) if text else None for text in (one, other)]
    return one == other or (numbers[0] is not None and numbers[0] == numbers[1])


def _prediction(path: str, wanted: str | None, found: str | None, verdict: str, words: str) -> dict[str, Any]:
    name = printable(path[:200])
    sentence = f"{name}: {words}" + (f" (predicted {wanted}, found {found})" if wanted or found else "")
    return {"path": path, "predicted": wanted, "found": found, "verdict": verdict, "sentence": sentence[:MAX_SENTENCE]}


def roll_up(proved: Sequence[Proved], predictions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return ``{verdict, counts, sentence}`` of a host: its worst verdict, and how many there are of each."""
    verdicts = [entry.verdict for entry in proved] + [str(entry["verdict"]) for entry in predictions]
    counts = Counter(verdicts)
    worst = next((word for word in VERDICTS if counts[word]), "unknown")
    told = [entry.sentence for entry in proved if entry.verdict == worst]
    told += [str(entry["sentence"]) for entry in predictions if entry["verdict"] == worst]
    listed = ", ".join(f"{counts[word]} {word}" for word in VERDICTS if counts[word])
    sentence = f"{listed}: {told[0]}" if told else "nothing was proved"
    return {"verdict": worst, "counts": {word: counts[word] for word in VERDICTS}, "sentence": sentence[:MAX_SENTENCE]}
