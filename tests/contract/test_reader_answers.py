# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader, its double and the brain hold one contract: the golden answers, one table for every kind of probe."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.answers import Reading, answer_of
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import KINDS, validate_probes
from ansible_collections.winops.patching.tests.contract.shapes import (
    DATA,
    READER_RESULT,
    SYSTEM,
    answer_shape,
    problems,
)

HERE = Path(__file__).parent
GOLDEN = yaml.safe_load((HERE / "golden_answers.yml").read_text(encoding="utf-8"))
SCRIPT = (HERE.parents[1] / "plugins" / "modules" / "win_probe.ps1").read_text(encoding="utf-8")
BY_NAME = {case["name"]: case for case in GOLDEN}
REFUSAL = {"type": "System.Exception", "hresult": "0x80070005", "message": "no"}


def golden_answer(case):
    """The answer as the reader gives it, with the parts that the table leaves open."""
    answer = {**copy.deepcopy(case["answer"]), "ms": 1}
    if answer["state"] not in ("ok", "absent"):
        answer["error"] = REFUSAL
    return answer


def function_of(name):
    """The text of one function of the reader's script."""
    return re.search(rf"^function {name}\b.*?^}}", SCRIPT, re.DOTALL | re.MULTILINE).group()


def keys_of(shape):
    """The fixed keys anywhere in a shape."""
    if isinstance(shape, list):
        return keys_of(shape[0])
    if not isinstance(shape, dict):
        return set()
    return {key.removesuffix("?") for key in shape} | {key for inner in shape.values() for key in keys_of(inner)}


def test_the_contract_has_the_ten_kinds_and_the_table_has_each_found_and_not_found():
    assert set(DATA) == set(KINDS)
    states = {}
    for case in GOLDEN:
        states.setdefault(case["ask"]["kind"], set()).add(case["answer"]["state"])
    assert set(states) == set(KINDS)
    assert all("ok" in found for found in states.values())
    assert {kind for kind, found in states.items() if "absent" not in found} == {"event"}
    assert len(BY_NAME) == len(GOLDEN)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_golden_answer_has_the_shape_of_the_contract(name):
    case = BY_NAME[name]
    assert list(problems(answer_shape(case["ask"]["kind"]), golden_answer(case))) == []


@pytest.mark.parametrize("name", BY_NAME)
def test_the_controller_sends_the_probe_of_a_golden_answer(name):
    probe = {"id": "x", **BY_NAME[name]["ask"]}
    assert validate_probes([probe]) == [probe]


@pytest.mark.parametrize("name", BY_NAME)
def test_the_double_serves_the_golden_answer(name, read):
    case = BY_NAME[name]
    result = read(case.get("host") or {}, [{"id": "x", **case["ask"]}])
    served = result["probes"]["x"]
    assert list(problems(answer_shape(case["ask"]["kind"]), served)) == []
    assert {key: served[key] for key in served if key not in ("ms", "error")} == case["answer"]


@pytest.mark.parametrize("name", BY_NAME)
def test_the_brain_takes_the_golden_answer(name):
    answer = golden_answer(BY_NAME[name])
    taken = answer_of({"x": json.loads(json.dumps(answer))}, "x")
    assert taken.reading is {"ok": Reading.FOUND, "absent": Reading.ABSENT}.get(answer["state"], Reading.UNKNOWN)
    assert taken.data == answer.get("data", {})


@pytest.mark.parametrize("kind", DATA)
def test_the_script_has_a_function_for_the_kind_that_names_every_key_of_its_answer(kind):
    text = function_of(f"Read-{''.join(part.title() for part in kind.split('_'))}")
    missing = {key for key in keys_of(DATA[kind]) if not re.search(rf"\b{key}\b'?\]? = ", text)}
    assert missing == set()


def test_the_script_names_every_key_of_the_system_block_and_of_an_error():
    text = function_of("Get-System")
    assert {key for key in SYSTEM if not re.search(rf"\b{key} = ", text)} == set()
    assert re.search(r"@\{ field = \$name; error = ", text)
    assert all(f"{key} = " in function_of("Get-Failure") for key in REFUSAL)


def test_the_script_knows_the_five_states_and_no_other():
    text = function_of("Get-Failure") + function_of("Invoke-Probe")
    assert set(re.findall(r"\bstate = '(\w+)'", text)) == {"ok", "absent", "denied", "timeout", "error"}


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"denied": ["HKLM\\SOFTWARE", "root\\cimv2"]},
        {"token": {"elevated": False}},
        {"os": {"caption": "Windows 11", "build": "26100.1", "boot_time": "2026-11-01T03:12:00Z"}},
    ],
)
def test_the_whole_answer_of_the_double_has_the_shape_of_the_contract(words, read):
    result = read(words, [{"id": "x", "kind": "mutex", "name": "m"}])
    assert list(problems(READER_RESULT, result)) == []
    unread = {entry["field"] for entry in result["system"]["errors"]}
    assert all(result["system"][field] is None for field in unread)


def test_probes_after_the_time_limit_time_out_and_the_others_are_answered(read):
    probes = [{"id": str(number), "kind": "cim_query", "namespace": "root\\x", "class": "y"} for number in range(50)]
    answers = read({}, probes, time_limit=1)["probes"]
    states = [answers[probe["id"]]["state"] for probe in probes]
    assert states == sorted(states)
    assert set(states) == {"absent", "timeout"}
    assert not [problem for answer in answers.values() for problem in problems(answer_shape("cim_query"), answer)]


DEPARTURES = [
    ("registry", {"state": "ok", "ms": 1}),
    ("registry", {"state": "ok", "data": {}, "ms": 1}),
    ("registry", {"state": "ok", "data": {"values": {"x": 1}}, "ms": 1}),
    ("registry", {"state": "ok", "data": {"values": {"x": {"kind": "REG_DWORD", "data": True}}}, "ms": 1}),
    ("registry", {"state": "ok", "data": {"values": {"x": {"kind": "REG_MULTI_SZ", "data": "a"}}}, "ms": 1}),
    ("registry", {"state": "ok", "data": {"values": {"x": {"kind": "REG_BINARY", "data": "0AFF"}}}, "ms": 1}),
    ("registry", {"state": "ok", "data": {"values": {}, "write_time": "18.11.2026"}, "ms": 1}),
    ("registry", {"state": "ok", "data": {"values": {}, "extra": 1}, "ms": 1}),
    ("mutex", {"state": "found", "data": {"exists": True}, "ms": 1}),
    ("mutex", {"state": "absent", "data": {"exists": False}, "ms": 1}),
    ("mutex", {"state": "denied", "ms": 1}),
    ("mutex", {"state": "denied", "error": {**REFUSAL, "hresult": -2147024891}, "ms": 1}),
    ("mutex", {"state": "absent"}),
    ("process", {"state": "ok", "data": {"running": [{"name": "a.exe", "id": 1, "started": None}]}, "ms": 1}),
    ("service", {"state": "ok", "data": {"services": [{"name": "a", "state": "Running", "start": "auto"}]}, "ms": 1}),
    ("event", {"state": "ok", "data": {"events": None}, "ms": 1}),
    ("cim_query", {"state": "ok", "data": {"instances": {}}, "ms": 1}),
    ("com_property", {"state": "ok", "data": {"value": []}, "ms": 1}),
]


@pytest.mark.parametrize(("kind", "answer"), DEPARTURES)
def test_a_departure_from_the_contract_is_seen(kind, answer):
    assert list(problems(answer_shape(kind), answer))
