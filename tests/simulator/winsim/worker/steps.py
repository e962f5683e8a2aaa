# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The steps of a job, and how one that fails ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..agent.errors import AgentError


class StepError(Exception):
    """Ends the job; `error` is what the last line of the journal says."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error["message"]))
        self.error = error


def refused_as(where: str, word: str, message: str) -> StepError:
    """A refusal of the worker itself: a word instead of the type of an exception, and no code."""
    return StepError({"step": where, "type": word, "hresult": None, "message": message})


@contextmanager
def step(name: str) -> Iterator[None]:
    """A failing call of the agent in it ends the job with this step's name."""
    try:
        yield
    except AgentError as error:
        raise StepError(error.as_error(name)) from error
