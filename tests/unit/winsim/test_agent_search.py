# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a search of the simulated update agent finds, where it asks, how long it takes, and how it fails."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.tests.unit.work import bounded_work

from winsim.agent import services
from winsim.agent.errors import AgentError
from winsim.agent.search import FAILS_AFTER, REFUSES_AFTER, Request, search, search_takes

ALL = "IsInstalled=0 or IsInstalled=1"
WSUS = {"managed": True, "server": "https://wsus.example:8531"}
POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
NO_INTERNET = {POLICY: {"values": {"DoNotConnectToWindowsUpdateInternetLocations": {"type": "REG_DWORD", "data": 1}}}}


def number(count: int) -> str:
    return f"00000000-0000-0000-0000-{count:012d}"


def updates(*words: dict[str, object]) -> list[dict[str, object]]:
    return [{"id": number(count), **each} for count, each in enumerate(words, start=1)]


def found(host, criteria: str = ALL, **request: object) -> list[int]:
    """The numbers of the updates that are found."""
    return [int(update["id"][-4:]) for update in search(host, Request(criteria, **request)).updates]


def failure(host, **request: object) -> str:
    with pytest.raises(AgentError) as caught:
        search(host, Request(request.pop("criteria", ALL), **request))
    return caught.value.hresult


def agent(make_host, *offered: dict[str, object], registry=None, **words: object):
    return make_host(registry=registry or {}, update_agent={"updates": updates(*offered), **words})


def test_the_default_source_is_the_managed_server_where_there_is_one(make_host):
    managed = search(agent(make_host, source=WSUS), Request(ALL)).source
    assert (managed.word, managed.service_id, managed.managed, managed.server) == (
        "managed_server",
        services.MANAGED_SERVER,
        True,
        "https://wsus.example:8531",
    )
    alone = search(agent(make_host), Request(ALL)).source
    assert (alone.word, alone.name, alone.managed, alone.server) == ("windows_update", "Windows Update", False, None)


SOURCES = [
    ({}, {"selection": "managed_server"}, "0x80244011"),
    ({"source": {"managed": True, "server": ""}}, {}, "0x80244011"),
    ({}, {"selection": "microsoft_update"}, "0x80248014"),
    ({}, {"selection": "service", "service_id": services.MANAGED_SERVER}, "0x80248014"),
    ({}, {"selection": "service"}, "0x80248014"),
]


@pytest.mark.parametrize(("words", "request_words", "code"), SOURCES)
def test_a_source_that_is_not_there_fails_as_the_agent_does(make_host, words, request_words, code):
    host = agent(make_host, **words)
    assert failure(host, **request_words) == code
    assert search_takes(host, Request(ALL, **request_words)) == REFUSES_AFTER


def test_services_that_were_added_can_be_asked(make_host):
    own = "11111111-2222-3333-4444-555555555555"
    host = agent(make_host, services=[{"id": services.MICROSOFT_UPDATE}, {"id": own.upper(), "name": "Own"}])
    assert search(host, Request(ALL, "microsoft_update")).source.name == "Microsoft Update"
    assert search(host, Request(ALL, "service", own)).source.name == "Own"
    assert search(host, Request(ALL, "service", services.WINDOWS_UPDATE)).source.name == "Windows Update"


def test_policy_can_forbid_the_internet_but_not_the_managed_server(make_host):
    host = agent(make_host, registry=NO_INTERNET, source=WSUS)
    assert failure(host, selection="windows_update") == "0x8024002E"
    assert found(host) == []


def test_without_an_agent_every_search_says_that_the_class_is_not_registered(make_host):
    with pytest.raises(AgentError, match="Class not registered") as caught:
        search(make_host(), Request(ALL))
    assert caught.value.as_error("searching")["hresult"] == "0x80040154"
    assert caught.value.as_error("searching")["type"] == "System.Runtime.InteropServices.COMException"


def test_illegal_criteria_are_refused_at_once(make_host):
    host = agent(make_host)
    assert failure(host, criteria="IsInstalled=maybe") == "0x80240032"
    assert search_takes(host, Request("IsInstalled=maybe")) == REFUSES_AFTER


def test_hidden_updates_come_when_they_are_asked_for(make_host):
    host = agent(make_host, {"hidden": True}, {})
    assert found(host, "IsInstalled=0 and IsHidden=0") == [2]
    assert found(host, "IsInstalled=0") == [1, 2]


def test_a_search_for_installed_updates_that_wait_finds_those(make_host):
    host = agent(make_host, {"installed": True, "reboot_required": True}, {"installed": True}, {})
    assert found(host, "RebootRequired=1") == [1]


def test_an_update_that_another_found_one_supersedes_is_left_out(make_host):
    old, new = {"title": "old"}, {"supersedes": [number(1).upper()]}
    assert found(agent(make_host, old, new)) == [2]
    # Hidden and not asked for, the newer one replaces nothing.
    assert found(agent(make_host, old, {**new, "hidden": True}), "IsHidden=0") == [1]


def test_an_update_can_be_superseded_by_one_that_the_host_does_not_know(make_host):
    assert found(agent(make_host, {"superseded_by": [number(77)]}, {})) == [2]
    assert found(agent(make_host, {"superseded_by": [number(2)]}, {})) == [2]
    assert found(agent(make_host, {"superseded_by": [number(2)]}, {"hidden": True}), "IsHidden=0") == [1]


def test_updates_can_be_offered_by_one_source_only(make_host):
    host = agent(make_host, {"offered_by": ["windows_update"]}, {"offered_by": ["managed_server"]}, {}, source=WSUS)
    assert found(host) == [2, 3]
    assert found(host, selection="windows_update") == [1, 3]
    assert found(host, online=False) == [1, 2, 3]


def test_announced_failures_come_one_after_the_other_and_then_it_works(make_host):
    host = agent(make_host, {}, search_fails=["0x8024401f", {"hresult": "0x80072EE2", "times": 2}])
    assert search_takes(host, Request(ALL)) == FAILS_AFTER
    assert [failure(host) for _ in range(3)] == ["0x8024401F", "0x80072EE2", "0x80072EE2"]
    assert found(host) == [1]
    assert search_takes(host, Request(ALL)) == 120


def test_a_failure_can_be_for_good_and_of_one_source(make_host):
    host = agent(make_host, {}, source=WSUS, search_fails=[{"hresult": "0x80244017", "source": "managed_server"}])
    assert [failure(host), failure(host, selection="managed_server"), failure(host)] == ["0x80244017"] * 3
    assert found(host, selection="windows_update") == [1]
    assert found(host, online=False) == [1]


def test_the_local_store_is_faster_needs_no_server_and_can_fail_by_itself(make_host):
    host = agent(make_host, {}, source={"managed": True}, search_fails=["0x8024401F"], scan_minutes=8)
    assert search_takes(host, Request(ALL, online=False)) == 120
    assert found(host, online=False) == [1]
    broken = agent(make_host, search_fails=[{"hresult": "0x80248007", "source": "local"}])
    assert failure(broken, online=False) == "0x80248007"
    assert found(broken) == []


def test_warnings_make_a_search_succeed_with_errors(make_host):
    warning = {"context": 2, "hresult": "0x8024402F", "message": "one cab was damaged"}
    result = search(agent(make_host, {}, warnings=[warning]), Request(ALL))
    assert (result.result_code, result.warnings) == (3, [warning])
    assert search(agent(make_host), Request(ALL)).result_code == 2


def test_three_thousand_updates_are_searched_without_comparing_each_with_each(make_host):
    many = [
        {"supersedes": [number(count - 1)] if count % 3 == 0 else [], "classification": "Updates"}
        for count in range(1, 3001)
    ]
    host = agent(make_host, *many)
    with bounded_work(calls=500_000):
        assert len(found(host)) == 2000
