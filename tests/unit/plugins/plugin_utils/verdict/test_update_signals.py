# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows Update, component servicing, Update.exe and the update agent."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    AFTER_BOOT,
    BEFORE_BOOT,
    BOOT,
    COLLECTED,
    GUID,
    document,
    flags,
    judged,
    ok,
    refused,
    scan,
    signal,
    text,
    value,
    verdict,
)

OTHER_GUID = "00000000-0000-4000-8000-00000000ABCD"
VISTA, SERVER_2003, WINDOWS_2022 = "6000", "5.2.3790", "20348.2700"


def test_the_value_names_of_the_windows_update_key_are_the_updates_that_wait():
    names = {
        f"{{{GUID.upper()}}}": value(1),
        OTHER_GUID: value(1),
        "": value(1),
        "Count": value(2),
        GUID[:-1]: value(1),
    }
    found = judged("wu_reboot_required", {"wu_reboot_required": ok(values=names)})
    assert found["updates"] == [OTHER_GUID.lower(), GUID]
    assert "2 updates wait" in found["detail"]


@pytest.mark.parametrize("data", [{"values": {}}, {"values": {"x": value(0)}}, {}])
def test_the_windows_update_key_counts_without_values_too(data):
    found = judged("wu_reboot_required", {"wu_reboot_required": ok(**data)})
    assert (found["state"], found["updates"]) == ("present", [])
    assert "no update is named" in found["detail"]


@pytest.mark.parametrize(
    ("subkeys", "state"), [([], "absent"), (["Package_1"], "present"), (["a", "b", "c"], "present")]
)
def test_packages_are_pending_only_when_there_are_any(subkeys, state):
    found = judged("cbs_packages_pending", {"cbs_packages_pending": ok(values={}, subkeys=subkeys)})
    assert found["state"] == state
    assert [entry["package"] for entry in found["entries"]] == subkeys


def test_thousands_of_pending_packages_are_counted_and_only_some_listed():
    found = judged("cbs_packages_pending", {"cbs_packages_pending": ok(values={}, subkeys=["p" * 999] * 5000)})
    assert "5000 packages" in found["detail"]
    assert len(found["entries"]) <= 100
    assert len(found["entries"][0]["package"]) <= 200


@pytest.mark.parametrize(
    ("state", "key", "expected"),
    [
        (ABSENT, ABSENT, "absent"),
        (ok(values={"RebootRequired": value(0)}), ABSENT, "absent"),
        (ok(values={}), ABSENT, "absent"),
        (ok(values={"RebootRequired": value(1)}), ABSENT, "present"),
        (ABSENT, ok(values={}), "present"),
        (refused(), ok(values={}), "present"),
        (ABSENT, refused(), "unknown"),
        (refused(), ABSENT, "unknown"),
        (ok(values={"RebootRequired": text("x")}), ABSENT, "unknown"),
    ],
)
def test_the_orchestrator_speaks_by_a_value_or_by_a_key(state, key, expected):
    assert judged("wu_ux_reboot_required", {"wu_ux_state": state, "wu_orchestrator": key})["state"] == expected


class TestUpdateExe:
    """The value Flags of UpdateExeVolatile, in both registry views."""

    @pytest.mark.parametrize("probe", ["update_exe", "update_exe_32"])
    @pytest.mark.parametrize(
        ("number", "waits"),
        [
            (1, ["removal"]),
            (2, ["installation"]),
            (3, ["removal", "installation"]),
            (4, ["unknown bits"]),
            (6, ["installation"]),
            (-1, ["removal", "installation"]),
            (-2, ["installation"]),
            ("2", ["installation"]),
        ],
    )
    def test_any_bit_in_any_view_waits_and_is_decoded(self, probe, number, waits):
        found = judged("update_exe_volatile", {probe: flags(number)})
        assert (found["state"], found["strength"]) == ("present", "strong")
        (entry,) = found["entries"]
        assert entry["waits"] == waits
        assert entry["flags"] == int(number) & 0xFFFFFFFF
        assert ("Wow6432Node" in entry["read_from"]) == (probe == "update_exe_32")
        assert entry["write_time"] == AFTER_BOOT

    @pytest.mark.parametrize("answer", [flags(0), flags("0"), ok(values={}, write_time=AFTER_BOOT), ABSENT])
    def test_zero_no_value_and_no_key_mean_no(self, answer):
        assert judged("update_exe_volatile", {"update_exe": answer})["state"] == "absent"

    @pytest.mark.parametrize("data", [None, "", "two", True, [2], {}, 1.5])
    def test_flags_that_are_no_number_are_unknown(self, data):
        assert judged("update_exe_volatile", {"update_exe": flags(data)})["state"] == "unknown"

    @pytest.mark.parametrize(
        ("write_time", "strength", "stale"),
        [
            (AFTER_BOOT, "strong", False),
            ("2026-11-01T03:12:01Z", "strong", False),
            (BOOT, "strong", False),
            (BEFORE_BOOT, "informational", True),
            ("2010-01-01T00:00:00Z", "informational", True),
            (None, "weak", False),
            ("soon", "weak", False),
        ],
    )
    def test_since_vista_the_write_time_against_the_boot_decides_what_it_weighs(self, write_time, strength, stale):
        evidence = document({"update_exe": flags(3, write_time)})
        found = signal("update_exe_volatile", evidence)
        assert (found["state"], found["strength"], found["stale"]) == ("present", strength, stale)
        assert found["entries"][0]["flags"] == 3
        word = {"strong": "because", "weak": "hints", "informational": "informational"}[strength]
        assert verdict(evidence)[word] == ["update_exe_volatile"]
        assert verdict(evidence)["reboot"] == ("required" if strength == "strong" else "not_required")

    def test_a_write_time_that_was_not_asked_for_is_unreadable(self):
        found = judged("update_exe_volatile", {"update_exe": ok(values={"Flags": value(3)})})
        assert (found["strength"], found["stale"]) == ("weak", False)

    @pytest.mark.parametrize("boot", [None, "soon"])
    def test_without_a_boot_time_it_is_weak(self, boot):
        assert judged("update_exe_volatile", {"update_exe": flags(3)}, boot_time=boot)["strength"] == "weak"

    @pytest.mark.parametrize("write_time", [AFTER_BOOT, BEFORE_BOOT, None])
    @pytest.mark.parametrize(
        ("build", "before_vista"), [(SERVER_2003, True), ("2600", True), ("5999", True), (VISTA, False)]
    )
    def test_before_vista_it_is_strong_whenever_it_was_written(self, build, before_vista, write_time):
        found = judged("update_exe_volatile", {"update_exe": flags(1, write_time)}, os_build=build)
        later = {AFTER_BOOT: "strong", BEFORE_BOOT: "informational", None: "weak"}[write_time]
        assert found["strength"] == ("strong" if before_vista else later)
        assert found["stale"] == (not before_vista and write_time == BEFORE_BOOT)

    @pytest.mark.parametrize(
        ("build", "reboot"),
        [(SERVER_2003, "unknown"), ("5999", "unknown"), (VISTA, "not_required"), (WINDOWS_2022, "not_required")],
    )
    def test_it_is_required_before_vista_only(self, build, reboot):
        for probe in ("update_exe", "update_exe_32"):
            evidence = document({probe: refused()}, system={"os_build": build})
            assert verdict(evidence)["reboot"] == reboot
            assert [entry["decisive"] for entry in verdict(evidence)["unknown"]] == [reboot == "unknown"]

    @pytest.mark.parametrize(
        ("native", "other", "state", "strength"),
        [
            (flags(1, BEFORE_BOOT), flags(1, AFTER_BOOT), "present", "strong"),
            (flags(1, None), flags(1, AFTER_BOOT), "present", "strong"),
            (flags(1, BEFORE_BOOT), flags(1, None), "present", "weak"),
            (flags(1, BEFORE_BOOT), ABSENT, "present", "informational"),
            (flags(0), flags(1, AFTER_BOOT), "present", "strong"),
            (refused(), flags(1, AFTER_BOOT), "present", "strong"),
            (flags(1, BEFORE_BOOT), refused(), "unknown", "strong"),
            (flags(1, None), refused(), "unknown", "strong"),
            (flags(0), refused(), "unknown", "strong"),
            (ABSENT, flags("x"), "unknown", "strong"),
        ],
    )
    def test_the_weightier_view_speaks_unless_an_unread_one_may_weigh_more(self, native, other, state, strength):
        for probes in ({"update_exe": native, "update_exe_32": other}, {"update_exe": other, "update_exe_32": native}):
            found = judged("update_exe_volatile", probes)
            assert (found["state"], found["strength"]) == (state, strength)


class TestAgent:
    """What the update agent itself says, and what a finished scan has found."""

    @pytest.mark.parametrize(
        ("answer", "state", "word"),
        [
            (ok(value=True), "present", "read"),
            (ok(value=False), "absent", "read"),
            (ok(value=None), "unknown", "error"),
            (ok(value="True"), "unknown", "error"),
            (ok(value=1), "unknown", "error"),
            (ok(value=0), "unknown", "error"),
            (ok(), "unknown", "error"),
            (refused("denied"), "unknown", "denied"),
            (refused("timeout"), "unknown", "error"),
            (refused("error"), "unknown", "error"),
            ("damaged", "unknown", "error"),
            (ABSENT, "absent", "read"),
        ],
    )
    def test_the_agent_says_yes_no_or_nothing(self, answer, state, word):
        evidence = document({"system_info": answer})
        assert signal("agent_reboot_required", evidence)["state"] == state
        assert verdict(evidence)["update_agent"] == word

    def test_an_agent_that_was_not_asked_is_told_so(self):
        from_document = document()
        del from_document["probes"]["system_info"]
        assert verdict(from_document)["update_agent"] == "not_asked"
        assert signal("agent_reboot_required", from_document)["state"] == "not_asked"
        assert verdict(from_document)["unknown"] == []

    @pytest.mark.parametrize(
        ("answer", "told", "state"),
        [
            (refused(), True, "present"),
            (refused(), False, "absent"),
            (ok(value=None), False, "absent"),
            (ok(value=None), True, "present"),
            (ok(value=False), True, "present"),
            (ok(value=True), False, "present"),
            (ABSENT, True, "present"),
            (refused(), None, "unknown"),
            (refused(), "no", "unknown"),
        ],
    )
    def test_a_valid_scan_answers_for_an_agent_that_refuses(self, answer, told, state):
        evidence = document({"system_info": answer, "update_agent": scan(required=told)})
        assert signal("agent_reboot_required", evidence)["state"] == state
        assert verdict(evidence)["update_agent"] == "read"

    def test_the_updates_of_a_valid_scan_wait_or_do_not(self):
        found = judged("agent_updates_pending_reboot", {"update_agent": scan(GUID.upper(), OTHER_GUID)})
        assert (found["state"], found["updates"]) == ("present", [OTHER_GUID.lower(), GUID])
        assert judged("agent_updates_pending_reboot", {"update_agent": scan()})["state"] == "absent"

    @pytest.mark.parametrize(
        ("scanned_at", "state"),
        [
            ("2026-11-17T22:40:00Z", "present"),
            ("2026-11-11T03:20:01Z", "present"),
            ("2026-11-11T03:19:59Z", "not_asked"),
            (BEFORE_BOOT, "not_asked"),
            ("2026-11-01T03:12:01Z", "not_asked"),
            (None, "not_asked"),
            ("soon", "not_asked"),
            (1793502720, "not_asked"),
        ],
    )
    def test_a_scan_counts_when_it_is_younger_than_a_week(self, scanned_at, state):
        found = judged("agent_updates_pending_reboot", {"update_agent": scan(GUID, scanned_at=scanned_at)})
        assert found["state"] == state
        assert found["detail"]

    def test_a_young_scan_from_before_the_boot_does_not_count(self):
        system = {"boot_time": "2026-11-18T03:00:00Z"}
        for scanned_at, state in (("2026-11-18T02:59:59Z", "not_asked"), ("2026-11-18T03:00:01Z", "present")):
            evidence = document({"update_agent": scan(GUID, scanned_at=scanned_at)}, system=system)
            assert signal("agent_updates_pending_reboot", evidence)["state"] == state

    def test_a_scan_that_does_not_count_does_not_answer_for_the_agent_either(self):
        probes = {"system_info": refused(), "update_agent": scan(scanned_at=BEFORE_BOOT, required=False)}
        evidence = document(probes)
        assert signal("agent_reboot_required", evidence)["state"] == "unknown"
        assert verdict(evidence)["update_agent"] == "denied"

    def test_a_scan_of_a_host_whose_boot_time_is_unknown_does_not_count(self):
        found = judged("agent_updates_pending_reboot", {"update_agent": scan(GUID)}, boot_time=None)
        assert found["state"] == "not_asked"

    def test_the_age_is_judged_when_the_evidence_was_collected_unless_a_time_is_given(self):
        evidence = document({"update_agent": scan(GUID)})
        assert signal("agent_updates_pending_reboot", evidence)["state"] == "present"
        assert signal("agent_updates_pending_reboot", evidence, now=COLLECTED)["state"] == "present"
        assert signal("agent_updates_pending_reboot", evidence, now="2026-11-24T22:39:00Z")["state"] == "present"
        assert signal("agent_updates_pending_reboot", evidence, now="2026-11-24T22:41:00Z")["state"] == "not_asked"
        assert verdict(evidence, now="2027-01-01T00:00:00Z")["reboot"] == "not_required"

    def test_how_old_a_scan_may_be_is_a_matter_of_policy(self):
        evidence = document({"update_agent": scan(GUID)})
        for span, state in (("4h", "not_asked"), ("5h", "present")):
            assert signal("agent_updates_pending_reboot", evidence, {"max_scan_age": span})["state"] == state

    def test_a_scan_without_a_time_of_judgement_does_not_count(self):
        evidence = document({"update_agent": scan(GUID)}, collected_at=None)
        assert signal("agent_updates_pending_reboot", evidence)["state"] == "not_asked"

    @pytest.mark.parametrize("waiting", [None, "x", {}, 7])
    def test_a_scan_without_a_list_of_updates_is_unknown(self, waiting):
        data = {"scanned_at": AFTER_BOOT, "reboot_required": False, "updates_pending_reboot": waiting}
        assert judged("agent_updates_pending_reboot", {"update_agent": ok(**data)})["state"] == "unknown"
