# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where a host shows that somebody else installs updates on it, too.

ConfigMgr: its SDK (CCM_SoftwareUpdate: Deadline, EvaluationState, OverrideServiceWindows). Cluster-aware updating: the
resource type that the header of the cluster API names CLUS_RESTYPE_NAME_CAU, in MSCluster_Resource. Mobile device
management: AllowAutoUpdate of the Update policies, below PolicyManager. Services: the names that the products'
installers give them; a service that runs can patch, and does not say whether it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .catalogue import PROBES
from .update_policy import PROBES as POLICY_PROBES

CAU_TYPE = "ClusterAwareUpdatingResource"
MDM_UPDATE, CLUSTER_SERVICE, CAU_ROLE, EXTENSIONS = "mdm_update", "cluster_service", "cau_role", "extensions"
CONFIGMGR_DEPLOYMENTS, CONFIGMGR_SERVICE = "ccm_deployments", "ccm_service"

# Service name to (product, how it patches).
EXTENSION_SERVICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AmazonSSMAgent": ("AWS Systems Manager", "Patch Manager runs through it"),
        "BESClient": ("HCL BigFix", "fixlets run through it"),
        "ExtensionService": ("Azure Arc", "Azure Update Manager installs through its extensions"),
        "IntuneManagementExtension": ("Microsoft Intune", "scripts and applications are installed through it"),
        "Tanium Client": ("Tanium", "Tanium Patch runs through it"),
        "WindowsAzureGuestAgent": (
            "the Azure guest agent",
            "automatic guest patching and Azure Update Manager install through its extensions",
        ),
    }
)

PREFLIGHT_PROBES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        **{name: POLICY_PROBES[name] for name in ("wu_policy", "wu_policy_au")},
        MDM_UPDATE: MappingProxyType(
            {
                "kind": "registry",
                "path": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\Update",
                "values": ["AllowAutoUpdate"],
            }
        ),
        CONFIGMGR_SERVICE: PROBES["ccm_service"],
        CONFIGMGR_DEPLOYMENTS: MappingProxyType(
            {
                "kind": "cim_query",
                "namespace": "root\\ccm\\ClientSDK",
                "class": "CCM_SoftwareUpdate",
                "properties": ["ArticleID", "Name", "EvaluationState", "Deadline", "OverrideServiceWindows"],
            }
        ),
        CLUSTER_SERVICE: MappingProxyType({"kind": "service", "names": ["ClusSvc"]}),
        CAU_ROLE: MappingProxyType(
            {
                "kind": "cim_query",
                "namespace": "root\\MSCluster",
                "class": "MSCluster_Resource",
                "filter": f"Type='{CAU_TYPE}'",
                "properties": ["Name", "State", "Type"],
            }
        ),
        EXTENSIONS: MappingProxyType({"kind": "service", "names": sorted(EXTENSION_SERVICES)}),
    }
)


def probes_of_preflight() -> list[dict[str, Any]]:
    """Return the probes as the reader takes them."""
    return [{"id": name, **options} for name, options in PREFLIGHT_PROBES.items()]
