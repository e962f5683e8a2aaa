# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is known of the files that a rename queue names: there or not, which version, or why nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from ..._evidence.wording import printable, type_name
from .spelling import key_of_given

Version = tuple[int, ...]

# The plain type first: asking the abstract one is slow, and a long queue asks twice for each file.
_MAPPINGS = (dict, Mapping)
_VERSION = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,10}){0,3}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STATES = {"denied": "access denied", "timeout": "timed out", "error": "could not be read"}
NOT_ASKED = "it was not looked at"
MAX_REASON = 200


# A queue of a hundred thousand entries holds few versions.
@lru_cache(maxsize=4096)
def parse_version(text: str) -> Version | None:
    """Return the parts of `10.0.1.2` as numbers, trailing zeros left out (10.0 is 10), or None for all other texts.

    Only whole versions of up to four numbers are compared: the text of a version resource may be anything
    ("10.0.1.2 (WinBuild.160101.0800)"), the four numbers beside it are what installers compare.
    """
    if not _VERSION.fullmatch(text):
        return None
    parts = [int(part) for part in text.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


class Content(NamedTuple):
    """A file: its key and path on the disk today, and its version, as read and to compare with.

    Both forms of the version are None where the file has none or it is unknown; then ``reason`` says which.
    """

    key: str
    origin: str
    version: str | None
    number: Version | None
    sha256: str | None
    reason: str | None


class Doubt(NamedTuple):
    """Nobody knows what is there. ``queued`` says that an entry of the queue may have put something there."""

    reason: str
    queued: bool = False


# What lies at a path. None is: certainly no file.
Place = Content | Doubt | None
_UNASKED = Doubt(NOT_ASKED)


class KnownFiles:
    """What lies where on the disk today. Of paths that are not in it nobody knows anything."""

    def __init__(self, places: Mapping[str, Place], problems: tuple[str, ...] = ()) -> None:
        self._places = places
        self.problems = problems

    def place(self, key: str) -> Place:
        """Return what is known of the path with this key (`spelling.key_of`)."""
        return self._places.get(key, _UNASKED)


def read_files(files: object) -> KnownFiles:
    """Return the facts of ``{path: {state, version, sha256}}``; `state` is ok, absent, denied, timeout or error.

    An answer of the reader's `file` probe (`{state, data: {version, sha256, …}}`) is taken as well. Whatever is
    damaged is unknown with its reason; never raises.
    """
    if files is None:
        return KnownFiles({})
    if not isinstance(files, Mapping):
        return KnownFiles({}, (f"files: must be a mapping of path to facts, not {type_name(files)}",))
    places: dict[str, Place] = {}
    problems: list[str] = []
    for path, entry in files.items():
        if not isinstance(path, str) or not path.strip():
            problems.append(f"files: {printable(str(path)[:60])!r} is no path")
            continue
        key = key_of_given(path)
        place = _place(key, path, entry)
        if key in places and places[key] != place:
            place = Doubt("it is given twice, with different facts")
        places[key] = place
    return KnownFiles(places, tuple(problems))


def _place(key: str, path: str, entry: object) -> Place:
    if not isinstance(entry, _MAPPINGS):
        return Doubt("its facts are damaged")
    state = entry.get("state", "ok")
    if state == "absent":
        return None
    if state != "ok":
        return Doubt(_why(state, entry.get("reason")))
    data = entry.get("data")
    if not isinstance(data, _MAPPINGS):
        data = entry
    digest = data.get("sha256")
    sha256 = digest.lower() if isinstance(digest, str) and _SHA256.fullmatch(digest.lower()) else None
    version, number, reason = _version(data.get("version"))
    return Content(key, path, version, number, sha256, reason)


def _why(state: object, reason: object) -> str:
    word = _STATES.get(state) if isinstance(state, str) else None
    if word is None:
        return f"it has a state that is not known: {printable(str(state)[:40])!r}"
    return f"{word}: {printable(reason[:MAX_REASON])}" if isinstance(reason, str) and reason else word


def _version(value: object) -> tuple[str | None, Version | None, str | None]:
    if value is None:
        return None, None, "it has no version, or it was not read"
    if not isinstance(value, str) and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None, None, f"its version is no text but {type_name(value)}: quote it"
    text = value.strip()
    number = parse_version(text)
    if number is None:
        return None, None, f"its version {printable(text[:40])!r} is not of the form 10.0.1.2"
    if not number:
        # What readers give for a file without a version resource: it is older than nothing.
        return None, None, "it has no version (0.0.0.0)"
    return text, number, None
