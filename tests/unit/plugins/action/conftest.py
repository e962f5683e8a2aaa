# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_patch_info against a host in memory, whose time goes by while the task sleeps."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.action.win_patch_info import ActionModule as ScanInfo
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import modules, scan_waiting
from ansible_collections.winops.patching.tests.unit.plugins.action.scanned_host import ScanDoor


@pytest.fixture
def said(monkeypatch):
    """What the person who watches is told: always, and with -v."""
    lines = {"always": [], "verbose": []}
    monkeypatch.setattr(scan_waiting, "say", lines["always"].append)
    monkeypatch.setattr(scan_waiting, "say_if_verbose", lines["verbose"].append)
    return lines


@pytest.fixture
def scan(monkeypatch, said):
    """`scan(host, **options)` runs the door against a host, whose time goes by while the task sleeps."""

    def run(host, *, check_mode=False, variables=None, **options):
        for module in (modules, scan_waiting):
            monkeypatch.setattr(module, "sleep", host.sleep)
        monkeypatch.setattr(scan_waiting, "monotonic", host.monotonic)
        return ScanDoor(ScanInfo, "winops.patching.win_patch_info", host).run(
            check_mode=check_mode, variables=variables, **options
        )

    return run
