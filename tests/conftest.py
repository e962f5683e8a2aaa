# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all tests share: the one place that decides what cannot run here, and says so by name."""

from __future__ import annotations

import platform
import shutil
from collections import Counter
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from cores import further_cores, lacking, python_of
from recorder.golden import unproven

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Tools that a developer's machine may lack, by name: what is lost without them.
OPTIONAL_TOOLS = {"pwsh": "PowerShell scripts: parsed and checked, NOT executed"}
# Versions of ansible-core besides that of .venv, by the name that `needs` calls them.
FURTHER_CORES = {core.name: core for core in further_cores()}


def pytest_configure(config: pytest.Config) -> None:
    """The marker by which a test says that it needs a tool; it is the only way for a test not to run."""
    config.addinivalue_line("markers", "needs(tool): runs only where the tool is found; the summary names it otherwise")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what cannot run here, and remember what did run."""
    for tool in (mark.args[0] for mark in item.iter_markers("needs")):
        if tool not in OPTIONAL_TOOLS and tool not in FURTHER_CORES:
            pytest.fail(
                f"needs({tool!r}): name the tool and what is lost without it in tests/conftest.py", pytrace=False
            )
        reason = why_not(tool)
        if reason:
            pytest.skip(reason)
        item.user_properties.append(("ran_with", tool))


@cache
def why_not(tool: str) -> str | None:
    """Why a tool cannot be used here; None when it can."""
    if tool in FURTHER_CORES:
        return lacking(FURTHER_CORES[tool])
    return None if shutil.which(tool) else f"no {tool} on PATH"


def ran_on(ran_with: Mapping[str, int], passed: int) -> Iterator[str]:
    """One sentence for each version of ansible-core that tests were run on."""
    yield f"ansible-core {metadata.version('ansible-core')} on Python {platform.python_version()}: {tests(passed)}"
    for name, core in FURTHER_CORES.items():
        if name in ran_with:
            released = "" if core.promised else " (a pre-release)"
            yield f"{name}{released} on Python {python_of(core)}: {tests(ran_with[name])}"


def tests(number: int) -> str:
    """A number of tests, in words."""
    return f"{number} test{'' if number == 1 else 's'} passed"


def not_run(ran_with: Mapping[str, int]) -> Iterator[str]:
    """One sentence for each tier of evidence that this run did not give."""
    losses = OPTIONAL_TOOLS | {name: f"{name}: NOT run" for name in FURTHER_CORES}
    for tool, loss in losses.items():
        reason = why_not(tool)
        if reason:
            yield f"{loss}: {reason}"
        elif tool not in ran_with:
            yield f"{loss}: it is here, but no test of this run passed with it"
    yield from unproven()
    yield "Real Windows hosts: NOT run; hosts were simulated"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Before pytest's last line, because a green run is not a complete one."""
    passed = [report for report in terminalreporter.stats.get("passed", []) if isinstance(report, pytest.TestReport)]
    tools = [str(value) for report in passed for name, value in report.user_properties if name == "ran_with"]
    ran_with = Counter(tools)
    further = sum(number for tool, number in ran_with.items() if tool in FURTHER_CORES)
    terminalreporter.section("versions of ansible-core")
    for sentence in ran_on(ran_with, len(passed) - further):
        terminalreporter.line(sentence)
    terminalreporter.section("not run here")
    for sentence in not_run(ran_with):
        terminalreporter.line(sentence)
