# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The words that came with jobs and the update agent: what a host file may say, and what the state file keeps of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from winsim.host import Access
from winsim.hostfile import HostFileError, load_folder
from winsim.probes.run import run_reader
from winsim.statefile import as_document, as_text

EVERY_WORD = r"""
name: web01
os: {}
folders: {'C:\Program Files\winops.patching': {owner: BUILTIN\Users, reparse: true}}
tasks:
  '\winops.patching\x': {user: SYSTEM, command: x.exe, state: ready, at: 2026-11-18T22:00:00Z, at_startup: true}
powershell: {language_mode: ConstrainedLanguage, execution_policy: AllSigned}
groups: [healthy, web_1]
clock_jump: {after_minutes: 2.5, seconds: -600}
power_cut: {at_line: 4, torn: true}
second_installer: {after_minutes: 0, minutes: 12, kind: servicing}
free_mb: 100
servicing_after_boot_minutes: 7
network: {dies_after: A}
update_agent:
  scan_minutes: 0.5
  search_fails: ["0x8024401F", {hresult: "0x80072EE2", source: local, times: 2}]
  search_kills_worker: false
  warnings: [{context: 1, hresult: "0x8024402F", message: x}]
  catalogs: {'C:\Temp\wsusscn2.cab': {date: 2026-11-10T18:00:00Z, updates: [a], signed: true, damaged: false}}
  services: [{id: 7971f918-a847-4430-9279-4a52d1efe18d, name: Own, managed: false, server: x}]
  language: ja
  version: 10.0.1
  busy: true
  reboot_required_before_installation: true
  unreadable: [busy]
  history: [{at: 2026-11-10T18:00:00Z, result: failed, operation: 1, note: free words are kept}]
  updates:
    - id: a
      products: [Office, {id: b, name: Own}]
      categories: [{id: c, name: Security Updates, type: UpdateClassification}]
      type: driver
      cves: [CVE-2026-1]
      bulletins: [MS26-001]
      hidden: true
      downloaded: true
      mandatory: true
      present: true
      beta: true
      uninstallable: true
      browse_only: true
      user_input: true
      eula_accepted: false
      deployment_action: optional_installation
      deadline: 2026-12-01T00:00:00Z
      released: 2026-11-10
      superseded_by: [z]
      offered_by: [windows_update]
      unreadable: [title, categories]
      result: hang
      download: fail:0x80240034
      download_fails: 2
      download_minutes: 0.5
      interactive: true
      hard_reboot: true
      lingers_minutes: 4
      reboots_itself: true
      kills_worker: true
      refuses_eula: true
      overwrites_queue: true
      overwrites_run_once: true
"""
KEPT = ("tasks", "powershell", "groups", "folders", "clock_jump", "second_installer", "power_cut", "free_mb")
BAD = [
    ("update_agent: {scan_minutes: -1}", "must be a number from 0 to 600"),
    ("update_agent: {scan_minutes: soon}", "must be a number from 0 to 600"),
    ("update_agent: {search_fails: [8024401F]}", "must be an HRESULT like 0x8024401F"),
    ("update_agent: {search_fails: [{times: 1}]}", "the word 'hresult' is missing"),
    ("update_agent: {search_fails: [{hresult: '0x8024401F', source: wsus}]}", "unknown word 'wsus'"),
    ("update_agent: {search_fails: [{hresult: '0x8024401F', times: 0}]}", "of at least 1"),
    ("update_agent: {language: tlh}", "unknown word 'tlh'"),
    ("update_agent: {history: [{result: splendid}]}", "history[0].result: must be succeeded, failed"),
    ("update_agent: {history: [{operation: repair}]}", "must be install, uninstall or a number"),
    ("update_agent: {history: [{at: yesterday}]}", "must be a time like"),
    ("update_agent: {catalogs: {wsusscn2.cab: {}}}", "must be a full Windows path"),
    ("update_agent: {updates: [{id: a, offered_by: [default]}]}", "unknown word 'default'"),
    ("update_agent: {updates: [{id: a, unreadable: [everything]}]}", "unknown word 'everything'"),
    ("update_agent: {unreadable: [title]}", "unknown word 'title'"),
    ("update_agent: {updates: [{id: a, products: [{id: b}]}]}", "the word 'name' is missing"),
    ("update_agent: {services: [{id: a}, {id: A}]}", "the service 'a' is given twice"),
    ("update_agent: {updates: [{id: a, download: later}]}", "must be ok or fail:0x with eight digits"),
    ("update_agent: {updates: [{id: a, download_minutes: -1}]}", "must be a number from 0"),
    ("clock_jump: {seconds: 600}", "the word 'after_minutes' is missing"),
    ("clock_jump: {after_minutes: 1, seconds: 0.5}", "must be a whole number"),
    ("power_cut: {at_line: 1}", "must be"),
    ("second_installer: {after_minutes: 1}", "the word 'minutes' is missing"),
    ("second_installer: {after_minutes: 1, minutes: 1, kind: choco}", "unknown word 'choco'"),
    ("free_mb: plenty", "must be a whole number"),
    ("servicing_after_boot_minutes: -1", "must be a number from 0"),
    ("tasks: {'\\x': {at: soon}}", "must be a time like"),
    ("network: {dies_after: 1}", "must be text"),
    ("tasks: {x: {}}", "must be the path of a task"),
    ("powershell: {language_mode: Klingon}", "unknown word 'Klingon'"),
    ("powershell: {execution_policy: Ask}", "unknown word 'Ask'"),
    ("folders: {relative: {}}", "must be a full Windows path"),
    ("groups: [windows]", "must be the name of a group"),
    ("groups: [my-group]", "must be the name of a group"),
    ("groups: [a, a]", "the group 'a' is given twice"),
    ("groups: [web01]", "the group 'web01' is also the name of a host"),
]


def read(folder: Path, text: str) -> dict[str, object]:
    (folder / "web01.yml").write_text(text, encoding="utf-8")
    (host,) = load_folder(folder)
    return host


def test_every_word_is_taken(tmp_path):
    host = read(tmp_path, EVERY_WORD)
    assert set(host) == set(yaml.safe_load(EVERY_WORD))
    agent = host["update_agent"]
    assert agent["search_fails"] == [
        {"hresult": "0x8024401F", "times": 1},
        {"hresult": "0x80072EE2", "source": "local", "times": 2},
    ]
    assert set(agent["updates"][0]) == set(yaml.safe_load(EVERY_WORD)["update_agent"]["updates"][0])


@pytest.mark.parametrize(("line", "said"), BAD)
def test_a_mistake_is_refused_where_it_stands(tmp_path, line, said):
    with pytest.raises(HostFileError) as caught:
        read(tmp_path, f"name: web01\nos: {{}}\n{line}\n")
    assert said in str(caught.value)


def test_the_state_file_gives_the_words_back_in_a_form_that_is_a_host_file(make_host, tmp_path):
    state = json.loads(as_text(as_document(make_host(EVERY_WORD))))
    state.pop("log")
    again = read(tmp_path, yaml.safe_dump(state))
    first = read(tmp_path, EVERY_WORD)
    assert {word: again[word] for word in KEPT}.items() <= first.items()
    assert again["servicing_after_boot_minutes"] == 7
    assert again["network"]["dies_after"] == "a"
    assert again["update_agent"] == again["update_agent"] | first["update_agent"]


def test_the_state_file_has_a_line_for_each_word(make_host):
    lines = as_text(as_document(make_host(EVERY_WORD))).splitlines()
    assert (lines[0], lines[-1]) == ("{", "}")
    assert len(lines) == len(as_document(make_host(EVERY_WORD))) + 2


def test_the_system_block_tells_what_policy_made_of_powershell(make_host):
    host = make_host(EVERY_WORD)
    system = run_reader(Access(host, host.identity(None)), [], None)["system"]
    assert (system["language_mode"], system["execution_policy"]) == ("ConstrainedLanguage", "AllSigned")
    healthy = make_host()
    system = run_reader(Access(healthy, healthy.identity(None)), [], None)["system"]
    assert (system["language_mode"], system["execution_policy"]) == ("FullLanguage", "Unrestricted")


def test_the_installers_state_is_what_the_file_says(make_host, ask):
    host = make_host(EVERY_WORD)
    said = ask(host, "com_property", progid="Microsoft.Update.Installer", property="RebootRequiredBeforeInstallation")
    assert said["data"] == {"value": True}
    refused = ask(host, "com_property", progid="Microsoft.Update.Installer", property="IsBusy")
    assert (refused["state"], refused["error"]["hresult"]) == ("error", "0x80004005")
    healthy = make_host(update_agent={})
    for name in ("IsBusy", "RebootRequiredBeforeInstallation"):
        asked = ask(healthy, "com_property", progid="Microsoft.Update.Installer", property=name)
        assert asked["data"] == {"value": False}


def test_a_listed_folder_exists_and_so_do_those_above_it(make_host, ask):
    host = make_host(folders={r"C:\Own\Deep": {}})
    assert ask(host, "file", path=r"c:\own\deep")["state"] == "ok"
    assert ask(host, "file", path=r"C:\Own")["data"]["length"] is None
    assert ask(host, "file", path=r"C:\Own\De") == {"state": "absent"}
