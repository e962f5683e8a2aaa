# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is used of ansible-core, with types: the one place that changes when ansible-core does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any
from xml.etree.ElementTree import ParseError

from ansible.errors import AnsibleActionFail, AnsibleError, AnsibleFilterError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

ActionFail: Callable[[str], Exception] = AnsibleActionFail
FilterError: Callable[[str], Exception] = AnsibleFilterError


def as_unsafe(value: Any) -> Any:
    """Return text that came from a host, marked so that no template ever evaluates it.

    What a template has handed in is copied first: since 2.19 its containers cannot be made anew, which marking does.
    """
    marked: Callable[[Any], Any] = wrap_var
    return marked(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


def say(text: str) -> None:
    """Print lines for the person who watches the run."""
    display: Callable[[str], None] = Display().display
    for line in text.splitlines():
        display(line)


def say_if_verbose(text: str) -> None:
    """Print a line for the person who asked for details with ``-v``."""
    display: Callable[[str], None] = Display().v
    display(text)


def line_losses() -> tuple[type[Exception], ...]:
    """Return what a task sees when its line breaks: connection plugins wrap few of their client's exceptions."""
    losses: list[type[Exception]] = [AnsibleError, OSError, ParseError]
    with suppress(ImportError):
        client = import_module("winrm.exceptions")
        losses += [client.WinRMError, client.WinRMTransportError, client.WinRMOperationTimeoutError]
    return tuple(losses)


def checked_options(action: ActionBase, spec: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the task's options by the argument spec; the task fails with every mistake named."""
    validate: Callable[..., tuple[Any, Mapping[str, Any]]] = action.validate_argument_spec
    return dict(validate(argument_spec=dict(spec))[1])
