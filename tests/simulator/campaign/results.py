# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a campaign leaves: build/faults.json, a folder for each case, and the headline."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from campaign.batches import Done
from campaign.fleets import variables_of
from campaign.model import Look, Story, Violation
from campaign.replay import replays
from campaign.truth import our_boots

SCHEMA: Final = "winops.patching/faults/1"
HOW_TO: Final = "replay.json of a job holds its plan, what the update agent says, and the lines that are expected"


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that has been run."""

    dones: tuple[Done, ...]

    @property
    def stories(self) -> list[Story]:
        return [story for done in self.dones for story in done.stories]

    @property
    def reached(self) -> list[Story]:
        """Those whose fault has happened; the others are no cases."""
        return [story for story in self.stories if story.reached]

    @property
    def violations(self) -> list[Violation]:
        return [violation for done in self.dones for violation in done.violations]

    def count(self, worker: str | None) -> int:
        return sum(story.worker == worker for story in self.reached)


def document(outcome: Outcome) -> dict[str, Any]:
    """build/faults.json."""
    return {
        "schema": SCHEMA,
        "cases": [_case(story) for story in outcome.reached],
        "not_reached": [{"name": story.case.name, "detail": story.case.detail} for story in _missed(outcome)],
        "violations": [
            {"case": found.case, "check": found.check, "sentence": found.sentence} for found in outcome.violations
        ],
        "worker": {"executed": outcome.count("executed"), "double": outcome.count("double")},
        "without_worker": outcome.count(None),
    }


def _missed(outcome: Outcome) -> list[Story]:
    return [story for story in outcome.stories if not story.reached]


def _case(story: Story) -> dict[str, Any]:
    case = story.case
    return {
        "name": case.name,
        "fault": case.fault,
        "detail": case.detail,
        "expected": case.ends.value,
        "worker": story.worker,
        "runs": [_run(look) for look in story.looks],
        "host": happened(story),
    }


def _run(look: Look) -> dict[str, Any]:
    row = look.row or {}
    run = row.get("run") or {}
    words = {"outcome": run.get("outcome"), "machine": row.get("machine"), "reboot": row.get("reboot")}
    said = {"sentence": run.get("sentence"), "error": row.get("error")}
    return {"exit_code": look.code, "failed": failed(look), **words, **said}


def failed(look: Look) -> bool | None:
    """Whether Ansible counts a failure of the host; None where the run was killed."""
    if look.code is None:
        return None
    return look.recap is None or bool(look.recap.get("failed") or look.recap.get("unreachable"))


def happened(story: Story) -> dict[str, Any]:
    """What the host did, in short."""
    log = story.log
    installs = [entry["result"] for entry in log if entry["event"] == "install"]
    boots = [entry for entry in log if entry["event"] == "boot"]
    ends = [entry["phase"] for entry in log if entry["event"] == "job" and entry["kind"] == "install"]
    return {
        "jobs": ends.count("armed"),
        "interrupted": ends.count("interrupted"),
        "installed": installs.count("ok"),
        "failed": sum(result.startswith("fail") for result in installs),
        "rolled_back": installs.count("rolled_back"),
        "our_boots": len(our_boots(log)),
        "other_boots": len(boots) - len(our_boots(log)),
    }


def headline(outcome: Outcome, seconds: float) -> str:
    """What was proven, and what was not."""
    executed, double, none = (outcome.count(word) for word in ("executed", "double", None))
    lines = [
        f"faults: {len(outcome.reached)} cases in {_minutes(seconds)}, {len(outcome.violations)} violations",
        f"faults: the shipped worker ran in {executed} cases; in {double} only its double did: unproven",
    ]
    if none:
        lines.append(f"faults: in {none} cases no job was ever started")
    if missed := _missed(outcome):
        lines.append(f"faults: {len(missed)} more hosts never met their fault, and are not counted")
    return "\n".join(lines)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def write(outcome: Outcome, build: Path) -> None:
    """build/faults.json, and build/faults/CASE/ anew."""
    folder = build / "faults"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for story in outcome.reached:
        write_case(story, folder / story.case.name)
    (build / "faults.json").write_text(_text(document(outcome)), encoding="utf-8")


def write_case(story: Story, folder: Path) -> None:
    """Everything that is needed to play the case again: on the simulator, or job by job on a real engine."""
    folder.mkdir(parents=True)
    case = story.case
    host = {"name": case.name, **case.words}
    (folder / "host.yml").write_text(yaml.safe_dump(host, sort_keys=False, allow_unicode=True), encoding="utf-8")
    inventory = {"started": story.started.isoformat(), "variables": variables_of(case, story.started)}
    (folder / "case.json").write_text(_text({**_case(story), **inventory}), encoding="utf-8")
    (folder / "state.json").write_text(_text(story.final), encoding="utf-8")
    _write_lines(folder / "journal.jsonl", story.journal)
    for number, look in enumerate(story.looks, 1):
        (folder / f"row-{number}.json").write_text(_text(look.row), encoding="utf-8")
    for job, replay in replays(story).items():
        (folder / job).mkdir()
        _write_lines(folder / job / "journal.jsonl", replay["expected"])
        (folder / job / "replay.json").write_text(_text(replay), encoding="utf-8")


def _write_lines(path: Path, lines: Iterable[Any]) -> None:
    path.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), encoding="utf-8")


def _text(document: object) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n"


def shown(violations: Sequence[Violation]) -> list[str]:
    """A line for each violation, with the folder that tells all of its case."""
    return [f"  {found.check}: {found.case}: {found.sentence}" for found in violations]
