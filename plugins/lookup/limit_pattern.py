# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: the --limit of a run as one host pattern, with the files that it names put in place."""

from __future__ import annotations

from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.limits import limit_pattern


class LookupModule(LookupBase):
    """Reads @FILE parts as ansible-core does: every line is a pattern."""

    def run(self, terms, variables=None, **kwargs):
        """Return one pattern for each term."""
        try:
            return [limit_pattern(term, lambda name: Path(name).read_text(encoding="utf-8")) for term in terms]
        except (OSError, UnicodeDecodeError) as error:
            raise AnsibleLookupError(f"limit_pattern: the file of --limit cannot be read: {error}") from error
