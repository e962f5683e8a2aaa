# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Faults of the line: connections that are cut, slow, or end for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from campaign.hosts import BY_HOST, TEMPLATES, quiet, reboots, update
from campaign.hosts import host as make
from campaign.model import Ends, Fault, Measured, Variant
from campaign.places import spread

# Real seconds: long enough for a client to notice, short enough for hundreds of cases.
SLOW: Final = {"seconds": 3}


def at_requests(do: str, counts: dict[str, int | None], **words: Any) -> Callable[[Measured], Iterator[Variant]]:
    """The fault at request n, for so many n, or all, of a short run of each template."""

    def variants(measured: Measured) -> Iterator[Variant]:
        for template, count in counts.items():
            requests = measured.requests[template]
            for place in spread(requests, count or requests):
                fault = {"at_request": place + 1, "do": do, **words}
                host = TEMPLATES[template](network={"faults": [fault]})
                yield Variant(f"{template}, at request {place + 1}", host)

    return variants


def _never_returns(_measured: Measured) -> Iterator[Variant]:
    fault = {"faults": [{"do": "never_return"}]}
    yield Variant("the controller reboots it", reboots(network=fault))
    yield Variant("it reboots itself", reboots(network=fault), BY_HOST)


def _vanishes(measured: Measured) -> Iterator[Variant]:
    for place in spread(measured.requests["quiet"], 8):
        fault = {"at_request": place + 1, "do": "never_return"}
        yield Variant(f"at request {place + 1}", quiet(network={"faults": [fault]}))


def _dies_after(_measured: Measured) -> Iterator[Variant]:
    network = {"dies_after": update(1)["id"]}
    updates = (update(1), update(2, reboot_behavior="always_requires"))
    yield Variant("the host reboots itself", make(*updates, network=network), BY_HOST, ends=Ends.PATCHED)
    yield Variant("nothing reboots it", make(update(1), update(2), network=network))


def _closed(_measured: Measured) -> Iterator[Variant]:
    yield Variant("its port is closed", quiet(network={"listen": False}))


def _latency(_measured: Measured) -> Iterator[Variant]:
    for milliseconds in (50, 200):
        yield Variant(f"{milliseconds} ms", quiet(network={"latency_ms": milliseconds}))


def _ntlm(measured: Measured) -> Iterator[Variant]:
    """A few with the other logon, whose requests are encrypted."""
    for place in spread(measured.requests["quiet"], 12):
        fault = {"at_request": place + 1, "do": "drop"}
        yield Variant(f"at request {place + 1}", quiet(network={"auth": ["ntlm"], "faults": [fault]}))


FAULTS: Final = (
    Fault(
        "line_cut",
        "the TCP connection is cut without an answer, at request n",
        Ends.PATCHED,
        at_requests("drop", {"quiet": None, "reboots": 12}),
    ),
    Fault("line_cut_ntlm", "the same over NTLM, whose messages are encrypted", Ends.PATCHED, _ntlm),
    Fault(
        "answer_truncated",
        "half of an answer is missing, at request n",
        Ends.PATCHED,
        at_requests("truncate", {"idle": 20, "quiet": 20, "reboots": 4}),
    ),
    Fault(
        "http_500",
        "HTTP 500, at request n",
        Ends.PATCHED,
        at_requests("error_500", {"idle": 20, "quiet": 20, "reboots": 4}),
    ),
    Fault(
        "answer_slow",
        "an answer comes seconds late, at request n",
        Ends.PATCHED,
        at_requests("slow", {"idle": 4, "quiet": 6, "reboots": 2}, **SLOW),
    ),
    Fault("latency", "every answer is late", Ends.PATCHED, _latency),
    Fault(
        "host_boots",
        "the host boots without notice, at request n",
        Ends.PATCHED,
        at_requests("reboot", {"idle": 20, "quiet": 26, "reboots": 8}),
    ),
    Fault("host_vanishes", "the host is gone for good, from request n on", Ends.UNREACHABLE, _vanishes, how="slow"),
    Fault("never_returns", "the host does not come back from its reboot", Ends.UNREACHABLE, _never_returns, how="slow"),
    Fault(
        "network_dies",
        "nothing answers once an update is installed, until a boot",
        Ends.UNREACHABLE,
        _dies_after,
        how="slow",
    ),
    Fault("port_closed", "nobody listens", Ends.UNREACHABLE, _closed),
)
