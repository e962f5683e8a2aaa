# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Host files: reads a folder of them, and refuses what is wrong in it with file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .checks import line_of
from .problems import HostFileError, Place, Problem
from .words import HOST

__all__ = ["HostFileError", "Problem", "load_folder", "read_host"]

# The same as SafeLoader and much faster, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_GROUP_NAMES = {"all", "windows", "ungrouped", "localhost"}


def load_folder(folder: Path) -> list[dict[str, Any]]:
    """The hosts of all `*.yml` and `*.yaml` of `folder`, by name. Raises HostFileError with every mistake found."""
    if not folder.is_dir():
        raise HostFileError([Problem(str(folder), 0, "", "is not a folder")])
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in {".yml", ".yaml"} and p.is_file())
    if not files:
        raise HostFileError([Problem(str(folder), 0, "", "holds no host file (*.yml or *.yaml)")])
    problems: list[Problem] = []
    hosts: list[dict[str, Any]] = []
    first: dict[str, Path] = {}
    for file in files:
        place = Place(str(file), problems=problems)
        found = read_host(file, place)
        if not isinstance(found, dict) or not isinstance(found.get("name"), str):
            continue
        name = str(found["name"])
        if name.lower() in first:
            place.below("name").refuse(found["__line__"], f"the host name '{name}' is also in {first[name.lower()]}")
            continue
        first[name.lower()] = file
        hosts.append({word: value for word, value in found.items() if word != "__line__"})
    for host in hosts:
        for group in host.get("groups", []):
            if str(group).lower() in first:
                file = first[host["name"].lower()]
                problems.append(Problem(str(file), 1, "groups", f"the group '{group}' is also the name of a host"))
    if problems:
        raise HostFileError(problems)
    return hosts


def read_host(file: Path, place: Place) -> dict[str, Any] | None:
    """One host file; mistakes go to `place.problems`. The line of its name is in `__line__`."""
    try:
        with file.open(encoding="utf-8") as stream:
            node = yaml.compose(stream, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        place.refuse(mark.line + 1 if mark else 1, f"is not YAML: {reason}")
        return None
    except (OSError, UnicodeDecodeError) as error:
        place.refuse(1, f"cannot be read: {error}")
        return None
    if node is None:
        place.refuse(1, "is empty: a host file has at least name and os")
        return None
    found = HOST(node, place)
    if not isinstance(found, dict):
        return None
    found["__line__"] = _line_of_name(node)
    if str(found.get("name", "")).lower() in _GROUP_NAMES:
        place.below("name").refuse(found["__line__"], f"'{found['name']}' means something else in an inventory")
    return found


def _line_of_name(node: yaml.Node) -> int:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "name":
                return line_of(value)
    return line_of(node)
