# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The server's side of WinRM, message by message: HTTP, authentication, shells, faults."""

from __future__ import annotations

import base64
import io
import os
import xml.etree.ElementTree as ET

import pytest
import spnego

from winsim.faults import SLOW_SECONDS, Effects, FaultPlan
from winsim.model import Fault
from winsim.wire import soap
from winsim.wire.auth import CredentialFile, Gate, new_account
from winsim.wire.http import BadRequestError, Request, Response, read_request
from winsim.wire.winrs import Hurdles, Outcome, ShellService

RSP = soap.RSP


def message(
    action: str, body: str = "", *, shell: str = "", timeout: str = "PT20S", console: str = "FALSE"
) -> soap.Message:
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in soap.NAMESPACES.items())
    selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell}</w:Selector></w:SelectorSet>' if shell else ""
    return soap.parse(
        (
            f"<s:Envelope {names}><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:1</a:MessageID>"
            f"<w:ResourceURI>{soap.CMD_SHELL}</w:ResourceURI><w:OperationTimeout>{timeout}</w:OperationTimeout>{selector}"
            f'<w:OptionSet><w:Option Name="WINRS_CONSOLEMODE_STDIN">{console}</w:Option></w:OptionSet>'
            f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        ).encode(),
    )


def found(data: bytes, name: str) -> str:
    return next(node.text or "" for node in ET.fromstring(data).iter() if node.tag.endswith(f"}}{name}"))


class Client:
    """Speaks to a ShellService as pywinrm does."""

    def __init__(self, outcome: Outcome, timeout: str = "PT20S") -> None:
        self.lines: list[tuple[str, bytes]] = []
        self.timeout = timeout
        self.service = ShellService(lambda line, stdin: self.lines.append((line, stdin)) or outcome)
        reply = self.service.answer(message("x/Create"), Hurdles())
        self.shell = found(reply.body, "ShellId")

    def call(self, operation: str, body: str = "", hurdles: Hurdles | None = None, console: str = "FALSE"):
        asked = message(f"{RSP}/{operation}", body, shell=self.shell, timeout=self.timeout, console=console)
        return self.service.answer(asked, hurdles or Hurdles())

    def command(self, line: str, console: str = "FALSE") -> str:
        body = f"<rsp:CommandLine><rsp:Command>{line}</rsp:Command><rsp:Arguments>a b</rsp:Arguments></rsp:CommandLine>"
        return found(self.call("Command", body, console=console).body, "CommandId")

    def send(self, command: str, data: bytes, *, end: bool) -> None:
        last = ' End="true"' if end else ""
        text = base64.b64encode(data).decode()
        self.call(
            "Send", f'<rsp:Send><rsp:Stream Name="stdin" CommandId="{command}"{last}>{text}</rsp:Stream></rsp:Send>'
        )

    def receive(self, command: str, hurdles: Hurdles | None = None):
        body = f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream></rsp:Receive>'
        return self.call("Receive", body, hurdles)


def stdout(body: bytes) -> bytes:
    nodes = [n for n in ET.fromstring(body).iter() if n.tag.endswith("Stream") and n.get("Name") == "stdout"]
    return b"".join(base64.b64decode(node.text or "") for node in nodes)


def test_a_command_runs_when_its_input_is_complete():
    client = Client(Outcome(stdout=b"out", stderr=b"err", code=3, tier="served"))
    command = client.command("powershell")
    client.send(command, b"one", end=False)
    client.send(command, b"two", end=True)
    reply = client.receive(command)
    assert client.lines == [("powershell a b", b"onetwo")]
    assert (reply.status, reply.tier, stdout(reply.body), found(reply.body, "ExitCode")) == (200, "served", b"out", "3")
    assert reply.body.count(b"CommandState/Done") == 1


def test_a_command_with_a_console_runs_without_input():
    client = Client(Outcome(stdout=b"x"))
    assert stdout(client.receive(client.command("hostname", console="TRUE")).body) == b"x"


def test_a_command_that_runs_longer_than_the_time_out_is_a_fault_until_it_ends():
    client = Client(Outcome(stdout=b"late", takes=0.3), timeout="PT0.2S")
    command = client.command("x", console="TRUE")
    early = client.receive(command)
    assert (early.status, early.body.count(b'Code="2150858793"')) == (500, 1)
    assert stdout(client.receive(command).body) == b"late"
    assert len(client.lines) == 1


def test_a_command_whose_outcome_is_known_later_is_waited_for_and_run_once():
    known = Outcome(stdout=b"known", tier="emulated")
    client = Client(Outcome(takes=0.05, later=lambda: Outcome(takes=0.2, later=lambda: known)), timeout="PT0.15S")
    command = client.command("x", console="TRUE")
    assert client.receive(command).status == 500
    reply = client.receive(command)
    assert (stdout(reply.body), reply.tier, len(client.lines)) == (b"known", "emulated", 1)


def test_a_command_without_its_input_waits():
    client = Client(Outcome(), timeout="PT0.1S")
    assert b"2150858793" in client.receive(client.command("x")).body


def test_a_slow_answer_holds_the_command_and_a_cut_halves_its_output():
    client = Client(Outcome(stdout=b"abcd"), timeout="PT0.1S")
    command = client.command("x", console="TRUE")
    assert client.receive(command, Hurdles(hold=0.15)).status == 500
    assert stdout(client.receive(command, Hurdles(cut_output=True)).body) == b"ab"


def test_what_is_not_there_is_a_fault():
    client = Client(Outcome())
    command = client.command("x", console="TRUE")
    signal = f'<rsp:Signal CommandId="{command}"><rsp:Code>{RSP}/signal/terminate</rsp:Code></rsp:Signal>'
    assert client.call("Signal", signal).status == 200
    assert client.receive(command).status == 500
    assert client.call("Fly").status == 500
    assert client.call("Delete").status == 200
    assert b"was not found" in client.call("Delete").body


def test_a_boot_ends_every_shell():
    client = Client(Outcome())
    client.service.drop_all()
    assert client.call("Delete").status == 500


@pytest.mark.parametrize("data", [b"", b"<a/>", b"<", b"no xml"])
def test_what_is_no_soap_is_refused(data):
    with pytest.raises(soap.NotSoapError):
        soap.parse(data)


def test_answers_relate_to_their_request_and_escape_text():
    asked = message("x/Create&amp;")
    assert found(soap.fault(asked, 1, "w:X", "<no> & yes"), "Text") == "<no> & yes"
    assert found(soap.envelope(asked, ""), "RelatesTo") == "uuid:1"


def test_a_request_is_read_and_an_answer_is_one_piece():
    stream = io.BytesIO(b"POST /wsman HTTP/1.1\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhiGET")
    request = read_request(stream)
    assert request == Request("POST", "/wsman", {"content-length": "2", "x-a": "b"}, b"hi")
    wire = Response(401, b"no", headers=[("A", "b")]).wire()
    assert wire.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert wire.endswith(b"Content-Length: 2\r\n\r\nno")


@pytest.mark.parametrize(
    "data",
    [b"hello\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"POST / HTTP/1.1\r\n" + b"A: b\r\n" * 200],
)
def test_what_is_no_http_is_refused(data):
    with pytest.raises(BadRequestError):
        read_request(io.BytesIO(data))


def test_a_connection_that_ends_gives_no_request():
    assert read_request(io.BytesIO(b"")) is None
    assert read_request(io.BytesIO(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf")) is None


@pytest.fixture
def accounts():
    made = [new_account(1), new_account(2)]
    file = CredentialFile(made)
    yield made
    file.close()
    assert "NTLM_USER_FILE" not in os.environ


def post(body: bytes = b"", **headers: str) -> Request:
    return Request("POST", "/wsman", {name.replace("_", "-"): text for name, text in headers.items()}, body)


def negotiate(token: bytes) -> str:
    return "Negotiate " + base64.b64encode(token).decode()


def ntlm_login(gate: Gate, user: str, password: str):
    """The client and the server's last answer of an NTLM logon on an empty message."""
    client = spnego.client(user, password, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    challenge = gate.admit(post(authorization=negotiate(client.step() or b"")))
    assert challenge is not None
    token = base64.b64decode(dict(challenge.headers)["WWW-Authenticate"].split()[1])
    return client, gate.admit(post(authorization=negotiate(client.step(token) or b"")))


def test_basic_wants_the_right_password(accounts):
    gate = Gate(accounts[0], ["basic"])

    def login(text: str) -> Response | None:
        return gate.admit(post(b"x", authorization="Basic " + base64.b64encode(text.encode()).decode()))

    assert login(f"{accounts[0].user}:{accounts[0].password}") is None
    assert login(f"{accounts[0].user}:wrong").status == 401
    assert login(f"{accounts[1].user}:{accounts[1].password}").status == 401
    assert gate.admit(post(b"x", authorization="Basic é")).status == 401


def test_a_bare_request_is_offered_what_the_host_allows(accounts):
    offers = {
        ("ntlm", "basic"): ["Negotiate", 'Basic realm="WSMAN"'],
        ("basic",): ['Basic realm="WSMAN"'],
        ("ntlm",): ["Negotiate"],
    }
    for schemes, wanted in offers.items():
        refusal = Gate(accounts[0], schemes).admit(post(b"x"))
        assert (refusal.status, [text for _, text in refusal.headers]) == (401, wanted)


def test_a_scheme_the_host_does_not_allow_is_refused(accounts):
    basic = "Basic " + base64.b64encode(f"{accounts[0].user}:{accounts[0].password}".encode()).decode()
    assert Gate(accounts[0], ["ntlm"]).admit(post(b"x", authorization=basic)).status == 401


def test_ntlm_lets_in_and_seals_both_ways(accounts):
    gate = Gate(accounts[0], ["ntlm"])
    client, last = ntlm_login(gate, accounts[0].user, accounts[0].password)
    assert last.status == 200
    sealed = client.wrap_winrm(b"<question/>")
    body = b"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
    body += len(sealed.header).to_bytes(4, "little") + sealed.header + sealed.data + b"--Encrypted Boundary--\r\n"
    request = post(body, content_type="multipart/encrypted")
    assert gate.admit(request) is None
    assert gate.open(request) == b"<question/>"
    answer = gate.seal(request, Response(500, b"<answer/>")).body
    payload = answer.split(b"application/octet-stream\r\n", 1)[1].rsplit(b"--Encrypted Boundary--", 1)[0]
    assert client.unwrap_winrm(payload[4:20], payload[20:]) == b"<answer/>"


def test_ntlm_refuses_a_wrong_password_and_another_hosts_account(accounts):
    assert ntlm_login(Gate(accounts[0], ["ntlm"]), accounts[0].user, "wrong")[1].status == 401
    assert ntlm_login(Gate(accounts[0], ["ntlm"]), "nobody", "wrong")[1].status == 401
    assert ntlm_login(Gate(accounts[0], ["ntlm"]), accounts[1].user, accounts[1].password)[1].status == 401


def test_a_sealed_message_without_a_logon_cannot_be_opened(accounts):
    gate = Gate(accounts[0], ["ntlm"])
    assert gate.open(post(b"x", content_type="multipart/encrypted")) is None
    assert gate.admit(post(b"x", authorization=negotiate(b"rubbish"))).status == 401


def test_a_fault_is_due_at_its_request_only():
    plan = FaultPlan([Fault("drop", 2), Fault("slow", 2), Fault("error_500", 3)])
    first, second, third, fourth = (plan.next_request() for _ in range(4))
    assert first == fourth == Effects()
    assert (second.cut, second.hold > 0, third.error_500) == (True, True, True)
    assert plan.requests == 4


def test_a_slow_answer_lasts_as_long_as_the_host_file_says():
    assert FaultPlan([Fault("slow", 1, 3)]).next_request().hold == 3.0
    assert FaultPlan([Fault("slow", 1)]).next_request().hold == SLOW_SECONDS


def test_a_truncation_waits_for_the_next_output():
    plan = FaultPlan([Fault("truncate", 1)])
    assert not plan.truncates()
    plan.next_request()
    plan.next_request()
    assert plan.truncates()
    plan.truncated()
    assert not plan.truncates()


def test_never_return_without_a_request_waits_for_the_boot():
    assert FaultPlan([Fault("never_return")]).boot_is_the_last
    assert not FaultPlan([Fault("never_return", 3)]).boot_is_the_last
    assert FaultPlan([Fault("never_return", 1)]).next_request().vanish
