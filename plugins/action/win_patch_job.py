# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: the jobs of a host."""

from __future__ import annotations

from ansible_collections.winops.patching.plugins.plugin_utils._adapter.job_action import JOB_OPTIONS, JobAction

ARGUMENT_SPEC = JOB_OPTIONS


class ActionModule(JobAction):
    """Starts, reads, stops or lists jobs."""
