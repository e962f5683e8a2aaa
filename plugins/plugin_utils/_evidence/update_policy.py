# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where the policies of the update agent stand on a host, and how what was read becomes the ``policy`` of a scan.

Places and names: Microsoft's article on Windows Update client policies with Configuration Manager, and the list of WSUS
group policies. ``Policies`` is one key for both registry views.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from .answers import Answer, Reading, answer_of, value_of
from .wording import printable

_POLICY_KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate"
_STATE_KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\WindowsUpdate\\UpdatePolicy\\PolicyState"
_SOURCE_CLASS = "CCM_UpdateSource"
_STATE_PLACE = "PolicyState"

# Names that Windows heeds in the subkey AU only.
AU_NAMES = (
    "UseWUServer",
    "NoAutoUpdate",
    "AUOptions",
    "ScheduledInstallDay",
    "ScheduledInstallTime",
    "NoAutoRebootWithLoggedOnUsers",
    "AlwaysAutoRebootAtScheduledTime",
    "AlwaysAutoRebootAtScheduledTimeMinutes",
    "RebootRelaunchTimeout",
    "RebootRelaunchTimeoutEnabled",
    "RebootWarningTimeout",
    "RebootWarningTimeoutEnabled",
    "RescheduleWaitTime",
    "RescheduleWaitTimeEnabled",
    "IncludeRecommendedUpdates",
    "DetectionFrequency",
    "DetectionFrequencyEnabled",
    "UseUpdateClassPolicySource",
)
DEFERRALS = (
    "DeferFeatureUpdates",
    "DeferFeatureUpdatesPeriodInDays",
    "DeferQualityUpdates",
    "DeferQualityUpdatesPeriodInDays",
    "PauseFeatureUpdates",
    "PauseFeatureUpdatesStartTime",
    "PauseQualityUpdates",
    "PauseQualityUpdatesStartTime",
    "BranchReadinessLevel",
)
CLASS_SOURCES = (
    "SetPolicyDrivenUpdateSourceForDriverUpdates",
    "SetPolicyDrivenUpdateSourceForFeatureUpdates",
    "SetPolicyDrivenUpdateSourceForQualityUpdates",
    "SetPolicyDrivenUpdateSourceForOtherUpdates",
)
# Names that Windows heeds in the key above it only.
KEY_NAMES = (
    "WUServer",
    "WUStatusServer",
    "UpdateServiceUrlAlternate",
    "TargetGroup",
    "TargetGroupEnabled",
    "ElevateNonAdmins",
    "AcceptTrustedPublisherCerts",
    "DisableWindowsUpdateAccess",
    "DoNotConnectToWindowsUpdateInternetLocations",
    "DisableDualScan",
    "ExcludeWUDriversInQualityUpdate",
    "TargetReleaseVersion",
    "TargetReleaseVersionInfo",
    "ProductVersion",
    *DEFERRALS,
    *CLASS_SOURCES,
)
# The registry ignores case; what is judged later does not have to.
_SPELLED = {name.lower(): name for name in (*AU_NAMES, *KEY_NAMES)}
_RESOLVED = ("WUServer", "UseWUServer", "IsDeferralIsActive", "IsWUfBDualScanActive")

# What is asked of the host with every scan, by probe id. All values are read: one more than the usual is a finding.
PROBES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "wu_policy": MappingProxyType({"kind": "registry", "path": _POLICY_KEY}),
        "wu_policy_au": MappingProxyType({"kind": "registry", "path": f"{_POLICY_KEY}\\AU"}),
        "wu_policy_state": MappingProxyType({"kind": "registry", "path": _STATE_KEY, "values": list(_RESOLVED)}),
        "ccm_update_source": MappingProxyType(
            {"kind": "cim_query", "namespace": "root\\ccm\\SoftwareUpdates\\WUAHandler", "class": _SOURCE_CLASS}
        ),
    }
)
RESOLVED_DUAL_SCAN = f"{_STATE_PLACE}\\IsWUfBDualScanActive"
RESOLVED_DEFERRAL = f"{_STATE_PLACE}\\IsDeferralIsActive"
CONFIGMGR_SERVER = f"{_SOURCE_CLASS}\\ContentLocation"
CLASS_SWITCH = "UseUpdateClassPolicySource"
MISPLACED_CLASS_SWITCH = f"WindowsUpdate\\{CLASS_SWITCH}"

MAX_VALUES = 100
MAX_TEXT = 500


def probes_of_update_policy() -> list[dict[str, Any]]:
    """Return the probes as the reader takes them."""
    return [{"id": name, **options} for name, options in PROBES.items()]


def read_update_policy(probes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{policy: {name: value}, policy_state: ok|absent|denied|error}`` of the reader's answers to PROBES.

    ``policy`` holds what is there, by the value's name, as it was read. Three kinds of names bear their place: what
    stands where Windows does not look for it (``WindowsUpdate\\UseUpdateClassPolicySource``, ``AU\\WUServer``), the
    resolved state (``PolicyState\\...``), and the server that ConfigMgr wants (``CCM_UpdateSource\\ContentLocation``).
    Where one of the two policy keys could not be read the state says so, and a missing value is no answer; resolved
    state and ConfigMgr are extras that change nothing about the state.
    """
    key, automatic = answer_of(probes, "wu_policy"), answer_of(probes, "wu_policy_au")
    policy: dict[str, Any] = {}
    for answer, place, elsewhere in ((key, "WindowsUpdate", AU_NAMES), (automatic, "AU", KEY_NAMES)):
        for name, value in _values(answer):
            policy[f"{place}\\{name}" if name in elsewhere or name in policy else name] = value
    resolved = answer_of(probes, "wu_policy_state")
    policy.update((f"{_STATE_PLACE}\\{name}", value) for name, value in _values(resolved))
    policy.update(_configmgr_server(answer_of(probes, "ccm_update_source")))
    return {"policy": policy, "policy_state": _state((key, automatic))}


def _values(answer: Answer) -> Iterator[tuple[str, Any]]:
    values = answer.data.get("values") if answer.reading is Reading.FOUND else None
    if not isinstance(values, Mapping):
        return
    # A key full of other values must not push out one that is judged.
    for name in sorted(values, key=lambda name: str(name).lower() not in _SPELLED)[:MAX_VALUES]:
        shown = printable(str(name)[:MAX_TEXT])
        yield _SPELLED.get(shown.lower(), shown), _bounded(value_of(answer.data, str(name))[2])


def _bounded(data: object) -> object:
    if isinstance(data, str):
        return printable(data[:MAX_TEXT])
    if isinstance(data, list):
        return [_bounded(item) for item in data[:MAX_VALUES]]
    return data if isinstance(data, (bool, int, float, type(None))) else printable(str(data)[:MAX_TEXT])


def _configmgr_server(answer: Answer) -> dict[str, Any]:
    instances = answer.data.get("instances") if answer.reading is Reading.FOUND else None
    for instance in instances if isinstance(instances, list) else ():
        location = instance.get("ContentLocation") if isinstance(instance, Mapping) else None
        if isinstance(location, str) and location.strip():
            return {CONFIGMGR_SERVER: _bounded(location)}
    return {}


def _state(answers: tuple[Answer, ...]) -> str:
    refused = [answer for answer in answers if answer.reading in (Reading.UNKNOWN, Reading.NOT_ASKED)]
    if any(answer.reason.startswith("access denied") for answer in refused):
        return "denied"
    damaged = [
        answer
        for answer in answers
        if answer.reading is Reading.FOUND and not isinstance(answer.data.get("values"), Mapping)
    ]
    if refused or damaged:
        return "error"
    return "ok" if any(answer.reading is Reading.FOUND for answer in answers) else "absent"
