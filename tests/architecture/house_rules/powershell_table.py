# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write tests/architecture/powershell_commands.json: the commands that our scripts use, with their parameters in 5.1.

    PYTHONPATH=tests/architecture .venv/bin/python -m house_rules.powershell_table REFERENCE.json

REFERENCE.json describes the commands of Windows PowerShell 5.1:
`{"common": [...], "commands": {NAME: {"desktop_5_1": [...], "only_in_5_1": [...]}}}`.
What 7 dropped is left out as well, because scripts run on both.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from house_rules.places import our_files
from house_rules.powershell import TABLE_FILE
from house_rules.powershell_tree import Script


def used_commands() -> set[str]:
    """Lower-case names of all commands in our scripts that no script defines itself."""
    used = set()
    for path in our_files(".ps1", ".psm1"):
        script = Script.read(path)
        used |= {call.name.lower() for call in script.calls} - set(script.functions)
    return used


def one_line_each(note: str, common: list[str], commands: dict[str, list[str]]) -> str:
    """JSON with one command a line, so that a diff shows what was added."""
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(parameters)}" for name, parameters in commands.items())
    head = f'"note": {json.dumps(note)},\n "common": {json.dumps(common)},\n "commands"'
    return f"{{\n {head}: {{\n{rows}\n }}\n}}\n"


def main() -> int:
    """Write the table; 1 when a script uses something that the reference does not know."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    reference = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    by_lower = {name.lower(): name for name in reference["commands"]}
    used = used_commands()
    commands = {}
    for name in sorted(by_lower[lower] for lower in used & set(by_lower)):
        entry = reference["commands"][name]
        commands[name] = sorted(set(entry["desktop_5_1"]) - set(entry["only_in_5_1"]))
    note = "Commands that the scripts of this collection use, with their parameters in Windows PowerShell 5.1."
    TABLE_FILE.write_text(one_line_each(note, sorted(reference["common"]), commands), encoding="utf-8")
    unknown = sorted(used - set(by_lower))
    print(f"{len(commands)} commands written; not in the reference: {', '.join(unknown) or 'none'}")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
