# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Faults of the update agent: updates that fail, hang or come undone, searches that end in errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from campaign.hosts import BY_HOST, HANDS_OFF, NEW, OLD, host, quiet, update
from campaign.model import Ends, Fault, Measured, Variant

RUN_ONCE: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\RunOnce"
FATAL: Final = ("0x80070643", "0x80073712", "0x800F0922", "0x80070490", "0x80070005")
PASSING: Final = ("0x80240034", "0x8024401C", "0x80072EE2")


def second(detail: str = "", **words: Any) -> Callable[[Measured], Iterator[Variant]]:
    """The second of three updates has these words; once rebooted by the controller, once by the host."""

    def variants(_measured: Measured) -> Iterator[Variant]:
        updates = (update(1), update(2, **words), update(3, reboot_behavior="always_requires"))
        yield Variant(detail or "the controller reboots it", host(*updates))
        yield Variant(f"{detail}, the host reboots itself".lstrip(", "), host(*updates), BY_HOST)

    return variants


def _fails(_measured: Measured) -> Iterator[Variant]:
    for code in FATAL:
        yield Variant(code, host(update(1), update(2, result=f"fail:{code}"), update(3)))
    yield Variant("all of them", host(update(1, result=f"fail:{FATAL[0]}"), update(2, result=f"fail:{FATAL[1]}")))


def _download_fails(_measured: Measured) -> Iterator[Variant]:
    for code in FATAL[:2] + PASSING[:1]:
        yield Variant(code, host(update(1), update(2, download=f"fail:{code}")))


def _download_stutters(_measured: Measured) -> Iterator[Variant]:
    for code in PASSING:
        for times in (1, 2):
            words = {"download": f"fail:{code}", "download_fails": times}
            yield Variant(f"{code}, {times} times", host(update(1), update(2, **words)))


def _search_stutters(_measured: Measured) -> Iterator[Variant]:
    for code in ("0x8024401C", "0x80072EE2", "0x8024001E"):
        for times in (1, 2):
            yield Variant(f"{code}, {times} times", quiet(agent={"search_fails": [{"hresult": code, "times": times}]}))


def _search_fails(_measured: Measured) -> Iterator[Variant]:
    for code in ("0x80244017", "0x80244011", "0x8024402C"):
        yield Variant(code, quiet(agent={"search_fails": [{"hresult": code}]}))


def _search_kills(_measured: Measured) -> Iterator[Variant]:
    yield Variant("every search", quiet(agent={"search_kills_worker": True}))


def _search_warns(_measured: Measured) -> Iterator[Variant]:
    warnings = [{"context": 4, "hresult": "0x8024000F", "message": "the search was not complete"}]
    yield Variant("the search was incomplete", quiet(agent={"warnings": warnings}))


def _busy(_measured: Measured) -> Iterator[Variant]:
    yield Variant("for ever", quiet(agent={"busy": True}))


def _overwrites_queue(_measured: Measured) -> Iterator[Variant]:
    files = {OLD: {"version": "1.0.0.0"}}
    updates = (
        update(1, reboot_behavior="can_request", renames=[[NEW, OLD]]),
        update(2, reboot_behavior="always_requires", overwrites_queue=True),
    )
    yield Variant("the controller reboots it", host(*updates, files=files), ends=Ends.PENDING)
    yield Variant("the host reboots itself", host(*updates, files=files), BY_HOST)


def _overwrites_run_once(_measured: Measured) -> Iterator[Variant]:
    keys = HANDS_OFF | {RUN_ONCE: {"values": {"Finish": {"type": "REG_SZ", "data": "C:\\x.exe"}}}}
    updates = (update(1), update(2, reboot_behavior="always_requires", overwrites_run_once=True))
    yield Variant("the controller reboots it", host(*updates, registry=keys))


def _hard(_measured: Measured) -> Iterator[Variant]:
    updates = (update(1, hard_reboot=True), update(2), update(3))
    yield Variant("the controller reboots it", host(*updates))
    yield Variant("the host reboots itself", host(*updates), BY_HOST)


def _terms(_measured: Measured) -> Iterator[Variant]:
    yield Variant("one of two", host(update(1), update(2, eula_accepted=False, refuses_eula=True)))


FAULTS: Final = (
    Fault("update_fails", "an installation fails with a code that does not pass by itself", Ends.FAILED, _fails),
    Fault("download_fails", "a download fails for good", Ends.FAILED, _download_fails),
    Fault("download_stutters", "a download fails once or twice", Ends.PATCHED, _download_stutters),
    Fault(
        "rolled_back", "an update is undone by the boot that was to finish it", Ends.FAILED, second(result="roll_back")
    ),
    Fault("update_hangs", "an installation never ends", Ends.NOT_GREEN, second(result="hang"), how="slow"),
    Fault(
        "worker_dies", "the worker's process dies while an update is installed", Ends.PATCHED, second(kills_worker=True)
    ),
    Fault(
        "waits_for_logon",
        "an update waits for somebody to log on, whatever boots",
        Ends.NOT_GREEN,
        second(interactive=True),
    ),
    Fault("hard_reboot", "nothing more can be installed before a reboot", Ends.PATCHED, _hard),
    Fault("terms_refused", "the terms of an update cannot be accepted", Ends.TRUE, _terms),
    Fault("queue_overwritten", "an update overwrites the rename queue of another", Ends.TOLD, _overwrites_queue),
    Fault("run_once_overwritten", "an update overwrites what others have in RunOnce", Ends.TOLD, _overwrites_run_once),
    Fault("search_stutters", "a search fails once or twice", Ends.PATCHED, _search_stutters),
    Fault("search_fails", "no search succeeds", Ends.NOT_GREEN, _search_fails),
    Fault("search_kills_worker", "the worker dies in every search", Ends.NOT_GREEN, _search_kills),
    Fault("search_incomplete", "the agent says that its search was incomplete", Ends.NOT_GREEN, _search_warns),
    Fault("agent_busy", "the agent is busy for ever", Ends.DEFERRED, _busy),
)
