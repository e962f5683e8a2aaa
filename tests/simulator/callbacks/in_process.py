# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Tasks that ask no host are carried out where the run itself is, and not in a fork for each host and task.

A fork is most of what such a task costs, and nine of ten tasks of a patch run are of this kind: with it a campaign of
hundreds of hosts takes minutes instead of most of an hour. What a task does, and what comes of it, goes the same way.
Runs that are killed at a task do without it: there it matters which process is where.
"""

from __future__ import annotations

from ansible._internal._task import TaskContext
from ansible.executor.process.worker import WorkerProcess
from ansible.executor.task_executor import TaskExecutor
from ansible.executor.task_result import _RawTaskResult
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: in_process
type: aggregate
short_description: Tasks of the controller without forks
description:
  - Changes how ansible-core starts such tasks when it is loaded, and hears nothing.
author: winops.patching contributors (@winops)
"""
ASK_NO_HOST = {
    "ansible.builtin.fail",
    "ansible.builtin.include_role",
    "ansible.builtin.include_tasks",
    "ansible.builtin.set_fact",
    "ansible.builtin.validate_argument_spec",
    "winops.patching.patch_note",
    "winops.patching.patch_run_known",
    "winops.patching.patch_run_result",
}


class CallbackModule(CallbackBase):
    """Being loaded is all it does."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "in_process"


def _start(worker):
    if worker._task.action not in ASK_NO_HOST:
        _fork(worker)
        return
    # All hosts share the task, and whoever carries it out writes into it.
    task = worker._task.copy()
    with TaskContext(task):
        done = TaskExecutor(
            worker._host,
            task,
            worker._task_vars,
            worker._play_context,
            worker._loader,
            worker._shared_loader_obj,
            worker._final_q,
            worker._variable_manager,
        ).run()
    worker._final_q.send_task_result(
        _RawTaskResult(host=worker._host, task=task, return_data=done, task_fields=task.dump_attrs())
    )


_fork = WorkerProcess.start
WorkerProcess.start = _start
