# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A whole simulator: ports, inventory, state files, restarts, and how the command line refuses."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from ansible_collections.winops.patching.tests.unit.work import bounded_work

from winsim.__main__ import main
from winsim.simulator import Simulator
from winsim.testing import write_hosts
from winsim.wire.endpoint import CannotListenError, Port


@pytest.fixture
def start(tmp_path):
    """`start({name: words})`: a simulator in this process, closed at the end."""
    running: list[Simulator] = []

    def run(hosts: dict[str, dict[str, object]], **options: object) -> Simulator:
        folder = write_hosts(hosts, tmp_path / "hosts")
        running.append(Simulator(folder, time_factor=600, state_folder=tmp_path / "state", **options))
        return running[-1]

    yield run
    for simulator in running:
        simulator.close()


def asked(line: http.client.HTTPConnection, method: str = "POST", path: str = "/wsman", body: bytes = b"") -> int:
    """What an unauthenticated request gets; 0 when the connection is refused or cut."""
    try:
        line.request(method, path, body=body)
        response = line.getresponse()
        response.read()
    except (ConnectionError, ssl.SSLError, http.client.HTTPException):
        return 0
    return response.status


def status(port: int, method: str = "POST", path: str = "/wsman", body: bytes = b"") -> int:
    """The same on a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as line:
        return asked(line, method, path, body)


def wait_until(check, seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_every_host_has_a_port_and_answers_or_refuses(start):
    simulator = start({"up": {"os": {}}, "down": {"os": {}, "network": {"listen": False}}})
    ports = {endpoint.host.name: endpoint.port.number for endpoint in simulator.endpoints}
    assert status(ports["up"]) == 401
    assert status(ports["down"]) == 0
    assert status(ports["up"], method="GET") == 405
    assert status(ports["up"], path="/other") == 404


def test_the_inventory_names_every_host_and_is_private(start, tmp_path):
    simulator = start({"a": {"os": {}}, "b": {"os": {}, "network": {"auth": ["basic"], "listen": False}}})
    file = tmp_path / "new" / "inventory.yml"
    simulator.write_inventory(file)
    hosts = yaml.safe_load(file.read_text(encoding="utf-8"))["windows"]["hosts"]
    assert [hosts[name]["ansible_winrm_transport"] for name in ("a", "b")] == ["ntlm", "basic"]
    assert {host["ansible_host"] for host in hosts.values()} == {"127.0.0.1"}
    assert hosts["a"]["ansible_user"] != hosts["b"]["ansible_user"]
    assert len(hosts["a"]["ansible_password"]) >= 20
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def trusting(simulator: Simulator, folder) -> tuple[ssl.SSLContext, dict[str, object]]:
    """A strict TLS client that trusts what the inventory names, and the variables of the host `a`."""
    simulator.write_inventory(folder / "inventory.yml")
    host = yaml.safe_load((folder / "inventory.yml").read_text(encoding="utf-8"))["windows"]["hosts"]["a"]
    context = ssl.create_default_context(cafile=host["ansible_winrm_ca_trust_path"])
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context, host


def test_a_host_on_https_has_a_certificate_that_a_strict_client_takes(start, tmp_path):
    simulator = start({"a": {"os": {}, "network": {"https": True}}})
    context, host = trusting(simulator, tmp_path)
    with closing(http.client.HTTPSConnection("127.0.0.1", host["ansible_port"], timeout=5, context=context)) as line:
        line.request("POST", "/wsman")
        assert line.getresponse().status == 401
    words = [host[f"ansible_winrm_{word}"] for word in ("scheme", "transport", "server_cert_validation")]
    assert words == ["https", "basic", "validate"]


def test_nobody_else_trusts_the_certificate_and_plain_http_is_cut(start):
    simulator = start({"a": {"os": {}, "network": {"https": True}}})
    port = simulator.endpoints[0].port.number
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=ssl.create_default_context())
    with closing(connection), pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        connection.request("POST", "/wsman")
    assert status(port) == 0


def test_a_boot_cuts_connections_on_https_too(start, tmp_path):
    simulator = start({"a": {"os": {}, "network": {"https": True}}})
    context, host = trusting(simulator, tmp_path)
    with closing(http.client.HTTPSConnection("127.0.0.1", host["ansible_port"], timeout=5, context=context)) as line:
        assert asked(line) == 401
        simulator.endpoints[0].power.boot_now("test")
        assert asked(line) == 0


def test_a_host_with_ntlm_alone_is_asked_by_ntlm_on_https_too(start, tmp_path):
    simulator = start({"a": {"os": {}, "network": {"https": True, "auth": ["ntlm"]}}})
    assert trusting(simulator, tmp_path)[1]["ansible_winrm_transport"] == "ntlm"


def test_the_authority_is_gone_when_the_simulator_has_ended(start, tmp_path):
    simulator = start({"a": {"os": {}, "network": {"https": True}}})
    file = Path(str(trusting(simulator, tmp_path)[1]["ansible_winrm_ca_trust_path"]))
    assert [entry.name for entry in file.parent.iterdir()] == ["authority.pem"]
    simulator.close()
    assert not file.exists()


def test_the_port_base_counts_up(start):
    with closing(Port()) as free:
        base = free.number
    simulator = start({"a": {"os": {}}}, port_base=base)
    assert [endpoint.port.number for endpoint in simulator.endpoints] == [base]


def test_a_port_in_use_is_an_error_and_nothing_stays_open(tmp_path):
    folder = write_hosts({"a": {"os": {}}, "b": {"os": {}}}, tmp_path / "hosts")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(CannotListenError, match="cannot use 127"):
            Simulator(folder, port_base=taken.getsockname()[1])
        with pytest.raises(CannotListenError):
            Simulator(folder, port_base=65535)


def test_the_state_file_is_the_host_file_with_a_log(start, tmp_path):
    key = {r"HKLM\SOFTWARE\X": {"volatile": True, "values": {"v": {"type": "REG_DWORD", "data": 1}}}}
    start({"a": {"os": {"boot_time": "2026-11-01T03:12:00Z"}, "registry": key, "update_agent": {"remote": "denied"}}})
    state = json.loads((tmp_path / "state" / "a.json").read_text(encoding="utf-8"))
    assert state["registry"][r"HKLM\SOFTWARE\X"] == key[r"HKLM\SOFTWARE\X"]
    assert state["os"]["boot_time"] == "2026-11-01T03:12:00Z"
    assert (state["update_agent"]["remote"], state["log"]) == ("denied", [])


def test_a_state_without_its_log_is_a_host_file_again(start, tmp_path):
    start(
        {
            "a": {
                "os": {},
                "events": [{"log": "System", "id": 1, "time": "2026-11-01T00:00:00Z"}],
                "files": {"C:\\x": {}},
                "network": {"https": True, "run_ms": 5, "faults": [{"at_request": 90, "do": "slow", "seconds": 2}]},
                "misbehaves": ["boots_twice"],
            }
        }
    )
    state = json.loads((tmp_path / "state" / "a.json").read_text(encoding="utf-8"))
    del state["log"]
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "a.yml").write_text(yaml.safe_dump(state), encoding="utf-8")
    assert main(["check", str(tmp_path / "again")]) == 0


def test_a_restart_refuses_connections_for_a_while_and_is_logged(start, tmp_path):
    simulator = start({"a": {"os": {"boot_time": "2026-01-01T00:00:00Z"}}})
    (endpoint,) = simulator.endpoints
    assert endpoint.host.shut_down(0, "test") is True
    assert endpoint.host.shut_down(0, "again") is False
    wait_until(lambda: status(endpoint.port.number) == 0)
    wait_until(lambda: status(endpoint.port.number) == 401)
    state = json.loads((tmp_path / "state" / "a.json").read_text(encoding="utf-8"))
    assert [(entry["event"], entry["cause"]) for entry in state["log"]] == [("boot", "test")]
    assert [event["id"] for event in state["events"]] == [1074]
    assert state["os"]["boot_time"] > state["events"][0]["time"]


def test_an_aborted_restart_does_not_happen(start):
    simulator = start({"a": {"os": {}}})
    (endpoint,) = simulator.endpoints
    assert endpoint.host.abort_shutdown() is False
    endpoint.host.shut_down(600, "test")
    assert endpoint.host.abort_shutdown() is True
    time.sleep(0.6)
    assert (status(endpoint.port.number), endpoint.host.log) == (401, [])
    assert [event.id for event in endpoint.host.events] == [1074, 1075]


def test_an_inventory_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    folder = write_hosts({"a": {"os": {}}}, tmp_path / "hosts")
    assert main(["serve", str(folder), "--inventory", str(tmp_path)]) == 3
    assert capsys.readouterr().err.startswith("winsim: cannot ")


def test_a_host_that_never_returns_stays_away_after_its_boot(start):
    simulator = start({"a": {"os": {}, "network": {"faults": [{"do": "never_return"}]}}})
    (endpoint,) = simulator.endpoints
    endpoint.host.shut_down(0, "test")
    wait_until(lambda: status(endpoint.port.number) == 0)
    time.sleep(1.0)
    assert (status(endpoint.port.number), endpoint.host.log) == (0, [])


def test_faults_happen_at_their_request(start):
    faults = [
        {"at_request": 2, "do": "drop"},
        {"at_request": 4, "do": "error_500"},
        {"at_request": 5, "do": "reboot"},
    ]
    simulator = start({"a": {"os": {}, "network": {"faults": faults}}})
    (endpoint,) = simulator.endpoints
    assert [status(endpoint.port.number) for _ in range(5)] == [401, 0, 401, 500, 0]
    wait_until(lambda: bool(endpoint.host.log))
    assert endpoint.host.log[0]["cause"] == "fault at request 5"
    assert endpoint.host.events == []


def test_a_host_vanishes_at_its_request(start):
    simulator = start({"a": {"os": {}, "network": {"faults": [{"at_request": 2, "do": "never_return"}]}}})
    (endpoint,) = simulator.endpoints
    assert [status(endpoint.port.number) for _ in range(4)] == [401, 0, 0, 0]


def test_rubbish_on_the_line_gets_a_bad_request(start):
    simulator = start({"a": {"os": {}}})
    with socket.create_connection(("127.0.0.1", simulator.endpoints[0].port.number), timeout=5) as line:
        line.sendall(b"hello\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400")


def test_the_command_line_refuses_wrong_host_files_without_a_traceback(tmp_path, capsys):
    folder = write_hosts({"a": {"os": {}, "tokn": {}}, "b": "name: b\n"}, tmp_path / "hosts")
    assert main(["serve", str(folder), "--inventory", str(tmp_path / "i.yml")]) == 2
    said = capsys.readouterr().err
    assert "tokn: unknown word 'tokn'; did you mean 'token'?" in said
    assert "b.yml:1: host file: the word 'os' is missing" in said
    assert "2 mistakes" in said
    assert not (tmp_path / "i.yml").exists()


def test_the_command_line_says_which_port_it_cannot_have(tmp_path, capsys):
    folder = write_hosts({"a": {"os": {}}}, tmp_path / "hosts")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        arguments = [
            "serve",
            str(folder),
            "--inventory",
            str(tmp_path / "i.yml"),
            "--port-base",
            str(taken.getsockname()[1]),
        ]
        assert main(arguments) == 3
    assert "winsim: cannot serve: cannot use 127.0.0.1:" in capsys.readouterr().err


def test_the_tiers_are_listed(capsys):
    assert main(["tiers"]) == 0
    said = capsys.readouterr().out
    assert "served    winops.patching.win_probe" in said
    assert "emulated  ansible.windows.win_reboot_info" in said


def test_many_hosts_start_with_little_work_each_and_share_their_threads(start):
    before = threading.active_count()
    with bounded_work(calls=950_000):
        simulator = start({f"h{number:03}": {"os": {}} for number in range(200)})
    assert len(simulator.endpoints) == 200
    assert threading.active_count() - before <= 3, "one accepts, one ticks"
