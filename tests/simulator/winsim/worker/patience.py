# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How long a worker goes on asking: again after a pause, and the local store when nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Final

from ..agent.errors import AgentError
from ..agent.search import Found
from .run import WorkerRun

# What comes and goes with the network or a busy server; a test compares it with the shipped worker's list.
TRANSIENT: Final = frozenset(
    "0x80240009 0x8024001B 0x8024001E 0x8024001F 0x80240021 0x80244007 0x80244010 0x80244012 0x80244013 0x80244014 "
    "0x80244015 0x80244016 0x8024401A 0x8024401C 0x8024401D 0x8024401E 0x8024401F 0x80244021 0x80244022 0x80244023 "
    "0x8024402B 0x8024402C 0x8024402F 0x8024A10A 0x80072EE2 0x80072EE7 0x80072EFD 0x80072EFE 0x800706BA "
    "0x800706BE".split()
)
ATTEMPTS: Final = 5

Searching = Generator[float, None, Found]
SearchOnce = Callable[[int, bool], Searching]


@dataclass(slots=True)
class Patience:
    """A plan's words: `attempts`, and `online` (auto, true, false). `errors`: what kept `auto` from going online."""

    phase: str
    attempts: int | None = None
    online: Any = "auto"
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def most(self) -> int:
        return max(1, int(self.attempts or ATTEMPTS))


def search_patiently(
    run: WorkerRun, patience: Patience, once: SearchOnce
) -> Generator[float, None, tuple[Found, bool]]:
    """What was found, and whether online. `once` gets the attempt and whether online. Raises AgentError."""
    said = str(patience.online).lower()
    online = said != "false"
    try:
        return (yield from _search_again(run, patience, once, online=online)), online
    except AgentError as error:
        if said != "auto" or error.hresult not in TRANSIENT:
            raise
        first = error
    patience.errors.append({"step": "searching", "hresult": first.hresult, "message": str(first)})
    try:
        return (yield from once(patience.most + 1, False)), False
    except AgentError:
        raise first from None


def _search_again(run: WorkerRun, patience: Patience, once: SearchOnce, *, online: bool) -> Searching:
    attempt = 1
    while True:
        try:
            return (yield from once(attempt, online))
        except AgentError as error:
            if attempt >= patience.most or error.hresult not in TRANSIENT:
                raise
            code = error.hresult
        seconds = 60 * 2 ** min(attempt - 1, 6)
        run.say(patience.phase, step="backing_off", attempt=attempt, hresult=code, seconds=seconds)
        yield from run.sleep(seconds)
        attempt += 1
