# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packages: what a list may say, and when one is run and how."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.keys import PlanError
from ansible_collections.winops.patching.plugins.plugin_utils._plan.packages.decide import package_decision
from ansible_collections.winops.patching.plugins.plugin_utils._plan.packages.looking import (
    package_probes,
    proof_probes,
)
from ansible_collections.winops.patching.plugins.plugin_utils._plan.packages.package import (
    parse_package,
    parse_packages,
)

HASH, OTHER = "ab" * 32, "cd" * 32
NOW = "2026-11-21T22:00:00Z"
WINDOW = {"name": "tonight", "start": "2026-11-21T21:00:00Z", "end": "2026-11-21T23:30:00Z"}
TOMORROW = {"name": "tomorrow", "start": "2026-11-22T21:00:00Z", "end": "2026-11-22T23:30:00Z"}
POLICY = {"windows": [WINDOW, TOMORROW]}
ABSENT = {"state": "absent", "ms": 1}
DENIED = {"state": "denied", "error": {"message": "no"}, "ms": 1}
MSI = {"path": "C:\\install\\runtime.msi", "sha256": HASH}
EXE = {"path": "C:\\install\\agent.exe", "sha256": HASH, "product_id": "Contoso"}
MSU = {"path": "C:\\install\\windows10.0-kb5030216-x64.msu", "sha256": HASH}
CAB = {"path": "C:\\install\\driver.cab", "sha256": HASH, "kb": "KB5030300"}
CHECKPOINT = "C:\\install\\kb5043080.msu"


def ok(**data):
    return {"state": "ok", "data": data, "ms": 1}


def looked(probes=None, build="20348.2700", clock=NOW, **hashes):
    """An answer of a host on which nothing is installed and every file is the right one."""
    healthy = {
        "file_0": ok(length=1, sha256=hashes.get("sha256", HASH)),
        "file_1": ok(length=1, sha256=OTHER),
        "reboot_witness": ABSENT,
        "product": ABSENT,
        "product_32": ABSENT,
        "fixes": ok(instances=[]),
        "windows": ok(values={"SystemRoot": {"kind": "REG_SZ", "data": "D:\\WinNT"}}),
    }
    return {"probes": {**healthy, **(probes or {})}, "system": {"os_build": build, "clock": clock}}


def host(**changed):
    """Four answers of a host where nothing is in the way."""
    verdict = {"reboot": "not_required", "kind": None, "unknown": [], "sentence": "No."}
    return {
        "hold": {"changed": False, "held": True, "id": "scan-1"},
        "reboot": {"verdict": verdict},
        "activity": {"activity": "no", "busy": [], "unknown": [], "sentence": "Nothing."},
        "queue": {"snapshot": {"schema": "winops.patching/snapshot/1", "queue": []}, "rename_queue": {}},
        **changed,
    }


def decide(package, answer=None, *, now=NOW, policy=POLICY, **how):
    return package_decision({"run_minutes": 30, **package}, answer or looked(), now=now, policy=policy, **how)


class TestList:
    """Every mistake is named by its entry and key."""

    def test_an_entry_gets_its_name_kind_and_article_from_its_file(self):
        (msu,) = parse_packages([MSU])
        assert (msu.name, msu.kind, msu.kb) == ("windows10.0-kb5030216-x64.msu", "msu", "5030216")
        assert (msu.expected, msu.seconds) == ((0, 3010), 3600)

    @pytest.mark.parametrize("entry", [MSI, EXE, MSU, CAB, {**EXE, "arguments": ["/a b", "/c"], "name": "Agent"}])
    def test_what_was_checked_may_be_checked_again(self, entry):
        package = parse_package(entry)
        assert parse_package(package.as_dict()) == package

    def test_no_list_is_no_package(self):
        assert parse_packages(None) == ()

    @pytest.mark.parametrize(
        ("entry", "said"),
        [
            ({"path": "C:\\a.msi"}, "patch_packages[0].sha256: is missing"),
            ({"sha256": HASH}, "patch_packages[0].path: is missing"),
            ({**MSI, "sha265": HASH}, "did you mean sha256"),
            ({**MSI, "sha256": "abc"}, "64 hexadecimal digits"),
            ({**MSI, "path": "\\\\srv\\share\\a.msi"}, "copy the package to the host first"),
            ({**MSI, "path": "https://x.example/a.msi"}, "copy the package to the host first"),
            ({**MSI, "path": 'C:\\a" /x.msi'}, "no full path"),
            ({**MSI, "path": "%TEMP%\\a.msi"}, "no full path"),
            ({**MSI, "path": "C:\\a\\..\\b.msi"}, "leads elsewhere"),
            ({**MSI, "path": "C:\\install\\a"}, "kind: the file's name does not say it"),
            ({**MSI, "kind": "rpm"}, "kind: 'rpm' is not one of"),
            ({**MSU, "arguments": "/x"}, "arguments: a msu takes none"),
            ({**MSI, "arguments": "/forcerestart"}, "must not make the installer reboot"),
            ({**MSI, "arguments": ["REBOOT=Force"]}, "must not make the installer reboot"),
            ({**MSI, "arguments": "/a\r/b"}, "control characters"),
            ({**MSI, "expected_return_code": [2**32]}, "32 bits"),
            ({**MSI, "expected_return_code": []}, "list of exit codes"),
            ({**MSI, "run_minutes": 0}, "run_minutes: must be a number of minutes"),
            ({**MSI, "checkpoints": []}, ""),
            ({**MSI, "checkpoints": [{"path": CHECKPOINT, "sha256": OTHER}]}, "belong to a msu"),
            ({**MSU, "checkpoints": [{"path": "C:\\other\\x.msu", "sha256": OTHER}]}, "in the folder of the package"),
            ({**MSU, "checkpoints": [{"path": CHECKPOINT}]}, "path and sha256, and nothing else"),
            ({"path": "C:\\a.exe", "sha256": HASH}, "nothing tells whether the exe is installed"),
            ({"path": "C:\\a.cab", "sha256": HASH}, "nothing tells whether the cab is installed"),
            ({**EXE, "product_id": "a\\b"}, "product_id"),
            ({**MSI, "kb": "x"}, "kb: 'x' is no article"),
            ({**MSI, "name": " "}, "name: must be a text"),
            ("C:\\a.msi", "must be a mapping"),
        ],
    )
    def test_a_mistake_is_named_by_its_place(self, entry, said):
        if not said:
            assert parse_packages([entry])[0].checkpoints == ()
            return
        with pytest.raises(PlanError) as caught:
            parse_packages([entry])
        assert said in str(caught.value)
        assert str(caught.value).startswith("patch_packages[0]")

    def test_one_file_is_not_run_twice(self):
        with pytest.raises(PlanError, match="in the list twice"):
            parse_packages([MSI, {**MSI, "path": MSI["path"].upper()}])

    def test_exit_codes_are_one_number_with_and_without_a_sign(self):
        given = parse_package({**MSI, "expected_return_code": [0, 2149842967]})
        assert given.expected == (0, -2145124329)


class TestProbes:
    """What is read on the host."""

    def test_every_file_is_hashed_where_it_lies(self):
        package = parse_package({**MSU, "checkpoints": [{"path": CHECKPOINT, "sha256": OTHER}]})
        files = [probe for probe in package_probes(package) if probe["kind"] == "file"]
        assert [(probe["path"], probe["hash"]) for probe in files] == [(MSU["path"], True), (CHECKPOINT, True)]

    def test_a_product_is_looked_for_in_both_views_and_an_article_among_the_fixes(self):
        product = proof_probes(parse_package(EXE))
        assert [probe["path"].split("SOFTWARE\\")[1] for probe in product if probe["id"] != "reboot_witness"] == [
            "Microsoft\\Windows\\CurrentVersion\\Uninstall\\Contoso",
            "Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Contoso",
        ]
        assert proof_probes(parse_package(MSU))[1]["filter"] == "HotFixID = 'KB5030216'"


class TestDecision:
    """Is it there already, the right file, in time, and the host free?"""

    def test_where_nothing_speaks_against_it_the_host_is_asked_the_rest_and_then_it_is_run(self):
        assert decide(MSI)["state"] == "look"
        assert decide(MSI, host=host())["state"] == "run"

    @pytest.mark.parametrize(
        ("package", "probes"),
        [
            (EXE, {"product": ok(values={})}),
            (EXE, {"product_32": ok(values={}), "product": DENIED}),
            (MSU, {"fixes": ok(instances=[{"HotFixID": "KB5030216"}])}),
        ],
    )
    def test_what_is_there_is_not_run_even_where_its_file_is_gone(self, package, probes):
        assert decide(package, looked({**probes, "file_0": ABSENT}))["state"] == "already"

    @pytest.mark.parametrize(
        ("package", "probes"),
        [
            (EXE, {"product": DENIED}),
            (EXE, {"product_32": {"state": "odd"}}),
            (MSU, {"fixes": DENIED}),
            (MSU, {"fixes": ABSENT}),
            (MSU, {"fixes": ok(instances=None)}),
            (MSU, {"fixes": ok(instances=[{"HotFixID": "KB1"}])}),
            (MSI, {"reboot_witness": DENIED}),
        ],
    )
    def test_where_nobody_knows_whether_it_is_there_it_is_not_run(self, package, probes):
        found = decide(package, looked(probes), host=host())
        assert found["state"] == "refused"
        assert "not known" in found["sentence"]

    @pytest.mark.parametrize(
        "values", [{"File": f"C:\\first.exe | {MSU['path'].upper()}"}, {"File": "C:\\x.msu", "Kb": "KB5030216"}]
    )
    def test_what_has_run_since_the_last_boot_waits_for_the_next(self, values):
        mark = ok(values={name: {"kind": "REG_SZ", "data": data} for name, data in values.items()})
        assert decide(MSU, looked({"reboot_witness": mark}))["state"] == "pending_reboot"

    @pytest.mark.parametrize(
        ("probes", "reason"),
        [
            ({"file_0": ABSENT}, "file_missing"),
            ({"file_0": DENIED}, "file_unreadable"),
            ({"file_0": ok(length=1, sha256=None)}, "file_unreadable"),
            ({"file_0": ok(length=1, sha256=OTHER)}, "wrong_file"),
        ],
    )
    def test_only_exactly_the_file_that_was_meant_is_run(self, probes, reason):
        found = decide(MSI, looked(probes), host=host())
        assert (found["state"], found["reason"], found["how"]) == ("refused", reason, None)

    def test_a_checkpoint_must_be_the_right_file_too(self):
        package = {**MSU, "checkpoints": [{"path": CHECKPOINT, "sha256": HASH}]}
        assert decide(package, host=host())["reason"] == "wrong_file"

    @pytest.mark.parametrize("answer", [{}, {"unreachable": True, "msg": "gone"}, {"failed": True, "msg": "boom"}])
    def test_without_an_answer_nothing_is_run(self, answer):
        found = package_decision(MSI, answer, now=NOW, policy=POLICY)
        assert (found["state"], found["reason"]) == ("refused", "unreadable")

    def test_once_the_run_has_stopped_the_rest_is_deferred(self):
        found = decide(MSI, options={"stopped": "the queue was overwritten"})
        assert (found["state"], found["reason"]) == ("deferred", "stopped")
        assert "the queue was overwritten" in found["sentence"]


class TestTime:
    """Run time and reserve against what is left of the window."""

    @pytest.mark.parametrize(("minutes", "state"), [(75, "look"), (76, "deferred")])
    def test_equality_fits_and_a_minute_more_is_deferred_to_the_next_window(self, minutes, state):
        found = decide({**MSI, "run_minutes": minutes})
        assert found["state"] == state
        assert (found["next_window"] or {}).get("name") == (None if state == "look" else "tomorrow")

    def test_outside_a_window_nothing_is_run(self):
        found = decide(MSI, looked(clock="2026-11-21T20:00:00Z"), now="2026-11-21T20:00:00Z")
        assert (found["state"], found["reason"]) == ("deferred", "window_closed")
        assert found["next_window"]["name"] == "tonight"

    def test_a_window_that_cannot_be_read_is_refused_and_not_waited_for(self):
        found = decide(MSI, policy={"windows": [WINDOW, {"start": "tomorrow"}]})
        assert (found["state"], found["reason"]) == ("refused", "windows")
        assert "a spec cannot be read" in found["sentence"]

    def test_without_windows_nothing_is_run_unless_that_means_open(self):
        assert decide(MSI, policy={})["state"] == "deferred"
        assert decide(MSI, policy={"no_windows": "open"})["state"] == "look"

    def test_the_hosts_clock_decides_where_it_was_chosen(self):
        late = looked(clock="2026-11-21T23:29:00Z")
        assert decide(MSI, late, options={"clock": "host"})["reason"] == "does_not_fit"
        unknown = decide(MSI, looked(clock=None), options={"clock": "host"})
        assert (unknown["state"], unknown["reason"]) == ("refused", "clock")

    def test_clocks_more_than_an_hour_apart_are_refused(self):
        found = decide(MSI, looked(clock="2026-11-21T20:59:00Z"))
        assert (found["state"], found["reason"]) == ("refused", "clock")
        assert decide(MSI, looked(clock="2026-11-21T20:59:00Z"), policy={"windows_apply": False})["state"] == "look"

    def test_a_pause_must_fit_too(self):
        busy = host(activity={"activity": "yes", "busy": [{"id": "x", "who": "y", "detail": "z"}]})
        assert decide({**MSI, "run_minutes": 75}, host=busy)["reason"] == "does_not_fit"


class TestHow:
    """Which program runs it, and as whom."""

    def test_an_msi_and_a_program_are_checked_once_more_right_before_they_start(self):
        how = decide({**EXE, "arguments": "/quiet"})["how"]
        assert (how["path"], how["arguments"], how["provider"]) == (EXE["path"], "/quiet", "registry")
        assert (how["product_id"], how["checksum"], how["as_system"]) == ("Contoso", HASH, False)
        assert decide(MSI)["how"]["provider"] == "msi"

    @pytest.mark.parametrize(
        ("package", "build", "program", "system"),
        [
            (MSU, "20348.2700", "wusa.exe", True),
            (MSU, "26099.9999", "wusa.exe", True),
            (MSU, "26100.1", "dism.exe", False),
            (CAB, "20348.2700", "dism.exe", False),
        ],
    )
    def test_the_build_decides_between_wusa_and_dism(self, package, build, program, system):
        how = decide(package, looked(build=build))["how"]
        assert (how["path"], how["as_system"]) == (f"D:\\WinNT\\System32\\{program}", system)
        assert f'"{package["path"]}"' in how["arguments"]
        assert "/norestart" in how["arguments"].lower()

    def test_an_msu_is_not_run_where_the_build_is_not_known(self):
        assert decide(MSU, looked(build=None))["reason"] == "unknown_build"


class TestHost:
    """What the host itself says against it."""

    @pytest.mark.parametrize("kind", ["hard", "in_progress"])
    def test_nothing_is_run_while_a_hard_reboot_is_due(self, kind):
        verdict = {"reboot": "required", "kind": kind, "unknown": [], "sentence": "Wait."}
        assert decide(MSI, host=host(reboot={"verdict": verdict}))["reason"] == "hard_reboot"

    def test_a_soft_reboot_waits_until_all_packages_have_run(self):
        verdict = {"reboot": "required", "kind": "soft", "unknown": [], "sentence": "Wait."}
        assert decide(MSI, host=host(reboot={"verdict": verdict}))["state"] == "run"

    @pytest.mark.parametrize(
        "changed",
        [
            {"reboot": {}},
            {"reboot": {"unreachable": True, "msg": "gone"}},
            {"reboot": {"verdict": {"unknown": [{"id": "ccm_reboot_pending", "decisive": True, "reason": "no"}]}}},
            {"activity": {}},
            {"activity": {"activity": "unknown", "busy": [], "unknown": [], "sentence": "?"}},
            {"queue": {"failed_when_result": False, "msg": "could not be read"}},
            {"queue": {"rename_queue": {}}},
            {"hold": {"failed_when_result": False, "msg": "no token", "reason": "not_elevated"}},
            {"hold": {}},
        ],
    )
    def test_what_could_not_be_read_is_never_a_no(self, changed):
        assert decide(MSI, host=host(**changed))["state"] == "refused"

    def test_the_job_that_holds_our_own_lock_is_not_in_the_way(self):
        work = {"id": "patch_job_running", "who": "winops.patching", "detail": "a job"}
        busy = {"activity": "yes", "busy": [work], "unknown": []}
        assert decide(MSI, host=host(activity=busy))["state"] == "run"
        assert decide(MSI, host=host(activity=busy, hold={"changed": True, "held": False}))["state"] == "retry"

    @pytest.mark.parametrize(
        ("options", "state", "pause"),
        [
            ({}, "retry", 60),
            ({"attempt": 3, "waited_seconds": 180}, "retry", 240),
            ({"attempt": 5, "waited_seconds": 900}, "retry_exhausted", 0),
            ({"busy_wait_minutes": 0}, "retry_exhausted", 0),
        ],
    )
    def test_other_jobs_and_installers_are_waited_for_twice_as_long_each_time(self, options, state, pause):
        other = {"failed_when_result": False, "msg": "the job x runs", "reason": "other_job"}
        found = decide(MSI, host=host(hold=other), options=options)
        assert (found["state"], found["pause_seconds"]) == (state, pause)

    @pytest.mark.parametrize("options", [{"clok": "host"}, {"attempt": "x"}, {"stopped": 3}, {"clock": "mine"}, [1]])
    def test_a_wrong_option_is_named(self, options):
        with pytest.raises(PlanError, match="options"):
            decide(MSI, options=options)
