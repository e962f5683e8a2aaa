# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What ansible-core 2.16 to 2.22 send is read: the module, its arguments, become and async."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from winsim import payload
from winsim.payload import ModuleRun, RawScript, UtilityRun

MARK = b"\n\0\0\0\0\n"
BOOT = {"name": "exec_wrapper", "script": "…", "params": {"MinOSVersion": None, "TempPath": "%TEMP%"}}
SCRIPT = "ansible_collections.winops.patching.plugins.modules.win_probe.ps1"
ARGS = {"probes": [{"id": "a", "kind": "mutex", "name": "é"}], "_ansible_check_mode": False}
LINE = "powershell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand "


def encoded(text: str) -> str:
    return LINE + base64.b64encode(text.encode("utf-16-le")).decode()


def wrapper(**params: object) -> dict[str, object]:
    return {
        "name": "module_wrapper.ps1",
        "params": {"Script": SCRIPT, "Environment": {}, **params},
        "secure_params": {},
    }


def manifest(*actions: dict[str, object], boot: dict[str, object] = BOOT) -> bytes:
    body = json.dumps({"scripts": {}, "actions": list(actions), "signed_hashlist": []}).encode()
    return json.dumps(boot).encode() + MARK + body


VARIABLES = [{"Name": "complex_args", "Value": ARGS, "Scope": "Global"}]


def test_the_single_document_up_to_2_18_is_read():
    document = {
        "module_entry": "…",
        "module_args": {**ARGS, "_ansible_module_name": "winops.patching.win_probe"},
        "actions": [],
    }
    stdin = b"begin { }" + b"\0\0\0\0" + json.dumps(document).encode()
    run = payload.read(encoded("&chcp.com 65001"), stdin)
    assert isinstance(run, ModuleRun)
    assert (run.module, run.format, run.become, run.job) == ("winops.patching.win_probe", "2.18", None, None)
    assert run.args["probes"] == ARGS["probes"]


def test_become_and_async_up_to_2_18_are_read():
    document = {
        "module_args": {"_ansible_module_name": "win_ping"},
        "become_user": "SYSTEM",
        "async_jid": "j1",
        "async_timeout_sec": 30,
    }
    run = payload.read("powershell", b"x\0\0\0\0" + json.dumps(document).encode())
    assert isinstance(run, ModuleRun)
    assert (run.become, run.job, run.limit) == ("SYSTEM", "j1", 30)


def test_the_manifest_of_2_19_to_2_21_is_read():
    run = payload.read(encoded("if ($PSVersionTable) {}"), manifest(wrapper(Variables=VARIABLES)))
    assert run == ModuleRun(module=SCRIPT, args=ARGS, format="2.19")


def test_the_packed_manifest_of_2_22_is_read():
    inner = json.dumps({"actions": [wrapper(ArgumentJSON=json.dumps(ARGS))]}).encode()
    boot = {**BOOT, "params": {"DecompressInput": True}}
    stdin = json.dumps(boot).encode() + MARK + base64.b64encode(gzip.compress(inner)) + b"\n"
    assert payload.read(encoded("x"), stdin) == ModuleRun(module=SCRIPT, args=ARGS, format="2.22")


def test_become_and_async_of_a_manifest_are_read():
    stdin = manifest(
        {"name": "async_wrapper.ps1", "params": {"AsyncJid": "j42"}},
        {"name": "async_watchdog.ps1", "params": {"Timeout": 45}},
        {"name": "become_wrapper.ps1", "params": {"BecomeUser": "SYSTEM"}},
        wrapper(Variables=VARIABLES),
    )
    run = payload.read(encoded("x"), stdin)
    assert isinstance(run, ModuleRun)
    assert (run.become, run.job, run.limit) == ("SYSTEM", "j42", 45)


def test_a_helper_script_is_read_with_its_own_input():
    stdin = manifest({"name": "winrm_put_file.ps1", "params": {"Path": r"C:\x"}}) + MARK + b"YQ==\r\n"
    assert payload.read("powershell", stdin) == UtilityRun(
        script="winrm_put_file.ps1", params={"Path": r"C:\x"}, input=b"YQ=="
    )


def test_a_raw_script_is_unwrapped_down_to_its_text():
    inner = encoded("Write-Output 'é'")
    assert payload.read(inner, b"") == RawScript(text="Write-Output 'é'")
    assert payload.script_of(encoded(inner)) == "Write-Output 'é'"
    assert payload.read("hostname", b"") == RawScript(text="hostname")


@pytest.mark.parametrize(
    "stdin",
    [
        b"{" + MARK + b"{}",
        json.dumps(BOOT).encode() + MARK + b'{"actions": [',
        json.dumps(BOOT).encode() + MARK + b'{"actions": []}',
        json.dumps({"params": {"DecompressInput": True}}).encode() + MARK + b"bm8=",
        manifest(wrapper()),
        b"x\0\0\0\0{}",
    ],
)
def test_a_damaged_payload_is_refused_with_a_reason(stdin):
    with pytest.raises(payload.PayloadError, match="winsim cannot read this payload"):
        payload.read("powershell", stdin)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (SCRIPT, "winops.patching.win_probe"),
        ("winops.patching.win_probe", "winops.patching.win_probe"),
        ("ansible_collections.ansible.windows.plugins.modules.win_ping.ps1", "ansible.windows.win_ping"),
        ("win_ping", "ansible.windows.win_ping"),
        ("ansible.legacy.setup", "ansible.windows.setup"),
        ("community.windows.win_ping", "community.windows.win_ping"),
    ],
)
def test_a_module_is_known_by_its_full_name(module, name):
    assert payload.full_name(module) == name
