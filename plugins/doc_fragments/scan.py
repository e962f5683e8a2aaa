# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a scan of the update agent may be asked."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of win_patch_info and win_patch_job."""

    DOCUMENTATION = r"""
options:
  criteria:
    description:
      - The search in the update agent's own grammar. C(or) joins groups at the top only.
      - By default everything that is needed, installed or waits for a reboot, hidden updates too.
      - A scan with other criteria knows less than all, and no baseline takes it for the whole truth.
    type: str
  server_selection:
    description:
      - Where the agent searches. V(default) is the managed server where policy names one, else Windows Update.
      - V(service) needs O(service_id).
    type: str
    choices: [default, managed_server, windows_update, microsoft_update, service]
    default: default
  service_id:
    description: The id of a service that is registered with the agent, for O(server_selection=service).
    type: str
  scan_cab:
    description:
      - An offline catalogue (C(wsusscn2.cab)) to search in, as a local path of the host. Copy it there first.
      - It knows security updates only. The date inside the file is checked and reported, and the service that the scan
        adds to the agent for it is removed in any case.
    type: str
  catalog_max_age:
    description: How old the catalogue of O(scan_cab) may be by the date inside it, in whole days such as V(40d).
    type: str
  online:
    description:
      - Whether the search asks the server. V(false) looks only at what the agent has in its local store.
      - With V(auto) the local store is searched where the server fails after several attempts. Such a scan is not
        complete.
    type: str
    choices: [auto, "true", "false"]
    default: auto
  history:
    description: How many entries of the agent's history to read, the newest first, at most 10000.
    type: int
    default: 200
  jitter:
    description:
      - Over which time the scans of many hosts are spread, at most V(5m), because a thousand at once bring an update
        server down. How long one host waits follows from its name and is always the same. V(0) does not wait.
      - By default one second for each host of the play.
    type: str
"""
