# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The inventory that leads Ansible to the simulated hosts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from .statefile import write_atomically
from .wire.endpoint import LOOPBACK, Endpoint


def write_inventory(file: Path, endpoints: Sequence[Endpoint], trusted: Path | None = None) -> None:
    """A group `windows` with every host, listening or not, and those that hosts name. Only its owner may read it.

    `trusted` is the certificate of the authority that hosts on HTTPS are checked against.
    """
    groups = {"windows": {"hosts": {each.host.name: _variables(each, trusted) for each in endpoints}}}
    for each in endpoints:
        for group in each.host.groups:
            groups.setdefault(group, {"hosts": {}})["hosts"][each.host.name] = {}
    file.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(groups, sort_keys=False, allow_unicode=True)
    write_atomically(file, f"---\n# Written by winsim; valid while it runs.\n{text}", mode=0o600)


def _variables(endpoint: Endpoint, trusted: Path | None) -> dict[str, object]:
    """A closed port refuses at once, so no host needs a time-out of its own; a proxy for 127.0.0.1 is never wanted."""
    network = endpoint.host.network
    basic = "basic" in network.auth and (network.https or "ntlm" not in network.auth)
    variables: dict[str, object] = {
        "ansible_host": LOOPBACK,
        "ansible_port": endpoint.port.number,
        "ansible_connection": "winrm",
        "ansible_winrm_scheme": "https" if network.https else "http",
        "ansible_winrm_proxy": None,
        "ansible_winrm_transport": "basic" if basic else "ntlm",
        "ansible_user": endpoint.account.user,
        "ansible_password": endpoint.account.password,
    }
    if network.https:
        variables.update(ansible_winrm_server_cert_validation="validate", ansible_winrm_ca_trust_path=str(trusted))
    return variables
