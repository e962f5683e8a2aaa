# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`winsim serve --while FILE`: how somebody ends a simulator without knowing its process."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from winsim.testing import PACKAGE_PARENT, write_hosts


def test_a_simulator_serves_while_its_file_is_there_and_ends_in_order_when_it_is_gone(tmp_path):
    hosts = write_hosts({"web01": {"os": {}}}, tmp_path / "hosts")
    held, inventory = tmp_path / "running", tmp_path / "inventory.yml"
    held.touch()
    command = [sys.executable, "-m", "winsim", "serve", str(hosts), "--inventory", str(inventory), "--while", str(held)]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_PARENT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        try:
            until = time.monotonic() + 20
            while not inventory.exists() and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(0.5)
            assert process.poll() is None, "it has ended although the file is there"
            held.unlink()
            assert process.wait(10) == 0
        finally:
            process.kill()
