# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the end of an installer means: its exit code, or why there is none."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._explain.package_end import end_of_run
from ansible_collections.winops.patching.plugins.plugin_utils._plan.packages.package import parse_package

MSI = {"path": "C:\\install\\runtime.msi", "sha256": "ab" * 32}


class TestEnd:
    """What an exit code means."""

    @pytest.mark.parametrize(
        ("run", "state"),
        [
            ({"changed": True, "rc": 0}, "installed"),
            ({"changed": False, "rc": 0}, "already"),
            ({"changed": True, "rc": 3010}, "pending_reboot"),
            ({"changed": True, "rc": 1641, "msg": "unexpected rc"}, "pending_reboot"),
            ({"changed": True, "rc": 2359301, "msg": "unexpected rc"}, "pending_reboot"),
            ({"changed": True, "rc": 2359302, "msg": "unexpected rc"}, "already"),
            ({"changed": True, "rc": 3011, "msg": "unexpected rc"}, "installed"),
            ({"changed": True, "rc": 1618, "msg": "unexpected rc"}, "retry"),
            ({"changed": True, "rc": -2145124330, "msg": "unexpected rc"}, "retry"),
            ({"changed": True, "rc": -2145124329, "msg": "unexpected rc"}, "refused"),
            ({"changed": True, "rc": 1603, "msg": "unexpected rc"}, "failed"),
            ({"changed": True, "rc": 5, "msg": "unexpected rc"}, "failed"),
            ({"changed": True, "rc": 123456, "msg": "unexpected rc"}, "failed"),
            ({"changed": True, "rc": 1604, "msg": "unexpected rc"}, "failed"),
            ({"changed": False, "rc": 0, "msg": "The checksum for x did not match"}, "refused"),
            ({"changed": False, "rc": 0, "msg": "Authenticode check failed"}, "failed"),
            ({"changed": False, "msg": "Unhandled exception"}, "failed"),
            ({"rc": "x", "msg": "odd"}, "failed"),
            ({"unreachable": True, "msg": "gone", "changed": False}, "unknown"),
            (None, "unknown"),
        ],
    )
    def test_a_result_means_what_its_code_and_message_say(self, run, state):
        assert end_of_run(parse_package(MSI), run).state == state

    def test_an_exit_code_that_was_named_as_expected_is_a_success(self):
        package = parse_package({**MSI, "expected_return_code": [0, 17]})
        assert end_of_run(package, {"changed": True, "rc": 17}).state == "installed"
