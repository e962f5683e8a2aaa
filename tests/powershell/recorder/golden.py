# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is a recording, where do recordings lie, and which of them are older than the script they show?"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[3]
GOLDEN: Final = ROOT / "tests" / "golden"
GUIDE: Final = "docs/recording.md"
# The scripts whose double in the simulator is unproven as long as no recording shows them.
SERVED_SCRIPTS: Final = (
    "plugins/modules/win_probe.ps1",
    "plugins/modules/win_patch_job.ps1",
    "plugins/module_utils/patch_worker.ps1",
    "plugins/modules/win_rename_queue.ps1",
    "plugins/modules/win_reboot_mark.ps1",
)
KEYS: Final = (
    "recorded_at",
    "engine",
    "script",
    "script_sha256",
    "state",
    "arguments",
    "output",
    "not_run",
)


class RecordingError(Exception):
    """A file that is no recording; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of one script under a real engine.

    ``state`` is the simulated host that FakeWindows showed to the script (in the words of a host file), or None when
    a real host was read. ``not_run`` lists `{what, why}` of what was left out.
    """

    name: str
    recorded_at: str
    engine: Mapping[str, str]
    script: str
    script_sha256: str
    state: Mapping[str, Any] | None
    arguments: Mapping[str, Any]
    output: Mapping[str, Any]
    not_run: Sequence[Mapping[str, str]]

    def as_document(self) -> dict[str, Any]:
        """What the file holds."""
        return {key: getattr(self, key) for key in KEYS}


def sha256_of(script: str, root: Path = ROOT) -> str:
    """Hash of a script of this checkout, lower-case hexadecimal."""
    return hashlib.sha256((root / script).read_bytes()).hexdigest()


def write(recording: Recording, folder: Path = GOLDEN) -> Path:
    """Write `NAME.json`, sorted so that a diff shows what an engine does otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{recording.name}.json"
    text = json.dumps(recording.as_document(), indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read(path: Path) -> Recording:
    """One recording. Raises RecordingError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(document, dict) or set(document) != set(KEYS):
        raise RecordingError(f"{path.name} is no recording: it must hold exactly {', '.join(KEYS)}")
    for key in ("engine", "arguments", "output"):
        if not isinstance(document[key], dict):
            raise RecordingError(f"{path.name}: '{key}' must be a map")
    if not isinstance(document["state"], dict | None) or not isinstance(document["not_run"], list):
        raise RecordingError(f"{path.name}: 'state' must be a map or null, 'not_run' a list")
    for key in ("recorded_at", "script", "script_sha256"):
        if not isinstance(document[key], str):
            raise RecordingError(f"{path.name}: '{key}' must be a text")
    return Recording(path.stem, **document)


def read_all(folder: Path = GOLDEN) -> list[Recording]:
    """Every recording of a folder, by name; none is fine. Raises RecordingError."""
    return [read(path) for path in sorted(folder.glob("*.json"))]


def changed(recordings: Sequence[Recording], root: Path = ROOT) -> list[Recording]:
    """Those whose script is another one now, or gone."""
    return [
        recording
        for recording in recordings
        if not (root / recording.script).is_file() or sha256_of(recording.script, root) != recording.script_sha256
    ]


def unproven(folder: Path = GOLDEN, root: Path = ROOT) -> Iterator[str]:
    """One sentence for each script that no recording shows as it is now, for the end of a test run."""
    try:
        recordings = read_all(folder)
    except RecordingError as error:
        yield f"Recordings of a real PowerShell: NOT readable: {error}"
        return
    for script in SERVED_SCRIPTS:
        if not any(recording.script == script for recording in recordings):
            yield f"{Path(script).name}: NO recording of a real PowerShell; what its double shows is unproven ({GUIDE})"
    old = changed(recordings, root)
    for script, count in sorted(Counter(recording.script for recording in old).items()):
        latest = max(recording.recorded_at for recording in old if recording.script == script)
        yield (
            f"{Path(script).name}: CHANGED since {count} of its recordings, the latest of {latest}, were made; "
            f"they show an older script: record again ({GUIDE})"
        )
