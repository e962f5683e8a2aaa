# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Search criteria: what the agent's grammar allows (windows.md §2.3), and which updates fit."""

from __future__ import annotations

import pytest

from winsim.agent.categories import CLASSIFICATIONS
from winsim.agent.criteria import CriteriaError, matches, parse

GUID = "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11"
OTHER = "8c1f7d52-51ab-4b0e-9f2e-6c1f0f6f0d94"
LEGAL = [
    "IsInstalled=0",
    "isinstalled = 0 AND ishidden=0",
    "( IsInstalled = 0 and IsHidden = 0 )",
    "(IsInstalled=0) and (IsHidden=0)",
    "(IsInstalled=0 and IsHidden=0) or (RebootRequired=1)",
    "IsInstalled=0 or (RebootRequired=1) or ((IsPresent=1))",
    "((IsInstalled=0)) and IsHidden=0",
    f"UpdateID='{GUID}' and RevisionNumber=201",
    f"UpdateID!='{GUID}'",
    "Type!='Driver'",
    "DeploymentAction=*",
    f"CategoryIDs contains '{GUID}'",
    (
        "IsInstalled=0 and DeploymentAction='Installation' or IsPresent=1 and DeploymentAction='Uninstallation' or "
        "IsInstalled=1 and DeploymentAction='Installation' and RebootRequired=1 or IsInstalled=0 and "
        "DeploymentAction='Uninstallation' and RebootRequired=1"
    ),
]
ILLEGAL = [
    "",
    "   ",
    "IsInstalled",
    "IsInstalled=",
    "IsInstalled=2",
    "IsInstalled='0'",
    "IsInstalled!=0",
    "IsInstalled=0 and",
    "IsInstalled=0 IsHidden=0",
    "or IsInstalled=0",
    "IsInstalled=0)",
    "(IsInstalled=0",
    "(IsInstalled=0) and (IsHidden=1 or IsPresent=1)",
    "(IsInstalled=0 or IsHidden=1)",
    "(IsInstalled=0 and IsHidden=0) and IsPresent=1",
    "IsPresent=1 and (IsInstalled=0 and IsHidden=0)",
    "Type='Firmware'",
    "Type=Software",
    "CategoryIDs='x'",
    f"CategoryIDs='{GUID}'",
    "CategoryIDs contains 'Security Updates'",
    f"UpdateID={GUID}",
    "RevisionNumber=201",
    f"UpdateID!='{GUID}' and RevisionNumber=201",
    f"UpdateID='{GUID}' or RevisionNumber=201",
    "Title='x'",
    "IsInstalled=0; drop",
]


@pytest.mark.parametrize("text", LEGAL)
def test_a_legal_search_is_understood(text):
    assert parse(text)


@pytest.mark.parametrize("text", ILLEGAL)
def test_an_illegal_search_is_refused(text):
    with pytest.raises(CriteriaError):
        parse(text)


SECURITY = CLASSIFICATIONS["Security Updates"]
FITS = [
    ("IsInstalled=0", {}, True),
    ("IsInstalled=0", {"installed": True}, False),
    ("IsInstalled=1 and RebootRequired=1", {"installed": True, "reboot_required": True}, True),
    ("RebootRequired=1", {"installed": True}, False),
    ("IsHidden=1", {"hidden": True}, True),
    ("IsHidden=0", {"hidden": True}, False),
    ("Type='Driver'", {"classification": "Drivers"}, True),
    ("Type='Driver'", {"type": "driver"}, True),
    ("Type!='Driver'", {"classification": "Drivers"}, False),
    ("Type='Software'", {"classification": "Drivers", "type": "software"}, True),
    ("BrowseOnly=1", {"browse_only": True}, True),
    ("AutoSelectOnWebSites=1", {"browse_only": True}, False),
    ("IsAssigned=1", {}, True),
    ("IsPresent=1", {"installed": True}, True),
    ("IsPresent=1", {"installed": False, "present": True}, True),
    (f"UpdateID='{GUID.upper()}'", {}, True),
    (f"UpdateID='{OTHER}'", {}, False),
    (f"UpdateID!='{OTHER}'", {}, True),
    (f"UpdateID='{GUID}' and RevisionNumber=2", {"revision": 2}, True),
    (f"UpdateID='{GUID}' and RevisionNumber=2", {"revision": 3}, False),
    (f"CategoryIDs contains '{SECURITY}'", {}, True),
    (f"CategoryIDs contains '{OTHER}'", {}, False),
    # A group that is silent about the action means installations.
    ("IsInstalled=0", {"deployment_action": "uninstallation"}, False),
    ("IsInstalled=0 and DeploymentAction='Uninstallation'", {"deployment_action": "uninstallation"}, True),
    ("IsInstalled=0 and DeploymentAction=*", {"deployment_action": "uninstallation"}, True),
    ("DeploymentAction='OptionalInstallation'", {"deployment_action": "optional_installation"}, True),
    ("IsInstalled=1 or IsHidden=1 or RebootRequired=1", {"hidden": True}, True),
    ("IsInstalled=1 and IsHidden=1 or RebootRequired=1", {"hidden": True}, False),
]


@pytest.mark.parametrize(("text", "words", "fits"), FITS)
def test_an_update_fits_or_does_not(text, words, fits):
    assert matches(parse(text), {"id": GUID, **words}, {SECURITY}) is fits
