# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the doors that ask a host for its signals have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """SIGNALS: what every door has that asks for signals. The rest: win_reboot_pending_info and win_patch_facts."""

    SIGNALS = r"""
options:
  signals:
    description:
      - The ids of the signals to ask for. By default all of them.
      - A required signal that is not asked for leaves the verdict V(unknown). To decide without it, name the signals
        that are required in O(policy), key C(require).
    type: list
    elements: str
  skip:
    description:
      - The ids of signals not to ask for.
      - The same holds as for O(signals).
    type: list
    elements: str
  custom_signals:
    description:
      - Your own signals. An item is a mapping with C(id), C(probe) (as O(winops.patching.win_probe#module:probes),
        without an id), C(present_when), C(detail) and optionally C(strength) (V(weak) by default) and C(scope), or the
        path of a YAML file that holds a list of such mappings.
      - Mistakes are named with file and key before anything is sent to a host.
    type: list
    elements: raw
  rename_rules:
    description:
      - Rules that ignore entries of the rename queue. An item is a mapping with C(match) (a regular expression,
        searched in the path that decides, case ignored), C(operation) (V(delete), V(rename) or V(replace)), C(place),
        C(reason) and optionally C(id) and C(expires), the name of a shipped set of rules, or the path of a YAML file
        that holds a list of such mappings.
      - Without a name all shipped sets are used. With names only those. V(no_shipped_rules) uses none.
      - Shipped rules never ignore a significant entry. Your own may.
    type: list
    elements: raw
  policy:
    description:
      - How the evidence is judged. Keys are C(require), C(strengths), C(ignore_signals), C(rename_rules),
        C(rename_queue), C(weak_decides), C(max_scan_age), C(unknown_is) and C(persistent). See the document on signals.
      - The keys of a compliance policy may stand beside them. They are kept in the evidence document, and judge a scan.
    type: dict
  evidence:
    description:
      - What happens to the evidence document.
      - V(return) adds RV(evidence) and RV(signals) to the result, V(file) saves it on the controller, V(both) does
        both.
    type: str
    choices: [none, return, file, both]
    default: none
  evidence_dir:
    description:
      - The folder on the controller for O(evidence=file) and O(evidence=both). The file is named after the host and
        readable by its owner only.
    type: path
  since:
    description:
      - Whether to find out since when the host waits, by the write times of the registry keys.
      - It costs a run of the C# compiler on the host.
    type: bool
    default: false
  run_id:
    description:
      - The id of the run, kept in the evidence document so that a report can tell this run's documents from older ones.
    type: str
  persistent:
    description:
      - What signals mean that a reboot of a patch run did not clear. The run leaves a mark of each on the host.
      - V(ignore) takes no notice of the marks. Such a signal counts as any other.
      - V(read) reads them. A signal that is unchanged since then is passed over with the rule C(persistent), and
        stands in C(ignored) of the verdict. The machine is at best C(unknown) then, with what needs repair.
    type: str
    choices: [ignore, read]
    default: ignore
"""

    DOCUMENTATION = r"""
options:
  update_agent:
    description:
      - Whether the Windows Update Agent is asked.
      - V(auto) asks it directly, which most builds refuse to a network logon (that is told and does not decide by
        itself), and reads what the newest scan has left on the host.
      - V(skip) does neither.
      - V(scan) scans the host first, or uses a scan that is younger than 22 hours and than the boot, as
        M(winops.patching.win_patch_info) does with its defaults. That takes minutes.
    type: str
    choices: [auto, skip, scan]
    default: auto
  unknown_is:
    description:
      - What an unknown verdict means. V(unknown) leaves C(reboot_required) out, V(required) takes it for required,
        V(fail) fails the task.
    type: str
    choices: [unknown, required, fail]
    default: unknown
notes:
  - Reads only. The account needs an elevated token; what it is refused is told as unknown.
attributes:
  check_mode:
    description: Can run in check mode and does the same there, because it changes nothing.
    support: full
  async:
    description: Supports being used with C(async).
    support: none
  platform:
    description: Target operating systems.
    support: full
    platforms: windows
"""
