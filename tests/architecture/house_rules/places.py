# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which files are ours: everything in the checkout that was not made by a tool."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# Made by make, by the tools or by git; the .gitignore names the same.
NOT_OURS = frozenset(
    {
        ".git",
        ".venv",
        ".build",
        "build",
        ".ansible",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
    }
)


def our_files(*suffixes: str, under: str = "") -> list[Path]:
    """All our files below the folder `under`, sorted; with `suffixes` only those that end so."""
    found = []
    for folder, names, files in os.walk(ROOT / under):
        names[:] = sorted(name for name in names if name not in NOT_OURS)
        found += [Path(folder) / name for name in files]
    return sorted(path for path in found if path.is_file() and (not suffixes or path.name.endswith(suffixes)))


def shown(path: Path) -> str:
    """The path as messages show it."""
    return path.relative_to(ROOT).as_posix()
