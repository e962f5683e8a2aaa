# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""When do two texts name the same file?"""

from __future__ import annotations

import re

from ..rename_place import normal_path

# What stands before a path in the rename queue: an unexplained mark, the sign for "replace", the NT prefix.
_LEAD = re.compile(r"(?:\*[0-9]+)?!?(?:\\(?:\?\?|\\[?.])\\)*")
# Windows may live elsewhere; a policy that names the folder by its variable means the usual place.
_FOLDERS = (
    (re.compile(r"^(?:%systemroot%|%windir%|\\?systemroot)(?=\\|$)"), "c:\\\\windows"),
    (re.compile(r"^%programfiles%(?=\\|$)"), "c:\\\\program files"),
    (re.compile(r"^(c:\\windows)\\sysnative(?=\\|$)"), r"\1\\system32"),
)


def path_key(path: str) -> str:
    """Return what the texts of one file have in common: no prefix, lower case, usual folders for variables."""
    lead = _LEAD.match(path)
    text = normal_path(path[lead.end() :] if lead else path).lower()
    for pattern, folder in _FOLDERS:
        text = pattern.sub(folder, text)
    return text


def file_name(path: str) -> str:
    """Return the last part of a path, as people name a file."""
    return path.replace("/", "\\").rstrip("\\").rpartition("\\")[2]
