# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Builders for tests of the rename queue on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.analysis import analyse

NT = "\\??\\"


def move(source: str, target: str, *, replace: bool = True) -> list[str]:
    """One entry that renames a file."""
    return [NT + source, ("!" if replace else "") + NT + target]


def delete(path: str) -> list[str]:
    """One entry that deletes a file."""
    return [NT + path, ""]


def versions(**files: str | None) -> dict[str, dict[str, Any]]:
    """Facts by the letter of a file below C:; None is a file that is not there."""
    return {
        f"C:\\{name}": {"state": "absent"} if version is None else {"state": "ok", "version": version}
        for name, version in files.items()
    }


def paper(queue: list[str], files: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """The published shape of an analysis."""
    return analyse(queue, files, **options).as_dict()
