# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What does Ansible want to run? Reads what ansible-core 2.16 to 2.22 send to a Windows host.

Up to 2.18 the input is the exec wrapper, four NULs and one JSON document; from 2.19 it is a JSON line, four NULs and a
manifest of actions; 2.22 packs the manifest with gzip and hands the arguments over as JSON text.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

MARK: Final = b"\0\0\0\0"
_ENCODED = re.compile(r"-EncodedCommand\s+([A-Za-z0-9+/=]+)", re.IGNORECASE)
_WHOLE = re.compile(r"-EncodedCommand\s+([A-Za-z0-9+/=]{16,})\s*$", re.IGNORECASE)


class PayloadError(Exception):
    """The input looks like a module run, but cannot be read."""


@dataclass(frozen=True, slots=True)
class ModuleRun:
    """One module with its arguments. `become` is the user asked for.

    `job` is the id of an asynchronous run, `limit` how many seconds it may take.
    """

    module: str
    args: dict[str, Any]
    format: str
    become: str | None = None
    job: str | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class UtilityRun:
    """A helper script of ansible-core itself, such as `winrm_put_file.ps1`."""

    script: str
    params: dict[str, Any]
    input: bytes = b""


@dataclass(frozen=True, slots=True)
class RawScript:
    """PowerShell text, run as it is."""

    text: str
    stdin: bytes = field(default=b"", repr=False)


def read(line: str, stdin: bytes) -> ModuleRun | UtilityRun | RawScript:
    """What the command line and its input ask for. Raises PayloadError when a module run is damaged."""
    if MARK not in stdin:
        return RawScript(text=script_of(line), stdin=stdin)
    head, _, rest = stdin.partition(MARK)
    try:
        if head.strip().startswith(b"{"):
            return _manifest(json.loads(head), rest)
        return _single_document(json.loads(rest))
    except (ValueError, KeyError, TypeError, IndexError, EOFError, OSError) as error:
        raise PayloadError(f"winsim cannot read this payload: {type(error).__name__}: {error}") from error


def script_of(line: str) -> str:
    """The innermost PowerShell text of a command line; up to 2.18 an encoded command is wrapped into another one."""
    text = line
    found = _ENCODED.search(text)
    while found:
        try:
            text = base64.b64decode(found[1]).decode("utf-16-le")
        except (binascii.Error, UnicodeDecodeError):
            return text
        found = _WHOLE.search(text)
    return text


def _single_document(document: dict[str, Any]) -> ModuleRun:
    args = document["module_args"]
    return ModuleRun(
        module=str(args["_ansible_module_name"]),
        args=args,
        format="2.18",
        become=document.get("become_user"),
        job=document.get("async_jid"),
        limit=document.get("async_timeout_sec"),
    )


def _manifest(boot: dict[str, Any], rest: bytes) -> ModuleRun | UtilityRun:
    packed, _, action_input = rest.partition(MARK)
    compressed = bool((boot.get("params") or {}).get("DecompressInput"))
    text = gzip.decompress(base64.b64decode(packed.strip())) if compressed else packed
    actions = json.loads(text)["actions"]
    named = {action["name"]: action["params"] for action in actions}
    last = actions[-1]
    if last["name"] != "module_wrapper.ps1":
        return UtilityRun(script=last["name"], params=last["params"], input=action_input.strip())
    params = last["params"]
    as_text = "ArgumentJSON" in params
    if as_text:
        args = json.loads(params["ArgumentJSON"])
    else:
        args = next(v["Value"] for v in params["Variables"] if v["Name"] == "complex_args")
    return ModuleRun(
        module=str(params["Script"]),
        args=args,
        format="2.22" if as_text else "2.19",
        become=named.get("become_wrapper.ps1", {}).get("BecomeUser"),
        job=named.get("async_wrapper.ps1", {}).get("AsyncJid"),
        limit=named.get("async_watchdog.ps1", {}).get("Timeout"),
    )


def full_name(module: str) -> str:
    """`ansible_collections.ns.col.plugins.modules.name.ps1` -> `ns.col.name`; short names are ansible.windows' own."""
    name = module.removesuffix(".ps1")
    parts = name.split(".")
    if parts[0] == "ansible_collections" and len(parts) > 3:
        return ".".join([parts[1], parts[2], parts[-1]])
    if len(parts) == 1 or parts[:2] in (["ansible", "legacy"], ["ansible", "builtin"]):
        return f"ansible.windows.{parts[-1]}"
    return name
