# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How a package is run: which program, with which command line, as whom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .package import Package

# From this build on an update is a UUP package, which DISM takes together with the checkpoints that lie beside it.
UUP_BUILD = 26100
_BUILD = re.compile(r"[0-9]{4,6}")


@dataclass(frozen=True, slots=True)
class Run:
    """Options of ansible.windows.win_package. ``as_system``: wusa refuses what comes over the network."""

    path: str
    arguments: str | tuple[str, ...]
    provider: str
    product_id: str | None
    checksum: str | None
    expected: tuple[int, ...]
    as_system: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "path": self.path,
            "arguments": self.arguments if isinstance(self.arguments, str) else list(self.arguments),
            "provider": self.provider,
            "product_id": self.product_id,
            "checksum": self.checksum,
            "expected_return_code": list(self.expected),
            "as_system": self.as_system,
        }


def build_number(text: object) -> int | None:
    """Return 20348 of "20348.2700", None where there is none."""
    found = _BUILD.match(text) if isinstance(text, str) else None
    return int(found[0]) if found else None


def way_to_run(package: Package, *, build: int | None, root: str) -> Run | None:
    """Return how it is run, None where the build decides and is not known."""
    if package.kind in ("msi", "exe"):
        provider = "msi" if package.kind == "msi" else "registry"
        return Run(package.path, package.arguments, provider, package.product_id, package.file.sha256, package.expected)
    if package.kind == "msu" and build is None:
        return None
    if package.kind == "msu" and build is not None and build < UUP_BUILD:
        command = f'"{package.path}" /quiet /norestart'
        return Run(f"{root}\\System32\\wusa.exe", command, "registry", None, None, package.expected, as_system=True)
    command = f'/Online /English /Quiet /NoRestart /Add-Package /PackagePath:"{package.path}"'
    return Run(f"{root}\\System32\\dism.exe", command, "registry", None, None, package.expected)
