# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Computer name, host name and domain."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    judged,
    ok,
    text,
    value,
)

PAIRS = {
    "computer_rename": lambda now, later: {
        "name_active": ok(values=({"ComputerName": now} if now is not None else {})),
        "name_next": ok(values=({"ComputerName": later} if later is not None else {})),
    },
    "hostname_rename": lambda now, later: {
        "tcpip": ok(
            values=({"Hostname": now} if now is not None else {})
            | ({"NV Hostname": later} if later is not None else {})
        )
    },
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(
    ("now", "later", "state"),
    [
        ("WEB01", "WEB01", "absent"),
        ("WEB01", "web01", "absent"),
        ("müller-pc", "MÜLLER-PC", "absent"),
        ("ωμέγα", "ΩΜΈΓΑ", "absent"),
        (" WEB01", "WEB01 ", "absent"),
        ("WEB01", "WEB02", "present"),
        ("WEB01", "WEB011", "present"),
        ("weiß01", "weiss01", "present"),
        ("WEB01", "", "unknown"),
        ("", "WEB01", "unknown"),
        ("", "", "unknown"),
        ("  ", "WEB01", "unknown"),
    ],
)
def test_names_differ_when_more_than_their_case_does(name, now, later, state):
    assert judged(name, PAIRS[name](text(now), text(later)))["state"] == state


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("gone", [None, text(None), value(7), value(["WEB01"], "REG_MULTI_SZ"), "WEB01", {}])
def test_a_name_that_every_windows_has_and_this_one_lacks_is_unknown_even_when_both_are_missing(name, gone):
    for pair in ((gone, text("WEB01")), (text("WEB01"), gone), (gone, gone)):
        found = judged(name, PAIRS[name](*pair))
        assert found["state"] == "unknown"
        assert "which every Windows has" in found["detail"]


@pytest.mark.parametrize("probe", ["name_active", "name_next"])
def test_a_missing_key_of_a_computer_name_is_unknown(probe):
    assert judged("computer_rename", {probe: ABSENT})["state"] == "unknown"


def test_a_rename_tells_both_names():
    found = judged("computer_rename", PAIRS["computer_rename"](text("WEB01"), text("WEB02")))
    assert found["entries"] == [{"from": "WEB01", "to": "WEB02"}]
    assert "WEB01 becomes WEB02" in found["detail"]


def test_a_change_beyond_the_fifteenth_letter_shows_in_the_host_name_only():
    probes = {
        **PAIRS["computer_rename"](text("WEBSERVER-FRANK"), text("WEBSERVER-FRANK")),
        **PAIRS["hostname_rename"](text("webserver-frankfurt"), text("webserver-frankfort")),
    }
    assert judged("computer_rename", probes)["state"] == "absent"
    assert judged("hostname_rename", probes)["state"] == "present"


@pytest.mark.parametrize(
    ("values", "subkeys", "hits"),
    [
        ({}, ["JoinDomain"], ["the subkey JoinDomain"]),
        ({}, ["AvoidSpnSet"], ["the subkey AvoidSpnSet"]),
        ({}, ["Parameters", "joindomain"], ["the subkey JoinDomain"]),
        ({"JoinDomain": text("x")}, [], ["the value JoinDomain"]),
        ({"AVOIDSPNSET": value(0)}, [], ["the value AvoidSpnSet"]),
        ({"JoinDomain": value(1)}, ["AvoidSpnSet"], ["the subkey AvoidSpnSet", "the value JoinDomain"]),
    ],
)
def test_a_domain_join_is_found_as_a_subkey_and_as_a_value_and_says_which(values, subkeys, hits):
    found = judged("domain_join", {"netlogon": ok(values=values, subkeys=subkeys)})
    assert found["state"] == "present"
    assert all(hit in found["detail"] for hit in hits)


@pytest.mark.parametrize(
    ("values", "subkeys"), [({}, []), ({"Start": value(2)}, ["Parameters"]), ({}, ["JoinDomain2", "XJoinDomain"])]
)
def test_other_things_below_netlogon_are_no_domain_join(values, subkeys):
    assert judged("domain_join", {"netlogon": ok(values=values, subkeys=subkeys)})["state"] == "absent"


def test_half_an_answer_about_netlogon_is_unknown():
    assert judged("domain_join", {"netlogon": ok(values={})})["state"] == "unknown"
    assert judged("domain_join", {"netlogon": ok(subkeys=[])})["state"] == "unknown"
