# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A mistake in a host file is refused with file, line and key; every word of design §8 is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from winsim.hostfile import HostFileError, load_folder

DESIGN_EXAMPLE = r"""
name: web01
os: {caption: Microsoft Windows Server 2022 Datacenter, build: "20348.2700", boot_time: 2026-11-01T03:12:00Z,
     timezone: W. Europe Standard Time}
registry:
  HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired:
    volatile: true
    write_time: 2026-11-17T22:40:00Z
    values: {d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11: {type: REG_DWORD, data: 1}}
  HKLM\SOFTWARE\Microsoft\ServerManager: {}
denied: ['HKLM\SYSTEM\CurrentControlSet\Services\Netlogon', 'root\ccm\ClientSDK']
files: {'C:\Windows\System32\a.dll': {version: 10.0.1.2, size: 4096, modified: 2026-10-01T00:00:00Z},
        'C:\x.log': {text: "…"}}
processes: [{name: TiWorker, id: 812}]
services: {wuauserv: {state: running, start: manual}}
mutexes: ['Global\_MSIExecute']
cim: {'root\ccm\ClientSDK:CCM_SoftwareUpdate': [{ArticleID: '5030216', EvaluationState: 8}]}
methods: {'root\ccm\ClientSDK:CCM_ClientUtilities.DetermineIfRebootPending':
            {ReturnValue: 0, RebootPending: true, IsHardRebootPending: false}}
events: [{log: System, provider: User32, id: 1074, time: 2026-11-01T03:10:00Z, data: ['…']}]
update_agent:
  remote: denied
  reboot_required: true
  source: {managed: true, server: 'https://wsus.example:8531'}
  updates: [{id: d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11, revision: 201, title: November, kb: ['5030216'],
             severity: Critical, classification: Security Updates, size: 700000000, installed: false,
             reboot_required: false, reboot_behavior: can_request, impact: normal, run_minutes: 9,
             result: "fail:0x80070643", supersedes: [],
             renames: [['C:\Windows\System32\SET1.tmp', 'C:\Windows\System32\a.dll']]}]
  history: []
token: {elevated: true}
network: {listen: true, auth: [ntlm, basic], latency_ms: 0, faults: [{at_request: 4, do: drop}]}
survives_reboot: []
"""


def problems(folder: Path, *files: str) -> list[str]:
    """What is said about host files with these texts (a.yml, b.yml, …), the folder left out."""
    for letter, text in zip("abcdef", files, strict=False):
        (folder / f"{letter}.yml").write_text(text, encoding="utf-8")
    with pytest.raises(HostFileError) as caught:
        load_folder(folder)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_the_example_of_the_design_is_taken(tmp_path):
    (tmp_path / "web01.yml").write_text(DESIGN_EXAMPLE, encoding="utf-8")
    (host,) = load_folder(tmp_path)
    assert host["name"] == "web01"
    assert host["network"]["faults"] == [{"at_request": 4, "do": "drop"}]


def test_only_name_and_os_are_required(tmp_path):
    (tmp_path / "a.yaml").write_text("name: a\nos: {}\n", encoding="utf-8")
    assert load_folder(tmp_path) == [{"name": "a", "os": {}}]


BAD = [
    ("proceses: []", "a.yml:3: proceses: unknown word 'proceses'; did you mean 'processes'?"),
    (r"registry: {HKLM\S\X: {volitile: true}}", r"a.yml:3: registry.HKLM\S\X.volitile: unknown word"),
    (r"registry: {HKLM\S\X: {volatile: maybe}}", "volatile: must be true or false, not text (maybe)"),
    (r"registry: {SOFTWARE\X: {}}", r"registry.SOFTWARE\X: must be a registry path like"),
    (
        "registry:\n  HKLM\\S\\X: {}\n  HKEY_LOCAL_MACHINE\\s\\x: {}",
        "a.yml:5: registry.HKEY_LOCAL_MACHINE\\s\\x: is given",
    ),
    (r"registry: {HKLM\S\X: {values: {v: 1}}}", "values.v: a registry value is a map with type and data"),
    (r"registry: {HKLM\S\X: {values: {v: {type: REG_DWROD, data: 1}}}}", "did you mean 'REG_DWORD'?"),
    (
        r"registry: {HKLM\S\X: {values: {v: {type: REG_DWORD, data: '1'}}}}",
        "v.data: must be a whole number, not text (1)",
    ),
    (r"registry: {HKLM\S\X: {values: {v: {type: REG_DWORD, data: 4294967296}}}}", "from -2147483648 to 4294967295"),
    (
        r"registry: {HKLM\S\X: {values: {v: {type: REG_SZ, data: 5}}}}",
        "must be text, not a whole number (5): put it in",
    ),
    (r"registry: {HKLM\S\X: {values: {v: {type: REG_BINARY, data: 0g}}}}", "must be bytes as hexadecimal text"),
    (
        r"registry: {HKLM\S\X: {values: {v: {type: REG_MULTI_SZ, data: a}}}}",
        "data: must be a list ([] for an empty one)",
    ),
    (r"registry: {HKLM\S\X: {values: {v: {type: REG_SZ}}}}", "values.v: the word 'data' is missing"),
    (r"registry: {HKLM\S\X: {values: {v: {data: 1}}}}", "values.v: the word 'type' is missing"),
    (r"registry: {HKLM\S\X: {write_time: gestern}}", "write_time: must be a time like 2026-11-01T03:12:00Z"),
    ("registry:\n  HKLM\\S\\X:\n", r"a.yml:4: registry.HKLM\S\X: must be a map ({} for an empty one), not nothing"),
    ("denied: HKLM", "denied: must be a list ([] for an empty one), not text (HKLM)"),
    ("files: {a/b: {}}", "files.a/b: must be a full Windows path"),
    (r"files: {'C:\a': {versoin: '1.2'}}", "did you mean 'version'?"),
    ("processes: [{name: x, id: 4}, {name: y, id: 4}]", "processes[1]: the process id '4' is given twice"),
    ("services: {x: {state: runing}}", "services.x.state: unknown word 'runing'; did you mean 'running'?"),
    ("mutexes: [1]", "mutexes[0]: must be text, not a whole number (1)"),
    (r"cim: {'root\ccm': []}", r"cim.root\ccm: must be a namespace and a class"),
    (r"methods: {'root\ccm:X': {}}", r"methods.root\ccm:X: must be a namespace, a class and a method"),
    ("events: [{log: System, id: 1}]", "events[0]: the word 'time' is missing"),
    ("update_agent: {remote: no}", "update_agent.remote: unknown word 'no'; known: allowed, denied"),
    ("update_agent: {updates: [{revision: 1}]}", "update_agent.updates[0]: the word 'id' is missing"),
    ("update_agent: {updates: [{id: a, result: fail}]}", "updates[0].result: must be ok, roll_back, hang or fail:0x"),
    ("update_agent: {updates: [{id: a, kb: [5]}]}", "updates[0].kb[0]: must be text"),
    ("update_agent: {updates: [{id: a, renames: [[x]]}]}", "updates[0].renames[0]: must have 2 entries"),
    ("update_agent: {updates: [{id: a}, {id: A}]}", "updates[1]: the update 'a' is given twice"),
    ("token: {elevated: yes please}", "token.elevated: must be true or false"),
    ("network: {auth: [kerberos]}", "network.auth[0]: unknown word 'kerberos'; known: ntlm, basic"),
    ("network: {auth: []}", "network.auth: must have at least 1 entry"),
    ("network: {faults: [{at_request: 0, do: drop}]}", "faults[0].at_request: must be a whole number of at least 1"),
    ("network: {faults: [{at_request: 2, do: dorp}]}", "faults[0].do: unknown word 'dorp'; did you mean 'drop'?"),
    ("network: {faults: [{at_request: 1, do: slow, seconds: 0}]}", "faults[0].seconds: must be a whole number from 1"),
    ("network: {faults: [{at_request: 1, do: drop, seconds: 2}]}", "faults[0].seconds: 'drop' takes no time"),
    ("network: {https: yes please}", "network.https: must be true or false"),
    ("network: {run_ms: -1}", "network.run_ms: must be a whole number from 0"),
    ("misbehaves: [boots_thrice]", "misbehaves[0]: unknown word 'boots_thrice'; did you mean 'boots_twice'?"),
    ("misbehaves: [boots_twice, boots_twice]", "misbehaves[1]: the word 'boots_twice' is given twice"),
    ("network: {faults: [{do: drop}]}", "faults[0]: the word 'at_request' is missing"),
    ("survives_reboot: [RebootRequired]", "survives_reboot[0]: must be a registry key"),
]


@pytest.mark.parametrize(("words", "complaint"), BAD, ids=[complaint[:60] for _, complaint in BAD])
def test_a_mistake_is_named_with_its_line_and_key(tmp_path, words, complaint):
    (said,) = problems(tmp_path, f"name: a\nos: {{}}\n{words}\n")
    assert complaint in said
    assert said.startswith("a.yml:")


def test_a_build_that_yaml_takes_for_a_number_is_asked_to_be_quoted(tmp_path):
    assert problems(tmp_path, "name: a\nos: {build: 20348.2700}\n") == [
        "a.yml:2: os.build: must be text, not a number (20348.2700): put it in quotes",
    ]


def test_a_key_given_twice_is_refused_with_both_lines(tmp_path):
    assert problems(tmp_path, "name: a\nos: {}\nname: b\n") == ["a.yml:3: name: is given twice; first in line 1"]


def test_two_files_with_one_host_name_are_refused_and_both_named(tmp_path):
    (said,) = problems(tmp_path, "name: Web01\nos: {}\n", "os: {}\nname: web01\n")
    assert said == "b.yml:2: name: the host name 'web01' is also in a.yml"


def test_all_mistakes_of_all_files_are_reported_at_once(tmp_path):
    said = problems(tmp_path, "name: a\nos: {biuld: '1'}\ntokn: {}\n", "nam: b\nos: []\n")
    assert [line.split(":")[:2] for line in said] == [
        ["a.yml", "2"],
        ["a.yml", "3"],
        ["b.yml", "1"],
        ["b.yml", "1"],
        ["b.yml", "2"],
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a.yml:1: host file: is empty"),
        ("- a\n", "a.yml:1: host file: must be a map"),
        ("name: a\nos: {\n", "host file: is not YAML"),
        ("name: a\n\tos: {}\n", "a.yml:2: host file: is not YAML"),
        ("name: a\nos: {}\n---\nname: b\n", "host file: is not YAML"),
        ("name: 'a b'\nos: {}\n", "a.yml:1: name: must be a host name"),
        ("name: 12\nos: {}\n", "a.yml:1: name: must be text"),
        ("name: all\nos: {}\n", "a.yml:1: name: 'all' means something else in an inventory"),
        ("name: a\nos:\n", "a.yml:2: os: must be a map"),
        ("name: a\n", "a.yml:1: host file: the word 'os' is missing"),
        ("name: a\nos: {}\n? [x]\n: 1\n", "a.yml:3: host file: a key must be text"),
        ("name: a\nos: {}\ncim: {'root\\x:Y': [&c {a: *c}]}\n", "contains itself"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path, text, complaint):
    (said,) = problems(tmp_path, text)
    assert complaint in said


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HostFileError, match="cannot be read"):
        load_folder(tmp_path)


def test_a_folder_without_host_files_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("name: a", encoding="utf-8")
    with pytest.raises(HostFileError, match="holds no host file"):
        load_folder(tmp_path)
    with pytest.raises(HostFileError, match="is not a folder"):
        load_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "given", ["2026-11-01T03:12:00Z", "'2026-11-01T03:12:00Z'", "2026-11-01T04:12:00+01:00", "2026-11-01 03:12:00"]
)
def test_times_are_text_or_yaml_timestamps(tmp_path, given):
    (tmp_path / "a.yml").write_text(f"name: a\nos: {{boot_time: {given}}}\n", encoding="utf-8")
    (host,) = load_folder(tmp_path)
    assert host["os"]["boot_time"].isoformat() == "2026-11-01T03:12:00+00:00"


def test_never_return_may_wait_for_the_next_boot(tmp_path):
    (tmp_path / "a.yml").write_text("name: a\nos: {}\nnetwork: {faults: [{do: never_return}]}\n", encoding="utf-8")
    (host,) = load_folder(tmp_path)
    assert host["network"]["faults"] == [{"do": "never_return"}]
