# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The way to the answer which version a file will be after the boot: the queue first, then the files it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.catalogue import probes_for
from .._evidence.file_probes import readable_path
from .._verdict.rename_analysis.pending_version import involved_paths, pending_versions
from .._verdict.rename_analysis.queues import read_queues
from .asking import MAX_FILES, asker, checked_most, read_document, read_files
from .core import ActionFail, checked_options
from .preload import preload_client

preload_client()

PENDING_VERSION_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "path": {"type": "list", "elements": "str", "required": True},
        "max_files": {"type": "int", "default": MAX_FILES},
    }
)
MOST_PATHS = 50
MAX_PATH = 1000


class PendingVersionAction(ActionBase):
    """Runs the reader twice at most."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; what is not known of a file is said with the file."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = checked_options(self, PENDING_VERSION_OPTIONS)
        paths, most = _paths(options["path"]), checked_most(options["max_files"])
        ask = asker(self, variables)
        host = str(variables.get("inventory_hostname") or "")
        document, failure = read_document(ask, probes_for(["pending_file_rename"]), host=host)
        read = read_files(ask, [] if failure else involved_paths(read_queues(document), paths), most=most)
        found = pending_versions(document, read.files, paths)
        result.update(changed=False, files=[entry.as_dict() for entry in found])
        unknown = [entry.sentence for entry in found if entry.after_boot == "unknown"]
        warnings = [*read.told, *unknown[:3]]
        if failure:
            message = f"the host was reached, but it could not be read: {failure}"
            result.update(failed=True, msg=message, error=message)
        elif warnings:
            result["warnings"] = warnings
        return result


def _paths(paths: list[str]) -> list[str]:
    if not 0 < len(paths) <= MOST_PATHS:
        raise ActionFail(f"path: must name 1 to {MOST_PATHS} files, not {len(paths)}")
    for path in paths:
        # Variables are not expanded: the queue holds the paths themselves.
        text = path.strip().replace("/", "\\")
        if readable_path(text) is None or text.startswith("%") or len(text) > MAX_PATH:
            raise ActionFail(f"path: {path[:60]!r} is no whole path such as C:\\Windows\\System32\\clbcatq.dll")
    return paths
