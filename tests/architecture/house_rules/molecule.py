# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`make molecule` is no part of `make test`; that every role has a scenario there, and a whole one, is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCENARIOS = "extensions/molecule"
# The scenario that owns the simulator, and is of no role.
OWNER = "default"
SEQUENCE = ["syntax", "check", "verify ../default/untouched.yml", "converge", "idempotence", "verify"]


def findings(root: Path) -> Iterator[str]:
    """What the scenarios lack, as sentences."""
    roles = {path.name for path in (root / "roles").glob("*") if path.is_dir()}
    scenarios = {path.parent.name for path in (root / SCENARIOS).glob("*/molecule.yml")}
    for role in sorted(roles - scenarios):
        yield f"role {role} has no {SCENARIOS}/{role}/molecule.yml"
    for scenario in sorted(scenarios - roles - {OWNER}):
        yield f"{SCENARIOS}/{scenario} is of no role"
    for role in sorted(roles & scenarios):
        yield from _of_scenario(root, role)
    if read(root / SCENARIOS / "config.yml").get("scenario", {}).get("test_sequence") != SEQUENCE:
        yield f"{SCENARIOS}/config.yml does not run {', '.join(SEQUENCE)}"


def _of_scenario(root: Path, role: str) -> Iterator[str]:
    """A scenario runs its role, on hosts of its own, looks afterwards, and leaves no step out."""
    folder = root / SCENARIOS / role
    if "test_sequence" in read(folder / "molecule.yml").get("scenario", {}):
        yield f"{SCENARIOS}/{role}/molecule.yml has a test_sequence of its own"
    converge = folder / "converge.yml"
    if not converge.is_file() or f"winops.patching.{role}" not in converge.read_text(encoding="utf-8"):
        yield f"{SCENARIOS}/{role}/converge.yml does not run the role"
    if not (folder / "verify.yml").is_file():
        yield f"{SCENARIOS}/{role}/verify.yml is missing"
    hosts = [read(path) for path in (root / SCENARIOS / OWNER / "hosts").glob("*.yml")]
    if not any(role in host.get("groups", []) for host in hosts):
        yield f"no host of {SCENARIOS}/{OWNER}/hosts is in the group {role}"


def read(path: Path) -> dict[str, Any]:
    """A mapping of YAML; empty where there is none."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return content if isinstance(content, dict) else {}
