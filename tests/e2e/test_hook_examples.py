# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The shipped hook examples: run by the real ansible-playbook, against a load balancer and a hypervisor of our own.

Those that act on Windows itself (cluster, SQL Server, domain controller) are run with stand-ins for the modules of
ansible.windows: that shows what they ask, in what order, and what they do with the answers, and nothing of Windows.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "roles" / "patch_run" / "tasks" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yml"))
TOKEN = "never-shown-7c1b"
# What the role defines for every hook, and what the examples may use without saying so.
GIVEN = {"patch_hook", "patch_report_dir", "patch_hook_secure_logging"}
DRAIN, UNDRAIN = "load_balancer_drain", "load_balancer_undrain"
SNAPSHOT, REMOVE = "vm_snapshot_create", "vm_snapshot_remove"
PAUSE, RESUME = "cluster_node_drain", "cluster_node_resume"
LEAVE, IN_STEP = "sql_availability_group_leave", "sql_availability_group_ready"
SPARE, ANSWERS = "domain_controller_check", "domain_controller_ready"
OUT, IN = 'PATCH {"state": "drain"}', 'PATCH {"state": "ready"}'


@dataclass
class Api:
    """A load balancer with one member, and a hypervisor with the snapshots of one machine."""

    member: dict[str, Any] = field(default_factory=lambda: {"name": "web01", "state": "ready", "connections": 0})
    connections: list[int] = field(default_factory=lambda: [0])
    snapshots: list[str] = field(default_factory=lambda: ["current"])
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, what: str, body: dict[str, Any]) -> tuple[int, Any]:
        """What a request comes to; the number of connections is the next one at each look."""
        self.asked.append(f"{method} {json.dumps(body)}" if body else f"{method} {what}")
        if self.status != 200:
            return self.status, {}
        if what.startswith("vm"):
            return self._snapshot(method, what.removeprefix("vm").strip("/"), body)
        if method == "GET":
            self.member["connections"] = self.connections.pop(0) if len(self.connections) > 1 else self.connections[0]
        self.member |= body
        return 200, self.member

    def _snapshot(self, method: str, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        if method == "DELETE":
            if name not in self.snapshots:
                return 404, {}
            self.snapshots.remove(name)
        if method == "POST":
            self.snapshots.append(body["snapname"])
        return 200, {"data": [{"name": one} for one in self.snapshots]}


@contextmanager
def listening(apis: Mapping[str, Api]) -> Iterator[str]:
    """One API for each host, below its name, on a free port of 127.0.0.1; who comes without the token is refused."""

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            _, host, what = self.path.split("/", 2)
            known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            status, content = apis[host].answer(self.command, what, body) if known else (401, {})
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    for method in ("GET", "PATCH", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.serve)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def told(text, rc=0):
    """What a command prints."""
    return {"rc": rc, "stdout": f"{text}\n"}


def node(state, drain="NotInitiated", others=1):
    """What the node of a cluster answers."""
    return {"changed": False, "result": {"state": state, "drain": drain, "others": others}}


def service(state):
    """What a service answers."""
    return {"changed": False, "services": [{"name": "any", "state": state}]}


@dataclass(frozen=True)
class Case:
    """What one host runs, with its variables; `answers` are those of Windows, by a word of what is asked."""

    examples: tuple[str, ...]
    words: dict[str, Any] = field(default_factory=dict)
    api: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


OWN_WORDS = {
    "patch_lb_out": {"admin": "down"},
    "patch_lb_in": {"admin": "up"},
    "patch_lb_open": "{{ patch_run_lb_answer.stats[0].scur }}",
    "patch_lb_open_url": "{{ patch_lb_url }}/stats",
}
GROUP = {"patch_sql_group": "AG]1's", "patch_sql_partner": "partner", "patch_sql_minutes": 0}
DOMAIN = {"patch_domain": "example.com", "patch_dc_minutes": 0}
AT_ONCE = {"patch_lb_minutes": 0}
CASES = {
    "in": Case((DRAIN, UNDRAIN, UNDRAIN), {}, {"connections": [2, 2, 2, 0]}),
    "out": Case((DRAIN, UNDRAIN), {}, {"member": {"state": "maint", "connections": 0}}),
    "lost": Case((DRAIN, SNAPSHOT)),
    "never": Case((UNDRAIN, RESUME, REMOVE)),
    "refused": Case((DRAIN,), {}, {"status": 403}),
    "gone": Case((DRAIN,), {"patch_lb_url": "http://127.0.0.1:1/x"}),
    "busy": Case((DRAIN,), AT_ONCE, {"connections": [7]}),
    "not-told": Case((DRAIN,), {**AT_ONCE, "patch_lb_open": "{{ patch_run_lb_answer.no }}"}),
    "own-words": Case((DRAIN,), OWN_WORDS, {"member": {"state": "x", "admin": "up", "stats": [{"scur": 0}]}}),
    "full": Case((SNAPSHOT,), {}, {"status": 500}),
    "kept": Case((SNAPSHOT, REMOVE), {"patch_vm_keep": True}),
    "node": Case(
        (PAUSE, RESUME, RESUME),
        answers={
            "Suspend-": [{}],
            "Resume-": [{}],
            "Get-ClusterNode": [node("Up"), node("Paused", "Completed"), node("Paused", "Completed")],
        },
    ),
    "node-paused": Case((PAUSE, RESUME), answers={"Get-ClusterNode": [node("Paused", "Completed")]}),
    "node-alone": Case((PAUSE,), answers={"Get-ClusterNode": [node("Up", others=0)]}),
    "node-stuck": Case((PAUSE,), answers={"Suspend-": [{}], "Get-ClusterNode": [node("Up"), node("Paused", "Failed")]}),
    "node-slow": Case(
        (PAUSE,), {"patch_node_minutes": 0}, answers={"Suspend-": [{}], "Get-ClusterNode": [node("Up"), node("Paused")]}
    ),
    "node-moving": Case(
        (PAUSE,),
        answers={
            "Suspend-": [{}],
            "Get-ClusterNode": [node("Up"), node("Paused"), node("Paused", "Completed")],
        },
    ),
    "node-mute": Case(
        (PAUSE,),
        {"patch_node_minutes": 0},
        answers={"Suspend-": [{}], "Get-ClusterNode": [node("Up"), {"failed": True, "msg": "The cluster is gone"}]},
    ),
    "primary": Case(
        (LEAVE,),
        GROUP,
        answers={"role_desc": [told("PRIMARY")], "is_failover_ready": [told("1")], "FAILOVER": [told("")]},
    ),
    "late": Case((LEAVE,), GROUP, answers={"role_desc": [told("PRIMARY")], "is_failover_ready": [told("0")]}),
    "alone": Case((LEAVE,), {"patch_sql_group": "AG1"}, answers={"role_desc": [told("PRIMARY")]}),
    "secondary": Case((LEAVE,), GROUP, answers={"role_desc": [told("SECONDARY")]}),
    "no-replica": Case((LEAVE,), GROUP, answers={"role_desc": [told("")]}),
    "in-step": Case((IN_STEP,), GROUP, answers={"health_desc": [told("HEALTHY")]}),
    "behind": Case((IN_STEP,), GROUP, answers={"health_desc": [told("PARTIALLY_HEALTHY")]}),
    "dc": Case(
        (SPARE, ANSWERS), DOMAIN, answers={"nltest": [told("DC")], "dcdiag": [told("")], "": [service("started")]}
    ),
    "dc-last": Case((SPARE,), DOMAIN, answers={"nltest": [told("", 1355)]}),
    "dc-errors": Case((SPARE,), DOMAIN, answers={"nltest": [told("DC")], "dcdiag": [told("LDAP-Fehler 55")]}),
    "dc-mute": Case((SPARE,), DOMAIN, answers={"nltest": [told("DC")], "dcdiag": [told("", 1)]}),
    "dc-late": Case((ANSWERS,), DOMAIN, answers={"dcdiag": [told("SYSVOL")], "": [service("started")]}),
    "dc-stopped": Case((ANSWERS,), DOMAIN, answers={"": [service("stopped")]}),
    "partner": Case(()),
}
# As many as a host runs at most.
MOST = 5
# For the modules of ansible.windows: answers by what is asked for, in order, and writes down what that was.
STAND_IN = """
import json
import os
from ansible.module_utils.basic import AnsibleModule

ARGUMENTS = {"argv": {"type": "list"}, "script": {}, "parameters": {"type": "dict"}, "error_action": {}, "name": {}}
module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
asked = " ".join(map(str, module.params["argv"] or [module.params["script"] or module.params["name"]]))
with open(os.environ["STAND_IN"]) as stream:
    known = json.load(stream)
answers = next(answers for word, answers in known["answers"] if word in asked)
known["asked"].append(asked)
answer = answers.pop(0) if len(answers) > 1 else answers[0]
with open(os.environ["STAND_IN"], "w") as stream:
    json.dump(known, stream)
module.exit_json(**{"changed": True, **answer})
"""


def write_stand_ins(folder):
    """A collection ansible.windows of three modules, and for each host what they answer."""
    modules = folder / "collections" / "ansible_collections" / "ansible" / "windows" / "plugins" / "modules"
    modules.mkdir(parents=True)
    for name in ("win_command", "win_powershell", "win_service_info"):
        (modules / f"{name}.py").write_text(STAND_IN, encoding="utf-8")
    for name, case in CASES.items():
        known = {"answers": list(case.answers.items()), "asked": []}
        (folder / f"{name}.json").write_text(json.dumps(known), encoding="utf-8")


def inventory_of(folder, url):
    """Every case is a host; those that do not ask Windows stand for hosts that never came back."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    dead = {"ansible_connection": "winrm", "ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_password": "x"}
    alive = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {
        name: {
            "examples": [str(EXAMPLES / f"{example}.yml") for example in case.examples],
            "patch_lb_url": f"{url}/{name}/member",
            "patch_lb_headers": headers,
            "patch_vm_snapshots_url": f"{url}/{name}/vm",
            "patch_vm_headers": headers,
            "patch_run_report_dir": str(folder / "report"),
            **(alive if case.answers or not case.examples else dead),
            **case.words,
        }
        for name, case in CASES.items()
    }
    file = folder / "inventory.yml"
    file.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def run(once, commands):
    """All cases, three times: in check mode; then truly; then, on `lost`, by the controller that comes next."""

    def make(folder):
        write_stand_ins(folder)
        apis = {name: Api(**json.loads(json.dumps(case.api))) for name, case in CASES.items()}
        play = {
            "name": "Run the examples of each host",
            "hosts": "all",
            "gather_facts": False,
            "environment": {"STAND_IN": str(folder / "{{ inventory_hostname }}.json")},
            "vars": {"patch_hook": {"run_id": "2026-11-21T20:00:00Z-1"}},
            # No loop: which of its files come first for a host would depend on which host answers first.
            "tasks": [
                {
                    "name": f"Run example {number}",
                    "ansible.builtin.include_tasks": f"{{{{ examples[{number}] }}}}",
                    "when": f"examples | length > {number}",
                }
                for number in range(MOST)
            ],
        }
        paths = {
            "ANSIBLE_COLLECTIONS_PATH": f"{folder / 'collections'}:{ROOT / '.build'}",
            "ANSIBLE_PIPELINING": "true",
        }
        ansible = commands(folder / "ansible")
        with listening(apis) as url:
            inventory = inventory_of(folder, url)
            check = ansible.playbook(inventory, [play], "--check", "--limit", "in,out,lost,never,kept", **paths)
            looked = {name: list(api.asked) for name, api in apis.items()}
            done = ansible.playbook(inventory, [play], **paths)
            states = {name: (list(api.asked), api.member, list(api.snapshots)) for name, api in apis.items()}
            again = {"examples": [str(EXAMPLES / f"{name}.yml") for name in (DRAIN, SNAPSHOT, UNDRAIN, REMOVE, REMOVE)]}
            later = {**play, "vars": {"patch_hook": {"run_id": "the-next-run"}}}
            more = ("--limit", "lost", "-e", json.dumps(again))
            next_one = ansible.playbook(inventory, [later], *more, **paths)
        done.notes["looked"] = {"code": check.code, "asked": looked, "output": check.output}
        done.notes["states"] = states
        done.notes["next"] = {"code": next_one.code, "asked": apis["lost"].asked, "snapshots": apis["lost"].snapshots}
        done.notes["windows"] = {
            name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["asked"] for name in CASES
        }
        return done

    return once("hook-examples", make)


@pytest.fixture
def asked(run):
    """`asked(HOST)`: the requests to its API since check mode, or what its Windows was asked."""

    def of(host):
        before = len(run.notes["looked"]["asked"][host])
        return run.notes["states"][host][0][before:] + run.notes["windows"][host]

    return of


@pytest.fixture
def failure(run):
    """`failure(HOST)`: the sentence that stopped it, or None."""

    def of(host):
        said = [
            entry["result"].get("msg", "")
            for entry in run.results
            if (entry["host"], entry["state"]) == (host, "failed")
        ]
        return said[-1] if said else None

    return of


def test_every_example_is_run():
    assert {example for case in CASES.values() for example in case.examples} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_names_its_variables_and_its_hook_at_its_top(name):
    text = (EXAMPLES / f"{name}.yml").read_text(encoding="utf-8")
    top = text[: text.index("\n- name:")]
    others = [(EXAMPLES / file).read_text(encoding="utf-8") for file in re.findall(r"those of (\w+\.yml)", top)]
    named = set(re.findall(r"\bpatch_\w+", " ".join([top, *others])))
    used = {word for word in re.findall(r"\bpatch_\w+", text[len(top) :]) if not word.startswith("patch_run_")}
    assert used - GIVEN - named == set()
    assert re.search(r"Hooks?: (pre_install|ready|always)", top)


def test_a_member_is_taken_out_its_connections_end_and_it_comes_back_once(asked, failure):
    assert failure("in") is None
    assert asked("in") == ["GET member", OUT, "GET member", "GET member", IN]


def test_a_member_that_somebody_else_took_out_stays_out(asked, failure):
    assert failure("out") is None
    assert asked("out") == ["GET member", "GET member"]


def test_what_was_never_done_is_not_undone(asked, failure):
    assert failure("never") is None
    assert asked("never") == []


def test_check_mode_only_looks(run):
    looked = run.notes["looked"]
    assert looked["code"] == 0, looked["output"]
    seen = {name: requests for name, requests in looked["asked"].items() if requests}
    assert seen == {"in": ["GET member"], "out": ["GET member"], "lost": ["GET member", "GET vm"], "kept": ["GET vm"]}


def test_the_controller_after_a_lost_one_undoes_what_that_has_done_and_does_nothing_twice(run):
    after = run.notes["next"]
    assert after["code"] == 0
    changes = [request for request in after["asked"] if not request.startswith("GET")]
    name = "before_2026_11_21T20_00_00Z_1"
    assert changes == [OUT, f'POST {{"snapname": "{name}"}}', IN, f"DELETE vm/{name}"]
    assert after["snapshots"] == ["current"]


@pytest.mark.parametrize(
    ("host", "said"), [("refused", "403"), ("full", "500"), ("gone", "does not tell the state of gone")]
)
def test_an_api_that_refuses_stops_the_host_and_says_why(failure, host, said):
    assert said in failure(host)
    assert "Nothing was" in failure(host)
    assert "look at patch_" in failure(host)


def test_no_token_is_printed(run):
    assert TOKEN not in run.output


def test_connections_that_stay_stop_the_host_with_their_number(failure):
    assert "busy still has 7 connections" in failure("busy")


def test_a_number_of_connections_that_is_not_told_is_no_zero(failure):
    assert "an unknown number of connections" in failure("not-told")


def test_own_words_of_a_load_balancer_are_taken(asked, failure):
    assert failure("own-words") is None
    assert asked("own-words") == ["GET member", 'PATCH {"admin": "down"}', "GET member/stats"]


def test_a_snapshot_that_is_kept_stays(run, failure):
    assert failure("kept") is None
    assert len(run.notes["states"]["kept"][2]) == 2


def did(texts, *words):
    """Those of the words that were asked for, in order."""
    return [word for text in texts for word in words if word in text]


def test_a_node_is_paused_and_resumed_once(asked, failure):
    assert failure("node") is None
    assert did(asked("node"), "Suspend-ClusterNode", "Resume-ClusterNode") == [
        "Suspend-ClusterNode",
        "Resume-ClusterNode",
    ]


def test_a_node_that_somebody_else_has_paused_stays_paused(asked, failure):
    assert failure("node-paused") is None
    assert did(asked("node-paused"), "Suspend-", "Resume-") == []


def test_a_node_whose_roles_cannot_move_stops_the_host(asked, failure):
    assert "No other node" in failure("node-alone")
    assert did(asked("node-alone"), "Suspend-") == []
    assert "did not all move" in failure("node-stuck")


def test_a_drain_that_has_not_been_initiated_is_waited_for_and_is_not_taken_for_a_finished_one(asked, failure):
    assert failure("node-moving") is None
    assert len(did(asked("node-moving"), "Get-ClusterNode")) == 3
    assert "did not all move to other nodes (drain: NotInitiated)" in failure("node-slow")


def test_a_node_that_does_not_tell_its_drain_stops_the_host(failure):
    assert "(drain: The cluster is gone)" in failure("node-mute")


def test_the_primary_lets_its_partner_take_over_when_that_is_in_step(asked, failure):
    assert failure("primary") is None
    words = ["role_desc", "is_failover_ready", "[AG]]1's] FAILOVER"]
    assert did(asked("primary"), *words) == words
    assert "N'AG]1''s'" in asked("primary")[0]


def test_nothing_moves_to_a_partner_that_is_behind_or_from_a_secondary(asked, failure):
    assert "partner is not in step with late" in failure("late")
    assert did(asked("late"), "FAILOVER") == []
    assert failure("secondary") is None
    assert len(asked("secondary")) == 1


def test_a_replica_that_nobody_can_stand_in_for_stops_the_host(failure):
    assert "does not say which host takes over" in failure("alone")
    assert "not part of it" in failure("no-replica")


def test_the_next_replica_waits_for_this_one(failure):
    assert failure("in-step") is None
    assert "PARTIALLY_HEALTHY and not HEALTHY" in failure("behind")


def test_the_last_domain_controller_and_one_with_errors_are_left_alone(failure):
    assert "so nobody could log on" in failure("dc-last")
    assert "LDAP-Fehler 55" in failure("dc-errors")
    assert "has errors" in failure("dc-mute")


def test_a_domain_controller_that_can_be_spared_passes_and_is_ready_when_it_offers_itself(asked, failure):
    assert failure("dc") is None
    assert asked("dc")[0].startswith("nltest /dsgetdc:example.com")
    assert "/test:Advertising" in asked("dc")[-1]


def test_the_next_domain_controller_waits_for_this_one(failure):
    assert "does not answer for its domain yet: SYSVOL" in failure("dc-late")
    assert "runs none of the services NTDS, Kdc, Netlogon, DFSR" in failure("dc-stopped")
