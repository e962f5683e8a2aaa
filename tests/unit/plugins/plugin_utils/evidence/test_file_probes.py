# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Probes for many files: bounded, and only for paths that the reader and the boot understand alike."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.file_probes import (
    file_probes,
    files_of,
    readable_path,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import MAX_INPUT_BYTES


@pytest.mark.parametrize(
    ("path", "readable"),
    [
        (r"C:\Windows\a.dll", r"C:\Windows\a.dll"),
        (r"\SystemRoot\System32\a.dll", r"%SystemRoot%\System32\a.dll"),
        (r"C:\%TEMP%\a.dll", None),
        (r"C:\a.dll:stream", None),
        (r"C:\a*.dll", None),
        (r"Volume{6e}\a.dll", None),
        (r"UNC\server\share\a", None),
        (r"\Device\HarddiskVolume1\a", None),
        ("C:\\a\nb", None),
        ("a.dll", None),
        ("", None),
    ],
)
def test_only_paths_that_mean_the_same_to_the_reader_are_asked_for(path, readable):
    assert readable_path(path) == readable


def test_at_most_so_many_are_asked_and_the_others_are_named():
    probes, left_out = file_probes([rf"C:\{number}" for number in range(5)], most=3)
    assert [probe["path"] for probe in probes] == [r"C:\0", r"C:\1", r"C:\2"]
    assert left_out == (r"C:\3", r"C:\4")


def test_a_path_is_asked_once_whatever_its_case():
    probes, left_out = file_probes([r"C:\a", r"c:\A", "odd", "ODD"], most=9)
    assert (len(probes), left_out) == (1, ("odd",))


def test_one_message_carries_all_of_them():
    probes, left_out = file_probes([rf"C:\{'x' * 500}{number}" for number in range(1000)], most=1000)
    assert len(json.dumps(probes)) < MAX_INPUT_BYTES * 2
    assert len(json.dumps([{**probe, "named": ""} for probe in probes])) < MAX_INPUT_BYTES
    assert len(probes) + len(left_out) == 1000


def test_hashes_are_asked_for_where_they_are_wanted():
    probes, _ = file_probes([r"C:\a", r"C:\b"], most=9, hashes=frozenset({r"C:\b"}))
    assert [probe.get("hash") for probe in probes] == [None, True]


PROBES, _ = file_probes([r"C:\a"], most=1)


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        ({"state": "ok", "data": {"version": "1.0.0.0", "sha256": None}}, {"state": "ok", "version": "1.0.0.0"}),
        ({"state": "absent"}, {"state": "absent", "version": None}),
        ({"state": "denied", "error": {"message": "no"}}, {"state": "denied", "reason": "no"}),
        ({"state": "ok"}, {"state": "error"}),
        ({"state": "what"}, {"state": "error"}),
        (None, {"state": "error"}),
        (7, {"state": "error"}),
    ],
)
def test_answers_become_facts_and_damage_an_error(answer, fact):
    found = files_of(PROBES, {"file_0": answer} if answer is not None else {})[r"C:\a"]
    assert {key: found[key] for key in fact} == fact
