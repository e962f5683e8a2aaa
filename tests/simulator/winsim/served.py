# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Modules of this collection, answered by a double that keeps their contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .emulated.result import ModuleFailedError
from .host import Access
from .probes.run import run_reader

_ARGUMENTS: Final = {"probes", "time_limit"}


def win_probe(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """The reader: `probes` and `time_limit` in, `{changed, probes, system}` out."""
    unknown = sorted(name for name in args if not name.startswith("_ansible_") and name not in _ARGUMENTS)
    if unknown:
        raise ModuleFailedError(f"win_probe has no argument {', '.join(unknown)} (it has probes and time_limit)")
    probes = args.get("probes")
    if not isinstance(probes, list) or not all(isinstance(probe, dict) for probe in probes):
        raise ModuleFailedError("win_probe needs probes: a list of maps with id and kind")
    limit = args.get("time_limit")
    try:
        seconds = float(limit) if limit is not None else None
    except (TypeError, ValueError):
        raise ModuleFailedError(f"time_limit must be a number of seconds, not {limit!r}") from None
    return run_reader(access, probes, seconds)
