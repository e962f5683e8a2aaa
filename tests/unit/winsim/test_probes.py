# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Each kind of probe answers from the state by the reader's contract (design §4)."""

from __future__ import annotations

import hashlib

import pytest

from winsim.host import Access
from winsim.probes.run import KINDS, run_reader

KEY = r"HKLM\SOFTWARE\Contoso\App"
FULL = r"HKEY_LOCAL_MACHINE\SOFTWARE\Contoso\App"
SESSION_MANAGER = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager"
CCM = r"root\ccm\ClientSDK"
METHOD = f"{CCM}:CCM_ClientUtilities.DetermineIfRebootPending"


def test_a_registry_answer_holds_the_values_in_the_words_of_the_contract(make_host, ask):
    values = {
        "Text": {"type": "REG_SZ", "data": "{{ x }} é"},
        "Big": {"type": "REG_DWORD", "data": 0xFFFFFFFF},
        "Long": {"type": "REG_QWORD", "data": 2**64 - 1},
        "Bytes": {"type": "REG_BINARY", "data": "0AFF"},
        "None": {"type": "REG_NONE"},
        "List": {"type": "REG_MULTI_SZ", "data": ["a", "", "b", ""]},
    }
    host = make_host(registry={KEY: {"values": values}})
    data = ask(host, "registry", path=FULL)["data"]
    assert data == {
        "values": {
            "Text": {"kind": "REG_SZ", "data": "{{ x }} é"},
            "Big": {"kind": "REG_DWORD", "data": -1},
            "Long": {"kind": "REG_QWORD", "data": -1},
            "Bytes": {"kind": "REG_BINARY", "data": "0aff"},
            "None": {"kind": "REG_NONE", "data": ""},
            "List": {"kind": "REG_MULTI_SZ", "data": ["a", "", "b", ""]},
        },
    }


def test_a_registry_answer_holds_only_the_asked_values_that_exist(make_host, ask):
    host = make_host(registry={KEY: {"values": {"Here": {"type": "REG_SZ", "data": "x"}}}})
    assert list(ask(host, "registry", path=FULL.upper(), values=["here", "gone"])["data"]["values"]) == ["Here"]
    assert ask(host, "registry", path=FULL, values=[])["data"] == {"values": {}}


def test_subkeys_and_write_time_come_when_asked_for(make_host, ask):
    keys = {KEY: {"write_time": "2026-11-17T22:40:00Z"}, rf"{KEY}\b\c": {}, rf"{KEY}\A": {}}
    host = make_host(registry=keys)
    assert ask(host, "registry", path=FULL, subkeys=True, write_time=True)["data"] == {
        "values": {},
        "subkeys": ["A", "b"],
        "write_time": "2026-11-17T22:40:00Z",
    }
    assert ask(host, "registry", path=rf"{FULL}\a", write_time=True)["data"]["write_time"] is None


def test_ancestors_of_a_listed_key_exist_and_what_is_not_listed_is_absent(make_host, ask):
    host = make_host(registry={KEY: {}})
    assert ask(host, "registry", path=r"HKEY_LOCAL_MACHINE\SOFTWARE\Contoso", subkeys=True)["data"]["subkeys"] == [
        "App"
    ]
    assert ask(host, "registry", path=rf"{FULL}\Gone") == {"state": "absent"}
    assert ask(host, "registry", path=r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Contoso\App") == {"state": "absent"}


def test_every_host_has_the_computer_and_host_names(make_host, ask):
    host = make_host()
    for path, names in (
        (r"Control\ComputerName\ComputerName", ["ComputerName"]),
        (r"Control\ComputerName\ActiveComputerName", ["ComputerName"]),
        (r"Services\Tcpip\Parameters", ["Hostname", "NV Hostname"]),
    ):
        values = ask(host, "registry", path=rf"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\{path}")["data"]["values"]
        assert values == {name: {"kind": "REG_SZ", "data": "web01"} for name in names}


def test_a_name_the_file_gives_wins_and_a_key_without_values_stays_empty(make_host, ask):
    tcpip = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
    active = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName"
    new_name = {"values": {"NV Hostname": {"type": "REG_SZ", "data": "new"}}}
    host = make_host(registry={tcpip: new_name, active: {}})
    values = ask(host, "registry", path=tcpip.replace("HKLM", "HKEY_LOCAL_MACHINE"))["data"]["values"]
    assert {name: value["data"] for name, value in values.items()} == {"NV Hostname": "new", "Hostname": "web01"}
    assert ask(host, "registry", path=active.replace("HKLM", "HKEY_LOCAL_MACHINE"))["data"] == {"values": {}}


def test_a_path_without_a_full_hive_name_is_an_error(make_host, ask):
    answer = ask(make_host(), "registry", path=KEY)
    assert answer["state"] == "error"
    assert "full hive name" in answer["error"]["message"]


def test_a_cim_query_tells_no_instance_from_no_class(make_host, ask):
    host = make_host(
        cim={f"{CCM}:CCM_SoftwareUpdate": [{"ArticleID": "5030216", "EvaluationState": 8}], f"{CCM}:Empty": []}
    )
    query = {"namespace": "ROOT/ccm/clientsdk", "class": "ccm_softwareupdate"}
    assert ask(host, "cim_query", **query)["data"]["instances"] == [{"ArticleID": "5030216", "EvaluationState": 8}]
    assert ask(host, "cim_query", **query, properties=["articleid"])["data"]["instances"] == [{"ArticleID": "5030216"}]
    assert ask(host, "cim_query", **{**query, "class": "Empty"}) == {"state": "ok", "data": {"instances": []}}
    assert ask(host, "cim_query", **{**query, "class": "Gone"}) == {"state": "absent"}
    assert ask(host, "cim_query", **{**query, "namespace": r"root\gone"}) == {"state": "absent"}


@pytest.mark.parametrize(
    ("wql", "found"),
    [
        ("EvaluationState = 8", ["a"]),
        ("EvaluationState <> 8 AND Name LIKE 'B%'", ["b"]),
        ("(EvaluationState >= 8 or Name = \"C\") and not Name = 'b'", ["a", "c"]),
        ("Extra IS NULL", ["a", "b"]),
        ("Extra IS NOT NULL", ["c"]),
        ("Extra = TRUE", ["c"]),
        ("Gone = 1", []),
    ],
)
def test_a_filter_is_read_as_wql(make_host, ask, wql, found):
    instances = [
        {"Name": "a", "EvaluationState": 8},
        {"Name": "b", "EvaluationState": 9},
        {"Name": "c", "EvaluationState": 1, "Extra": True},
    ]
    host = make_host(cim={r"root\x:Y": instances})
    answer = ask(host, "cim_query", **{"namespace": r"root\x", "class": "Y", "filter": wql})
    assert [instance["Name"] for instance in answer["data"]["instances"]] == found


@pytest.mark.parametrize("wql", ["Name =", "= 1", "Name ~ 1", "(Name = 1", "Name = 1 Name = 2", "Name IS 1"])
def test_a_filter_that_is_no_wql_is_an_error(make_host, ask, wql):
    host = make_host(cim={r"root\x:Y": [{"Name": "a"}]})
    answer = ask(host, "cim_query", **{"namespace": r"root\x", "class": "Y", "filter": wql})
    assert (answer["state"], answer["error"]["hresult"]) == ("error", "0x80041017")


def test_the_operating_system_class_follows_the_os_words(make_host, ask):
    host = make_host(
        os={"caption": "Microsoft Windows 11 Pro", "build": "26100.1", "boot_time": "2026-11-01T03:12:00Z"}
    )
    (found,) = ask(host, "cim_query", **{"namespace": r"root\cimv2", "class": "Win32_OperatingSystem"})["data"][
        "instances"
    ]
    wanted = {"Caption": "Microsoft Windows 11 Pro", "ProductType": 1, "LastBootUpTime": "2026-11-01T03:12:00Z"}
    assert found.items() >= wanted.items()


def test_a_method_answers_what_the_file_says(make_host, ask):
    out = {
        "ReturnValue": 0,
        "RebootPending": True,
        "RebootDeadline": "2026-11-19T00:00:00Z",
        "Nested": {"LCMState": "Idle"},
    }
    host = make_host(methods={METHOD: out})
    asked = {"namespace": CCM, "class": "CCM_ClientUtilities", "method": "DetermineIfRebootPending"}
    assert ask(host, "cim_method", **asked) == {"state": "ok", "data": out}
    assert ask(make_host(), "cim_method", **asked) == {"state": "absent"}


def test_a_method_that_is_not_on_the_list_is_refused_by_name(make_host, ask):
    answer = ask(
        make_host(), "cim_method", **{"namespace": CCM, "class": "CCM_ClientUtilities", "method": "RestartComputer"}
    )
    assert answer["state"] == "error"
    assert "CCM_ClientUtilities.RestartComputer" in answer["error"]["message"]


def test_the_update_agent_is_absent_without_its_word_and_denied_to_a_network_logon(make_host, ask):
    asked = {"progid": "Microsoft.Update.SystemInfo", "property": "RebootRequired"}
    assert ask(make_host(), "com_property", **asked) == {"state": "absent"}
    assert ask(make_host(update_agent={}), "com_property", **asked) == {"state": "ok", "data": {"value": False}}
    refusing = make_host(update_agent={"remote": "denied", "reboot_required": True})
    refused = ask(refusing, "com_property", **asked)
    assert (refused["state"], refused["error"]["type"]) == ("denied", "System.UnauthorizedAccessException")
    assert refused["error"]["hresult"] == "0x80070005"
    assert ask(refusing, "com_property", become="SYSTEM", **asked)["data"] == {"value": True}


def test_a_property_that_an_object_lacks_is_an_error(make_host, ask):
    answer = ask(make_host(update_agent={}), "com_property", progid="Microsoft.Update.SystemInfo", property="Nope")
    assert (answer["state"], answer["error"]["hresult"]) == ("error", "0x80020006")


def test_a_file_answers_version_and_hash_only_when_asked(make_host, ask):
    host = make_host(files={r"C:\Windows\x.dll": {"version": "10.0.1", "size": 40, "modified": "2026-10-01T00:00:00Z"}})
    path = r"%SystemRoot%\X.DLL"
    assert ask(host, "file", path=path)["data"] == {
        "length": 40,
        "modified": "2026-10-01T00:00:00Z",
        "version": None,
        "sha256": None,
    }
    asked = ask(host, "file", path=path, version=True, hash=True)["data"]
    assert (asked["version"], len(asked["sha256"])) == ("10.0.1.0", 64)
    assert ask(host, "file", path=r"C:\gone") == {"state": "absent"}


def test_the_hash_of_a_text_is_that_of_its_bytes(make_host, ask):
    host = make_host(files={r"C:\x.log": {"text": "é\n"}})
    answer = ask(host, "file", path=r"C:\x.log", hash=True)["data"]
    assert (answer["length"], answer["sha256"]) == (3, hashlib.sha256("é\n".encode()).hexdigest())


def test_a_tail_counts_bytes_and_stops_after_a_whole_line(make_host, ask):
    host = make_host(files={r"C:\j.jsonl": {"text": "eins\nzwö\ndrei"}})
    asked = {"path": r"C:\j.jsonl"}
    assert ask(host, "text_tail", **asked)["data"] == {"text": "eins\nzwö\ndrei", "offset": 14, "length": 14}
    assert ask(host, "text_tail", offset=0, max_bytes=8, **asked)["data"] == {
        "text": "eins\n",
        "offset": 5,
        "length": 14,
    }
    assert ask(host, "text_tail", offset=5, **asked)["data"]["text"] == "zwö\ndrei"
    assert ask(host, "text_tail", max_bytes=4, **asked)["data"]["text"] == "drei"
    assert ask(host, "text_tail", offset=99, **asked)["data"] == {"text": "", "offset": 14, "length": 14}
    assert ask(host, "text_tail", path=r"C:\gone") == {"state": "absent"}


def test_processes_ignore_case_and_the_extension(make_host, ask):
    host = make_host(processes=[{"name": "TiWorker.exe", "id": 812}, {"name": "wusa"}])
    running = ask(host, "process", names=["tiworker", "gone"])["data"]["running"]
    assert running == [{"name": "TiWorker", "id": 812, "started": "2026-11-01T03:13:00Z"}]
    assert ask(host, "process", names=["gone"]) == {"state": "absent"}


def test_services_answer_with_those_found(make_host, ask):
    host = make_host(services={"wuauserv": {"state": "stopped", "start": "manual"}})
    services = ask(host, "service", names=["WUAUSERV", "CcmExec"])["data"]["services"]
    assert services == [{"name": "wuauserv", "state": "stopped", "start": "manual"}]
    assert ask(host, "service", names=["CcmExec"]) == {"state": "absent"}


def test_a_mutex_exists_or_is_absent(make_host, ask):
    host = make_host(mutexes=[r"Global\_MSIExecute"])
    assert ask(host, "mutex", name=r"Global\_MSIExecute")["data"] == {"exists": True}
    assert ask(make_host(), "mutex", name=r"Global\_MSIExecute") == {"state": "absent"}


def test_events_come_newest_first_and_no_match_is_an_empty_list(make_host, ask):
    events = [
        {"log": "System", "provider": "User32", "id": 1074, "time": f"2026-11-0{day}T00:00:00Z", "data": [f"d{day}"]}
        for day in (1, 3, 2)
    ]
    host = make_host(events=events)
    answer = ask(host, "event", log="system", provider="user32", ids=[1074], max=2)["data"]["events"]
    assert [event["time"][8:10] for event in answer] == ["03", "02"]
    assert answer[0] == {
        "id": 1074,
        "time": "2026-11-03T00:00:00Z",
        "provider": "User32",
        "message": "d3",
        "data": ["d3"],
    }
    assert ask(host, "event", log="System", ids=[1], max=5) == {"state": "ok", "data": {"events": []}}
    assert ask(host, "event", log="Contoso/Admin", max=5) == {"state": "absent"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_option_is_an_error_that_names_it(make_host, ask, kind):
    answer = ask(make_host(), kind, colour="red")
    assert answer["state"] == "error"
    assert "'colour'" in answer["error"]["message"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_option_is_an_error_that_names_it(make_host, ask, kind):
    answer = ask(make_host(), kind)
    assert answer["state"] == "error"
    assert "needs the option" in answer["error"]["message"]


@pytest.mark.parametrize(("option", "value"), [("path", 5), ("values", "x"), ("subkeys", 1)])
def test_an_option_of_the_wrong_type_is_an_error(make_host, ask, option, value):
    answer = ask(make_host(), "registry", **{"path": FULL, option: value})
    assert answer["state"] == "error"
    assert f"'{option}'" in answer["error"]["message"]


def test_an_unknown_kind_is_refused_by_name_and_stops_nothing(make_host):
    host = make_host()
    probes = [{"id": "a", "kind": "telepathy"}, {"id": "b", "kind": "mutex", "name": "x"}]
    answers = run_reader(Access(host, host.identity(None)), probes, None)["probes"]
    assert "telepathy" in answers["a"]["error"]["message"]
    assert answers["b"] == {"state": "absent", "ms": 1}


def test_probes_after_the_time_limit_answer_timeout(make_host):
    host = make_host()
    probes = [{"id": str(i), "kind": "cim_query", "namespace": "root", "class": "X"} for i in range(3)]
    answers = run_reader(Access(host, host.identity(None)), probes, 0.05)["probes"]
    assert [answer["state"] for answer in answers.values()] == ["absent", "absent", "timeout"]


def test_the_system_block_tells_who_reads_on_what(make_host):
    host = make_host()
    system = run_reader(Access(host, host.identity(None)), [], None)["system"]
    assert system == {
        "computer_name": "web01",
        "os_caption": "Microsoft Windows Server 2022 Datacenter",
        "os_build": "20348.2700",
        "product_type": 3,
        "boot_time": "2026-11-01T03:12:00Z",
        "time_zone": "UTC",
        "powershell": "5.1.20348.2700",
        "is_64bit": True,
        "user": "web01\\Administrator",
        "elevated": True,
        "is_system": False,
        "language_mode": "FullLanguage",
        "execution_policy": "Unrestricted",
        "clock": "2026-11-18T03:20:00Z",
        "errors": [],
    }


def test_a_system_field_that_cannot_be_read_is_null_with_an_error(make_host):
    host = make_host(denied=[r"root\cimv2"])
    system = run_reader(Access(host, host.identity(None)), [], None)["system"]
    assert (system["boot_time"], system["os_caption"], system["computer_name"]) == (None, None, "web01")
    assert [error["field"] for error in system["errors"]] == ["os_caption", "product_type", "boot_time"]
