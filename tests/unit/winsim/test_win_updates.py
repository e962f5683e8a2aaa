# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.win_updates` by shape: start, the poll that waits for the result, cancel, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from winsim import boot
from winsim.execution import Executor

GUID = "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11"
OTHER = "8c1f7d52-51ab-4b0e-9f2e-6c1f0f6f0d94"
SECURITY = {"id": GUID, "title": "2026-11 Cumulative Update (KB5030216)", "kb": ["5030216"], "revision": 201}
SECURITY["classification"] = "Security Updates"


def call(host, operation: str, **words: object):
    """One call: the outcome, and its answer."""
    args = {"_operation": operation, "state": "searched", **words, "_ansible_module_name": "win_updates"}
    outcome = Executor()(host, "powershell", b"x\0\0\0\0" + json.dumps({"module_args": args}).encode())
    return outcome, json.loads(outcome.stdout)


def searched(host, **words: object) -> tuple[dict[str, object], dict[str, object]]:
    """What the whole search tells: its result and its exit; then the process is cancelled."""
    _, started = call(host, "start", **words)
    _, polled = call(host, "poll", _operation_options=started["poll_options"])
    assert call(host, "cancel", _operation_options=started["cancel_options"])[1] == {"changed": False}
    told = {line["task"]: line["result"] for line in polled["output"]}
    return told.get("search_result", {}), told["exit"]


def test_start_leaves_a_process_and_says_where_to_read_and_how_to_cancel(make_host):
    host = make_host(update_agent={"remote": "denied"})
    _, started = call(host, "start")
    pipe = started["poll_options"]["pipe_name"]
    assert pipe.startswith("Ansible.Windows.WinUpdates-")
    assert started["cancel_options"] == {"cancel_id": f"Global\\{pipe}", "task_pid": host.processes[0].id}
    assert started["changed"] is False
    call(host, "cancel", _operation_options=started["cancel_options"])
    assert host.processes == []


def test_a_poll_waits_until_the_search_is_over_and_the_next_does_not(make_host, wind):
    host = make_host(update_agent={"scan_minutes": 2, "updates": [SECURITY]}, network={"run_ms": 500})
    outcome, started = call(host, "start")
    assert outcome.takes == 0.5
    wind(host, 60)
    outcome, polled = call(host, "poll", _operation_options=started["poll_options"])
    assert outcome.takes == pytest.approx(1.5)
    assert [line["task"] for line in polled["output"]] == ["search_result", "exit"]
    assert call(host, "poll", _operation_options=started["poll_options"])[0].takes == 0.5


def test_the_result_has_the_shape_that_the_action_plugin_reads(make_host):
    drivers = {"id": OTHER, "classification": "Drivers", "hidden": True, "browse_only": True, "impact": "exclusive"}
    host = make_host(update_agent={"updates": [SECURITY, drivers], "reboot_required": True})
    result, ended = searched(host, skip_optional=True)
    first, second = result["updates"]
    assert {word: first[word] for word in ("id", "title", "kb", "categories", "type", "is_installed")} == {
        "id": GUID,
        "title": SECURITY["title"],
        "kb": ["KB5030216"],
        "categories": ["Security Updates"],
        "type": "Software",
        "is_installed": False,
    }
    assert (second["type"], second["impact"], second["is_hidden"]) == ("Driver", "RequiresExclusiveHandling", True)
    assert result["filtered"] == [{"id": OTHER, "reasons": ["hidden", "category_names", "skip_optional"]}]
    assert ended == {"changed": False, "failed": False, "reboot_required": True, "action": None, "exception": None}


FILTERS = [
    ({"accept_list": ["KB503"]}, []),
    ({"accept_list": "nothing like it"}, ["accept_list"]),
    ({"reject_list": ["cumulative"]}, ["reject_list"]),
    ({"category_names": ["Drivers"]}, ["category_names"]),
    ({"category_names": ["*"]}, []),
    ({"category_names": "security updates"}, []),
]


@pytest.mark.parametrize(("words", "reasons"), FILTERS)
def test_updates_are_filtered_with_reasons(make_host, words, reasons):
    result, _ = searched(make_host(update_agent={"updates": [SECURITY]}), **words)
    assert result["filtered"] == ([{"id": GUID, "reasons": reasons}] if reasons else [])


def test_check_mode_says_that_it_would_install(make_host):
    host = make_host(update_agent={"updates": [SECURITY]})
    assert searched(host, state="installed", _ansible_check_mode=True)[1]["changed"] is True
    assert searched(host)[1]["changed"] is False


def test_a_failing_search_ends_with_its_code(make_host):
    host = make_host(update_agent={"search_fails": ["0x8024401F"]})
    result, ended = searched(host)
    assert result == {}
    assert ended["failed"] is True
    assert ended["exception"]["hresult"] == 0x8024401F - 2**32
    assert searched(make_host())[1]["exception"]["hresult"] == 0x80040154 - 2**32


def test_its_own_test_ends_at_once(make_host):
    host = make_host(update_agent={"updates": [SECURITY]})
    _, started = call(host, "test")
    outcome, polled = call(host, "poll", _operation_options=started["poll_options"])
    assert ([line["task"] for line in polled["output"]], outcome.takes) == (["exit"], 0)


def test_what_is_not_emulated_is_refused(make_host):
    host = make_host(update_agent={})
    assert "nothing else" in call(host, "start", state="installed")[1]["msg"]
    assert "value of server_selection must be one of" in call(host, "start", server_selection="x")[1]["msg"]
    assert "operation pause" in call(host, "pause")[1]["msg"]
    assert call(host, "poll")[1]["failed"] is True


def test_a_boot_ends_the_process_and_closes_the_pipe(make_host):
    host = make_host(update_agent={})
    _, started = call(host, "start")
    boot.carry_out(host, "test", datetime(2026, 11, 18, 4, 0, tzinfo=UTC))
    assert host.processes == []
    assert "pipe" in call(host, "poll", _operation_options=started["poll_options"])[1]["msg"]
