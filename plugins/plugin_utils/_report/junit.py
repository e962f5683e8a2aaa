# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A gate's document as JUnit XML, which CI systems show as tests: one for each host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

# Not even an escape makes these legal in XML 1.0.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 2000
# A host of which nothing is known is an error of the run; all else is a failure of the host.
_ERRORS = ("unknown", "unreachable")


def junit_xml(gate: Mapping[str, Any]) -> str:
    """Return the XML text of a gate document.

    A host that passes only because its reason is allowed is ``skipped``, so that nobody takes it for good.
    """
    name = f"winops.patching.gate.{gate['for']}"
    cases = [_case(name, host, row) for host, row in gate["hosts"].items()]
    counts = {
        "tests": str(len(cases)),
        "failures": str(_count(cases, "failure")),
        "errors": str(_count(cases, "error")),
        "skipped": str(_count(cases, "skipped")),
        "time": "0",
    }
    root = ET.Element("testsuites", {"name": "winops.patching", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": name, "timestamp": _local(gate["at"]), **counts})
    properties = ET.SubElement(suite, "properties")
    for key in ("run_id", "from", "passed"):
        ET.SubElement(properties, "property", {"name": key, "value": _legal(str(gate[key]))})
    suite.extend(cases)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _case(name: str, host: str, row: Mapping[str, Any]) -> ET.Element:
    case = ET.Element("testcase", {"classname": name, "name": _legal(host), "time": "0"})
    if row["reasons"]:
        word = "skipped" if row["passed"] else "error" if row["reason"] in _ERRORS else "failure"
        message = f"{row['reason']} (allowed): {row['message']}" if row["passed"] else row["message"]
        found = ET.SubElement(case, word, {"type": str(row["reason"]), "message": _legal(message)})
        found.text = _legal("\n".join(f"{entry['reason']}: {entry['text']}" for entry in row["reasons"]))
    return case


def _count(cases: list[ET.Element], word: str) -> int:
    return sum(1 for case in cases if case.find(word) is not None)


def _local(at: str) -> str:
    """The schema of JUnit knows no zone."""
    return at.removesuffix("Z")


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text[:_LONGEST])
