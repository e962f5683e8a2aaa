# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a judge is told of one probe, whatever the document holds in its place."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.answers import (
    MAX_REASON,
    Reading,
    answer_of,
    number_of,
    value_of,
)

DAMAGED = [
    None,
    "ok",
    7,
    [],
    ["absent"],
    {},
    {"state": None},
    {"state": "OK", "data": {}},
    {"state": "fine", "data": {}},
    {"state": ["absent"]},
    {"state": {"absent": 1}},
    {"state": True},
    {"state": "ok"},
    {"state": "ok", "data": None},
    {"state": "ok", "data": []},
    {"state": "ok", "data": "x"},
]


@pytest.mark.parametrize("entry", DAMAGED)
def test_a_damaged_entry_is_unknown_with_a_reason(entry):
    answer = answer_of({"x": entry}, "x")
    assert answer.reading is Reading.UNKNOWN
    assert answer.reason
    assert answer.data == {}


@pytest.mark.parametrize(
    ("state", "word"), [("denied", "access denied"), ("timeout", "timed out"), ("error", "could not be read")]
)
def test_a_refusal_is_unknown_and_keeps_the_words_of_the_host(state, word):
    error = {"type": "T", "hresult": "0x80070005", "message": " Zugriff verweigert. "}
    answer = answer_of({"x": {"state": state, "error": error}}, "x")
    assert (answer.reading, answer.reason, answer.error) == (Reading.UNKNOWN, f"{word}: Zugriff verweigert.", error)
    for broken in ({}, {"error": None}, {"error": "x"}, {"error": {"message": None}}):
        assert answer_of({"x": {"state": state, **broken}}, "x").reason == word


def test_a_refusal_with_data_beside_it_is_still_unknown():
    assert answer_of({"x": {"state": "denied", "data": {"values": {}}}}, "x").reading is Reading.UNKNOWN


def test_absent_found_and_not_asked_are_three_different_answers():
    probes = {"gone": {"state": "absent", "data": {"values": {}}}, "here": {"state": "ok", "data": {"values": {}}}}
    assert answer_of(probes, "gone").reading is Reading.ABSENT
    assert answer_of(probes, "gone").data == {}
    assert answer_of(probes, "here") == (Reading.FOUND, {"values": {}}, "", None)
    assert answer_of(probes, "never").reading is Reading.NOT_ASKED


def test_a_long_reason_is_cut():
    assert len(answer_of({"x": {"state": "error", "error": {"message": "e" * 9999}}}, "x").reason) == MAX_REASON
    assert len(answer_of({"x": {"state": "s" * 9999}}, "x").reason) < 120


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"Flags": {"kind": "REG_DWORD", "data": 2}}, (True, "REG_DWORD", 2)),
        ({"FLAGS": {"kind": "REG_DWORD", "data": 2}}, (True, "REG_DWORD", 2)),
        ({"flags": {"kind": "REG_SZ", "data": ""}}, (True, "REG_SZ", "")),
        ({"Flags": {"kind": 4, "data": 2}}, (True, None, 2)),
        ({"Flags": {}}, (True, None, None)),
        ({"Flags2": {"kind": "REG_DWORD", "data": 2}}, (False, None, None)),
        ({}, (False, None, None)),
    ],
)
def test_a_registry_value_is_found_whatever_the_case_of_its_name(values, found):
    assert value_of({"values": values}, "Flags") == found


@pytest.mark.parametrize("name", ["Flags", "flags", "FLAGS"])
@pytest.mark.parametrize("entry", [None, 2, "2", [], True])
def test_a_damaged_registry_value_exists_and_holds_nothing(name, entry):
    assert value_of({"values": {name: entry}}, "Flags") == (True, None, None)


@pytest.mark.parametrize("data", [{}, {"values": None}, {"values": []}, {"values": "x"}])
def test_without_a_map_of_values_a_value_is_damaged_not_absent(data):
    assert value_of(data, "Flags") == (True, None, None)


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (0, 0),
        (3, 3),
        (-1, 0xFFFFFFFF),
        (-0x80000000, 0x80000000),
        (-0x80000001, 0xFFFFFFFF7FFFFFFF),
        (2**64 - 1, 2**64 - 1),
        ("3", 3),
        (" 3 ", 3),
        ("", None),
        ("-1", None),
        ("0x2", None),
        ("²", None),
        ("9" * 5000, None),
        (True, None),
        (False, None),
        (None, None),
        (1.0, None),
        ([1], None),
        ({"data": 1}, None),
    ],
)
def test_a_registry_number_is_read_unsigned_and_nothing_else_is_a_number(data, number):
    assert number_of(data) == number
