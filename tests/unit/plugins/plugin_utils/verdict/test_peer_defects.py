# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Defects that were read in the code of comparable products, each by the behaviour that shows we do not have it."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reader import chosen_signals
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import PROBES, SIGNALS, probes_for
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    GUID,
    document,
    flags,
    judged,
    ok,
    refused,
    signal,
    text,
    value,
    verdict,
    with_present,
)


def test_update_exe_is_read_as_the_value_flags_of_its_own_key_in_both_views():
    for probe in ("update_exe", "update_exe_32"):
        assert PROBES[probe]["path"].endswith("\\Microsoft\\Updates\\UpdateExeVolatile")
        assert PROBES[probe]["values"] == ["Flags"]
        assert judged("update_exe_volatile", {probe: flags(1)})["state"] == "present"


def test_update_exe_flags_of_zero_or_without_a_value_do_not_count():
    assert judged("update_exe_volatile", {"update_exe": flags(0)})["state"] == "absent"
    assert judged("update_exe_volatile", {"update_exe": ok(values={}, write_time=None)})["state"] == "absent"


@pytest.mark.parametrize("name", ["wu_reboot_required", "cbs_reboot_pending"])
def test_the_key_itself_is_asked_for_and_not_a_value_of_that_name(name):
    (probe,) = probes_for([name])
    assert probe["path"].rpartition("\\")[2] in ("RebootRequired", "RebootPending")
    assert "values" not in probe
    assert judged(name, {name: ok(values={})})["state"] == "present"


@pytest.mark.parametrize("name", ["wu_reboot_required", "cbs_reboot_pending", "cbs_reboot_in_progress"])
def test_a_key_without_subkeys_and_values_counts(name):
    assert judged(name, {name: ok(values={}, subkeys=[])})["state"] == "present"
    assert judged(name, {name: ok(values={}, subkeys=[])})["strength"] == "conclusive"


def test_a_domain_join_is_found_as_a_subkey_and_not_only_as_a_value():
    for word in ("JoinDomain", "AvoidSpnSet"):
        assert judged("domain_join", {"netlogon": ok(values={}, subkeys=[word])})["state"] == "present"
        assert judged("domain_join", {"netlogon": ok(values={word: value(1)}, subkeys=[])})["state"] == "present"


def test_windows_update_alone_is_enough_for_a_yes_and_the_answer_is_always_a_word():
    found = verdict(document({"wu_reboot_required": ok(values={GUID: value(1)})}))
    assert (found["reboot"], found["because"]) == ("required", ["wu_reboot_required"])
    for probes in ({}, dict.fromkeys(PROBES, refused()), dict.fromkeys(PROBES)):
        assert verdict(document(probes))["reboot"] in ("required", "not_required", "unknown")


def test_a_rename_is_seen_in_plain_text_values_and_their_kind_does_not_matter():
    for kind in ("REG_SZ", "REG_EXPAND_SZ"):
        names = {"name_next": ok(values={"ComputerName": value("WEB02", kind)})}
        assert judged("computer_rename", names)["state"] == "present"


def test_an_error_is_never_swallowed_so_that_no_answer_looks_like_no_reboot():
    for probe in ("wu_reboot_required", "cbs_reboot_pending", "session_manager", "name_active", "name_next"):
        found = verdict(document({probe: refused("error", "RPC server unavailable")}))
        assert found["reboot"] == "unknown"
        assert "RPC server unavailable" in str(found["unknown"])


@pytest.mark.parametrize("skipped", SIGNALS)
def test_skipping_one_signal_skips_no_other(skipped):
    left = chosen_signals(None, [skipped], "auto")
    assert left == [name for name in SIGNALS if name != skipped]


def test_skipping_the_rename_leaves_configmgr_and_its_answer_is_a_real_one():
    asked = {probe["id"] for probe in probes_for(chosen_signals(None, ["computer_rename"], "auto"))}
    assert {"ccm_reboot", "ccm_service"} <= asked
    assert not {"name_active", "name_next"} & asked
    assert verdict(with_present("ccm_reboot_pending"))["because"] == ["ccm_reboot_pending"]
    assert signal("ccm_reboot_pending", document({"ccm_reboot": ABSENT}))["state"] == "absent"


def test_a_rename_hidden_by_case_is_no_rename():
    assert judged("computer_rename", {"name_next": ok(values={"ComputerName": text("Web01")})})["state"] == "absent"
