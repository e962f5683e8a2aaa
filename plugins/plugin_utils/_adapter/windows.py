# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The doors' way to the questions about windows: the controller's clock where no time is given, one kind of error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import TypeVar

from .._plan.windows.questions import WindowError, in_window
from .core import FilterError

T = TypeVar("T")


def answer(name: str, question: Callable[..., T], *given: object, now: object, **how: object) -> T:
    """Return a question's answer; what it refuses is a FilterError that names the filter."""
    try:
        return question(*given, now=datetime.now(timezone.utc) if now is None else now, **how)
    except WindowError as complaint:
        raise FilterError(f"{name}: {complaint}") from complaint


def answer_at(name: str, specs: object, *, at: object, **how: object) -> bool:
    """Return whether it is open at an instant, by default now."""

    def question(*, now: object) -> bool:
        """Ask under the name that all questions have for their time."""
        return in_window(specs, at=now, **how)

    return answer(name, question, now=at)
