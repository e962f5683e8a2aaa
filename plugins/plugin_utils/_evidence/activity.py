# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where a host shows that something is being installed right now."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .catalogue import PROBES

# Also the id under which a verdict lists it among what is busy. It is no signal: no saved policy may name it.
AGENT_BUSY = "agent_busy"
AGENT_BUSY_TITLE = "The update agent is at work"
CONFIGMGR_UPDATES = "ccm_updates"

# Programs that install. The first two come and go with their work; the next two stay for minutes after it.
WORKERS = ("TiWorker", "wusa")
LINGERING = ("msiexec", "TrustedInstaller")
SETUPS = ("setup", "SetupHost", "SetupPrep", "ExSetup", "ExSetupUI")

# CCM_SoftwareUpdate.EvaluationState, ConfigMgr's SDK: 6 waits for its turn, 7 installs, 11 verifies.
CONFIGMGR_WAITS, CONFIGMGR_WORKS = (6,), (7, 11)

ACTIVITY_PROBES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "cbs_reboot_in_progress": PROBES["cbs_reboot_in_progress"],
        "cbs_interface": PROBES["cbs_interface"],
        "running_job": PROBES["running_job"],
        # The judges of the reboot find their processes in the same list.
        "processes": MappingProxyType({"kind": "process", "names": [*WORKERS, *LINGERING, *SETUPS, "powershell"]}),
        "msi_mutex": PROBES["msi_mutex"],
        AGENT_BUSY: MappingProxyType(
            {"kind": "com_property", "progid": "Microsoft.Update.Installer", "property": "IsBusy"}
        ),
        "ccm_service": PROBES["ccm_service"],
        CONFIGMGR_UPDATES: MappingProxyType(
            {
                "kind": "cim_query",
                "namespace": "root\\ccm\\ClientSDK",
                "class": "CCM_SoftwareUpdate",
                "filter": "EvaluationState>=6 AND EvaluationState<=11",
                "properties": ["ArticleID", "Name", "EvaluationState", "StartTime"],
            }
        ),
    }
)


def probes_of_activity() -> list[dict[str, Any]]:
    """Return the probes as the reader takes them."""
    return [{"id": name, **options} for name, options in ACTIVITY_PROBES.items()]
