# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where does a path of the rename queue lie, and what kind of file does it name?

Paths come as Windows stores them: DOS names (`C:\\Windows\\a.dll`), names of the object manager
(`\\SystemRoot\\...`, `\\Device\\HarddiskVolume3\\...`, `GLOBALROOT\\...`), volume names (`Volume{guid}\\...`),
shares (`UNC\\server\\share\\...`). Forms: Microsoft Learn, "Naming Files, Paths, and Namespaces".
Nothing here asks a disk: a junction, a mounted folder or an unusual short name stays what it looks like.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

Place = Literal[
    "system32",
    "winsxs",
    "drivers",
    "spool",
    "program_files",
    "temp",
    "systemtemp",
    "config_msi",
    "profile",
    "windows_other",
    "other",
]
PLACES: tuple[Place, ...] = get_args(Place)
_Folders = tuple[tuple[str, Place], ...]


def _each_below(roots: tuple[str, ...], folders: _Folders) -> _Folders:
    return tuple((root + folder, place) for root in roots for folder, place in folders)


# Below the Windows folder. The deepest listed folder that holds a path decides, so whatever lies in System32 stays
# there (the SYSTEM account's own Temp too). SysWOW64 and Sysnative are System32 seen from a 32-bit process
# (Microsoft Learn, "File System Redirector").
_IN_SYSTEM32: _Folders = (("", "system32"), (r"\drivers", "drivers"), (r"\spool", "spool"))
_IN_WINDOWS: _Folders = (
    ("", "windows_other"),
    (r"\winsxs", "winsxs"),
    (r"\temp", "temp"),
    (r"\systemtemp", "systemtemp"),
    (r"\serviceprofiles\*", "profile"),
    (r"\serviceprofiles\*\appdata\local\temp", "temp"),
    *_each_below((r"\system32", r"\syswow64", r"\sysnative"), _IN_SYSTEM32),
)
# The short names are what TEMP held on Windows XP and 2003.
_IN_PROFILE: _Folders = (
    ("", "profile"),
    (r"\appdata\local\temp", "temp"),
    (r"\local settings\temp", "temp"),
    (r"\locals~1\temp", "temp"),
)
# Below the root of a volume; `*` stands for one folder of any name.
_FOLDERS: _Folders = (
    ("temp", "temp"),
    ("tmp", "temp"),
    ("config.msi", "config_msi"),
    ("program files", "program_files"),
    ("program files (x86)", "program_files"),
    ("program files (arm)", "program_files"),
    ("progra~1", "program_files"),
    ("progra~2", "program_files"),
    *_each_below((r"users\*", r"documents and settings\*", r"docume~1\*"), _IN_PROFILE),
    *_each_below(("windows", "winnt"), _IN_WINDOWS),
)
_DEPTH = max(folder.count("\\") for folder, _place in _FOLDERS) + 1

# What stands before the first folder. Backslashes are only repeated where no other part could take them, so hostile
# text cannot make this slow.
_ROOT = re.compile(
    r"""
    \\*
    (?: (?: \?\? | [?.] | global\?\? | dosdevices | globalroot ) \\+ )*
    (?: [a-z]:
      | volume\{ [^\\}]* \}
      | device\\+harddisk (?: volume[0-9]+ | [0-9]+\\+partition[0-9]+ )
      | (?P<windows> systemroot )
    )
    (?= \\ | \Z )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LEAD = re.compile(r"\\*(?:[A-Za-z]:)?")


class _Folder:
    """A node of the tree of well-known folders."""

    __slots__ = ("children", "place")

    def __init__(self) -> None:
        self.children: dict[str, _Folder] = {}
        self.place: Place | None = None


def _tree() -> _Folder:
    root = _Folder()
    for folder, place in _FOLDERS:
        node = root
        for name in folder.split("\\"):
            node = node.children.setdefault(name, _Folder())
        node.place = place
    return root


_TREE = _tree()


def normal_path(path: str) -> str:
    """The path with backslashes only, `.` and `..` carried out, and no stream, trailing dot, space or NUL.

    Case and root are kept; `..` does not climb above the root. Win32 opens the same file for both texts
    (Microsoft Learn, "File path formats on Windows systems", normalisation; "File Streams" for `file:stream`).
    """
    if not _is_odd(path):
        return path
    text = path.partition("\0")[0].replace("/", "\\")
    root = _ROOT.match(text) or _LEAD.match(text)
    start = root.end() if root else 0
    names: list[str] = []
    for part in text[start:].split("\\"):
        if part == "..":
            del names[-1:]
            continue
        name = part.partition(":")[0].rstrip(" .")
        if name:
            names.append(name)
    rooted = "\\" if text[start : start + 1] == "\\" and names else ""
    return text[:start] + rooted + "\\".join(names)


def _is_odd(path: str) -> bool:
    # Plain searches: five times faster than one expression, and nearly every path of a long queue is in normal form.
    dotted = "\\." in path or ".\\" in path or " \\" in path or path.endswith((" ", ".", "\\"))
    return dotted or "/" in path or "\\\\" in path or "\0" in path or path.find(":", 2) >= 0


def place_of(path: str) -> Place:
    """The well-known folder that holds the path; `other` when it is not known, a share or relative.

    Takes a path with or without its `\\??\\` prefix; upper and lower case are equal.
    """
    return place_of_normal(normal_path(path))


def place_of_normal(path: str) -> Place:
    """The same of a path that is in normal form already: a long queue asks once for each entry."""
    text = path.lower()
    # Nearly every path of a queue begins so.
    if text[1:3] == ":\\" and "a" <= text[0] <= "z":
        parts = text[3:].split("\\", _DEPTH)
    else:
        root = _ROOT.match(text)
        if not root:
            return "other"
        parts = text[root.end() + 1 :].split("\\", _DEPTH)
        if root["windows"]:
            parts.insert(0, "windows")
    node = _TREE
    place: Place = "other"
    for part in parts:
        below = node.children.get(part) or node.children.get("*")
        if below is None or not part:
            break
        node = below
        place = node.place or place
    return place


def extension_of(path: str) -> str:
    """The extension of the file in lower case with its dot (`.dll`), `` when it has none.

    Neither trailing dots, spaces and NULs nor the name of a stream count: Windows opens the same file without them.
    """
    return extension_of_normal(normal_path(path))


def extension_of_normal(path: str) -> str:
    """The same of a path that is in normal form already."""
    name = path[path.rfind("\\") + 1 :]
    dot = name.rfind(".")
    return name[dot:].lower() if dot >= 0 else ""
