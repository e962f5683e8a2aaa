# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Door: a policy from a YAML file, checked as a whole."""

from __future__ import annotations

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.policy_files import PolicyFileError, load_policy


class LookupModule(LookupBase):
    """Finds files as Ansible finds the files of a play or role, then those that come with the collection."""

    def run(self, terms, variables=None, custom_signals=()):
        """Return one policy for each term."""
        own = frozenset(custom_signals)

        def find(name):
            return self.find_file_in_search_path(variables or {}, "files", name, ignore_missing=True)

        try:
            return [load_policy(str(term), find, custom=own) for term in terms]
        except PolicyFileError as error:
            raise AnsibleLookupError(f"patch_baseline: {error}") from error
