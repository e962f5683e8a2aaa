# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A whole patch run of simulated hosts behind a load balancer: out before anything happens, back after all of it."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from winsim.testing import serve


def agent(**words):
    """An update agent that lacks one update, which wants a boot."""
    missing = {
        "id": "00000000-0000-0000-0000-000000000001",
        "revision": 1,
        "title": "2026-11 Cumulative Update (KB5000001)",
        "kb": ["5000001"],
        "classification": "Security Updates",
        "reboot_behavior": "always_requires",
        **words,
    }
    return {"update_agent": {"remote": "denied", "scan_minutes": 1, "updates": [missing]}}


HOSTS = {
    "patched": {"os": {}, **agent()},
    "fails": {"os": {}, **agent(result="fail:0x80070643")},
    "complete": {"os": {}, **agent(installed=True)},
}


@contextmanager
def balancer(fleet, asked):
    """A load balancer with a member for each host; notes what the host has gone through when it changes one."""
    states = dict.fromkeys(HOSTS, "ready")

    class Handler(BaseHTTPRequestHandler):
        def serve(self):
            host = self.path.strip("/")
            length = int(self.headers.get("Content-Length") or 0)
            if length:
                states[host] = json.loads(self.rfile.read(length))["state"]
                log = [entry["event"] for entry in fleet.state(host)["log"]]
                asked[host].append([states[host], [event for event in log if event in ("install", "boot")]])
            text = json.dumps({"state": states[host], "connections": 0}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            """Say nothing."""

    for method in ("GET", "PATCH"):
        setattr(Handler, f"do_{method}", Handler.serve)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def run(once, commands, note):
    """The playbook over these hosts, once."""

    def make(folder):
        asked = {name: [] for name in HOSTS}
        with serve(HOSTS, folder / "sim", time_factor=300) as fleet, balancer(fleet, asked) as url:
            extra = {
                "patch_target": "all",
                "patch_report_dir": str(folder / "report"),
                "patch_no_windows": "open",
                "patch_clock": "host",
                "patch_run_poll_seconds": 1,
                "patch_hooks": {
                    "pre_install": "examples/load_balancer_drain.yml",
                    "always": "examples/load_balancer_undrain.yml",
                },
                "patch_lb_url": url + "/{{ inventory_hostname }}",
            }
            command = ["winops.patching.patch", "-i", str(fleet.inventory), "-e", json.dumps(extra)]
            done = note(commands(folder / "ansible").command("ansible-playbook", command), folder / "report")
        done.notes["asked"] = asked
        return done

    return once("patch-run-drained", make)


def test_a_host_is_out_before_anything_is_installed_and_back_after_its_reboot(run):
    assert run.notes["asked"]["patched"] == [["drain", []], ["ready", ["install", "boot"]]], run.output


def test_a_host_whose_update_failed_comes_back_too_and_the_run_is_not_green(run):
    assert [state for state, _ in run.notes["asked"]["fails"]] == ["drain", "ready"], run.output
    assert run.code == 2


def test_a_host_with_nothing_to_do_stays_in(run):
    assert run.notes["asked"]["complete"] == [], run.output
    assert run.fleet["hosts"]["complete"]["run"]["outcome"] == "nothing_to_do"
