# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The fault campaign finds what is put in on purpose, on the whole way from the playbook to the simulator."""

from __future__ import annotations

import json
import sys

from campaign import batches, hosts, plants
from campaign.batches import Batch, Settings
from campaign.model import ALWAYS, Case, Ends
from campaign.playbook import Playing


def case(name, words):
    """A host without a fault of its own."""
    return Case(name, "none", "planted", Ends.PATCHED, words, {}, ALWAYS)


def test_a_worker_that_installs_twice_and_a_report_that_drops_a_host_are_found(tmp_path):
    cases = (case("alpha", hosts.quiet()), case("beta", hosts.host(hosts.update(1))))
    planted = Settings(tmp_path, hook=plants.HOOKS["installs_twice"], spoil=plants.SPOILS["drops_host"])
    done = batches.run(Batch("planted", "runs", cases), planted)
    found = {(violation.case, violation.check) for violation in done.violations}
    assert {("alpha", "installed_once"), ("beta", "installed_once"), ("alpha", "in_every_report")} <= found
    assert ("beta", "in_every_report") not in found
    assert {story.worker for story in done.stories} == {"double"}
    assert all(job.plan for story in done.stories for job in story.jobs)
    assert {len(story.jobs) for story in done.stories} == {1}


NAMES = ("one", "two", "three")
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - ansible.builtin.set_fact:
            words: "{{ words | default([]) + [item, inventory_hostname] }}"
          loop: [a, b]
        - ansible.builtin.include_tasks: included.yml
          loop: "{{ [1, 2] if inventory_hostname == 'one' else [1] }}"
        - ansible.builtin.fail:
            msg: "{{ inventory_hostname }} fails"
          when: inventory_hostname != 'three'
      rescue:
        - ansible.builtin.set_fact:
            why: "{{ ansible_failed_result.msg }}"
    - ansible.builtin.copy:
        content: "{{ [words, counted, why | default('well')] | to_json }}"
        dest: "{{ patch_report_dir }}-{{ inventory_hostname }}"
        mode: "0600"
    - ansible.builtin.set_fact:
        never: "{{ nothing.of_the_kind }}"
      when: inventory_hostname == 'two'
"""
INCLUDED = """
- ansible.builtin.set_fact:
    counted: "{{ counted | default(0) | int + 1 }}"
"""


def test_tasks_of_the_controller_come_to_the_same_with_and_without_forks(tmp_path):
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    (tmp_path / "included.yml").write_text(INCLUDED, encoding="utf-8")
    hosts = {host: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} for host in NAMES}
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    ran = []
    for forks_all in (True, False):
        folder = tmp_path / f"forks-{forks_all}"
        playing = Playing((inventory,), folder, tmp_path, 60, playbook=str(tmp_path / "play.yml"), forks_all=forks_all)
        played = playing.play(tmp_path / f"log-{forks_all}")
        left = [json.loads(folder.with_name(f"{folder.name}-{host}").read_text(encoding="utf-8")) for host in NAMES]
        ran.append((played, left))
    assert ran[0] == ran[1]
    (played, left), _again = ran
    assert played.code == 2
    assert (played.recap["one"]["rescued"], played.recap["two"]["failed"]) == (1, 1)
    assert left == [
        [["a", "one", "b", "one"], 2, "one fails"],
        [["a", "two", "b", "two"], 1, "two fails"],
        [["a", "three", "b", "three"], 1, "well"],
    ]
