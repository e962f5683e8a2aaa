# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What may not be read answers denied, whatever is there; a filtered token may read less."""

from __future__ import annotations

import pytest

NETLOGON = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Netlogon"
CBS = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
NAMES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"


@pytest.mark.parametrize("entry", [r"HKLM\SYSTEM\CurrentControlSet\Services\Netlogon", NETLOGON, NETLOGON.lower()])
def test_a_denied_key_covers_what_is_below_it_and_wins_over_absent(make_host, ask, entry):
    host = make_host(denied=[entry])
    for path in (NETLOGON, rf"{NETLOGON}\JoinDomain"):
        answer = ask(host, "registry", path=path)
        assert (answer["state"], answer["error"]["type"]) == ("denied", "System.Security.SecurityException")
        assert answer["error"]["hresult"] == "0x8013150A"
    assert ask(host, "registry", path=f"{NETLOGON}2")["state"] == "absent"


def test_a_denied_computer_name_is_denied(make_host, ask):
    assert ask(make_host(denied=[NAMES]), "registry", path=NAMES)["state"] == "denied"


@pytest.mark.parametrize("entry", [r"root\ccm", "ROOT/CCM/ClientSDK", r"root\ccm\ClientSDK:CCM_SoftwareUpdate"])
def test_a_denied_namespace_or_class_is_denied_with_either_slash(make_host, ask, entry):
    host = make_host(denied=[entry])
    query = {"namespace": "root/ccm/clientsdk", "class": "CCM_SoftwareUpdate"}
    assert ask(host, "cim_query", **query)["state"] == "denied"
    assert ask(host, "cim_query", **{**query, "namespace": r"root\ccmx"})["state"] == "absent"


@pytest.mark.parametrize(
    ("entry", "kind", "options"),
    [
        (r"C:\Windows", "file", {"path": r"%windir%\x.dll"}),
        (r"C:\x.log", "text_tail", {"path": r"c:\X.LOG"}),
        (
            "Microsoft.Update.SystemInfo",
            "com_property",
            {"progid": "microsoft.update.systeminfo", "property": "RebootRequired"},
        ),
        (r"Global\_MSIExecute", "mutex", {"name": r"global\_msiexecute"}),
        ("CcmExec", "service", {"names": ["wuauserv", "ccmexec"]}),
        ("System", "event", {"log": "system", "max": 1}),
        ("TiWorker", "process", {"names": ["tiworker"]}),
    ],
)
def test_every_other_kind_can_be_denied_by_name(make_host, ask, entry, kind, options):
    assert ask(make_host(), kind, **options)["state"] in {"absent", "ok"}
    answer = ask(make_host(denied=[entry]), kind, **options)
    assert (answer["state"], answer["error"]["hresult"]) == ("denied", "0x80070005")


REFUSED_TO_A_FILTERED_TOKEN = [
    ("registry", {"path": CBS}),
    ("registry", {"path": rf"{CBS}\RebootPending"}),
    ("registry", {"path": r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager"}),
    ("cim_query", {"namespace": r"root\ccm", "class": "X"}),
    ("com_property", {"progid": "Microsoft.Update.SystemInfo", "property": "RebootRequired"}),
    ("event", {"log": "System", "max": 1}),
]


@pytest.mark.parametrize(("kind", "options"), REFUSED_TO_A_FILTERED_TOKEN)
def test_a_filtered_token_is_refused_what_an_elevated_one_reads(make_host, ask, kind, options):
    assert ask(make_host(update_agent={}), kind, **options)["state"] in {"ok", "absent"}
    assert ask(make_host(token={"elevated": False}, update_agent={}), kind, **options)["state"] == "denied"


def test_a_filtered_token_still_reads_the_names_and_the_system(make_host, ask):
    host = make_host(token={"elevated": False})
    assert ask(host, "registry", path=NAMES)["state"] == "ok"
    assert ask(host, "cim_query", **{"namespace": "root/cimv2", "class": "Win32_OperatingSystem"})["state"] == "ok"
