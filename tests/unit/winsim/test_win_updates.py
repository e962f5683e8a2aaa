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
    """One call: how it begins, and its answer as far as it is there at once."""
    args = {"_operation": operation, "state": "searched", **words, "_ansible_module_name": "win_updates"}
    outcome = Executor()(host, "powershell", b"x\0\0\0\0" + json.dumps({"module_args": args}).encode())
    return outcome, json.loads(outcome.stdout or "null")


@pytest.fixture
def searched(wind):
    """`searched(host, …)`: what a whole run of a search tells, its result and its exit; then it is cancelled."""

    def run(host, **words: object) -> tuple[dict[str, object], dict[str, object]]:
        told = {line["task"]: line["result"] for _at, line in _followed(wind, host, **words)}
        return told.get("search_result", {}), told["exit"]

    return run


@pytest.fixture
def installed(wind):
    """`installed(host, …)`: every line that a run tells, each with the host's minute in which its poll ended."""

    def run(host, **words: object):
        return _followed(wind, host, **{"state": "installed", "category_names": ["*"], **words})

    return run


def _followed(wind, host, **words: object):
    begun = host.clock.steady()
    _, started = call(host, "start", **words)
    told = []
    while not told or told[-1][1]["task"] != "exit":
        lines = polled(wind, host, started)["output"]
        told += [((host.clock.steady() - begun).total_seconds() / 60, line) for line in lines]
    assert call(host, "cancel", _operation_options=started["cancel_options"])[1] == {"changed": False}
    return told


def polled(wind, host, started):
    """One poll to its end, however long that takes."""
    outcome, answer = call(host, "poll", _operation_options=started["poll_options"])
    while outcome.later is not None:
        wind(host, outcome.takes * host.clock.factor)
        outcome = outcome.later()
        answer = json.loads(outcome.stdout or "null")
    return answer


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
    outcome, answer = call(host, "poll", _operation_options=started["poll_options"])
    assert (outcome.takes, answer) == (pytest.approx(1.5), None)
    assert [line["task"] for line in polled(wind, host, started)["output"]] == ["search_result", "exit"]
    outcome, again = call(host, "poll", _operation_options=started["poll_options"])
    assert ([line["task"] for line in again["output"]], outcome.takes) == (["exit"], 0.5)


def test_the_result_has_the_shape_that_the_action_plugin_reads(searched, make_host):
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
    ({"category_names": ["SecurityUpdates"]}, []),
]


@pytest.mark.parametrize(("words", "reasons"), FILTERS)
def test_updates_are_filtered_with_reasons(searched, make_host, words, reasons):
    result, _ = searched(make_host(update_agent={"updates": [SECURITY]}), **words)
    assert result["filtered"] == ([{"id": GUID, "reasons": reasons}] if reasons else [])


def test_check_mode_says_that_it_would_install(searched, make_host):
    host = make_host(update_agent={"updates": [SECURITY]})
    assert searched(host, state="installed", _ansible_check_mode=True)[1]["changed"] is True
    assert searched(host)[1]["changed"] is False


def test_a_failing_search_ends_with_its_code(searched, make_host):
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
    assert "async" in call(host, "start", _operation_options={"wait": True})[1]["msg"]
    assert "value of server_selection must be one of" in call(host, "start", server_selection="x")[1]["msg"]
    assert "value of state must be one of" in call(host, "start", state="removed")[1]["msg"]
    assert "operation pause" in call(host, "pause")[1]["msg"]
    assert call(host, "poll")[1]["failed"] is True


def test_a_boot_ends_the_process_and_closes_the_pipe(make_host):
    host = make_host(update_agent={})
    _, started = call(host, "start")
    boot.carry_out(host, "test", datetime(2026, 11, 18, 4, 0, tzinfo=UTC))
    assert host.processes == []
    assert "pipe" in call(host, "poll", _operation_options=started["poll_options"])[1]["msg"]


def made(number: int, **words: object) -> dict[str, object]:
    """An update of ten minutes."""
    return {"id": f"00000000-0000-0000-0000-{number:012d}", "kb": [str(5000000 + number)], "run_minutes": 10, **words}


def percent(line) -> int:
    """How far all of it is, as the action plugin shows it."""
    return line["result"]["progress"]["PercentComplete"]


def results(told, task: str) -> list[tuple[str, int, int]]:
    """The number of each update, its result and its code as the action plugin shows it."""
    (found,) = [line["result"]["info"] for _at, line in told if line["task"] == task]
    return [(one["id"][-1], one["result_code"], one["hresult"] & 0xFFFFFFFF) for one in found]


def test_an_installation_takes_the_time_of_its_updates_and_tells_of_each(installed, make_host):
    host = make_host(update_agent={"scan_minutes": 1, "updates": [made(1), made(2, downloaded=True)]})
    told = installed(host)
    installs = [(minute, percent(line)) for minute, line in told if line["task"] == "install"]
    assert [(round(minute, 2), at) for minute, at in installs] == [
        *((1.12, 0), (3.62, 12), (6.12, 25), (8.62, 37), (11.12, 50)),
        *((11.12, 50), (13.62, 62), (16.12, 75), (18.62, 87), (21.1, 100)),
    ]
    names = [line["task"] for _at, line in told]
    assert names == [
        "search_result",
        *["download"] * 5,
        "download_result",
        *["install"] * 10,
        "install_result",
        "exit",
    ]
    assert results(told, "download_result") == [("1", 2, 0)]
    assert results(told, "install_result") == [("1", 2, 0), ("2", 2, 0)]
    assert told[-1][1]["result"] == {
        "changed": True,
        "failed": False,
        "reboot_required": False,
        "action": None,
        "exception": None,
    }


def test_what_is_installed_stands_in_the_log_and_in_the_history_under_its_name(installed, make_host):
    host = make_host(update_agent={"updates": [made(1)]})
    installed(host)
    assert [(entry["event"], entry["result"]) for entry in host.log] == [("install", "ok")]
    assert [entry["client"] for entry in host.update_agent.history] == ["ansible.windows.win_updates"]
    assert host.update_agent.updates[0]["installed"] is True


def test_one_failing_update_does_not_stop_the_next_but_fails_the_run(installed, make_host):
    updates = [made(1, result="fail:0x80070643"), made(2, reboot_behavior="always_requires")]
    told = installed(make_host(update_agent={"updates": updates}))
    assert results(told, "install_result") == [("1", 4, 0x80070643), ("2", 2, 0)]
    ended = told[-1][1]["result"]
    assert (ended["failed"], ended["changed"], ended["reboot_required"]) == (True, True, True)
    assert ended["exception"]["message"] == "Failed to install all updates - see updates for more information"
    assert "hresult" not in ended["exception"]


def test_a_failing_download_ends_the_run_before_anything_is_installed(installed, make_host):
    host = make_host(update_agent={"updates": [made(1, download="fail:0x80240034"), made(2)]})
    told = installed(host)
    assert results(told, "download_result") == [("1", 4, 0x80240034), ("2", 2, 0)]
    assert "Failed to download all updates" in told[-1][1]["result"]["exception"]["message"]
    assert host.log == []


def test_downloading_alone_installs_nothing(installed, make_host):
    host = make_host(update_agent={"updates": [made(1, size=700)]})
    told = installed(host, state="downloaded")
    assert [line["task"] for _at, line in told] == [*["search_result"], *["download"] * 5, "download_result", "exit"]
    assert [percent(line) for _at, line in told[1:6]] == [0, 25, 50, 75, 100]
    assert told[-1][1]["result"]["changed"] is True
    assert (host.log, host.update_agent.updates[0]["downloaded"]) == ([], True)


def test_what_is_filtered_is_neither_downloaded_nor_installed(installed, make_host):
    host = make_host(update_agent={"updates": [made(1), made(2, hidden=True)]})
    told = installed(host, reject_list=["KB5000001"])
    assert [line["task"] for _at, line in told] == ["search_result", "exit"]
    reasons = {entry["id"][-1]: entry["reasons"] for entry in told[0][1]["result"]["filtered"]}
    assert reasons == {"1": ["reject_list"], "2": ["hidden"]}
    assert told[-1][1]["result"]["changed"] is False


def test_nothing_is_installed_while_a_reboot_waits(installed, make_host):
    host = make_host(update_agent={"updates": [made(1)], "reboot_required": True})
    ended = installed(host)[-1][1]["result"]
    assert (ended["failed"], ended["reboot_required"], ended["changed"]) == (True, True, False)
    assert ended["exception"]["message"] == "A reboot is required before more updates can be installed"


def test_an_agent_that_installs_already_refuses_with_its_code(installed, make_host):
    ended = installed(make_host(update_agent={"updates": [made(1, downloaded=True)], "busy": True}))[-1][1]["result"]
    assert ended["exception"]["hresult"] == 0x80240016 - 2**32
    assert ended["exception"]["message"].startswith("Installing updates: ")


def test_terms_are_accepted_and_where_they_cannot_be_the_run_fails(installed, make_host):
    host = make_host(update_agent={"updates": [made(1, eula_accepted=False)]})
    assert installed(host)[-1][1]["result"]["failed"] is False
    host = make_host(update_agent={"updates": [made(1, eula_accepted=False, refuses_eula=True)]})
    told = installed(host)
    assert ([line["task"] for _at, line in told], host.log) == (["exit"], [])
    assert told[-1][1]["result"]["exception"]["hresult"] == 0x80240023 - 2**32


def test_a_reboot_that_an_update_asks_for_is_told_at_the_end_and_completes_it(installed, make_host):
    host = make_host(update_agent={"updates": [made(1, reboot_behavior="always_requires")]})
    assert installed(host)[-1][1]["result"]["reboot_required"] is True
    boot.carry_out(host, "test", datetime(2026, 11, 18, 4, 0, tzinfo=UTC))
    assert installed(host)[-1][1]["result"] == {
        "changed": False,
        "failed": False,
        "reboot_required": False,
        "action": None,
        "exception": None,
    }


def test_after_a_cancel_the_update_that_was_begun_is_finished_and_no_other_begun(make_host, wind):
    host = make_host(update_agent={"scan_minutes": 1, "updates": [made(1), made(2)]})
    _, started = call(host, "start", state="installed", category_names=["*"])
    wind(host, 120)
    call(host, "cancel", _operation_options=started["cancel_options"])
    wind(host, 3600)
    assert [entry["id"][-1] for entry in host.log] == ["1"]


def test_an_update_that_hangs_keeps_its_poll_waiting(make_host, wind):
    host = make_host(update_agent={"updates": [made(1, result="hang")]})
    _, started = call(host, "start", state="installed", category_names=["*"])
    wind(host, 600)
    assert [line["task"] for line in polled(wind, host, started)["output"]][-1] == "install"
    outcome, answer = call(host, "poll", _operation_options=started["poll_options"])
    for _hour in range(3):
        assert answer is None
        wind(host, outcome.takes * host.clock.factor)
        outcome = outcome.later()
        answer = json.loads(outcome.stdout or "null")
