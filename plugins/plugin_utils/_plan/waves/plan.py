# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The waves of a fleet, from what is known of its hosts so far; asked again between waves it goes on from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

from ..._evidence.times import format_time
from ..._evidence.wording import printable
from ..keys import PlanError, short
from ..windows.questions import Asked, ask, reason_of, shown
from ..windows.zones import instant_of
from .forming import Openings, Timed, Wave, form
from .hosts import FAILED, RUNNING, STARTED, TODO, UNKNOWN, VERIFIED, Held, Host, read_hosts
from .policy import WavePolicy, parse_wave_policy

_NAMED = 5


@dataclass(slots=True)
class _Fleet:
    """All hosts, what holds for them, and those that cannot go now."""

    policy: WavePolicy
    asked: Asked
    hosts: Sequence[Host]
    total: int
    held: list[Held] = field(default_factory=list)

    def by_state(self, *states: str) -> list[Host]:
        """Return the hosts in some states."""
        return [host for host in self.hosts if host.state in states]

    def hold(self, host: Host, word: str, reason: str) -> None:
        """Keep a host back."""
        self.held.append(Held(host.name, word, reason))


def patch_waves(hosts: object, *, now: object, policy: object = None) -> dict[str, Any]:
    """Return ``{waves, serial, hosts, held, done, stopped, sentence}``; every host given is in a wave, held or done.

    ``hosts`` are names, mappings with ``name`` or a mapping by name: ``{cluster, order, canary, windows, state, ready,
    wave}``. ``state`` is todo (default), running, verified, failed or unknown. ``serial`` are the sizes of the waves,
    ``hosts`` the names in their order. Raises PlanError, which names every mistake, and WindowError for ``now``.
    """
    checked = parse_wave_policy(policy)
    asked = ask([], now=now)
    found, damaged = read_hosts(hosts)
    fleet = _Fleet(checked, asked, _with_canaries(found, damaged, checked), len(found) + len(damaged), damaged)
    stopped = _stopped(fleet)
    waves: list[Wave] = []
    canaries = 0
    if stopped:
        for host in fleet.by_state(TODO):
            fleet.hold(host, "stopped", stopped)
    else:
        waves, canaries = _waves(fleet)
    return _document(fleet, waves, canaries, stopped)


def _with_canaries(found: Sequence[Host], damaged: Sequence[Held], policy: WavePolicy) -> list[Host]:
    """Return the hosts with those marked that go first."""
    known = {host.name for host in found} | {held.name for held in damaged}
    missing = sorted(policy.canary_names - known)
    if missing:
        raise PlanError([f"policy.canary: {short(name)} is none of the hosts" for name in missing])
    first = sorted(found, key=lambda host: (host.order, host.position))[: policy.canary]
    names = policy.canary_names | {host.name for host in first}
    return [replace(host, canary=host.canary or host.name in names) for host in found]


def _stopped(fleet: _Fleet) -> str | None:
    """Return why no further wave starts: more hosts failed than may, or one that went first did."""
    bad = fleet.by_state(FAILED, UNKNOWN)
    canaries = [host.name for host in bad if host.canary]
    if canaries:
        return f"{_names(canaries)} went first and failed or is unknown"
    allowed = fleet.policy.max_failed
    if len(bad) > allowed.of(fleet.total):
        said = f"{len(bad)} of {fleet.total} hosts failed or are unknown ({_names([host.name for host in bad])})"
        return f"{said}; policy.max_failed allows {allowed}"
    return None


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(printable(name) for name in names[:_NAMED]) + more


def _waves(fleet: _Fleet) -> tuple[list[Wave], int]:
    """Return the waves, and how many of them are those that go first."""
    todo = _without_blocked(fleet)
    openings = Openings(fleet.policy.purpose, fleet.policy.no_windows)
    first = [host for host in todo if host.canary]
    waves = _formed(fleet, first, repeat(len(first)), fleet.asked.second, openings)
    canaries = len(waves)
    others = [host for host in todo if not host.canary]
    waiting = _waits_for_canaries(fleet, waves)
    if waiting:
        for host in others:
            fleet.hold(host, "canary", waiting)
        return waves, canaries
    done = [host for host in fleet.by_state(*STARTED) if not host.canary]
    skip = fleet.policy.batches_over(fleet.total, len(done))
    begins = waves[-1].start if waves else fleet.asked.second
    return waves + _formed(fleet, others, fleet.policy.sizes(fleet.total, skip), begins, openings), canaries


def _formed(fleet: _Fleet, hosts: Sequence[Host], sizes: Iterator[int], second: int, openings: Openings) -> list[Wave]:
    """Return the waves of some hosts from a second on; who finds no place is held."""
    timed = [one for one in (_timed(fleet, host, second, openings) for host in hosts) if one]
    waves = list(form(timed, sizes, second, openings))
    placed = {host.name for wave in waves for host in wave.hosts}
    for one in timed:
        if one.host.name not in placed:
            fleet.hold(one.host, "window", "no window of it is left after the waves before it")
    return waves


def _waits_for_canaries(fleet: _Fleet, waves: Sequence[Wave]) -> str:
    """Return why hosts must wait for those that go first: one has no wave, or was started and is not over."""
    canaries = {host.name: host for host in fleet.hosts if host.canary}
    placed = {host.name for wave in waves for host in wave.hosts}
    wanted = (canaries.keys() | fleet.policy.canary_names) - placed
    to_do = {name for name in wanted if name not in canaries or canaries[name].state == TODO}
    if to_do:
        return f"{_names(sorted(to_do))} goes first"
    reasons = (_not_over(canaries[name], fleet.policy) for name in sorted(wanted))
    return next((f"{reason}, and it goes first" for reason in reasons if reason), "")


def _without_blocked(fleet: _Fleet) -> list[Host]:
    """Return the hosts to do whose clusters let them; the others are held."""
    blocked: dict[str, str] = {}
    for host in fleet.by_state(*STARTED):
        reason = _not_over(host, fleet.policy)
        if reason:
            blocked |= dict.fromkeys(host.clusters - blocked.keys(), reason)
    free = []
    for host in fleet.by_state(TODO):
        cluster = next((label for label in sorted(host.clusters) if label in blocked), None)
        if cluster is None:
            free.append(host)
        else:
            fleet.hold(host, "cluster", f"cluster {cluster}: {blocked[cluster]}")
    return free


def _not_over(host: Host, policy: WavePolicy) -> str:
    """Return why the next of a cluster must wait for a host; empty where it need not."""
    if host.state == RUNNING:
        return f"{host.name} is not done"
    if host.state != VERIFIED:
        return f"{host.name} is {host.state}"
    if policy.require_ready and host.ready is not True:
        told = "is not ready" if host.ready is False else "nobody knows whether it is ready"
        return f"{host.name} is verified, but {told}"
    return ""


def _timed(fleet: _Fleet, host: Host, second: int, openings: Openings) -> Timed | None:
    """Return a host with the time it can begin; a host that never can is held."""
    policy = fleet.policy
    specs = host.windows if host.has_windows else policy.windows
    if specs is None or not policy.windows_apply:
        return Timed(host, None, second, _key(host, second, policy))
    asked = ask(specs, now=fleet.asked.now, purpose=policy.purpose)
    window = None if asked.calendar.mistakes else openings.next(asked.calendar, second)
    if window is None:
        fleet.hold(host, "window", reason_of(asked, None, None))
        return None
    opens = max(second, window.start)
    return Timed(host, asked.calendar, opens, _key(host, opens, policy))


def _key(host: Host, opens: int, policy: WavePolicy) -> tuple[Any, ...]:
    middle = {"window": opens, "given": 0, "name": host.name}[policy.host_order]
    return (host.order, middle, host.position)


def _document(fleet: _Fleet, waves: Sequence[Wave], canaries: int, stopped: str | None) -> dict[str, Any]:
    started = fleet.by_state(*STARTED)
    number = _first_number(fleet, started)
    before: dict[str, str] = {}
    shown_waves = []
    for place, wave in enumerate(waves):
        shown_waves.append(_shown(wave, number + place, place < canaries, before))
        before |= {label: host.name for host in wave.hosts for label in host.clusters}
    held = sorted(fleet.held, key=lambda entry: (entry.name is None, entry.name or "", entry.word))
    return {
        "waves": shown_waves,
        "serial": [len(wave.hosts) for wave in waves],
        "hosts": [host.name for wave in waves for host in wave.hosts],
        "held": [entry.as_dict() for entry in held],
        "done": {state: [host.name for host in fleet.by_state(state)] for state in STARTED},
        "stopped": stopped,
        "sentence": _sentence(fleet, shown_waves, stopped),
    }


def _first_number(fleet: _Fleet, started: Sequence[Host]) -> int:
    if not started:
        return 1
    told = [host.wave for host in started if host.wave is not None]
    return 1 + (max(told) if told else fleet.policy.batches_over(fleet.total, len(started)))


def _shown(wave: Wave, number: int, canary: bool, before: Mapping[str, str]) -> dict[str, Any]:
    timed = bool(wave.windows)
    return {
        "number": number,
        "canary": canary,
        "hosts": [host.name for host in wave.hosts],
        "clusters": sorted(wave.clusters),
        "waits_for": {label: before[label] for label in sorted(wave.clusters & before.keys())},
        "opens_at": format_time(instant_of(wave.start)) if timed else None,
        "closes_at": format_time(instant_of(wave.end)) if wave.end is not None else None,
        "windows": {name: shown(window) for name, window in wave.windows.items()},
    }


def _sentence(fleet: _Fleet, waves: Sequence[Mapping[str, Any]], stopped: str | None) -> str:
    planned = sum(len(wave["hosts"]) for wave in waves)
    if stopped:
        said = [f"Stopped: {stopped}."]
    elif waves:
        opens = f" and opens {waves[0]['opens_at']}" if waves[0]["opens_at"] else ""
        size = len(waves[0]["hosts"])
        said = [f"Waves: {len(waves)}, for {planned} of {fleet.total} hosts; the first has {size}{opens}."]
    else:
        said = [f"No wave: none of {fleet.total} hosts can go now."]
    for text, count in (("held", len(fleet.held)), *((state, len(fleet.by_state(state))) for state in STARTED)):
        said += [f"{text.capitalize()}: {count}."] if count else []
    return printable(" ".join(said))
