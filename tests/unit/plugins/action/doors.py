# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs an action plugin as a task does, with a module execution that answers what the test says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest.mock import MagicMock

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    SYSTEM,
    document,
)


def answer_of(evidence: Any = None) -> dict[str, Any]:
    """What the reader answers on the host of a document."""
    probes = (evidence or document())["probes"]
    return {"changed": False, "probes": {"last_scan": ABSENT, **probes}, "system": dict(SYSTEM)}


class Door:
    """One action plugin; `calls` keeps what it has executed on the host."""

    def __init__(self, action: Any, name: str, answer: Any = None) -> None:
        self.action, self.name = action, name
        self.answer = answer_of() if answer is None else answer
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    def run(
        self,
        *,
        check_mode: bool = False,
        diff: bool = False,
        variables: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """The task's result; a failing task raises."""
        loader = DataLoader()
        task = Task()
        task.action, task.args, task.check_mode, task.async_val = self.name, options, check_mode, 0
        task.diff = diff
        door = self.action(
            task=task,
            connection=MagicMock(),
            play_context=MagicMock(check_mode=check_mode),
            loader=loader,
            templar=Templar(loader=loader),
            shared_loader_obj=MagicMock(),
        )
        door._execute_module = self.execute
        return door.run(None, {"inventory_hostname": "web01", **(variables or {})})

    def execute(self, module_name: str, module_args: Mapping[str, Any], task_vars: Any) -> Any:
        """Stands in for the host."""
        self.calls.append((module_name, module_args))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer
