# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Recordings for tests, made from what the simulator serves: no PowerShell has anything to do with them."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recorder import fixtures, golden, replay

NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
ENGINE = {"edition": "None", "version": "0.0", "os": "none: made up by a test"}
# Plays the program pwsh for tests of the recorder; it answers with the simulator's own double.
STAND_IN = """\
#!{python}
import json, os, sys
from datetime import datetime, UTC
from pathlib import Path

sys.path[:0] = {paths!r}
words, how = sys.argv[1:], os.environ.get("STAND_IN", "good")
if "-Command" in words:
    assert "PSEdition" in words[words.index("-Command") + 1]
    print({{"old": "Core|7.2.1|Testix", "silent": "what?"}}.get(how, "Core|7.5.2|Testix 1.0"))
    raise SystemExit
from recorder.replay import served

def given(option):
    return json.loads(Path(words[words.index(option) + 1]).read_text(encoding="utf-8"))

assert Path(words[words.index("-File") + 1]).name == "run_script.ps1"
if how == "throws":
    print("win_probe.ps1: it went wrong", file=sys.stderr)
    raise SystemExit(1)
if how == "garbage":
    print("Get-Item : this is no JSON")
    raise SystemExit
state = given("-State") if "-State" in words else {{"name": "real", "os": {{}}}}
answer = served(state, given("-Arguments"), datetime.now(UTC))
answer["system"]["powershell"] = "7.5.2"
if how == "breaks":
    answer["probes"].popitem()
if how == "disagrees":
    answer["system"]["os_caption"] = "Something else"
print(json.dumps(answer))
"""


@pytest.fixture
def recording() -> Callable[..., golden.Recording]:
    """`recording("cim")`: what a faithful engine would have answered for that fixture; `output` changes a copy."""
    known = fixtures.names()

    def make(name: str = "registry-values", change: Callable[[dict], None] | None = None) -> golden.Recording:
        fixture = fixtures.load(name, known[name], NOW)
        output = copy.deepcopy(replay.served(fixture.state, fixture.arguments, NOW))
        output["system"] |= {"powershell": "7.5.2", "user": None, "clock": "2026-01-01T00:00:00Z"}
        if change:
            change(output)
        return golden.Recording(
            name=f"{name}.core-7.5",
            recorded_at=NOW.isoformat(),
            engine=ENGINE,
            script=fixture.script,
            script_sha256=golden.sha256_of(fixture.script),
            state=fixture.state,
            arguments=fixture.arguments,
            output=output,
            not_run=fixture.not_run,
        )

    return make


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`stand_in("good")`: the only program on PATH is a pwsh that behaves so."""

    def put(how: str = "good", name: str = "pwsh") -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / name
        program.write_text(STAND_IN.format(python=sys.executable, paths=list(sys.path)), encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setenv("STAND_IN", how)

    return put
