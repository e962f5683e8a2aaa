# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The command shell of WinRM: Create, Command, Send, Receive, Signal, Delete."""

from __future__ import annotations

import base64
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from . import soap
from .soap import NAMESPACES, Message

_DONE: Final = soap.RSP + "/CommandState/Done"
STILL_RUNNING: Final = "The service cannot complete the operation within the time specified in OperationTimeout."
# A shell nobody deletes: real ones end after two hours without use; here the oldest makes room.
MOST_SHELLS: Final = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left, which tier answered, and how long it keeps the client waiting (real seconds).

    `later`: who knows the outcome when that time is over; until then this is none.
    """

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    tier: str = ""
    takes: float = 0.0
    later: Callable[[], Outcome] | None = None


Run = Callable[[str, bytes], Outcome]


@dataclass(slots=True)
class Command:
    line: str
    stdin: bytearray = field(default_factory=bytearray)
    complete: bool = False
    outcome: Outcome | None = None
    ready_at: float = 0.0

    def take(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.ready_at = time.monotonic() + outcome.takes

    def wait(self, most: float) -> Outcome | None:
        """What it left, if it ends within so many seconds."""
        until = time.monotonic() + most
        while True:
            now = time.monotonic()
            wait = self.ready_at - now if self.outcome else most
            time.sleep(max(0.0, min(wait, until - now)))
            if self.outcome is None or wait > until - now:
                return None
            if self.outcome.later is None:
                return self.outcome
            self.take(self.outcome.later())


@dataclass(frozen=True, slots=True)
class Reply:
    """A SOAP answer; `tier` is set when a command's result is in it."""

    status: int
    body: bytes
    tier: str = ""


@dataclass(slots=True)
class Hurdles:
    """What the faults of this one request do to a Receive: cut its output, or keep its command running."""

    cut_output: bool = False
    hold: float = 0.0


class ShellService:
    """All shells of one host. `run` executes a command line with its input."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._shells: dict[str, dict[str, Command]] = {}
        self._lock = threading.Lock()

    def drop_all(self) -> None:
        """A boot ends every shell."""
        with self._lock:
            self._shells.clear()

    def answer(self, message: Message, hurdles: Hurdles) -> Reply:
        operation = message.operation
        if message.resource != soap.CMD_SHELL:
            reason = f"winsim offers the command shell only, not the resource {message.resource}"
            return Reply(500, soap.fault(message, soap.INVALID_RESOURCE, "w:DestinationUnreachable", reason))
        if operation == "Create":
            return self._create(message)
        with self._lock:
            shell = self._shells.get(message.shell_id)
        if shell is None:
            reason = f"The shell {message.shell_id} was not found on the server."
            return Reply(500, soap.fault(message, soap.SHELL_NOT_FOUND, "w:InvalidSelectors", reason))
        match operation:
            case "Command":
                return self._command(message, shell)
            case "Send":
                return self._send(message, shell)
            case "Receive":
                return self._receive(message, shell, hurdles)
            case "Signal":
                return self._signal(message, shell)
            case "Delete":
                with self._lock:
                    self._shells.pop(message.shell_id, None)
                return Reply(200, soap.envelope(message, ""))
            case _:
                reason = f"winsim does not know the operation {message.action}"
                return Reply(500, soap.fault(message, soap.UNEXPECTED_SELECTORS, "a:ActionNotSupported", reason))

    def _create(self, message: Message) -> Reply:
        shell_id = str(uuid.uuid4()).upper()
        with self._lock:
            while len(self._shells) >= MOST_SHELLS:
                del self._shells[next(iter(self._shells))]
            self._shells[shell_id] = {}
        body = (
            "<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{soap.CMD_SHELL}</w:ResourceURI>"
            f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
            "</a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{soap.CMD_SHELL}</rsp:ResourceUri>"
            "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
        )
        return Reply(200, soap.envelope(message, body))

    def _command(self, message: Message, shell: dict[str, Command]) -> Reply:
        words = [message.text(".//rsp:Command")]
        words += [a.text or "" for a in message.body.findall(".//rsp:Arguments", NAMESPACES)]
        command_id = str(uuid.uuid4()).upper()
        # A console for input means that no Send will come.
        ready = message.options.get("WINRS_CONSOLEMODE_STDIN", "").upper() == "TRUE"
        shell[command_id] = Command(line=" ".join(words), complete=ready)
        body = f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"
        return Reply(200, soap.envelope(message, body))

    def _send(self, message: Message, shell: dict[str, Command]) -> Reply:
        for stream in message.body.findall(".//rsp:Stream", NAMESPACES):
            command = shell.get(stream.get("CommandId", ""))
            if command is None:
                return self._no_command(message)
            try:
                command.stdin += base64.b64decode(stream.text or "", validate=True)
            except ValueError:
                reason = "The input stream is not base64."
                return Reply(500, soap.fault(message, soap.UNEXPECTED_SELECTORS, "w:SchemaValidationError", reason))
            command.complete = command.complete or stream.get("End", "").lower() == "true"
        return Reply(200, soap.envelope(message, "<rsp:SendResponse/>"))

    def _receive(self, message: Message, shell: dict[str, Command], hurdles: Hurdles) -> Reply:
        wanted = message.body.find(".//rsp:DesiredStream", NAMESPACES)
        command_id = wanted.get("CommandId", "") if isinstance(wanted, ET.Element) else ""
        command = shell.get(command_id)
        if command is None:
            return self._no_command(message)
        if command.outcome is None and command.complete:
            command.take(self._run(command.line, bytes(command.stdin)))
        if hurdles.hold:
            command.ready_at = max(command.ready_at, time.monotonic() + hurdles.hold)
        outcome = command.wait(message.timeout)
        if outcome is None:
            return Reply(500, soap.fault(message, soap.OPERATION_TIMEOUT, "w:TimedOut", STILL_RUNNING))
        return Reply(200, soap.envelope(message, _result(command_id, outcome, hurdles)), outcome.tier)

    def _signal(self, message: Message, shell: dict[str, Command]) -> Reply:
        signal = message.body.find(".//rsp:Signal", NAMESPACES)
        if signal is not None:
            shell.pop(signal.get("CommandId", ""), None)
        return Reply(200, soap.envelope(message, "<rsp:SignalResponse/>"))

    def _no_command(self, message: Message) -> Reply:
        reason = "The command was not found in the shell."
        return Reply(500, soap.fault(message, soap.SHELL_NOT_FOUND, "w:InvalidSelectors", reason))


def _result(command_id: str, outcome: Outcome, hurdles: Hurdles) -> str:
    stdout = outcome.stdout[: len(outcome.stdout) // 2] if hurdles.cut_output else outcome.stdout
    streams = "".join(
        f'<rsp:Stream Name="{name}" CommandId="{command_id}">{base64.b64encode(data).decode()}</rsp:Stream>'
        f'<rsp:Stream Name="{name}" CommandId="{command_id}" End="true"/>'
        for name, data in (("stdout", stdout), ("stderr", outcome.stderr))
    )
    return (
        f'<rsp:ReceiveResponse>{streams}<rsp:CommandState CommandId="{command_id}" State="{_DONE}">'
        f"<rsp:ExitCode>{outcome.code}</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>"
    )
