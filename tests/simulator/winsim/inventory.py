# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The inventory that leads Ansible to the simulated hosts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from .statefile import write_atomically
from .wire.endpoint import LOOPBACK, Endpoint


def write_inventory(file: Path, endpoints: Iterable[Endpoint], trusted: Path | None = None) -> None:
    """One group `windows` with every host, listening or not. Readable by its owner only: passwords are in it.

    `trusted` is the certificate of the authority that hosts on HTTPS are checked against.
    """
    hosts = {endpoint.host.name: _variables(endpoint, trusted) for endpoint in endpoints}
    file.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"windows": {"hosts": hosts}}, sort_keys=False, allow_unicode=True)
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
