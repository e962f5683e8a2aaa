# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Windows, plans and waves from playbooks; nothing but localhost is needed."""

from __future__ import annotations

import json

import pytest
import yaml

NIGHTLY = {"name": "nightly", "rrule": "FREQ=DAILY", "start": "22:00", "duration": "4h", "timezone": "Europe/Berlin"}
FREEZE = {"name": "freeze", "start": "2026-12-18T00:00:00Z", "end": "2027-01-04T00:00:00Z", "blackout": True}
HOSTS = {
    "db1": {"patch_cluster": "sql"},
    "db2": {"patch_cluster": "sql"},
    "web1": {},
    "web2": {"patch_windows": [FREEZE]},
    "web3": {},
}
ASKED = {
    "window_state": "{{ patch_windows | winops.patching.window_state(now=at) }}",
    "next_windows": "{{ patch_windows | winops.patching.next_windows(count=1, now=at) }}",
    "in_window": "{{ patch_windows is winops.patching.in_window(at=at) }}",
    "window_fits": "{{ patch_windows | winops.patching.window_fits('3h', now=at) }}",
    "explain_window": "{{ patch_windows | winops.patching.explain_window(now=at) }}",
    "to_ical": "{{ patch_windows | winops.patching.to_ical(count=2, now=at) }}",
    "lint": "{{ {inventory_hostname: patch_windows} | winops.patching.patch_windows_lint }}",
    "plan": "{{ updates | winops.patching.patch_plan(now=at, policy={'windows': patch_windows}) }}",
}
UPDATES = [
    {"id": "a", "title": "Cumulative update", "max_run_minutes": 30},
    {"id": "b", "title": "Long one", "max_run_minutes": 300},
]


@pytest.fixture
def inventory(ansible):
    """Hosts that nobody connects to; they share the windows of their group, and one overrides them."""
    file = ansible.work / "inventory.yml"
    file.write_text(
        yaml.safe_dump({"windows": {"hosts": HOSTS, "vars": {"patch_windows": [NIGHTLY, FREEZE]}}}),
        encoding="utf-8",
    )
    return file


def test_a_playbook_asks_every_question_about_windows(ansible, inventory):
    variables = {"at": "2026-12-01T21:30:00Z", "updates": UPDATES, "ansible_connection": "local"}
    show = {"name": "Ask", "ansible.builtin.set_fact": {"asked": ASKED}}
    run = ansible.play(inventory, [show], hosts="web1", vars=variables)
    assert run.code == 0, run.output
    asked = run.of("Ask")["ansible_facts"]["asked"]
    assert asked["window_state"]["closes_at"] == "2026-12-02T01:00:00Z"
    assert asked["next_windows"] == [
        {"start": "2026-12-01T21:00:00Z", "end": "2026-12-02T01:00:00Z", "name": "nightly"}
    ]
    assert (asked["in_window"], asked["window_fits"], asked["lint"]["ok"]) == (True, True, True)
    assert asked["explain_window"].startswith("Open for install (nightly) until ")
    assert asked["to_ical"].count("BEGIN:VEVENT") == 2
    assert [entry["id"] for entry in asked["plan"]["selected"]] == ["a"]
    assert asked["plan"]["deferred"][0]["reason"].startswith("it needs 5 h and a reserve of 15 min")


def test_text_of_updates_is_never_templated(ansible, inventory):
    task = {
        "name": "Show",
        "ansible.builtin.debug": {
            "msg": "{{ (updates | winops.patching.patch_plan(now=at, window=tonight)).selected[0].title }}"
        },
    }
    tonight = {"start": "2026-12-01T21:00:00Z", "end": "2026-12-02T01:00:00Z"}
    raw = {"title": "x {{ 7 * 6 }}", "id": "a", "max_run_minutes": 5}
    variables = {"at": tonight["start"], "tonight": tonight, "ansible_connection": "local"}
    read = {
        "name": "Read",
        "ansible.builtin.set_fact": {"updates": "{{ lookup('ansible.builtin.file', path) | from_json }}"},
    }
    path = ansible.work / "updates.json"
    path.write_text(json.dumps([raw]), encoding="utf-8")
    run = ansible.play(inventory, [read, task], hosts="web1", vars={**variables, "path": str(path)})
    assert run.of("Show")["msg"] == "x {{ 7 * 6 }}", run.output


def test_a_mistake_fails_the_task_and_names_filter_and_key(ansible, inventory):
    task = {
        "name": "Plan",
        "ansible.builtin.debug": {"msg": "{{ [] | winops.patching.patch_plan(policy={'reserv': 1}) }}"},
    }
    run = ansible.play(inventory, [task], hosts="web1", vars={"ansible_connection": "local"})
    assert run.code != 0
    assert "patch_plan: policy.reserv: no such key (did you mean reserve?)" in run.output


def test_waves_become_the_batches_of_a_play(ansible, inventory):
    planned = {
        "name": "Plan",
        "ansible.builtin.set_fact": {
            "waves": "{{ fleet | winops.patching.patch_waves({'canary': ['web3'], 'batches': 2}, now=at) }}"
        },
    }
    order = {
        "name": "Keep the order as a group",
        "ansible.builtin.add_host": {"name": "{{ item }}", "groups": "patch_order"},
        "loop": "{{ waves.hosts }}",
    }
    batch = {"name": "Batch", "ansible.builtin.debug": {"msg": "{{ ansible_play_batch }}"}}
    common = {"gather_facts": False}
    variables = {"fleet": "{{ groups['windows'] | map('extract', hostvars) }}", "at": "2026-12-01T00:00:00Z"}
    run = ansible.playbook(
        inventory,
        [
            {"name": "Plan", "hosts": "localhost", **common, "vars": variables, "tasks": [planned, order]},
            {
                "name": "Run",
                "hosts": "patch_order",
                "serial": "{{ hostvars['localhost'].waves.serial }}",
                **common,
                "tasks": [batch],
            },
        ],
    )
    assert run.code == 0, run.output
    waves = run.of("Plan")["ansible_facts"]["waves"]
    assert waves["serial"] == [1, 2, 1]
    assert waves["held"][0]["host"] == "web2"
    batches = {entry["host"]: entry["result"]["msg"] for entry in run.results if entry["task"].endswith("Batch")}
    assert batches == {"web3": ["web3"], "db1": ["db1", "web1"], "web1": ["db1", "web1"], "db2": ["db2"]}
