# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One search of the agent: how long it takes, what it finds, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..host import Host
from . import criteria
from .categories import categories_of
from .errors import INVALID_CRITERIA, AgentError
from .services import Source, agent_of, source_of

# In the host's seconds.
FAILS_AFTER: Final = 20.0
REFUSES_AFTER: Final = 1.0
# Looking into the local store is that many times as fast as asking a service.
LOCAL_IS_FASTER: Final = 4
SUCCEEDED: Final = 2
SUCCEEDED_WITH_ERRORS: Final = 3
# A service that a scan adds for the time of its own.
OFFLINE_SERVICE: Final = "0ff11e5c-5ca2-4b0e-8d6f-6b1f0c6b7d11"
OFFLINE_NAME: Final = "winops.patching"


@dataclass(frozen=True, slots=True)
class Request:
    """What is searched for, and where. `catalog` is the path of an offline catalog that has been added."""

    criteria: str
    selection: str = "default"
    service_id: str | None = None
    online: bool = True
    catalog: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The updates in the words of the host file, in its order."""

    updates: list[dict[str, Any]]
    source: Source
    result_code: int
    warnings: list[dict[str, Any]]

    @property
    def is_whole(self) -> bool:
        """Only a search without errors and without warnings shows everything."""
        return self.result_code == SUCCEEDED and not self.warnings


def search_takes(host: Host, request: Request) -> float:
    """How many of the host's seconds the search takes, whether it succeeds or not."""
    try:
        _checked(host, request)
    except AgentError:
        return REFUSES_AFTER
    agent = agent_of(host)
    if _next_failure(host, request) is not None:
        return FAILS_AFTER
    seconds = agent.scan_minutes * 60
    return seconds if request.online or request.catalog else seconds / LOCAL_IS_FASTER


def search(host: Host, request: Request) -> Found:
    """Raises AgentError. A failure that the host file announces is used up by this."""
    groups, source = _checked(host, request)
    agent = agent_of(host)
    failure = _next_failure(host, request)
    if failure is not None:
        _use_up(agent.search_fails, failure)
        raise AgentError(failure["hresult"])
    offers = _offer_of(host, request, source)
    offered = [update for update in agent.updates if offers(update)]
    ids = {id(update): {category["id"] for category in categories_of(update, "en")} for update in offered}
    found = [update for update in offered if criteria.matches(groups, update, ids[id(update)])]
    warnings = [dict(warning) for warning in agent.warnings]
    return Found(_newest(found, agent.updates), source, SUCCEEDED_WITH_ERRORS if warnings else SUCCEEDED, warnings)


def _checked(host: Host, request: Request) -> tuple[list[criteria.AndGroup], Source]:
    agent_of(host)
    try:
        groups = criteria.parse(request.criteria)
    except criteria.CriteriaError:
        raise AgentError(INVALID_CRITERIA) from None
    if request.catalog is not None:
        return groups, Source("service", OFFLINE_SERVICE, OFFLINE_NAME, managed=False)
    return groups, source_of(host, request.selection, request.service_id, online=request.online)


def _next_failure(host: Host, request: Request) -> dict[str, Any] | None:
    places = {request.selection, _checked(host, request)[1].word} if request.online else {"local"}
    if request.catalog is not None:
        places = {"scan_cab"}
    for failure in agent_of(host).search_fails:
        place = failure.get("source")
        if place in places or (place is None and request.online and request.catalog is None):
            return failure
    return None


def _use_up(failures: list[dict[str, Any]], failure: dict[str, Any]) -> None:
    """Without `times` it fails for good."""
    if "times" not in failure:
        return
    failure["times"] -= 1
    if not failure["times"]:
        failures.remove(failure)


def _offer_of(host: Host, request: Request, source: Source) -> Callable[[Mapping[str, Any]], bool]:
    """A catalog offers what it lists, a service all but what names others, the local store all that is known."""
    if request.catalog is not None:
        catalogs = {path.lower(): words for path, words in agent_of(host).catalogs.items()}
        listed = {str(name).lower() for name in catalogs[request.catalog.lower()].get("updates", [])}
        return lambda update: str(update["id"]).lower() in listed
    return lambda update: not request.online or source.word in update.get("offered_by", (source.word,))


def _newest(found: list[dict[str, Any]], known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that another found or installed one supersedes, or one that the host does not even know."""
    ids = {str(update["id"]).lower() for update in found}
    all_ids = {str(update["id"]).lower() for update in known}
    newer = [*found, *(update for update in known if update.get("installed"))]
    replaced = {str(old).lower() for update in newer for old in update.get("supersedes", [])}

    def stands(update: Mapping[str, Any]) -> bool:
        by = {str(other).lower() for other in update.get("superseded_by", [])}
        return str(update["id"]).lower() not in replaced and not any(n in ids or n not in all_ids for n in by)

    return [update for update in found if stands(update)]
