# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Questions of the doors that look at files: one run of the reader, and a second, bounded one for what it has named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.document import EvidenceError, build_document
from .._evidence.file_probes import file_probes, files_of
from .._evidence.probes import ProbeError, validate_probes
from .._evidence.times import format_time
from .core import ActionFail
from .reader import READER, failure_of

MAX_FILES = 200
MOST_FILES = 1000

Ask = Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]]


def asker(action: ActionBase, variables: dict[str, Any]) -> Ask:
    """Return what runs the reader with probes for a door."""

    def ask(probes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Run the reader once."""
        answer: Mapping[str, Any] = action._execute_module(
            module_name=READER, module_args={"probes": [dict(probe) for probe in probes]}, task_vars=variables
        )
        return answer

    return ask


def read_document(ask: Ask, probes: Iterable[Mapping[str, Any]], *, host: str) -> tuple[dict[str, Any], str | None]:
    """Run the reader once; return (evidence document, what failed or None). A failure makes every probe an error."""
    try:
        asked = validate_probes([dict(probe) for probe in probes])
    except ProbeError as error:
        raise ActionFail(str(error)) from error
    answer = ask(asked)
    failure = failure_of(answer)
    details: dict[str, Any] = {
        "host": host,
        "asked": asked,
        "collected_at": format_time(datetime.now(timezone.utc)),
    }
    try:
        return build_document({"probes": {}} if failure else answer, failure=failure, **details), failure
    except EvidenceError as error:
        return build_document({"probes": {}}, failure=str(error), **details), str(error)


@dataclass(frozen=True)
class FilesRead:
    """What was read of files: facts by path, how many were asked for, and the paths that were left out."""

    files: dict[str, dict[str, Any]]
    left_out: tuple[str, ...]

    @property
    def told(self) -> list[str]:
        """Return a warning where paths were left out."""
        if not self.left_out:
            return []
        count = len(self.left_out)
        return [f"{count} file{'s were' if count > 1 else ' was'} not looked at (max_files): what they are is unknown"]


def read_files(ask: Ask, paths: Sequence[str], *, most: int, hashes: frozenset[str] = frozenset()) -> FilesRead:
    """Ask for the versions of at most so many files; those that cannot be asked for are left out, in their order."""
    probes, left_out = file_probes(paths, most=most, hashes=hashes)
    if not probes:
        return FilesRead({}, left_out)
    answer = ask([{key: value for key, value in probe.items() if key != "named"} for probe in probes])
    failure = failure_of(answer)
    answers = answer.get("probes")
    if failure or not isinstance(answers, Mapping):
        error = {"state": "error", "error": {"message": failure or "the answer of the host is damaged"}}
        answers = {str(probe["id"]): error for probe in probes}
    return FilesRead(files_of(probes, answers), left_out)


def checked_most(value: int) -> int:
    """Return the option max_files; the task fails for what makes no sense."""
    if not 0 <= value <= MOST_FILES:
        raise ActionFail(f"max_files: must be a number from 0 to {MOST_FILES}, not {value}")
    return value
