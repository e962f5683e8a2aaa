# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.win_stat`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..host import Access
from ..model import File, expand
from .result import ModuleFailedError, truth

ALGORITHMS: Final = ("md5", "sha1", "sha256", "sha384", "sha512")


def win_stat(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    path = args.get("path") or args.get("dest") or args.get("name")
    if not path:
        raise ModuleFailedError("missing required arguments: path")
    algorithm = str(args.get("checksum_algorithm") or "sha1")
    if algorithm not in ALGORITHMS:
        raise ModuleFailedError(
            f"value of checksum_algorithm must be one of: {', '.join(ALGORITHMS)}. Got no match for: {algorithm}"
        )
    path = expand(str(path))
    file = access.host.file(path)
    if file is None:
        return {"changed": False, "stat": _folder(access, path) if access.host.is_folder(path) else {"exists": False}}
    stat = _common(access, path, file)
    stat.update(isreg=True, extension=_extension(path))
    if truth(args, "get_size", default=True):
        stat["size"] = file.length
    if truth(args, "get_checksum", default=True):
        if access.denies_file(path):
            raise ModuleFailedError(
                "Failed to get hash of file, set get_checksum to False to ignore this error: "
                f"Access to the path '{path}' is denied.",
            )
        stat["checksum"] = file.digest(algorithm)
    return {"changed": False, "stat": stat}


def _folder(access: Access, path: str) -> dict[str, Any]:
    return {
        **_common(access, path.rstrip("\\"), None),
        "isdir": True,
        "attributes": "Directory",
        "isarchive": False,
        "size": 0,
    }


def _common(access: Access, path: str, file: File | None) -> dict[str, Any]:
    written = ((file.modified if file else None) or access.host.os.boot_time).timestamp()
    return {
        "exists": True,
        "attributes": "Archive",
        "isarchive": True,
        "isdir": False,
        "ishidden": False,
        "isjunction": False,
        "islnk": False,
        "isreadonly": False,
        "isreg": False,
        "isshared": False,
        "nlink": 1,
        "hlnk_targets": [],
        "creationtime": written,
        "lastaccesstime": written,
        "lastwritetime": written,
        "path": path,
        "filename": path.rpartition("\\")[2],
        "owner": "BUILTIN\\Administrators",
    }


def _extension(path: str) -> str:
    name = path.rpartition("\\")[2]
    return f".{name.rpartition('.')[2]}" if "." in name else ""
