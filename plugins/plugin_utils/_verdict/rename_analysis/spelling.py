# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Do two texts of a rename queue name one file? Without a disk the answer is yes, no, or nobody knows.

One file has many names: a short one (`PROGRA~1`), one through the volume's id, one through \\SystemRoot, one through a
junction. Windows writes plain drive paths into the queue, so two of them are one file when they differ in case only.
What is spelled otherwise, and may be a file that the queue names elsewhere too, is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..rename_place import normal_path

# Plain: a drive, then names without streams, wildcards of the object manager, or dots and blanks at their ends.
_PLAIN = re.compile(r"[a-z]:(?:\\[^\\/:~\0]*[^\\/:~\0. ])+")
_DRIVE = re.compile(r"[a-z]:\\")
_SHORT = re.compile(r"~[0-9]")
_REMOTE = re.compile(r"(?:unc\\|\\\\(?![.?]\\))")

ODD = "its path is not in the plain form that Windows writes"
DOUBTFUL = "it may be another name of a file that the queue names elsewhere"
REMOTE = "it lies on a share, and the queue is carried out before there is a network"


def key_of(path: str) -> str:
    """Return what two spellings of one plain drive path have in common."""
    return path.lower()


def key_of_given(path: str) -> str:
    """Return the key of a path that a person or the reader gave, in any usual spelling."""
    text = normal_path(path.strip())
    if text[:1] == "\\" and text.startswith(("\\??\\", "\\\\?\\")):
        text = text[4:]
    return text.lower()


def volume_of(key: str) -> str:
    """Return the drive of a path (`c:`), empty when it is named otherwise."""
    return key[:2] if _DRIVE.match(key) else ""


def special_keys(keys: Iterable[str]) -> Mapping[str, str | None]:
    """Return the keys that are not plainly one file, each with why nobody knows what becomes of it.

    The reason is None where it is only spelled unusually and cannot be mistaken for another file of the queue; REMOTE
    is a certainty. Keys that are not in it are plain.
    """
    found = set(keys)
    special: dict[str, str | None] = {key: _oddity(key) for key in found if not _PLAIN.fullmatch(key)}
    unclear = [key for key in special if _SHORT.search(key) or not _DRIVE.match(key)]
    if unclear:
        special.update((key, DOUBTFUL) for key in _doubles(found, unclear) if special.get(key) is None)
    return special


def _oddity(key: str) -> str | None:
    if _REMOTE.match(key):
        return REMOTE
    return ODD if normal_path(key) != key else None


def _doubles(found: Iterable[str], unclear: Iterable[str]) -> set[str]:
    """Keys that may be other names of one another."""
    by_leaf: dict[str, set[str]] = {}
    by_start: dict[tuple[str, str], set[str]] = {}
    for key in found:
        leaf = _leaf(key)
        by_leaf.setdefault(leaf, set()).add(key)
        by_start.setdefault(_start(leaf), set()).add(key)
    doubles: set[str] = set()
    for key in unclear:
        leaf = _leaf(key)
        # The file's own name may be short too: it keeps two letters and three of the extension.
        same = by_start[_start(leaf)] if _SHORT.search(leaf) else by_leaf[leaf] | _short_twins(by_start, leaf)
        if len(same) > 1:
            doubles |= same
    return doubles


def _short_twins(by_start: Mapping[tuple[str, str], set[str]], leaf: str) -> set[str]:
    return {key for key in by_start[_start(leaf)] if _SHORT.search(_leaf(key))}


def _leaf(key: str) -> str:
    return key[key.rfind("\\") + 1 :]


def _start(leaf: str) -> tuple[str, str]:
    dot = leaf.rfind(".")
    return leaf[:2], leaf[dot : dot + 4] if dot >= 0 else ""
