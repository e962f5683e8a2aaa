# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The offline catalog of a scan: where it lies, how old it is, and whether the agent takes it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

from ..agent.errors import INVALID_SCAN_FILE, NO_SIGNATURE, AgentError
from ..clock import stamp
from .run import WorkerRun
from .steps import StepError, refused_as, step

_LOCAL: Final = re.compile(r"[A-Za-z]:\\.+")


def checked_catalog(run: WorkerRun, plan: dict[str, Any]) -> dict[str, Any]:
    """`{catalog_date, catalog_file_date}`, which the journal has too. Raises StepError."""
    path, host = str(plan["scan_cab"]), run.host
    if not _LOCAL.fullmatch(path):
        raise _refused("not_local", f"the catalog must lie on a local drive, with its drive letter: '{path}' does not")
    file = host.file(path)
    if file is None:
        raise _refused("absent", f"the catalog '{path}' is not there or not readable: Cannot find path '{path}'.")
    with step("catalog"):
        catalog = _known(run, path)
    date: datetime | None = catalog.get("date")
    dates = {
        "catalog_date": stamp(date) if date else None,
        "catalog_file_date": stamp(file.modified or host.os.boot_time),
    }
    run.say("scanning", step="catalog", **dates)
    _check_age(run, path, date, dates, plan.get("catalog_max_age_days"))
    with step("catalog"):
        _check_signature(catalog)
    return dates


def _refused(word: str, message: str) -> StepError:
    return refused_as("catalog", f"catalog_{word}", message)


def _known(run: WorkerRun, path: str) -> dict[str, Any]:
    """The catalog in the words of the host file; a file that is none is no cabinet."""
    agent = run.host.update_agent
    known = {name.lower(): words for name, words in agent.catalogs.items()} if agent else {}
    if path.lower() not in known:
        raise _refused("unreadable", f"the catalog '{path}' is not readable: it is no cabinet file")
    return known[path.lower()]


def _check_age(run: WorkerRun, path: str, date: datetime | None, dates: dict[str, Any], most: float | None) -> None:
    if most is None:
        return
    told = f"its own date is {dates['catalog_date'] or ''}, its file's {dates['catalog_file_date']}"
    if date is None:
        raise _refused("undated", f"the catalog '{path}' tells no date of its own: {told}")
    if run.at - date > timedelta(days=float(most)):
        message = f"the catalog '{path}' is older than {most:g} days: {told}. Copy a newer one to the host"
        raise _refused("old", message)


def _check_signature(catalog: dict[str, Any]) -> None:
    """AddScanPackageService."""
    if not catalog.get("signed", True):
        raise AgentError(NO_SIGNATURE, "No signature was present in the subject.")
    if catalog.get("damaged"):
        raise AgentError(INVALID_SCAN_FILE)
