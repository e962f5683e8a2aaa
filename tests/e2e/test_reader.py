# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The reader win_probe as people call it: ten kinds of questions, and mistakes refused before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from winsim.testing import serve

PROBE = "winops.patching.win_probe"
HOSTS = {
    "web01": {
        "os": {"caption": "Microsoft Windows Server 2022 Standard, Übung", "timezone": "Tokyo Standard Time"},
        "registry": {
            r"HKLM\SOFTWARE\Acme": {
                "write_time": "2026-10-01T10:00:00Z",
                "values": {
                    "Liste": {"type": "REG_MULTI_SZ", "data": ["", "é", ""]},
                    "Zahl": {"type": "REG_DWORD", "data": -1},
                },
            },
            r"HKLM\SOFTWARE\Acme\Unter": {},
        },
        "files": {r"C:\Windows\Ümlaut.log": {"text": "erste\nzweite\n"}},
        "services": {"CcmExec": {"state": "running", "start": "auto"}},
        "processes": [{"name": "TiWorker", "id": 812}],
        "mutexes": [r"Global\_MSIExecute"],
        "methods": {
            r"root\ccm\ClientSDK:CCM_ClientUtilities.DetermineIfRebootPending": {
                "ReturnValue": 0,
                "RebootPending": True,
                "IsHardRebootPending": False,
            },
        },
        "update_agent": {"reboot_required": True},
        "events": [
            {"log": "System", "provider": "User32", "id": 1074, "time": "2026-10-01T00:00:00Z", "data": ["a", "b"]},
        ],
    },
}
HIVE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Acme"
# kind: (options, what is in the data)
ANSWERED = {
    "registry": (
        {"path": HIVE, "subkeys": True, "write_time": True},
        {
            "values": {
                "Liste": {"kind": "REG_MULTI_SZ", "data": ["", "é", ""]},
                "Zahl": {"kind": "REG_DWORD", "data": -1},
            },
            "subkeys": ["Unter"],
            "write_time": "2026-10-01T10:00:00Z",
        },
    ),
    "cim_query": (
        {"namespace": r"root\cimv2", "class": "Win32_Service", "properties": ["Name", "State"]},
        {"instances": [{"Name": "CcmExec", "State": "Running"}]},
    ),
    "cim_method": (
        {
            "namespace": r"root\ccm\ClientSDK",
            "class": "CCM_ClientUtilities",
            "method": "DetermineIfRebootPending",
        },
        {"ReturnValue": 0, "RebootPending": True, "IsHardRebootPending": False},
    ),
    "com_property": ({"progid": "Microsoft.Update.SystemInfo", "property": "RebootRequired"}, {"value": True}),
    "file": ({"path": r"%SystemRoot%\Ümlaut.log"}, {"length": 13}),
    "text_tail": (
        {"path": r"C:\Windows\Ümlaut.log", "offset": 6},
        {"text": "zweite\n", "offset": 13, "length": 13},
    ),
    "process": ({"names": ["tiworker", "wusa"]}, {}),
    "service": (
        {"names": ["CcmExec", "nosuch"]},
        {"services": [{"name": "CcmExec", "state": "running", "start": "auto"}]},
    ),
    "mutex": ({"name": r"Global\_MSIExecute"}, {"exists": True}),
    "event": ({"log": "System", "provider": "User32", "ids": [1074], "max": 1}, {}),
}
ABSENT = {
    "registry": {"path": HIVE + r"\Nosuch"},
    "cim_query": {"namespace": r"root\nosuch", "class": "X"},
    "cim_method": {
        "namespace": "root/Microsoft/Windows/DesiredStateConfiguration",
        "class": "MSFT_DSCLocalConfigurationManager",
        "method": "GetMetaConfiguration",
    },
    "com_property": {"progid": "Acme.Nosuch", "property": "X"},
    "file": {"path": r"C:\nosuch"},
    "text_tail": {"path": r"C:\nosuch", "max_bytes": 10},
    "process": {"names": ["nosuch"]},
    "service": {"names": ["nosuch"]},
    "mutex": {"name": "nosuch"},
}
QUESTION = {"id": "a", "kind": "mutex", "name": "x"}
# what is wrong: (the task's options, what is said about it)
REFUSED = {
    "an unknown kind": ({"probes": [{"id": "a", "kind": "regstry"}]}, "'regstry' is no kind of probe (did you mean"),
    "no kind": ({"probes": [{"id": "a"}]}, "probes[0].kind"),
    "an unknown option": ({"probes": [{**QUESTION, "nam": "x"}]}, "probes[0].nam: mutex has no such option (did you"),
    "a missing option": ({"probes": [{"id": "a", "kind": "mutex"}]}, "probes[0].name: mutex needs this option"),
    "an id given twice": ({"probes": [QUESTION, QUESTION]}, "probes[1].id: 'a' is taken"),
    "no id": ({"probes": [{"kind": "mutex", "name": "x"}]}, "probes[0].id"),
    "no probe": ({"probes": []}, "at least one probe"),
    "a probe that is a word": ({"probes": ["registry"]}, "'probes' is of type str"),
    "another hive": ({"probes": [{"id": "a", "kind": "registry", "path": r"HKCU\X"}]}, "HKEY_LOCAL_MACHINE"),
    "a wildcard": ({"probes": [{"id": "a", "kind": "process", "names": ["*"]}]}, "without wildcards"),
    "a method that acts": (
        {"probes": [{"id": "a", "kind": "cim_method", "namespace": "root", "class": "X", "method": "Delete"}]},
        "X.Delete is not on the list of methods that only read",
    ),
    "too much": (
        {"probes": [{"id": "a", "kind": "process", "names": ["x" * 130_000]}]},
        "are more than the 120000 that one message carries",
    ),
    "a limit that is no number": ({"probes": [QUESTION], "time_limit": "long"}, "time_limit"),
}


@pytest.fixture(scope="module")
def answers(once, commands):
    """All questions in two tasks: what is there, and what is not."""

    def make(work: Path):
        there = [{"id": kind, "kind": kind, **options} for kind, (options, _) in ANSWERED.items()]
        absent = [{"id": kind, "kind": kind, **options} for kind, options in ABSENT.items()]
        tasks = [
            {"name": "there", PROBE: {"probes": there}, "check_mode": True},
            {"name": "absent", PROBE: {"probes": absent}},
        ]
        with serve(HOSTS, work / "sim") as fleet:
            return commands(work / "ansible").play(fleet.inventory, tasks)

    return once("answers", make)


@pytest.fixture(scope="module")
def refused(once, commands):
    """Every mistake as a task, against a simulator of its own that says at its end what it was asked."""

    def make(work: Path):
        tasks = [{"name": name, PROBE: options, "ignore_errors": True} for name, (options, _) in REFUSED.items()]
        with serve(HOSTS, work / "sim") as fleet:
            run = commands(work / "ansible").play(fleet.inventory, tasks)
        run.notes["simulator"] = fleet.output.read_text(encoding="utf-8")
        return run

    return once("refused", make)


@pytest.mark.parametrize("kind", ANSWERED)
def test_every_kind_of_probe_is_answered(answers, kind):
    answer = answers.of("there")["probes"][kind]
    expected = ANSWERED[kind][1]
    assert answer["state"] == "ok", answer
    assert {key: answer["data"][key] for key in expected} == expected
    assert isinstance(answer["ms"], (int, float))


def test_processes_and_events_are_told_with_their_times(answers):
    probes = answers.of("there")["probes"]
    [process] = probes["process"]["data"]["running"]
    [event] = probes["event"]["data"]["events"]
    assert (process["name"], process["id"]) == ("TiWorker", 812)
    assert (event["id"], event["time"], event["data"]) == (1074, "2026-10-01T00:00:00Z", ["a", "b"])


@pytest.mark.parametrize("kind", ABSENT)
def test_what_is_not_there_is_absent_and_no_error(answers, kind):
    assert answers.of("absent")["probes"][kind]["state"] == "absent"


def test_the_reader_says_what_system_it_ran_on(answers):
    result = answers.of("there")
    system = result["system"]
    assert (system["computer_name"], system["time_zone"]) == ("web01", "Tokyo Standard Time")
    assert system["os_caption"] == "Microsoft Windows Server 2022 Standard, Übung"
    assert (system["elevated"], system["errors"], result["changed"]) == (True, [], False)


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_in_the_probes_is_named_in_one_sentence(refused, name):
    result = refused.of(name)
    assert refused.states(name) == {"web01": "failed"}
    assert REFUSED[name][1] in result["msg"]
    assert len(result["msg"]) < 600


def test_nothing_is_sent_to_the_host_when_the_probes_are_wrong(refused):
    assert refused.notes["simulator"].startswith("listening: 1 hosts")
    assert "answered" not in refused.notes["simulator"]
    assert "Traceback" not in refused.output
