# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all tests share: the one place that decides what cannot run here, and says so by name."""

from __future__ import annotations

import platform
import shutil
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# Tools that a developer's machine may lack, by name: what is lost without them.
OPTIONAL_TOOLS = {"pwsh": "PowerShell scripts: parsed and checked, NOT executed"}
# Versions of ansible-core that the collection promises to run on.
PROMISED_CORES = ("2.16", "2.18", "2.19", "2.21")


def pytest_configure(config: pytest.Config) -> None:
    """The marker by which a test says that it needs a tool; it is the only way for a test not to run."""
    config.addinivalue_line("markers", "needs(tool): runs only where the tool is found; the summary names it otherwise")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what cannot run here, and remember what did run."""
    for tool in (mark.args[0] for mark in item.iter_markers("needs")):
        if tool not in OPTIONAL_TOOLS:
            pytest.fail(
                f"needs({tool!r}): name the tool and what is lost without it in tests/conftest.py", pytrace=False
            )
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on PATH")
        item.user_properties.append(("ran_with", tool))


def not_run(ran_with: set[str]) -> Iterator[str]:
    """One sentence for each tier of evidence that this run did not give."""
    for tool, loss in OPTIONAL_TOOLS.items():
        if shutil.which(tool) is None:
            yield f"{loss}: no {tool} on PATH"
        elif tool not in ran_with:
            yield f"{loss}: {tool} is on PATH, but no test of this run executes them"
    version = metadata.version("ansible-core")
    others = [core for core in PROMISED_CORES if not version.startswith(f"{core}.")]
    yield f"ansible-core {', '.join(others)}: NOT run; this was {version} on Python {platform.python_version()}"
    yield "Real Windows hosts: NOT run; hosts were simulated"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Before pytest's last line, because a green run is not a complete one."""
    reports = [
        report for group in terminalreporter.stats.values() for report in group if isinstance(report, pytest.TestReport)
    ]
    ran_with = {str(value) for report in reports for name, value in report.user_properties if name == "ran_with"}
    terminalreporter.section("not run here")
    for sentence in not_run(ran_with):
        terminalreporter.line(sentence)
