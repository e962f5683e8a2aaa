# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One process serves 200 hosts at once: every one answers for itself while all others are being asked."""

from __future__ import annotations

import base64
import json
import re
import socket
from contextlib import ExitStack

import pytest
import yaml

from winsim.testing import serve
from winsim.wire import soap

HOSTS = [f"h{number:03}" for number in range(200)]
MODULE = {"_ansible_module_name": "winops.patching.win_probe", "probes": []}
STDIN = b"wrapper\0\0\0\0" + json.dumps({"module_args": MODULE}).encode()


class Client:
    """One connection to one host; `ask` sends and `hear` waits, so that all hosts are asked before any is heard."""

    def __init__(self, name: str, words: dict[str, object], stack: ExitStack) -> None:
        self.name = name
        login = base64.b64encode(f"{words['ansible_user']}:{words['ansible_password']}".encode()).decode()
        self._head = f"POST /wsman HTTP/1.1\r\nAuthorization: Basic {login}\r\nContent-Length: "
        self._line = stack.enter_context(socket.create_connection(("127.0.0.1", words["ansible_port"]), timeout=30))
        self._stream = stack.enter_context(self._line.makefile("rb"))
        self.shell = self.command = ""

    def ask(self, operation: str, body: str = "") -> None:
        names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in soap.NAMESPACES.items())
        data = (
            f"<s:Envelope {names}><s:Header><a:Action>{soap.RSP}/{operation}</a:Action>"
            f"<a:MessageID>uuid:1</a:MessageID><w:ResourceURI>{soap.CMD_SHELL}</w:ResourceURI>"
            f'<w:SelectorSet><w:Selector Name="ShellId">{self.shell}</w:Selector></w:SelectorSet>'
            f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        ).encode()
        self._line.sendall(f"{self._head}{len(data)}\r\n\r\n".encode() + data)

    def hear(self) -> str:
        assert self._stream.readline() == b"HTTP/1.1 200 OK\r\n"
        length = 0
        while (header := self._stream.readline()) != b"\r\n":
            name, _, text = header.partition(b":")
            length = int(text) if name.lower() == b"content-length" else length
        return self._stream.read(length).decode()


def hears(clients: list[Client], pattern: str) -> list[str]:
    """What each client hears, the first group of `pattern`."""
    found = [re.search(pattern, client.hear()) for client in clients]
    return [match[1] for match in found if match]


@pytest.fixture
def clients(tmp_path):
    """A client for each of the 200 hosts, all of them connected."""
    with serve({name: {"os": {}} for name in HOSTS}, tmp_path) as fleet, ExitStack() as stack:
        hosts = yaml.safe_load(fleet.inventory.read_text(encoding="utf-8"))["windows"]["hosts"]
        yield [Client(name, words, stack) for name, words in hosts.items()]


def test_two_hundred_hosts_answer_two_hundred_clients_at_once_each_for_itself(clients):
    for client in clients:
        client.ask("Create")
    for client, shell in zip(clients, hears(clients, "<rsp:ShellId>([^<]+)"), strict=True):
        client.shell = shell
        client.ask("Command", "<rsp:CommandLine><rsp:Command>powershell</rsp:Command></rsp:CommandLine>")
    for client, command in zip(clients, hears(clients, "<rsp:CommandId>([^<]+)"), strict=True):
        client.command = command
        stdin = base64.b64encode(STDIN).decode()
        client.ask(
            "Send",
            f'<rsp:Send><rsp:Stream Name="stdin" CommandId="{command}" End="true">{stdin}</rsp:Stream></rsp:Send>',
        )
    for client in clients:
        assert "SendResponse" in client.hear()
        client.ask("Receive", f'<rsp:Receive><rsp:DesiredStream CommandId="{client.command}"/></rsp:Receive>')
    printed = hears(clients, r'<rsp:Stream Name="stdout" CommandId="[^"]+">([^<]+)')
    names = [json.loads(base64.b64decode(text))["system"]["computer_name"] for text in printed]
    assert names == [client.name for client in clients] == HOSTS
    for client in clients:
        client.ask("Delete")
    assert all("DeleteResponse" in client.hear() for client in clients)
