# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run every lint gate, two at a time, and tell each result; one red gate makes the whole red, after all have run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from house_rules.places import ROOT, our_files, shown

BIN = ROOT / ".venv" / "bin"
TYPED = ("house_rules", "set_up.py", "cores.py")
DOCS_LINT = ["antsibull-docs", "lint-collection-docs", "--plugin-docs"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A tool of `.venv/bin` with its arguments, and what it guards; some tools must be told our files one by one."""

    name: str
    command: tuple[str, ...]
    files: tuple[str, ...] = ()


# The slow ones first, so that two cores are busy to the end.
GATES = (
    Gate("antsibull-docs: plugin and role documentation", (*DOCS_LINT, "--validate-collection-refs=dependent", ".")),
    Gate("ansible-lint: playbooks and roles, profile production", ("ansible-lint", "--strict", "-q")),
    Gate("mypy --strict: plugin_utils", ("mypy", "plugins/plugin_utils")),
    Gate("mypy --strict: simulator", ("mypy", "tests/simulator/winsim")),
    Gate("mypy --strict: house rules", ("mypy", *(f"tests/architecture/{name}" for name in TYPED))),
    Gate("mypy --strict: fault campaign", ("mypy", "tests/simulator/campaign")),
    Gate("yamllint: every YAML file", ("yamllint", "--strict"), (".yml", ".yaml", ".yamllint", ".ansible-lint")),
    Gate("antsibull-changelog: fragments", ("antsibull-changelog", "lint")),
    Gate("ruff check: all Python", ("ruff", "check", "--quiet", "--output-format=concise")),
    Gate("ruff format: all Python", ("ruff", "format", "--check")),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a gate ended; `text` is what its tool printed."""

    gate: Gate
    passed: bool
    seconds: float
    text: str


def environment() -> dict[str, str]:
    """Tools find one another and both collections, and leave their logs and caches in `.build`."""
    home = ROOT / ".build" / "home"
    home.mkdir(parents=True, exist_ok=True)
    ours = {
        "HOME": str(home),
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "NO_COLOR": "1",
    }
    return os.environ | ours


def run(gate: Gate) -> Outcome:
    """One gate, from the root of the checkout."""
    begun = time.monotonic()
    files = [shown(path) for path in our_files(*gate.files)] if gate.files else []
    program = [str(BIN / gate.command[0]), *gate.command[1:], *files]
    done = subprocess.run(program, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    text = "\n".join(part.strip() for part in (done.stdout, done.stderr) if part.strip())
    return Outcome(gate, done.returncode == 0, time.monotonic() - begun, text)


def tell(outcome: Outcome) -> None:
    """A heading with the result; what the tool said only where it is red."""
    print(f"gate {'ok  ' if outcome.passed else 'FAIL'} {outcome.gate.name} ({outcome.seconds:.1f} s)", flush=True)
    if not outcome.passed:
        print(f"  $ {' '.join(outcome.gate.command)}", flush=True)
        print("\n".join(f"  {line}" for line in outcome.text.splitlines()), flush=True)


def main() -> int:
    """Exit code 1 when a gate is red."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        running: list[Future[Outcome]] = [pool.submit(run, gate) for gate in GATES]
        outcomes = []
        for future in as_completed(running):
            outcomes.append(future.result())
            tell(outcomes[-1])
    red = [outcome.gate.name for outcome in outcomes if not outcome.passed]
    print(f"gates: {len(outcomes) - len(red)} of {len(outcomes)} ok" + (f"; red: {'; '.join(red)}" if red else ""))
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
