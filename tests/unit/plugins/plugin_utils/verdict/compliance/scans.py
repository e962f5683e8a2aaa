# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scans for tests: a healthy one, its updates, and the two cases of the article about pending reboots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    Compliance,
    patch_compliance,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    flags,
    ok,
    queue,
    value,
)

SCANNED = "2026-11-18T00:00:00Z"
OLD_SCAN = "2026-11-10T03:19:00Z"
BEFORE_BOOT = "2026-11-01T03:00:00Z"
NOW = "2026-11-18T04:00:00Z"
ID = "9306cdfc-c4a1-4a22-9996-848cb67eddc3"
OTHER = "0d841d92-dcfd-42d0-99cc-da46abbfb86c"
THIRD = "38942b2d-e662-490b-8a67-d69bb73d28e3"
KB = "902400"
SECURITY = {"classification": "Security Updates", "classification_id": "0fa1201d-4330-4fa8-8ae9-b877473b6441"}

TARGET = "C:\\WINDOWS\\system32\\clbcatq.dll"
SOURCE = "C:\\WINDOWS\\system32\\SET31.tmp"
ENTRY = {"operation": "replace", "source": SOURCE, "target": TARGET}
RULE = {"update": ID, "path": TARGET, "min_version": "10.0.0.0"}
FILES = {
    TARGET: {"version": "9.0.0.0", "sha256": "a" * 64, "state": "ok"},
    SOURCE: {"version": "10.0.0.0", "sha256": "b" * 64, "state": "ok"},
}


def update(name: str = ID, *, installed: Any = True, **words: Any) -> dict[str, Any]:
    """One update of a scan; installed unless told otherwise."""
    return {
        "id": name,
        "revision": 101,
        "kb": [KB] if name == ID else ["961501"] if name == OTHER else [],
        "title": f"Security Update ({name[:8]})",
        **SECURITY,
        "type": "software",
        "installed": installed,
        "hidden": False,
        "reboot_required": False,
        **words,
    }


def scan(*updates: Any, **top: Any) -> dict[str, Any]:
    """A finished scan of these updates, of one installed update without any."""
    return {
        "schema": "winops.patching/scan/1",
        "host": "web01",
        "scanned_at": SCANNED,
        "complete": True,
        "boot_time": "2026-11-01T03:12:00Z",
        "source": {"server_selection": "default", "managed": True, "server": "https://wsus.example:8531"},
        "coverage": ["all"],
        "files": {},
        "queue": [],
        "updates": list(updates) if updates else [update()],
        "reboot_required_updates": [],
        "reboot_required": False,
        "reboot_required_before_installation": False,
        "history": [],
        "errors": [],
        "warnings": [],
        **top,
    }


def judged(scanned: Any, evidence: Any = None, policy: Any = None, judge: str = "winops", **how: Any) -> Compliance:
    """The answer, with a healthy host's evidence unless told otherwise."""
    return patch_compliance(scanned, document() if evidence is None else evidence, policy, judge, **how)


def state_of(answer: Compliance, name: str = ID) -> str:
    """The state of one update."""
    return answer.updates[name].state


def under_key(*names: str) -> dict[str, Any]:
    """The answer about the agent's RebootRequired key with these ids."""
    return ok(values={name: value(1) for name in names})


def attempt(name: str = ID, result: str = "failed", hresult: str = "0x80070643", **words: Any) -> dict[str, Any]:
    """One line of the history."""
    return {
        "at": "2026-11-17T22:00:00Z",
        "operation": "install",
        "result": result,
        "hresult": hresult,
        "title": "an update",
        "id": name,
        "revision": 101,
        "client": "AutomaticUpdates",
        "source": "managed_server",
        **words,
    }


QUEUE_PROBE: Mapping[str, Any] = queue("\\??\\" + SOURCE, "!\\??\\" + TARGET)


def run_by_hand(**top: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The article's first case: the package was run by hand, the host was not rebooted. No id stands anywhere."""
    probes = {"session_manager": QUEUE_PROBE, "update_exe": flags(2)}
    return scan(update(), queue=[ENTRY], files=FILES, **top), document(probes)


def installed_by_agent(**top: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The second case: the update agent installed it, it answered 3010, so its id stands under RebootRequired."""
    probes = {"session_manager": QUEUE_PROBE, "wu_reboot_required": under_key(ID)}
    return scan(update(), queue=[ENTRY], files=FILES, **top), document(probes)
