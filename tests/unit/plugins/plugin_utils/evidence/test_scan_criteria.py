# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The grammar of the agent's searches: what it would refuse is refused before it is asked."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan_criteria import (
    DEFAULT_CRITERIA,
    MAX_CRITERIA,
    CriteriaError,
    check_criteria,
)
from hypothesis import given
from hypothesis import strategies as st

from winsim.agent import criteria as simulated

GUID = "'6964AAB4-C5B5-43BD-A17D-FFB4346A8E1D'"
LEGAL = [
    DEFAULT_CRITERIA,
    "( IsInstalled = 0 and IsHidden = 0 )",
    "(IsInstalled=1 and IsHidden=0) or (RebootRequired=1)",
    "RebootRequired=1",
    f"UpdateID={GUID} and RevisionNumber=3",
    f"UpdateID!={GUID}",
    f"CategoryIDs contains {GUID}",
    "IsInstalled=0 and (IsHidden=0)",
    "((IsInstalled=0))",
    "DeploymentAction=* and Type='Software'",
    "type != 'driver' AND isinstalled=1 OR isinstalled=0",
    (
        "IsInstalled=0 and DeploymentAction='Installation' or IsPresent=1 and DeploymentAction='Uninstallation' or "
        "IsInstalled=1 and DeploymentAction='Installation' and RebootRequired=1 or "
        "IsInstalled=0 and DeploymentAction='Uninstallation' and RebootRequired=1"
    ),
]
ILLEGAL = [
    ("", "the text ends"),
    ("(IsInstalled=1) and (IsHidden=1 or RebootRequired=1)", "only one comparison"),
    ("(IsInstalled=1 or IsInstalled=0)", "'or' stands inside"),
    ("(IsInstalled=1 and IsHidden=0) and RebootRequired=1", "only one comparison"),
    ("IsInstaled=1", "did you mean IsInstalled"),
    ("IsInstalled=2", "takes 0 or 1"),
    ("IsInstalled='1'", "takes 0 or 1"),
    ("IsInstalled!=1", "takes ="),
    ("Type='Firmware'", "'Software' or 'Driver'"),
    ("Type contains 'Software'", "takes ="),
    ("UpdateID='x'", "GUID"),
    ("RevisionNumber=3", "needs UpdateID"),
    ("IsInstalled=1 and", "the text ends"),
    ("IsInstalled=1 or", "the text ends"),
    ("or IsInstalled=1", "no criterion"),
    ("(IsInstalled=1", "the end"),
    ("IsInstalled=1)", "at the top only"),
    ("IsInstalled=1 IsHidden=0", "at the top only"),
    ("IsInstalled", "the text ends"),
    ("IsInstalled=1; drop", "no part of a search"),
    ("IsInstalled=1\x1b", "no part of a search"),
    ("(" * 200 + "IsInstalled=1" + ")" * 200, "parentheses"),
    ("IsInstalled=1" + " " * MAX_CRITERIA, "characters"),
]


@pytest.mark.parametrize("text", LEGAL)
def test_what_the_documentation_allows_is_legal(text):
    check_criteria(text)


@pytest.mark.parametrize(("text", "words"), ILLEGAL)
def test_what_the_agent_refuses_is_named(text, words):
    with pytest.raises(CriteriaError, match=words) as refused:
        check_criteria(text)
    assert refused.value.args[0].isprintable()


@pytest.mark.parametrize("text", LEGAL)
def test_the_simulated_agent_takes_what_is_legal(text):
    assert simulated.parse(text)


def update(**words):
    return {"id": GUID.strip("'"), **words}


@pytest.mark.parametrize(
    "found",
    [
        update(),
        update(installed=True),
        update(hidden=True),
        update(installed=True, reboot_required=True),
        update(installed=False, reboot_required=True, deployment_action="uninstallation"),
        update(type="driver"),
        update(browse_only=True),
    ],
)
def test_the_default_finds_what_is_needed_installed_or_waits_hidden_or_not(found):
    assert simulated.matches(simulated.parse(DEFAULT_CRITERIA), found, set())


WORDS = [
    "IsInstalled",
    "Type",
    "UpdateID",
    "=",
    "!=",
    "contains",
    "0",
    "1",
    "'Software'",
    GUID,
    "and",
    "or",
    "(",
    ")",
    "*",
]


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=60))
def test_any_text_is_refused_in_words_or_the_simulated_agent_takes_it_too(text):
    try:
        check_criteria(text)
    except CriteriaError as error:
        refusal = str(error)
    else:
        refusal = None
    assert refusal.isprintable() if refusal is not None else simulated.parse(text)
