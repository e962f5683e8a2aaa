# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which PowerShell is here, and what does a script answer under it?"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recorder.golden import ROOT

RUNNER: Final = ROOT / "tests" / "powershell" / "run_script.ps1"
# By the name of the program; 7.5 is the oldest 7 that is supported, 5.1 the last Windows PowerShell.
PROGRAMS: Final = ("pwsh", "powershell")
OLDEST: Final = {"Core": (7, 5), "Desktop": (5, 1)}
SECONDS: Final = 180
# One line of three parts; nothing in it depends on the version or the platform.
_FACTS = '"$($PSVersionTable.PSEdition)|$($PSVersionTable.PSVersion)|$([Environment]::OSVersion.VersionString)"'
_OPTIONS = ("-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass")


class EngineError(Exception):
    """No usable PowerShell, or one that did not answer; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A PowerShell of this machine."""

    program: str
    edition: str
    version: str
    os: str

    @property
    def label(self) -> str:
        """Short and fit for a file name, such as `core-7.5`."""
        return label_of(self.edition, self.version)

    def as_document(self) -> dict[str, str]:
        """What a recording tells of it."""
        return {"edition": self.edition, "version": self.version, "os": self.os}


def label_of(edition: str, version: str) -> str:
    """`core-7.5` of `Core` and `7.5.2`."""
    return f"{edition.lower()}-{'.'.join(version.split('.')[:2])}"


def find(name: str | None = None) -> Engine:
    """The PowerShell called `name`, or the first that is on PATH. Raises EngineError."""
    names = [name] if name else list(PROGRAMS)
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        raise EngineError(
            f"there is no {' and no '.join(names)} on PATH, so no script was run and nothing was recorded"
        )
    facts = _run([program, *_OPTIONS, "-Command", _FACTS]).strip().split("|")
    if len(facts) != 3 or facts[0] not in OLDEST or not re.match(r"\d+\.\d+", facts[1]):
        raise EngineError(f"'{program}' does not say which PowerShell it is, but: {'|'.join(facts)[:200]}")
    engine = Engine(program, *facts)
    if tuple(map(int, engine.version.split(".")[:2])) < OLDEST[engine.edition]:
        oldest = ".".join(map(str, OLDEST[engine.edition]))
        raise EngineError(f"'{program}' is PowerShell {engine.version}; {engine.edition} must be {oldest} or newer")
    return engine


def run_script(
    engine: Engine,
    script: str,
    arguments: Mapping[str, Any],
    state: Mapping[str, Any] | None,
    *options: str,
) -> dict[str, Any]:
    """What a script of this checkout answers, on the host of `state` or on this machine. Raises EngineError.

    `options` are further ones of run_script.ps1, such as `-Fake`.
    """
    with tempfile.TemporaryDirectory(prefix="record-") as work:
        asked = _written(Path(work) / "arguments.json", arguments)
        command = [engine.program, *_OPTIONS, "-File", str(RUNNER), "-Script", str(ROOT / script), "-Arguments", asked]
        if state is not None:
            command += ["-State", _written(Path(work) / "state.json", state)]
        command += options
        return answer_of(_run(command), Path(script).name)


def answer_of(text: str, script: str) -> dict[str, Any]:
    """The JSON object that a script printed. Raises EngineError."""
    try:
        answer = json.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise EngineError(f"{script} printed no JSON ({error}) but: {text.strip()[:300]!r}") from error
    if not isinstance(answer, dict):
        raise EngineError(f"{script} printed JSON that is no map: {text.strip()[:300]!r}")
    return answer


def _written(path: Path, document: Mapping[str, Any]) -> str:
    # ASCII, so that no version can take it for another encoding.
    path.write_text(json.dumps(document), encoding="ascii")
    return str(path)


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"'{command[0]}' did not run: {error}") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise EngineError(f"'{command[0]}' ended with {done.returncode}: {said[:600] or 'it said nothing'}")
    return done.stdout.decode("utf-8", "replace")
