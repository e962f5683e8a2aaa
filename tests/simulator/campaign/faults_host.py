# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Faults of the host: what is full, refused, foreign or already at work; clocks and windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from campaign.hosts import BY_HOST, CBS, POLICY, SESSION_MANAGER, host, idle, quiet, reboots, update
from campaign.model import ALWAYS, Ends, Fault, Measured, Variant, Window

WEEK: Final = 60 * 24 * 7
PLACE: Final = "C:\\Program Files\\winops.patching"


def _none(_measured: Measured) -> Iterator[Variant]:
    for count in range(3):
        yield Variant(f"quiet {count}", quiet())
        yield Variant(f"reboots {count}", reboots())
        yield Variant(f"reboots by itself {count}", reboots(), BY_HOST)


def _nothing(_measured: Measured) -> Iterator[Variant]:
    yield Variant("everything is installed", idle())
    yield Variant("nothing was ever offered", host())


def _disk(_measured: Measured) -> Iterator[Variant]:
    for megabytes in (0, 100, 2047):
        yield Variant(f"{megabytes} MB free", quiet(free_mb=megabytes))


def _clock(_measured: Measured) -> Iterator[Variant]:
    for seconds in (-7200, -600, 600, 7200, 86400):
        jump = {"clock_jump": {"after_minutes": 1, "seconds": seconds}}
        yield Variant(f"by {seconds} seconds", quiet(**jump))
        yield Variant(f"by {seconds} seconds, the host reboots itself", reboots(**jump), BY_HOST)


def _installer(_measured: Measured) -> Iterator[Variant]:
    for kind in ("msi", "servicing", "agent"):
        for minutes in (5, 20):
            second = {"after_minutes": 1, "minutes": minutes, "kind": kind}
            yield Variant(f"{kind}, {minutes} minutes", quiet(second_installer=second))
        second = {"after_minutes": 1, "minutes": 15, "kind": kind}
        yield Variant(f"{kind}, the host reboots itself", reboots(second_installer=second), BY_HOST)


def _denied(_measured: Measured) -> Iterator[Variant]:
    for path in (
        f"{CBS}\\RebootPending",
        CBS,
        SESSION_MANAGER,
        "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName",
    ):
        yield Variant(path, quiet(denied=[path]))
    yield Variant("RebootRequired", quiet(denied=["HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate"]))


def _token(_measured: Measured) -> Iterator[Variant]:
    yield Variant("no administrator", quiet(token={"elevated": False}))


def _policy(_measured: Measured) -> Iterator[Variant]:
    yield Variant("constrained language", quiet(powershell={"language_mode": "ConstrainedLanguage"}))
    yield Variant("signed scripts only", quiet(powershell={"execution_policy": "AllSigned"}))


def _foreign(_measured: Measured) -> Iterator[Variant]:
    yield Variant("the folder belongs to a user", quiet(folders={PLACE: {"owner": "BUILTIN\\Users"}}))
    yield Variant("the folder is a junction", quiet(folders={PLACE: {"reparse": True}}))


def _scheduler(_measured: Measured) -> Iterator[Variant]:
    yield Variant("stopped", quiet(services={"Schedule": {"state": "stopped"}}))


def _others(_measured: Measured) -> Iterator[Variant]:
    automatic = {POLICY: {"values": {"AUOptions": {"type": "REG_DWORD", "data": 4}}}}
    yield Variant("automatic updates by policy", quiet(registry=automatic))
    yield Variant(
        "the same, and the owner is shared", quiet(registry=automatic), {"patch_owner": "shared"}, ends=Ends.PATCHED
    )


def _short(_measured: Measured) -> Iterator[Variant]:
    """A window that closes while the job works: what fits is installed, the rest is not begun."""
    many = [update(number, run_minutes=40) for number in range(1, 8)]
    for minutes in (240, 480, 720, 960):
        yield Variant(f"{minutes} minutes", host(*many), windows=(Window(-60, minutes, ("install",)),))


def _closed_window(_measured: Measured) -> Iterator[Variant]:
    later = (Window(WEEK, WEEK + 600),)
    yield Variant("the next one is in a week", quiet(), windows=later)
    yield Variant("the same, with a reboot due", reboots(), windows=later)
    yield Variant("only for reboots", quiet(), windows=(Window(-60, WEEK, ("reboot",)),))


def _no_reboot_window(_measured: Measured) -> Iterator[Variant]:
    windows = (Window(-60, WEEK, ("install",)), Window(2 * WEEK, 3 * WEEK, ("reboot",)))
    yield Variant("the controller would reboot it", reboots(), windows=windows)
    yield Variant("it would reboot itself", reboots(), BY_HOST, windows=windows, ends=Ends.ARMED)


def _skew(_measured: Measured) -> Iterator[Variant]:
    yield Variant("the controller's clock decides", quiet(), {"patch_clock": "controller"}, windows=ALWAYS)


FAULTS: Final = (
    Fault("none", "nothing goes wrong", Ends.PATCHED, _none),
    Fault("nothing_to_do", "nothing is missing", Ends.PATCHED, _nothing),
    Fault("disk_full", "the system drive is full", Ends.NOT_GREEN, _disk),
    Fault("clock_jumps", "the host's clock jumps while the job works", Ends.PATCHED, _clock),
    Fault("second_installer", "somebody else installs on the host", Ends.PATCHED, _installer),
    Fault("registry_denied", "keys that tell of a reboot are refused", Ends.NOT_GREEN, _denied),
    Fault("token_filtered", "the connection is no administrator's", Ends.NOT_GREEN, _token),
    Fault("policy_forbids", "a policy forbids the worker", Ends.NOT_GREEN, _policy),
    Fault("folder_foreign", "somebody else owns the worker's folder", Ends.NOT_GREEN, _foreign),
    Fault("scheduler_stopped", "the task scheduler does not run", Ends.NOT_GREEN, _scheduler),
    Fault("others_patch", "somebody else patches the host", Ends.STOPPED, _others),
    Fault("window_short", "the window closes while the job works", Ends.TRUE, _short),
    Fault("window_closed", "no window is open", Ends.DEFERRED, _closed_window),
    Fault("no_reboot_window", "no window for reboots is open", Ends.PENDING, _no_reboot_window, how="slow"),
    Fault("clock_skew", "the clocks of host and controller are hours apart", Ends.TRUE, _skew),
)
WORDS: Final[tuple[str, ...]] = tuple(fault.id for fault in FAULTS)


def healthy() -> dict[str, dict[str, Any]]:
    """The hosts that are measured before the campaign."""
    return {"measured-quiet": quiet(), "measured-reboots": reboots()}
