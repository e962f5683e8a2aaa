# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a mutation run found untested: small mistakes here would have turned no other test red."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import SIGNALS
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import parse_time
from ansible_collections.winops.patching.plugins.plugin_utils._verdict import signal as signals
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_place import normal_path, place_of
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_queue import parse_rename_queue
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.signals import JUDGES
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    AFTER_BOOT,
    BEFORE_BOOT,
    BOOT,
    COLLECTED,
    GUID,
    IGNORED_PAIR,
    MINOR_PAIR,
    SIGNIFICANT_PAIR,
    announcement,
    client,
    document,
    flags,
    judged,
    ok,
    queue,
    refused,
    running,
    scan,
    service,
    signal,
    text,
    value,
    verdict,
)

GUIDS = [f"{number:08x}{GUID[8:]}" for number in range(20)]


def found(name, evidence, policy=None):
    """One signal as the judges make it, with what is not published."""
    return next(entry for entry in reboot_verdict(evidence, policy).signals if entry.id == name)


class TestSignals:
    def test_every_judge_is_filed_under_its_signal_in_the_order_of_the_catalogue(self):
        assert list(JUDGES) == list(SIGNALS)
        assert [entry.id for entry in reboot_verdict(document()).signals] == list(JUDGES)

    def test_what_was_not_asked_is_not_stale_either(self):
        probes = {"update_exe": flags(1, BEFORE_BOOT)}
        assert judged("update_exe_volatile", probes)["stale"] is True
        narrowed = document(probes, asked_signals=["wu_reboot_required"])
        assert signal("update_exe_volatile", narrowed)["stale"] is False

    def test_no_signal_is_stale_unless_said(self):
        assert signals.present("reboot_witness", "x").stale is False

    def test_a_strength_of_the_policy_is_for_signals_that_are_there(self):
        policy = {"strengths": {"wu_reboot_required": "weak"}}
        assert signal("wu_reboot_required", document(), policy)["strength"] == SIGNALS["wu_reboot_required"].strength

    @pytest.mark.parametrize("make", [signals.absent, signals.not_asked, signals.unknown, signals.present])
    def test_a_detail_is_cut_at_three_hundred_characters(self, make):
        assert make("reboot_witness", "x" * 1000).detail == "x" * 300

    @pytest.mark.parametrize(("make", "usual"), [(signals.absent, "not found"), (signals.not_asked, "was not asked")])
    def test_a_detail_that_is_given_takes_the_place_of_the_usual_one(self, make, usual):
        assert make("reboot_witness").detail == usual
        assert make("reboot_witness", "gone").detail == "gone"

    def test_an_error_is_kept_within_bounds(self):
        error = {"message": "m" * 1000, "hresult": -5, "list": [1], "none": None, "k" * 100: 1.5}
        kept = signals.unknown("reboot_witness", "why", error).error
        assert kept == {"message": "m" * 500, "hresult": -5, "list": "[1]", "none": None, "k" * 40: 1.5}

    def test_of_an_error_the_first_eight_keys_are_kept(self):
        kept = signals.unknown("reboot_witness", "why", {str(number): number for number in range(20)}).error
        assert kept == {str(number): number for number in range(8)}

    @pytest.mark.parametrize("make", [signals.absent, signals.not_asked])
    def test_of_places_that_say_the_same_the_first_one_speaks(self, make):
        places = [make("installer_running", "first"), make("installer_running", "second")]
        assert signals.any_present("installer_running", places) is places[0]


class TestVerdict:
    def test_a_filtered_token_without_a_user_name_is_an_account(self):
        (limit,) = verdict(document(system={"elevated": False, "user": None}))["limits"]
        assert limit["reason"].startswith("the token of the account is filtered")

    def test_the_name_of_the_user_is_cut_at_eighty_characters(self):
        (limit,) = verdict(document(system={"elevated": False, "user": "u" * 200}))["limits"]
        assert limit["reason"].startswith(f"the token of {'u' * 80} is filtered")


class TestBusy:
    def test_a_process_is_shown_with_its_id_and_start(self):
        seen = judged("servicing_in_progress", {"processes": running(("tiworker", 812))})
        assert seen["entries"] == [{"process": "TiWorker", "id": 812, "started": AFTER_BOOT}]

    def test_five_processes_of_one_name_are_shown_at_most(self):
        many = running(*(("TiWorker", number) for number in range(1, 20)))
        shown = judged("servicing_in_progress", {"processes": many})["entries"]
        assert [entry["id"] for entry in shown] == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize(
        ("job", "detail"),
        [
            ({"Id": text("j1")}, "the patch job j1 is running"),
            ({"Id": text("j" * 200)}, f"the patch job {'j' * 80} is running"),
            ({"Id": text("")}, "a patch job is running"),
            ({}, "a patch job is running"),
        ],
    )
    def test_a_running_job_is_named_where_its_mark_names_it(self, job, detail):
        probes = {
            "running_job": ok(values={"ProcessId": value(4711), **job}),
            "processes": running(("powershell", 4711)),
        }
        seen = judged("patch_job_running", probes)
        assert (seen["detail"], seen["entries"]) == (detail, [{"process_id": 4711}])

    def test_an_announced_shutdown_is_shown_with_its_time(self):
        seen = judged("shutdown_scheduled", {"shutdown_events": ok(events=[announcement(1074, AFTER_BOOT)])})
        assert seen["entries"] == [{"time": AFTER_BOOT}]
        assert seen["detail"].endswith(AFTER_BOOT)

    def test_an_announcement_at_the_instant_of_the_boot_has_been_carried_out(self):
        seen = judged("shutdown_scheduled", {"shutdown_events": ok(events=[announcement(1074, BOOT)])})
        assert seen["state"] == "absent"

    def test_an_event_whose_id_is_a_text_is_damage(self):
        event = {**announcement(1074, AFTER_BOOT), "id": "1074"}
        assert judged("shutdown_scheduled", {"shutdown_events": ok(events=[event])})["state"] == "unknown"


class TestNames:
    @pytest.mark.parametrize(
        ("values", "which"),
        [({"NV Hostname": text("a")}, "present"), ({"Hostname": text("a")}, "next"), ({}, "present")],
    )
    def test_the_missing_name_is_the_one_that_is_called_missing(self, values, which):
        detail = judged("hostname_rename", {"tcpip": ok(values=values)})["detail"]
        assert detail == f"the {which} host name is missing, which every Windows has"

    def test_a_value_of_a_join_counts_even_if_it_cannot_be_read(self):
        assert judged("domain_join", {"netlogon": ok(values={"JoinDomain": None}, subkeys=[])})["state"] == "present"


class TestProducts:
    @pytest.mark.parametrize("state", ["Idle", "Busy", "PendingConfiguration"])
    def test_a_configuration_manager_that_waits_for_no_reboot_is_an_answer(self, state):
        seen = judged("dsc_pending_reboot", {"dsc_lcm": ok(MetaConfiguration={"LCMState": state})})
        assert (seen["state"], state in seen["detail"]) == ("absent", True)

    def test_a_client_that_is_not_there_requires_no_answer(self):
        assert found("ccm_reboot_pending", document({"ccm_service": ABSENT})).required_by_product is False

    @pytest.mark.parametrize("answer", [client(), client(soft=True)])
    def test_a_client_that_runs_and_has_answered_requires_no_other_answer(self, answer):
        evidence = document({"ccm_service": service("running"), "ccm_reboot": answer})
        assert found("ccm_reboot_pending", evidence).required_by_product is False

    def test_a_client_that_runs_once_among_several_services_requires_its_answer(self):
        services = [
            {"name": name, "state": state, "start": "auto"} for name, state in (("a", "stopped"), ("b", "running"))
        ]
        seen = verdict(document({"ccm_service": ok(services=services), "ccm_reboot": refused()}))
        assert (seen["reboot"], [entry["decisive"] for entry in seen["unknown"]]) == ("unknown", [True])

    @pytest.mark.parametrize(
        ("values", "detail"),
        [
            ({"reason": text("3010")}, "an installer asked for a reboot: 3010"),
            ({"Installer": text("setup"), "Reason": text("3010")}, "an installer asked for a reboot: 3010"),
            ({"Installer": text("setup")}, "an installer asked for a reboot"),
            ({"Reason": text("")}, "an installer asked for a reboot"),
            ({"Reason": value(None)}, "an installer asked for a reboot"),
            ({}, "an installer asked for a reboot"),
        ],
    )
    def test_a_witness_tells_its_reason_and_no_other_value(self, values, detail):
        assert judged("reboot_witness", {"reboot_witness": ok(values=values)})["detail"] == detail


@pytest.mark.parametrize(
    ("name", "probe", "answer"),
    [
        ("dvd_reboot_signal", "run_once", ok(values={"DVDRebootSignal": text("x")}, write_time=AFTER_BOOT)),
        ("server_manager_restart", "component_cache", ok(values={"RestartRequired": value(1)}, write_time=AFTER_BOOT)),
        ("update_exe_volatile", "update_exe", flags(1, AFTER_BOOT)),
    ],
)
def test_a_signal_remembers_when_its_key_was_written(name, probe, answer):
    assert found(name, document({probe: answer})).written_at == parse_time(AFTER_BOOT)


class TestQueueSignal:
    def test_a_hundred_entries_are_shown_and_all_are_counted(self):
        seen = signal("pending_file_rename", document({"session_manager": queue(*MINOR_PAIR * 101)}))
        assert (len(seen["entries"]), seen["detail"].startswith("101 file operations wait")) == (100, True)

    @pytest.mark.parametrize(("pair", "strength"), [(IGNORED_PAIR, "weak"), (MINOR_PAIR, "strong")])
    def test_a_policy_that_counts_any_entry_does_not_count_ignored_ones(self, pair, strength):
        evidence = document({"session_manager": queue(*pair)})
        assert signal("pending_file_rename", evidence, {"rename_queue": "any"})["strength"] == strength

    def test_the_rules_that_ignore_a_queue_are_listed_in_alphabetical_order(self):
        rules = [{"id": name, "match": f"^C:\\\\{name}", "reason": "noise"} for name in ("zeta", "alpha")]
        evidence = document({"session_manager": queue("\\??\\C:\\zeta.log", "", "\\??\\C:\\alpha.log", "")})
        assert found("pending_file_rename", evidence, {"rename_rules": rules}).ignored_by == ("alpha", "zeta")

    @pytest.mark.parametrize(
        ("strings", "words"),
        [
            (["\\??\\C:\\Windows\\System32\\a.dll", ""], "1 significant (deletes C:\\Windows\\System32\\a.dll)"),
            (["\\??\\C:\\a", "\\??\\C:\\b.dll"], "1 significant (renames C:\\b.dll)"),
            (["\\??\\C:\\a", "!\\??\\C:\\b.dll"], "1 significant (replaces C:\\b.dll)"),
            (["\\??\\C:\\a", "\\??\\C:\\b.dll"] * 2, "2 significant (renames C:\\b.dll and 1 more)"),
            (["\\??\\C:\\a", "\\??\\C:\\b.dll"] * 3, "3 significant (renames C:\\b.dll and 2 more)"),
        ],
    )
    def test_the_detail_tells_what_happens_to_the_first_significant_file(self, strings, words):
        assert words in signal("pending_file_rename", document({"session_manager": queue(*strings)}))["detail"]


class TestUpdates:
    def test_twenty_packages_are_shown_and_all_are_counted(self):
        answer = ok(values={}, subkeys=[f"Package_{number}" for number in range(21)])
        seen = judged("cbs_packages_pending", {"cbs_packages_pending": answer})
        assert (len(seen["entries"]), seen["detail"]) == (20, "21 packages are pending")

    @pytest.mark.parametrize(
        ("name", "answers"),
        [
            ("wu_reboot_required", {"wu_reboot_required": ok(values={guid: value(1) for guid in GUIDS[::-1]})}),
            ("agent_updates_pending_reboot", {"update_agent": scan(*GUIDS[::-1])}),
        ],
    )
    def test_updates_are_listed_in_alphabetical_order(self, name, answers):
        assert judged(name, answers)["updates"] == GUIDS

    def test_update_exe_is_judged_by_its_write_time_where_the_build_is_not_known(self):
        seen = judged("update_exe_volatile", {"update_exe": flags(1, AFTER_BOOT)}, os_build=None)
        assert (seen["state"], seen["strength"]) == ("present", "strong")

    def test_an_agent_that_is_not_there_is_called_absent_and_not_quoted_from_a_scan(self):
        seen = judged("agent_reboot_required", {"system_info": ABSENT, "update_agent": scan(required=False)})
        assert (seen["state"], seen["detail"]) == ("absent", "not found")

    def test_the_id_of_an_update_is_cut_at_sixty_four_characters(self):
        assert judged("agent_updates_pending_reboot", {"update_agent": scan("A" * 100)})["updates"] == ["a" * 64]

    def test_without_a_scan_it_is_said_that_there_is_none(self):
        seen = judged("agent_updates_pending_reboot", {"update_agent": ABSENT})
        assert (seen["state"], seen["detail"]) == ("not_asked", "no scan of the update agent is at hand")

    @pytest.mark.parametrize(("scanned", "state"), [(BOOT, "not_asked"), ("2026-11-01T03:12:01Z", "present")])
    def test_a_scan_must_be_younger_than_the_boot(self, scanned, state):
        evidence = document({"update_agent": scan(GUID, scanned_at=scanned)})
        assert signal("agent_updates_pending_reboot", evidence, {"max_scan_age": "30d"})["state"] == state

    def test_a_scan_must_be_younger_than_the_greatest_age(self):
        evidence = document({"update_agent": scan(GUID, scanned_at="2026-11-18T02:20:00Z")})
        assert COLLECTED == "2026-11-18T03:20:00Z"
        assert signal("agent_updates_pending_reboot", evidence, {"max_scan_age": "1h"})["state"] == "not_asked"
        assert signal("agent_updates_pending_reboot", evidence, {"max_scan_age": "61m"})["state"] == "present"

    @pytest.mark.parametrize(
        ("scanned", "state"), [("2026-11-18T03:25:00Z", "present"), ("2026-11-18T03:25:01Z", "not_asked")]
    )
    def test_a_scan_of_the_future_is_none(self, scanned, state):
        evidence = document({"update_agent": scan(GUID, scanned_at=scanned)})
        assert signal("agent_updates_pending_reboot", evidence)["state"] == state


class TestRenamePlace:
    @pytest.mark.parametrize("folder", ["Program Files", "Program Files (x86)", "Program Files (Arm)"])
    def test_programs_lie_in_three_folders(self, folder):
        assert place_of(f"C:\\{folder}\\Contoso\\a.dll") == "program_files"

    @pytest.mark.parametrize(
        "volume", ["HarddiskVolume", "Harddisk\\Partition1", "Harddisk0\\Partition", "HarddiskVolumeX"]
    )
    def test_a_device_without_its_number_is_no_volume(self, volume):
        assert place_of(f"\\Device\\{volume}\\Windows\\System32\\a.dll") == "other"

    @pytest.mark.parametrize("volume", ["HarddiskVolume12", "Harddisk0\\Partition10"])
    def test_a_device_with_its_number_is_a_volume(self, volume):
        assert place_of(f"\\Device\\{volume}\\Windows\\System32\\a.dll") == "system32"

    @pytest.mark.parametrize(
        ("path", "normal"),
        [
            ("a/b.dll", "a\\b.dll"),
            ("ab:stream", "ab"),
            ("\\a/b", "\\a\\b"),
            ("\\\\server\\share/a.dll", "\\\\server\\share\\a.dll"),
            ("C:a/b", "C:a\\b"),
            ("C:\\.", "C:"),
            ("C:\\a\\..", "C:"),
            ("C:\\a\\..\\..\\b", "C:\\b"),
            ("\\??\\C:/a/./b. ", "\\??\\C:\\a\\b"),
        ],
    )
    def test_a_path_keeps_its_root_whatever_is_carried_out_below_it(self, path, normal):
        assert normal_path(path) == normal


class TestRenameQueue:
    def test_a_line_feed_is_part_of_a_path_behind_a_mark_too(self):
        (entry,) = parse_rename_queue(["*1\\??\\C:\\a\nb", "!\\??\\C:\\c\nd"], queue="q").entries
        assert (entry.source, entry.target, entry.mark, entry.operation) == ("C:\\a\nb", "C:\\c\nd", "1", "replace")

    def test_a_star_without_a_number_is_no_mark(self):
        (entry,) = parse_rename_queue(["*\\??\\C:\\Contoso\\a.log", ""], queue="q").entries
        assert (entry.mark, entry.source, entry.significant) == (None, "*\\??\\C:\\Contoso\\a.log", True)

    def test_of_an_odd_queue_the_last_entry_is_the_padded_one(self):
        entries = parse_rename_queue([*MINOR_PAIR, *SIGNIFICANT_PAIR, MINOR_PAIR[0]], queue="q").entries
        assert [entry.malformed for entry in entries] == [None, None, "the target is missing; read as a deletion"]

    def test_a_nul_at_the_end_of_a_path_is_no_part_of_it(self):
        (entry,) = parse_rename_queue(["\\??\\C:\\Contoso\\a.log\0", ""], queue="q").entries
        assert (entry.source, entry.malformed) == ("C:\\Contoso\\a.log", None)
