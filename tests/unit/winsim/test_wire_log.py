# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The log of what came over the wire: a line for each request, before it is answered."""

from __future__ import annotations

import http.client
import json
from contextlib import closing

import pytest
import yaml

from winsim.simulator import Simulator
from winsim.testing import Wire, serve, write_hosts
from winsim.wire.http import Request
from winsim.wire.log import WireLog


def post(port: int, *bodies: bytes) -> None:
    """The bodies one after the other, over one connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        for body in bodies:
            connection.request("POST", "/wsman", body=body)
            connection.getresponse().read()


@pytest.fixture
def ports(tmp_path):
    """Ports of the hosts a and b by name; the log is `wire.jsonl`."""
    folder = write_hosts({"a": {"os": {}}, "b": {"os": {}}}, tmp_path / "hosts")
    simulator = Simulator(folder, wire_log=tmp_path / "wire.jsonl")
    yield {endpoint.host.name: endpoint.port.number for endpoint in simulator.endpoints}
    simulator.close()


def test_every_request_is_in_the_log_when_its_answer_has_come(ports, tmp_path):
    post(ports["a"], b"", b"12345")
    post(ports["b"], b"123")
    lines = (tmp_path / "wire.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"host": "a", "bytes_up": 0},
        {"host": "a", "bytes_up": 5},
        {"host": "b", "bytes_up": 3},
    ]


def test_a_log_that_is_closed_takes_nothing_more(tmp_path):
    log = WireLog(tmp_path / "new" / "wire.jsonl")
    came = log.of("a")
    log.close()
    came(Request(method="POST", path="/wsman", headers={}, body=b"late"))
    assert (tmp_path / "new" / "wire.jsonl").read_text(encoding="utf-8") == ""


def test_an_older_log_does_not_count(tmp_path):
    file = tmp_path / "wire.jsonl"
    file.write_text('{"host": "a", "bytes_up": 9}\n', encoding="utf-8")
    WireLog(file).close()
    assert file.read_text(encoding="utf-8") == ""


def test_a_served_fleet_says_what_each_host_has_received(tmp_path):
    with serve({"a": {"os": {}}, "b": {"os": {}}}, tmp_path) as fleet:
        hosts = yaml.safe_load(fleet.inventory.read_text(encoding="utf-8"))["windows"]["hosts"]
        post(hosts["a"]["ansible_port"], b"1234567", b"1")
        assert fleet.wire("a") == Wire(requests=2, bytes_up=8)
        assert fleet.wire("b") == Wire(requests=0, bytes_up=0)
