# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter explain_error: a code in, what to do out."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.winops.patching.plugins.filter.explain_error import FilterModule


@pytest.fixture
def explain():
    return FilterModule().filters()["explain_error"]


def test_it_is_the_only_filter_of_its_file():
    assert list(FilterModule().filters()) == ["explain_error"]


def test_it_explains_a_code(explain):
    assert explain("0x80240016")["name"] == "WU_E_INSTALL_NOT_ALLOWED"
    assert explain(1618)["retryable"] is True
    assert explain(1603)["retryable"] is False


def test_it_takes_the_values_that_ansible_hands_on(explain):
    assert explain(wrap_var("0x80240016")) == explain("0x80240016")


@pytest.mark.parametrize("given", ["nonsense", None, "", [3010]])
def test_what_is_no_code_is_an_error_of_the_filter(explain, given):
    with pytest.raises(AnsibleFilterError, match="explain_error: a code is a number such as 3010"):
        explain(given)
