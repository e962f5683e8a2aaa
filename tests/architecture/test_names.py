# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One name per idea: the ids of signals are fixed, and catalogue and documentation use the same ones."""

from __future__ import annotations

import re

from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import SIGNALS

from house_rules.places import ROOT

# Users' policies, saved evidence and dashboards hold these names: none may vanish or change.
FIXED_IDS = frozenset(
    {
        "agent_reboot_required",
        "agent_updates_pending_reboot",
        "cbs_packages_pending",
        "cbs_reboot_in_progress",
        "cbs_reboot_pending",
        "ccm_reboot_pending",
        "computer_rename",
        "domain_join",
        "dsc_pending_reboot",
        "dvd_reboot_signal",
        "hostname_rename",
        "installer_running",
        "patch_job_running",
        "pending_file_rename",
        "pending_file_rename_2",
        "reboot_witness",
        "server_manager_attempts",
        "server_manager_restart",
        "servicing_in_progress",
        "shutdown_scheduled",
        "update_exe_volatile",
        "winsxs_pending_xml",
        "wu_post_reboot_reporting",
        "wu_reboot_required",
        "wu_ux_reboot_required",
    }
)
# An id as a heading or as the first cell of a table row.
ENTRY = re.compile(r"^(?:#+ |\| ?)`([a-z0-9_]+)`", re.MULTILINE)


def documented_ids(markdown):
    return set(ENTRY.findall(markdown))


def test_the_catalogue_holds_exactly_the_fixed_ids():
    assert set(SIGNALS) == FIXED_IDS


def test_every_signal_is_filed_under_its_own_id():
    assert [name for name, signal in SIGNALS.items() if signal.id != name] == []


def test_the_page_of_signals_names_every_signal_and_no_other():
    assert documented_ids((ROOT / "docs/signals.md").read_text(encoding="utf-8")) == FIXED_IDS


def test_ids_are_found_in_headings_and_tables():
    assert documented_ids("## `a_b`\n\ntext `c_d`\n\n| `e_2` | x |\n|---|---|\n|`f` | `g` |\n") == {"a_b", "e_2", "f"}
