# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A role's argument spec is the source: its defaults and the table in its README follow from it.

    PYTHONPATH=tests/architecture .venv/bin/python -m house_rules.roles

writes the table into every role's README.md (at the end where there is none yet).
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import yaml

from house_rules.places import ROOT, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BEGIN = "<!-- options: written by tests/architecture/house_rules/roles.py from meta/argument_specs.yml -->"
END = "<!-- end of options -->"


def all_roles() -> list[Path]:
    """Folders of our roles."""
    return sorted(path for path in (ROOT / "roles").glob("*") if path.is_dir())


def options_of(role: Path) -> dict[str, Any]:
    """Options of a role's main entry point."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"].get("options") or {}
    return dict(options)


def defaults_of(role: Path) -> dict[str, Any]:
    """What defaults/main.yml sets."""
    path = role / "defaults" / "main.yml"
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}


def default_findings(name: str, options: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[str]:
    """Defaults equal the spec; public variables bear the role's name."""
    said = {option: entry["default"] for option, entry in options.items() if "default" in entry}
    for option in sorted({*said, *defaults}):
        if option not in options:
            yield f"{option} is in defaults/main.yml but not in meta/argument_specs.yml"
        elif option not in said or option not in defaults or json.dumps(said[option]) != json.dumps(defaults[option]):
            left, right = said.get(option, "no default"), defaults.get(option, "no default")
            yield f"{option} is {left!r} in meta/argument_specs.yml and {right!r} in defaults/main.yml"
    for option in sorted(options):
        if not option.startswith(f"{name}_"):
            yield f"{option} does not begin with {name}_"


def sentence(entry: Mapping[str, Any]) -> str:
    """Description of an option in one cell."""
    text = entry.get("description") or ""
    lines = [text] if isinstance(text, str) else [str(line) for line in text]
    choices = entry.get("choices") or []
    if choices:
        lines.append("Choices: " + ", ".join(f"`{choice}`" for choice in choices) + ".")
    return " ".join(" ".join(lines).split()).replace("|", "\\|")


def rows(options: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """One row for each option and, below it, its own options."""
    for name, entry in options.items():
        kind = entry.get("type", "str")
        if entry.get("elements"):
            kind = f"{kind} of {entry['elements']}"
        # A bar ends a cell of a table even inside backticks.
        shown = json.dumps(entry.get("default")).replace("|", "\\|")
        default = "required" if entry.get("required") else f"`{shown}`" if "default" in entry else ""
        yield f"| `{prefix}{name}` | {kind} | {default} | {sentence(entry)} |"
        yield from rows(entry.get("options") or {}, f"{prefix}{name}.")


def block(options: Mapping[str, Any]) -> str:
    """The generated part of a README, markers included."""
    table = ["| Variable | Type | Default | Meaning |", "|---|---|---|---|", *rows(options)]
    return "\n".join([BEGIN, "", *table, "", END])


def with_block(readme: str, options: Mapping[str, Any]) -> str:
    """A README with its generated part as it should be."""
    before, begin, rest = readme.partition(BEGIN)
    if not begin:
        return f"{readme.rstrip()}\n\n## Variables\n\n{block(options)}\n".lstrip()
    return before + block(options) + rest.partition(END)[2]


def main() -> int:
    """Write all blocks."""
    for role in all_roles():
        path = role / "README.md"
        old = path.read_text(encoding="utf-8") if path.is_file() else f"# {role.name}\n"
        new = with_block(old, options_of(role))
        if new != old:
            path.write_text(new, encoding="utf-8")
            print(f"{shown(path)}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
