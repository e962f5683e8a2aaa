# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The executed tier: our scripts under the PowerShell of this machine, against what the simulator serves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recorder import contract, engine, fixtures
from recorder.replay import difference, served

NOW = datetime.now(UTC).replace(microsecond=0)
ALL = fixtures.names()
HARD = {
    "one": ["solo"],
    "none": [],
    "nested": [["a"], [], [["b", ""]]],
    "maps": [{"k": [{"deep": 1}]}],
    "time": "2026-11-18T03:20:00.1234567+01:00",
    "text": 'say "2026-11-18T03:20:00Z" or "": or /Date(1)/ {{ x }} \\ € 東京',
    "": {"": "unnamed"},
    "null": None,
    "number": 5000000000,
    "flag": False,
}
ECHO = "ConvertTo-Json -InputObject $complex_args -Depth 12 -Compress\n"


@pytest.fixture(scope="module")
def powershell():
    return engine.find("pwsh")


@pytest.mark.needs("pwsh")
@pytest.mark.parametrize("name", sorted(ALL))
def test_a_real_powershell_answers_what_the_simulator_serves(powershell, name):
    fixture = fixtures.load(name, ALL[name], NOW)
    output = engine.run_script(powershell, fixture.script, fixture.arguments, fixture.state)
    assert contract.problems(fixture.arguments, output) == []
    assert difference(output, served(fixture.state, fixture.arguments, NOW)) == ""


@pytest.mark.needs("pwsh")
def test_arguments_reach_a_script_as_they_were_written(powershell, tmp_path):
    (tmp_path / "echo.ps1").write_text(ECHO, encoding="ascii")
    assert engine.run_script(powershell, str(tmp_path / "echo.ps1"), HARD, None) == HARD


@pytest.mark.needs("pwsh")
def test_a_script_that_throws_ends_with_an_error_and_no_output(powershell, tmp_path):
    (tmp_path / "broken.ps1").write_text("'{}'\nthrow 'it went wrong'\n", encoding="ascii")
    with pytest.raises(engine.EngineError, match=r"ended with 1: .*broken\.ps1: it went wrong"):
        engine.run_script(powershell, str(tmp_path / "broken.ps1"), {}, None)
