# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Without a host: saved evidence judged again by the filter, and gates that run from the fact cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from winsim.testing import serve

REBOOT_REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
HOSTS = {
    "calm": {"os": {}, "update_agent": {"remote": "denied"}},
    "waiting": {"os": {}, "registry": {REBOOT_REQUIRED: {"volatile": True}}},
    "secretive": {"os": {}, "denied": [r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"]},
}
REBOOT = {"calm": "not_required", "waiting": "required", "secretive": "unknown"}
LOAD = "lookup('ansible.builtin.file', folder ~ '/{host}.json')"
JUDGE = "{{ %s | ansible.builtin.from_json | winops.patching.reboot_verdict(%s) }}"
STRICT = "{'require': ['agent_reboot_required']}"
# what it is: (what is done to the document, what is said about it)
DAMAGED = {
    "another schema": (lambda text: text.replace("evidence/1", "evidence/2"), "evidence of schema"),
    "no schema": (lambda text: text.replace('"schema"', '"scheme"'), "evidence of schema"),
    "a list": (lambda text: f"[{text}]", "evidence is a mapping, not list"),
    "a number": (lambda text: "7", "evidence is a mapping, not int"),
    "nothing": (lambda text: "null", "evidence is a mapping, not null"),
    "half a file": (lambda text: text[: len(text) // 2], ""),
    "no probes": (lambda text: text.replace('"probes"', '"probe"'), "the evidence has no probes"),
}


@pytest.fixture(scope="module")
def judged(once, commands):
    """Evidence of three hosts, saved while they ran; then, without them, one task for each question."""

    def make(work: Path):
        ansible = commands(work / "ansible")
        evidence = work / "evidence"
        info = {"evidence": "file", "evidence_dir": str(evidence)}
        with serve(HOSTS, work / "sim") as fleet:
            read = ansible.play(
                fleet.inventory, [{"name": "read", "winops.patching.win_reboot_pending_info": info}], hosts="windows"
            )
        for name, (damage, _) in DAMAGED.items():
            text = (evidence / "calm.json").read_text(encoding="utf-8")
            (evidence / f"{name}.json").write_text(damage(text), encoding="utf-8")
        questions = {f"again {host}": JUDGE % (LOAD.format(host=host), "policy={}") for host in HOSTS}
        questions |= {f"judge {name}": JUDGE % (LOAD.format(host=name), "") for name in DAMAGED}
        calm = LOAD.format(host="calm")
        questions |= {
            "strict": JUDGE % (calm, f"policy={STRICT}"),
            "strict by position": JUDGE % (calm, STRICT),
            "lenient": JUDGE % (LOAD.format(host="secretive"), "policy={'require': ['wu_reboot_required']}"),
            "later": JUDGE % (calm, "now='2030-01-01T00:00:00Z'"),
            "bad policy": JUDGE % (calm, "policy={'requires': []}"),
            "policy as text": JUDGE % (calm, "policy='strict'"),
            "bad time": JUDGE % (calm, "now='tomorrow'"),
            "is": f"{{{{ {calm} | from_json | winops.patching.reboot_verdict is winops.patching.reboot_required }}}}",
        }
        tasks = [
            {"name": name, "ansible.builtin.debug": {"msg": question}, "ignore_errors": True}
            for name, question in questions.items()
        ]
        run = ansible.play(fleet.inventory, tasks, hosts="localhost", vars={"folder": str(evidence)})
        run.notes["read"] = {host: read.of("read", host)["verdict"] for host in HOSTS}
        return run

    return once("evidence", make)


@pytest.mark.parametrize("host", HOSTS)
def test_saved_evidence_gives_the_verdict_that_the_host_gave(judged, host):
    verdict = judged.of(f"again {host}")["msg"]
    assert verdict["reboot"] == REBOOT[host]
    assert {key: verdict[key] for key in judged.notes["read"][host]} == judged.notes["read"][host]
    assert len(verdict["signals"]) >= 20


def test_another_policy_gives_another_verdict_of_the_same_evidence(judged):
    assert judged.of("strict")["msg"]["reboot"] == "unknown"
    assert judged.of("strict by position")["msg"] == judged.of("strict")["msg"]
    assert judged.of("lenient")["msg"]["reboot"] == "not_required"
    assert judged.of("later")["msg"]["reboot"] == "not_required"


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_document_is_an_error_in_one_sentence_and_never_a_verdict(judged, name):
    result = judged.of(f"judge {name}")
    assert judged.states(f"judge {name}") == {"localhost": "failed"}
    assert DAMAGED[name][1] in result["msg"]
    assert "not_required" not in result["msg"]
    assert "Traceback" not in json.dumps(result)


@pytest.mark.parametrize(
    ("task", "complaint"),
    [
        ("bad policy", "policy.requires: no such key"),
        ("policy as text", "policy: must be a mapping, not"),
        ("bad time", "'tomorrow' is not a time"),
    ],
)
def test_a_wrong_argument_of_the_filter_is_named(judged, task, complaint):
    assert complaint in judged.of(task)["msg"]


def test_a_verdict_of_the_filter_can_be_tested(judged):
    assert str(judged.of("is")["msg"]) == "False"


@pytest.fixture(scope="module")
def cached(once, commands):
    """Facts gathered into a cache of files; then, with the simulator stopped, a play that only looks at them."""

    def make(work: Path):
        ansible = commands(work / "ansible")
        cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(work / "cache")}
        gather = {"hosts": "windows", "gather_facts": False, "tasks": [{"winops.patching.win_patch_facts": {}}]}
        words = {
            word: f"{{{{ ansible_facts.winops_patching is winops.patching.{word} }}}}"
            for word in ("reboot_required", "reboot_not_required", "reboot_unknown")
        }
        look = {
            "hosts": "windows",
            "gather_facts": False,
            "tasks": [
                {"name": "words", "ansible.builtin.debug": {"msg": words}},
                {
                    "name": "gate",
                    "ansible.builtin.assert": {
                        "that": "ansible_facts.winops_patching is winops.patching.reboot_not_required",
                    },
                },
            ],
        }
        with serve(HOSTS, work / "sim") as fleet:
            gathered = ansible.playbook(fleet.inventory, [gather], **cache)
        run = ansible.playbook(fleet.inventory, [look], **cache)
        run.notes["gathered"] = gathered.code
        run.notes["sizes"] = {path.name: path.stat().st_size for path in (work / "cache").iterdir()}
        return run

    return once("cached", make)


def test_a_gate_runs_from_the_fact_cache_when_no_host_answers_any_more(cached):
    assert cached.notes["gathered"] == 0
    assert cached.states("gate") == {"calm": "ok", "waiting": "failed", "secretive": "failed"}
    assert cached.code != 0


@pytest.mark.parametrize("host", HOSTS)
def test_a_cached_fact_can_be_tested_like_a_fresh_verdict(cached, host):
    words = cached.of("words", host)["msg"]
    assert {word: str(value) == "True" for word, value in words.items()} == {
        f"reboot_{answer}": answer == REBOOT[host] for answer in REBOOT.values()
    }


def test_the_cached_facts_of_a_host_are_small(cached):
    assert len(cached.notes["sizes"]) == len(HOSTS)
    assert all(size <= 4096 for size in cached.notes["sizes"].values()), cached.notes["sizes"]
