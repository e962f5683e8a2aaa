# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Probes are checked before anything is sent to a host."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import (
    KINDS,
    MAX_INPUT_BYTES,
    READING_METHODS,
    ProbeError,
    nearest,
    validate_probes,
)
from hypothesis import given
from hypothesis import strategies as st

KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso"
CCM = {"namespace": "root\\ccm\\ClientSDK", "class": "CCM_ClientUtilities", "method": "DetermineIfRebootPending"}
LCM = {
    "namespace": "root/Microsoft/Windows/DesiredStateConfiguration",
    "class": "MSFT_DSCLocalConfigurationManager",
    "method": "GetMetaConfiguration",
}

# Each kind with all of its options.
FULL = {
    "registry": {"path": KEY, "values": ["Flags", ""], "subkeys": True, "write_time": False},
    "cim_query": {"namespace": "root\\cimv2", "class": "Win32_Service", "filter": "Name = 'x'", "properties": ["Name"]},
    "cim_method": CCM,
    "com_property": {"progid": "Microsoft.Update.SystemInfo", "property": "RebootRequired"},
    "file": {"path": "%SystemRoot%\\WinSxS\\pending.xml", "version": True, "hash": False},
    "text_tail": {"path": "C:\\x.log", "offset": 0, "max_bytes": 1},
    "process": {"names": ["TiWorker"]},
    "service": {"names": ["CcmExec", "wuauserv"]},
    "mutex": {"name": "Global\\_MSIExecute"},
    "event": {"log": "System", "max": 4, "provider": "User32", "ids": [1074, 0]},
}
REQUIRED = {
    "registry": {"path"},
    "cim_query": {"namespace", "class"},
    "cim_method": {"namespace", "class", "method"},
    "com_property": {"progid", "property"},
    "file": {"path"},
    "text_tail": {"path"},
    "process": {"names"},
    "service": {"names"},
    "mutex": {"name"},
    "event": {"log", "max"},
}
WRONG_TEXT = [None, "", "  ", 5, True, ["x"], {"x": 1}]
WRONG_NAMES = [None, "TiWorker", [], [""], [" "], [5], [None], ["Ti*"], ["a?"], ["[a]"], {"a": 1}]
WRONG_FLAG = [None, 0, 1, "true", "yes", []]
WRONG_COUNT = [None, -1, 1.5, "4", True, [4]]
WRONG = {
    ("registry", "path"): [
        *WRONG_TEXT,
        "HKLM\\SOFTWARE\\Contoso",
        "HKEY_LOCAL_MACHINE",
        "HKEY_LOCAL_MACHINE\\",
        "HKEY_CURRENT_USER\\SOFTWARE",
        "C:\\x",
    ],
    ("registry", "values"): [None, "Flags", [5], [None], {"Flags": 1}],
    ("registry", "subkeys"): WRONG_FLAG,
    ("registry", "write_time"): WRONG_FLAG,
    ("cim_query", "namespace"): WRONG_TEXT,
    ("cim_query", "class"): WRONG_TEXT,
    ("cim_query", "filter"): WRONG_TEXT,
    ("cim_query", "properties"): WRONG_NAMES,
    ("cim_method", "namespace"): WRONG_TEXT,
    ("cim_method", "class"): WRONG_TEXT,
    ("cim_method", "method"): [*WRONG_TEXT, "RestartComputer", "GetMetaConfiguration"],
    ("com_property", "progid"): WRONG_TEXT,
    ("com_property", "property"): WRONG_TEXT,
    ("file", "path"): WRONG_TEXT,
    ("file", "version"): WRONG_FLAG,
    ("file", "hash"): WRONG_FLAG,
    ("text_tail", "path"): WRONG_TEXT,
    ("text_tail", "offset"): WRONG_COUNT,
    ("text_tail", "max_bytes"): [*WRONG_COUNT, 0],
    ("process", "names"): WRONG_NAMES,
    ("service", "names"): WRONG_NAMES,
    ("mutex", "name"): WRONG_TEXT,
    ("event", "log"): WRONG_TEXT,
    ("event", "max"): [*WRONG_COUNT, 0],
    ("event", "provider"): WRONG_TEXT,
    ("event", "ids"): [None, 1074, [], ["1074"], [-1], [True], [1.5]],
}
WRONG_CASES = [(kind, option, wrong) for (kind, option), table in WRONG.items() for wrong in table]


def mistakes_of(probes):
    with pytest.raises(ProbeError) as caught:
        validate_probes(probes)
    return caught.value.mistakes


def test_there_are_the_ten_kinds_with_the_options_of_the_contract():
    assert {kind: set(required) for kind, (required, _) in KINDS.items()} == REQUIRED
    assert {kind: {*required, *optional} for kind, (required, optional) in KINDS.items()} == {
        kind: set(options) for kind, options in FULL.items()
    }


@pytest.mark.parametrize("kind", FULL)
def test_a_probe_is_taken_with_all_and_with_only_the_required_options(kind):
    probe = {"id": "x", "kind": kind, **FULL[kind]}
    assert validate_probes([probe]) == [probe]
    least = {"id": "x", "kind": kind, **{name: FULL[kind][name] for name in REQUIRED[kind]}}
    assert validate_probes([least]) == [least]


@pytest.mark.parametrize(("kind", "option"), [(kind, option) for kind in REQUIRED for option in sorted(REQUIRED[kind])])
def test_a_missing_required_option_is_named(kind, option):
    probe = {"id": "x", "kind": kind, **{name: value for name, value in FULL[kind].items() if name != option}}
    assert mistakes_of([probe]) == (f"probes[0].{option}: {kind} needs this option",)


def test_every_option_has_wrong_values_in_the_table():
    assert set(WRONG) == {(kind, option) for kind, options in FULL.items() for option in options}


@pytest.mark.parametrize(("kind", "option", "wrong"), WRONG_CASES)
def test_a_wrong_option_is_named_by_position_and_option(kind, option, wrong):
    good = {"id": "good", "kind": "mutex", "name": "m"}
    found = mistakes_of([good, {"id": "x", "kind": kind, **FULL[kind], option: wrong}])
    assert len(found) == 1
    assert found[0].startswith(f"probes[1].{option}: ")


@pytest.mark.parametrize("kind", FULL)
def test_an_unknown_option_is_named_with_those_there_are(kind):
    (found,) = mistakes_of([{"id": "x", "kind": kind, **FULL[kind], "colour": "red"}])
    assert found.startswith(f"probes[0].colour: {kind} has no such option")
    assert all(option in found for option in FULL[kind])


def test_a_mistyped_kind_or_option_gets_the_nearest_word():
    (kind,) = mistakes_of([{"id": "x", "kind": "registri", "path": KEY}])
    assert kind.startswith("probes[0].kind: 'registri' is no kind of probe (did you mean registry?)")
    (option,) = mistakes_of([{"id": "x", "kind": "registry", "path": KEY, "subkey": True}])
    assert "(did you mean subkeys?)" in option
    assert nearest("xyz", ["registry"]) == ""


@pytest.mark.parametrize("kind", [None, "", "REGISTRY", 5, ["registry"], {"registry": 1}])
def test_an_unknown_kind_is_named_with_all_there_are(kind):
    (found,) = mistakes_of([{"id": "x", "kind": kind}])
    assert found.startswith("probes[0].kind: ")
    assert all(word in found for word in KINDS)


@pytest.mark.parametrize("name", [None, "", " ", 5, ["a"]])
def test_a_probe_needs_a_text_as_its_id(name):
    assert mistakes_of([{"id": name, "kind": "mutex", "name": "m"}]) == ("probes[0].id: must be a text",)


@pytest.mark.parametrize("probes", [None, [], {}, "x", {"id": "x"}])
def test_nothing_to_ask_is_an_error(probes):
    assert mistakes_of(probes) == ("probes: must be a list with at least one probe",)


@pytest.mark.parametrize("probe", [None, "registry", 5, ["registry"]])
def test_a_probe_that_is_no_mapping_is_named(probe):
    assert mistakes_of([probe]) == ("probes[0]: a probe is a mapping with id, kind and options",)


def test_every_mistake_is_told_at_once():
    found = mistakes_of([{"kind": "mutex"}, {"id": "b", "kind": "file", "path": 5, "hash": 1}, {"id": "c"}])
    assert [text.partition(": ")[0] for text in found] == [
        "probes[0].id",
        "probes[0].name",
        "probes[1].path",
        "probes[1].hash",
        "probes[2].kind",
    ]


@pytest.mark.parametrize("second", ["a", "A"])
def test_ids_are_unique_whatever_their_case_because_the_host_keeps_them_in_a_table_that_ignores_it(second):
    probes = [{"id": "a", "kind": "mutex", "name": "m"}, {"id": second, "kind": "mutex", "name": "n"}]
    (found,) = mistakes_of(probes)
    assert found.startswith("probes[1].id: ")


def test_only_methods_that_read_are_called():
    assert validate_probes([{"id": "a", "kind": "cim_method", **CCM}, {"id": "b", "kind": "cim_method", **LCM}])
    assert {f"{ask['class']}.{ask['method']}" for ask in (CCM, LCM)} == READING_METHODS
    (found,) = mistakes_of([{"id": "a", "kind": "cim_method", **CCM, "method": "RestartComputer"}])
    assert "CCM_ClientUtilities.RestartComputer is not on the list of methods that only read" in found
    assert mistakes_of([{"id": "a", "kind": "cim_method", **LCM, "method": "DetermineIfRebootPending"}])


def test_probes_stay_below_what_one_message_carries():
    def probe(length):
        return [{"id": "x", "kind": "mutex", "name": "m" * length}]

    frame = len(json.dumps(probe(0)))
    assert MAX_INPUT_BYTES < 200_000
    assert validate_probes(probe(MAX_INPUT_BYTES - frame))
    (found,) = mistakes_of(probe(MAX_INPUT_BYTES - frame + 1))
    assert found.startswith(f"probes: {MAX_INPUT_BYTES + 1} bytes as JSON")


def test_the_size_is_counted_in_bytes_as_sent_and_not_in_letters():
    assert mistakes_of([{"id": "x", "kind": "mutex", "name": "ä" * (MAX_INPUT_BYTES // 4)}])


def test_the_probes_are_copies():
    given_probe = {"id": "x", "kind": "mutex", "name": "m"}
    validate_probes([given_probe])[0]["name"] = "n"
    assert given_probe["name"] == "m"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(FULL)), st.data())
def test_no_probe_whatever_raises_anything_but_the_list_of_mistakes(kind, data):
    probe = {"id": "x", "kind": kind, **FULL[kind]}
    name = data.draw(st.sampled_from(sorted(probe)))
    probe[name] = data.draw(JSON)
    with suppress(ProbeError):
        assert validate_probes([probe]) == [probe]
