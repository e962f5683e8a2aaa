# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The modules that an action runs on its host, and what it does when the line breaks between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from time import sleep
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.times import time_or_none
from .._evidence.wording import printable
from .core import line_losses
from .reader import READER, failure_of

# Somebody restarts a switch, or the host is busy for a moment; for more than that there is the next run.
PAUSES = (2, 10, 30)


class LineLostError(Exception):
    """The host does not answer any more; the message is what was seen last."""


class HostModules:
    """Runs modules on the task's host; ``told`` keeps what ansible-core had to warn of their output.

    ``clock_skew_seconds`` is by how much the host's clock was ahead of the controller's at the newest reading, None
    where no reading told the host's time.
    """

    def __init__(self, action: ActionBase, variables: dict[str, Any]) -> None:
        self._action = action
        self._variables = variables
        self.told: list[Any] = []
        self.clock_skew_seconds: int | None = None

    def run(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a module's result; a host that is not reachable raises, as with any module."""
        begun = datetime.now(timezone.utc)
        answer: Mapping[str, Any] = self._action._execute_module(
            module_name=name, module_args=dict(arguments), task_vars=self._variables
        )
        if name == READER:
            self.clock_skew_seconds = clock_skew(answer, begun, datetime.now(timezone.utc))
        self.told.extend(answer.get("warnings") or ())
        return answer

    def run_in_earnest(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a module's result, in check mode too: for what an ``_info`` needs in order to answer."""
        with _earnest(self._action):
            return self.run(name, arguments)

    def ask(self, probes: Sequence[Mapping[str, Any]], *, time_limit: int = 120) -> Mapping[str, Any]:
        """Return what the reader answers; a lost line, or an answer cut off, is tried again after a pause.

        Raises LineLostError when the last try has failed too.
        """
        arguments = {"probes": [dict(probe) for probe in probes], "time_limit": time_limit}
        seen = ""
        for pause in (*PAUSES, None):
            seen, answer = self._try(arguments)
            if not seen:
                return answer
            if pause is not None:
                sleep(pause)
                self.reconnect()
        raise LineLostError(seen)

    def _try(self, arguments: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        try:
            answer = self.run(READER, arguments)
        except line_losses() as error:
            return printable(" ".join(str(error).split())[:300]) or type(error).__name__, {}
        return failure_of(answer) or "", answer

    def reconnect(self) -> None:
        """The shell of a broken line is of no use; where there is none again, the next try says so."""
        try:
            self._action._connection.reset()
        except line_losses():
            return


def clock_skew(answer: Mapping[str, Any], begun: datetime, ended: datetime) -> int | None:
    """Return the host's time of a reading less the controller's in the middle of it, None where it cannot be read."""
    system = answer.get("system")
    clock = time_or_none(system.get("clock")) if isinstance(system, Mapping) else None
    return round((clock - (begun + (ended - begun) / 2)).total_seconds()) if clock is not None else None


@contextmanager
def _earnest(action: ActionBase) -> Iterator[None]:
    task: Any = action._task
    check_mode = task.check_mode
    task.check_mode = False
    try:
        yield
    finally:
        task.check_mode = check_mode
