# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The doors' way to packages: the controller's clock where no time is given, one kind of error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

from .._plan.packages.decide import package_decision
from .._plan.packages.looking import package_probes, proof_probes
from .._plan.packages.package import parse_packages
from .._plan.windows.questions import WindowError
from .._report.package_report import package_outcome
from .core import FilterError

T = TypeVar("T")


def checked_packages(given: object) -> list[dict[str, Any]]:
    """Return each package of a list with what is asked of the host before and after its run."""
    packages = _answered("patch_packages", parse_packages, given)
    return [
        {"package": package.as_dict(), "probes": package_probes(package), "proof": proof_probes(package)}
        for package in packages
    ]


def decided(package: object, looked: object, *, now: object, **how: object) -> dict[str, Any]:
    """Return whether one package is run now; ``how`` as in `package_decision`."""
    at = datetime.now(timezone.utc) if now is None else now
    return _answered("patch_package_plan", package_decision, package, looked, now=at, **how)


def outcome(package: object, decision: object, run: object, **how: Any) -> dict[str, Any]:
    """Return what came of one package; ``how`` as in `package_outcome`."""
    return _answered("patch_package_result", package_outcome, package, decision, run, **how)


def _answered(name: str, question: Callable[..., T], *given: object, **how: object) -> T:
    try:
        return question(*given, **how)
    except WindowError as complaint:
        raise FilterError(f"{name}: {complaint}") from complaint
