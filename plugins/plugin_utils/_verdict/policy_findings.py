# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Combinations of update policies that harm, or that somebody should look at.

Facts: Microsoft's articles on scan sources, on Windows Update client policies with Configuration Manager, and on how
the ConfigMgr client sets its local policy. A missing value only counts where all values were read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._evidence.update_policy import (
    CLASS_SOURCES,
    CLASS_SWITCH,
    CONFIGMGR_SERVER,
    DEFERRALS,
    MISPLACED_CLASS_SWITCH,
    RESOLVED_DUAL_SCAN,
)
from .automatic_updates import automatic_of
from .expected_source import ExpectedSource, address_of
from .finding import Finding, Level
from .policy_values import PolicyValues

# From this build on Windows ignores DisableDualScan (Windows 11, Server 2025).
FIRST_BUILD_WITHOUT_DISABLE_DUAL_SCAN = 22000
_NEEDED = ("WUServer", "WUStatusServer", "UseWUServer")
_ONLY_WITH_WSUS = ("WUStatusServer", "UpdateServiceUrlAlternate", "TargetGroup", "TargetGroupEnabled")
_CLASS_NAMES = {name: name.removeprefix("SetPolicyDrivenUpdateSourceFor") for name in CLASS_SOURCES}
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rules look at. ``build`` is the major build of Windows, where it is known."""

    values: PolicyValues
    expected: ExpectedSource | None
    build: int | None

    @property
    def wsus(self) -> bool:
        """Whether the policy sends the host to a WSUS."""
        return bool(self.values.text("WUServer")) and self.values.on("UseWUServer")

    @property
    def class_policy(self) -> bool:
        """Whether the source is chosen for each class of updates."""
        return self.values.on(CLASS_SWITCH) and all(self.values.has(name) for name in CLASS_SOURCES)


def policy_findings(values: PolicyValues, expected: ExpectedSource | None, build: int | None) -> tuple[Finding, ...]:
    """Return what the values give reason to look at, the worst first."""
    situation = Situation(values, expected, build)
    found = [finding for rule in RULES for finding in (rule(situation),) if finding is not None]
    return tuple(sorted(found, key=lambda finding: finding.level != "conflict"))


def _unreadable(now: Situation) -> Finding | None:
    if now.values.readable:
        return None
    why = "access was denied" if now.values.state == "denied" else "the answer is missing or damaged"
    text = f"The policy of the update agent could not be read ({why}): values that are not shown may be there."
    return Finding("policy_unreadable", "check", text)


def _overridden(now: Situation) -> Finding | None:
    server = address_of(now.values.text("WUServer"))
    if server is None:
        return None
    wanted = [("ConfigMgr has set", now.values.text(CONFIGMGR_SERVER))] if now.values.has(CONFIGMGR_SERVER) else []
    if now.expected is not None and now.expected.address is not None:
        wanted.append(("was expected", now.expected.text))
    for why, url in wanted:
        address = address_of(url)
        if address is not None and address != server:
            text = (
                f"WUServer is {now.values.text('WUServer')}, while {url} {why}: it was overwritten by a higher "
                "authority, as a rule by a Group Policy of the domain (gpresult /h names it)."
            )
            return Finding("gpo_overrides_local", "conflict", text, values=("WUServer",))
    return None


def _without_use(now: Situation) -> Finding | None:
    if not now.values.text("WUServer") or not now.values.off("UseWUServer"):
        return None
    state = "0" if now.values.has("UseWUServer") else "missing"
    text = f"WUServer is set but UseWUServer is {state}: Windows ignores the server and asks Windows Update."
    return Finding("wuserver_without_usewuserver", "conflict", text, values=("WUServer", "UseWUServer"))


def _without_server(now: Situation) -> Finding | None:
    if not now.values.on("UseWUServer") or now.values.text("WUServer") or not now.values.readable:
        return None
    text = "UseWUServer is 1 but WUServer holds no address: searches fail with 0x80244011."
    return Finding("usewuserver_without_wuserver", "conflict", text, values=("UseWUServer", "WUServer"))


def _empty_key(now: Situation) -> Finding | None:
    if now.values.state != "ok" or any(now.values.has(name) for name in _NEEDED):
        return None
    if now.expected is None or not now.expected.managed:
        return None
    text = (
        "The policy key is there but holds none of WUServer, WUStatusServer and UseWUServer: a client that only looks "
        "for the key takes it for done. Run gpupdate and see whether it completes."
    )
    return Finding("key_without_values", "conflict", text, values=_NEEDED)


def _status_server(now: Situation) -> Finding | None:
    server, status = now.values.text("WUServer"), now.values.text("WUStatusServer")
    if not server or (not status and not now.values.readable):
        return None
    if status and (address_of(status) or status.lower()) == (address_of(server) or server.lower()):
        return None
    shown = status or "missing"
    text = f"WUStatusServer is {shown} and WUServer {server}: they must be equal, or the host's results are lost."
    return Finding("status_server_differs", "conflict", text, values=("WUServer", "WUStatusServer"))


def _deferrals(values: PolicyValues) -> tuple[str, ...]:
    """Deferrals that are on: a switch at 1, a period above 0, a branch, or the start of a pause."""
    return tuple(name for name in DEFERRALS if values.number(name) or (values.text(name) and not values.off(name)))


def _dual_scan(now: Situation) -> Finding | None:
    resolved = now.values.number(RESOLVED_DUAL_SCAN)
    if resolved:
        text = "Windows itself says that dual scan is active: it asks Windows Update beside the WSUS."
        return Finding("dual_scan_active", "conflict", text, values=(RESOLVED_DUAL_SCAN,))
    left = _deferrals(now.values)
    if not left or not now.wsus or now.class_policy or resolved == 0:
        return None
    names = ", ".join(left)
    stopped = now.values.on("DisableDualScan")
    if stopped and now.build is not None and now.build < FIRST_BUILD_WITHOUT_DISABLE_DUAL_SCAN:
        return None
    text = f"A deferral is set beside WSUS ({names}), so Windows asks Windows Update as well (dual scan)."
    if not stopped:
        return Finding("dual_scan_active", "conflict", text, values=left)
    ignores = "This Windows ignores DisableDualScan." if now.build else "Windows 11 and Server 2025 ignore it."
    level: Level = "conflict" if now.build else "check"
    text = f"{text} DisableDualScan is set to stop that. {ignores}"
    return Finding("dual_scan_active", level, text, values=(*left, "DisableDualScan"))


def _inert_switch(now: Situation) -> Finding | None:
    if not now.values.on("DisableDualScan") or now.build is None:
        return None
    if now.build < FIRST_BUILD_WITHOUT_DISABLE_DUAL_SCAN:
        return None
    text = "DisableDualScan is set, but Windows 11 and Server 2025 ignore it: choose the source of each class instead."
    return Finding("disable_dual_scan_inert", "check", text, values=("DisableDualScan",))


def _incomplete_classes(now: Situation) -> Finding | None:
    there = tuple(name for name in CLASS_SOURCES if now.values.has(name))
    if not there or len(there) == len(CLASS_SOURCES) or not now.values.readable:
        return None
    missing = tuple(name for name in CLASS_SOURCES if name not in there)
    names = ", ".join(_CLASS_NAMES[name] for name in missing)
    text = f"The source is set for some classes of updates only; missing: {names}. Set all four or none."
    return Finding("class_policy_incomplete", "conflict", text, values=missing)


def _misplaced_classes(now: Situation) -> Finding | None:
    if not now.values.has(MISPLACED_CLASS_SWITCH):
        return None
    if now.values.on(CLASS_SWITCH):
        text = f"{CLASS_SWITCH} stands in the policy key and in its subkey AU; only the latter counts."
        return Finding("class_policy_at_wrong_place", "check", text, values=(MISPLACED_CLASS_SWITCH,))
    text = (
        f"{CLASS_SWITCH} stands in the policy key instead of its subkey AU, where Windows looks for it: the sources "
        "that are set for the classes of updates have no effect."
    )
    return Finding("class_policy_at_wrong_place", "conflict", text, values=(MISPLACED_CLASS_SWITCH,))


def _idle_classes(now: Situation) -> Finding | None:
    there = tuple(name for name in CLASS_SOURCES if now.values.has(name))
    if not there or not now.values.off(CLASS_SWITCH) or now.values.has(MISPLACED_CLASS_SWITCH):
        return None
    text = f"The source is set for classes of updates, but {CLASS_SWITCH} is not 1: it has no effect."
    return Finding("class_policy_off", "check", text, values=(CLASS_SWITCH, *there))


def _classes_from_internet(now: Situation) -> Finding | None:
    if not now.class_policy or now.expected is None or not now.expected.managed:
        return None
    names = tuple(name for name in CLASS_SOURCES if now.values.number(name) == 0)
    if not names:
        return None
    classes = ", ".join(_CLASS_NAMES[name] for name in names)
    text = f"By policy these come from Windows Update and not from the WSUS: {classes}."
    return Finding("class_from_windows_update", "conflict", text, values=names)


def _race(now: Situation) -> Finding | None:
    automatic = automatic_of(now.values)
    if automatic["option"] == 5 and automatic["installs"] == "unknown":
        text = "AUOptions is 5: a local administrator may have chosen that updates install by themselves."
        return Finding("auto_update_will_race_us", "check", text, values=("AUOptions",))
    if automatic["installs"] != "yes":
        return None
    text = f"{automatic['sentence']} It may be at work when a patch run wants to be."
    return Finding("auto_update_will_race_us", "conflict", text, values=("AUOptions", "NoAutoUpdate"))


def _blocked(now: Situation) -> Finding | None:
    name = "DoNotConnectToWindowsUpdateInternetLocations"
    if not now.values.on(name) or not (now.values.off("UseWUServer") or _certainly_without(now, "WUServer")):
        return None
    text = f"{name} is 1 and no WSUS is in effect: the host has no source of updates at all."
    return Finding("internet_blocked_no_wsus", "conflict", text, values=(name, "WUServer", "UseWUServer"))


def _certainly_without(now: Situation, name: str) -> bool:
    return now.values.readable and not now.values.text(name)


def _access_disabled(now: Situation) -> Finding | None:
    if not now.values.on("DisableWindowsUpdateAccess"):
        return None
    text = "DisableWindowsUpdateAccess is 1: calls of the update agent may end with 0x8024002F."
    return Finding("update_access_disabled", "conflict", text, values=("DisableWindowsUpdateAccess",))


def _leftover(now: Situation) -> Finding | None:
    """Where a WSUS is meant only three values are needed; without one, those that speak of a WSUS are left over."""
    policies = [name for name in now.values.names if "\\" not in name]
    meant = now.values.has("WUServer") or now.values.has("UseWUServer")
    if meant or (now.expected is not None and now.expected.managed):
        extra = tuple(name for name in policies if name.lower() not in {word.lower() for word in _NEEDED})
    else:
        only = {word.lower() for word in _ONLY_WITH_WSUS}
        extra = tuple(name for name in policies if name.lower() in only) if now.values.readable else ()
    if not extra:
        return None
    more = f" and {len(extra) - _NAMED} more" if len(extra) > _NAMED else ""
    text = f"Values beyond the three that a WSUS needs; see whether each is meant: {', '.join(extra[:_NAMED])}{more}."
    return Finding("leftover_value", "check", text, values=extra)


RULES: tuple[Callable[[Situation], Finding | None], ...] = (
    _unreadable,
    _overridden,
    _without_use,
    _without_server,
    _empty_key,
    _status_server,
    _dual_scan,
    _inert_switch,
    _incomplete_classes,
    _misplaced_classes,
    _idle_classes,
    _classes_from_internet,
    _race,
    _blocked,
    _access_disabled,
    _leftover,
)
