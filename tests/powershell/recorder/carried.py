# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is carried to a Windows host that has no Python, and how does a recording come of what is brought back?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from recorder.engine import RUNNER, EngineError, answer_of, label_of
from recorder.fixtures import READER, standard_arguments
from recorder.golden import ROOT, Recording

# Only cmd writes a program's bytes to a file unchanged; PowerShell's own `>` rewrites them.
COMMAND: Final = (
    '@powershell -NoProfile -ExecutionPolicy Bypass -File "%~dp0run_script.ps1"'
    ' -Script "%~dp0win_probe.ps1" -Arguments "%~dp0arguments.json" > "%~dp0output.json"\r\n'
)


def pack(folder: Path) -> list[str]:
    """Fill `folder` with everything that a Windows host needs; the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run_script.ps1").write_bytes(RUNNER.read_bytes())
    (folder / "win_probe.ps1").write_bytes((ROOT / READER).read_bytes())
    (folder / "arguments.json").write_text(json.dumps(standard_arguments(), indent=1) + "\n", encoding="ascii")
    (folder / "record.cmd").write_bytes(COMMAND.encode("ascii"))
    return sorted(path.name for path in folder.iterdir())


def unpack(folder: Path, name: str, at: str) -> Recording:
    """The recording of a folder that came back with `output.json` in it. Raises EngineError."""
    try:
        text = (folder / "output.json").read_bytes().decode("utf-8-sig")
        arguments = json.loads((folder / "arguments.json").read_text(encoding="utf-8"))
        script = (folder / "win_probe.ps1").read_bytes()
    except (OSError, ValueError) as error:
        raise EngineError(f"{folder} is no folder that came back from a host: {error}") from error
    return of_real_host(name, at, hashlib.sha256(script).hexdigest(), arguments, answer_of(text, "win_probe.ps1"))


def of_real_host(name: str, at: str, sha256: str, arguments: Mapping[str, Any], output: Mapping[str, Any]) -> Recording:
    """A recording of a real host, named after it and its engine; the host itself says which engine it has."""
    system = output.get("system")
    version = str(system.get("powershell") or "") if isinstance(system, dict) else ""
    if not isinstance(system, dict) or not re.match(r"\d+\.\d+", version):
        raise EngineError("the answer does not say which PowerShell gave it (system.powershell)")
    edition = "Desktop" if version.startswith("5.") else "Core"
    engine = {"edition": edition, "version": version, "os": f"{system.get('os_caption')} {system.get('os_build')}"}
    label = label_of(edition, version)
    return Recording(f"host-{name}.{label}", at, engine, READER, sha256, None, dict(arguments), dict(output), [])


def replaced(value: Any, pairs: Sequence[tuple[str, str]]) -> Any:
    """The same document with every old text replaced by its new one, whatever its case, in keys and in values."""
    if isinstance(value, str):
        for old, new in pairs:
            value = re.sub(re.escape(old), new.replace("\\", "\\\\"), value, flags=re.IGNORECASE)
        return value
    if isinstance(value, Mapping):
        return {replaced(key, pairs): replaced(item, pairs) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, pairs) for item in value]
    return value
