# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_patch_info: a scan is used again, attached to or started, waited for, and returned with all its doubts."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.tests.unit.plugins.action.scanned_host import (
    BOOT,
    IDS,
    PLACE,
    ScannedHost,
)

OTHER = "scan-20261121T115900Z-0badcafe"


def plan_of(host, **words):
    return {**host.plans[-1], "scan": {**host.plans[-1]["scan"], **words}}


def with_other_job(scan, *, takes=30, **words):
    """A host on which another controller's job runs, asked as ours would be but for `words`."""
    host = ScannedHost(takes=takes)
    scan(host, jitter="0")
    host.files.pop(f"{PLACE}\\last_scan.json")
    host.start(OTHER, plan_of(host, **words))
    host.sleep(2)
    host.calls.clear()
    return host


class TestStart:
    """No scan is there: one is made."""

    def test_a_scan_is_started_watched_and_read(self, scan):
        host = ScannedHost()
        result = scan(host)
        assert host.modules()[:2] == ["win_probe", "win_patch_job"]
        assert set(host.modules()[2:]) == {"win_probe"}
        assert (result["changed"], result["scan"]["complete"], result["scan"]["errors"]) == (False, True, [])
        assert [update["id"] for update in result["scan"]["updates"]] == IDS[:2]
        assert result["scan"]["reboot_required_updates"] == [IDS[0]]
        assert result["scan"]["job"] == {
            "id": host.plans[0]["id"],
            "reused": False,
            "attached": False,
            "worker_sha256": "ab" * 32,
        }
        assert (result["scan"]["host"], result["scan"]["boot_time"]) == ("web01", BOOT)
        assert not set(result) & {"failed", "warnings", "evidence"}

    def test_the_first_word_asks_only_what_decides_and_signals_are_not_asked_for_nothing(self, scan):
        host = ScannedHost()
        scan(host)
        assert host.asked(0) == ["last_scan", "worker", "running_job", "processes"]
        assert host.asked(2) == ["running_job", "processes", "journal"]
        assert {"result", "session_manager", "wu_policy"} <= set(host.asked(-1))
        assert "cbs_reboot_pending" not in {name for place in (0, 2, -1) for name in host.asked(place)}

    def test_the_plan_holds_the_question_the_run_and_the_delay_and_the_worker_its_hash(self, scan):
        host = ScannedHost()
        scan(
            host,
            run_id="r1",
            server_selection="managed_server",
            history=5,
            variables={"ansible_play_hosts_all": ["a"] * 90},
        )
        plan = host.plans[0]
        assert (plan["schema"], plan["kind"], plan["run_id"]) == ("winops.patching/plan/1", "scan", "r1")
        assert plan["scan"] == {
            "criteria": "IsInstalled=0 or IsInstalled=1 or RebootRequired=1 or "
            "RebootRequired=1 and DeploymentAction='Uninstallation'",
            "server_selection": "managed_server",
            "service_id": None,
            "scan_cab": None,
            "catalog_max_age_days": None,
            "online": "auto",
            "history": 5,
            "attempts": 5,
        }
        assert 0 <= plan["delay_seconds"] < 90
        sent = host.calls[1][1]
        assert (sent["operation"], sent["id"], len(sent["worker_sha256"])) == ("start", plan["id"], 64)
        assert sent["worker"]

    def test_a_host_that_has_the_worker_is_not_sent_it_again(self, scan):
        host = ScannedHost()
        host.versions[f"{PLACE}\\patch_worker.ps1"] = "any"
        scan(host)
        assert host.modules()[:3] == ["win_probe", "win_patch_job", "win_probe"]
        assert "worker" not in host.calls[1][1]

    def test_yaml_booleans_are_words(self, scan):
        host = ScannedHost()
        scan(host, online=False)
        assert host.plans[0]["scan"]["online"] == "false"

    def test_pauses_grow_unless_they_are_given(self, scan):
        host = ScannedHost(takes=60)
        scan(host)
        assert host.slept[:4] == [2, 3, 4, 5]
        fixed = ScannedHost(takes=60)
        scan(fixed, poll=20)
        assert set(fixed.slept) == {20}

    def test_one_line_a_minute_for_everybody_and_one_a_step_for_who_wants_it(self, scan, said):
        scan(ScannedHost(takes=215))
        assert [line.rpartition(", ")[2] for line in said["always"]] == ["1 min", "2 min", "3 min"]
        assert said["always"][0].startswith("web01: scan-")
        assert [line.partition(" ")[2].partition(" ")[2] for line in said["verbose"]] == [
            "armed",
            "searching, attempt 1",
        ]

    def test_check_mode_scans_too_because_a_scan_only_asks(self, scan):
        host = ScannedHost()
        assert scan(host, check_mode=True)["scan"]["complete"] is True
        assert host.modules()[1] == "win_patch_job"


class TestReuse:
    """A finished scan answers again while it is young, of this boot, and was asked the same."""

    def finished(self, scan, **options):
        host = ScannedHost()
        scan(host, jitter="0", **options)
        host.calls.clear()
        return host

    def test_it_is_used_again_with_two_runs_of_the_reader_and_says_so(self, scan):
        host = self.finished(scan)
        result = scan(host)
        assert host.modules() == ["win_probe", "win_probe"]
        assert result["scan"]["job"]["reused"] is True
        assert result["scan"]["job"]["worker_sha256"] == "ab" * 32
        assert (result["scan"]["complete"], len(result["scan"]["updates"])) == (True, 2)

    @pytest.mark.parametrize(
        ("options", "hours"),
        [
            ({"refresh": True}, 0),
            ({}, 22),
            ({"max_age": "1h"}, 1),
            ({"history": 7}, 0),
            ({"server_selection": "windows_update"}, 0),
            ({"online": "true"}, 0),
        ],
    )
    def test_it_is_not_when_refused_too_old_or_asked_something_else(self, scan, options, hours):
        host = self.finished(scan)
        host.sleep(hours * 3600)
        assert scan(host, **options)["scan"]["job"]["reused"] is False
        assert len(host.plans) == 2

    def test_it_is_almost_to_the_end_of_its_age(self, scan):
        host = self.finished(scan)
        host.sleep(22 * 3600 - 60)
        assert scan(host)["scan"]["job"]["reused"] is True

    @pytest.mark.parametrize("scanned", ["2026-11-20T03:11:00Z", "2026-11-21T14:00:00Z", "soon", None])
    def test_a_scan_of_an_earlier_boot_of_the_future_or_without_a_time_is_not(self, scan, scanned):
        host = self.finished(scan)
        path = f"{PLACE}\\last_scan.json"
        host.files[path] = json.dumps({**json.loads(host.files[path]), "scanned_at": scanned})
        assert scan(host, max_age="7d")["scan"]["job"]["reused"] is False

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "../../x"}', "{}\n{}\n", "null"])
    def test_damage_means_a_new_scan(self, scan, text):
        host = self.finished(scan)
        host.files[f"{PLACE}\\last_scan.json"] = text
        assert scan(host)["scan"]["complete"] is True
        assert len(host.plans) == 2

    def test_a_result_that_somebody_has_tidied_up_means_a_new_scan(self, scan):
        host = self.finished(scan)
        host.files.pop(f"{PLACE}\\jobs\\{host.plans[0]['id']}\\result.jsonl")
        result = scan(host)
        assert (result["scan"]["complete"], result["scan"]["job"]["reused"]) == (True, False)
        assert len(host.plans) == 2

    @pytest.mark.parametrize("damage", [lambda text: text[:-40], lambda text: "", lambda text: "{" + text])
    def test_a_result_that_somebody_has_damaged_means_a_new_scan(self, scan, damage):
        host = self.finished(scan)
        path = f"{PLACE}\\jobs\\{host.plans[0]['id']}\\result.jsonl"
        host.files[path] = damage(host.files[path])
        result = scan(host)
        assert (result["scan"]["complete"], result["scan"]["job"]["reused"]) == (True, False)

    def test_a_scan_that_could_not_reach_its_server_is_not_used_again(self, scan):
        host = self.finished(scan)
        path = f"{PLACE}\\last_scan.json"
        host.files[path] = json.dumps({**json.loads(host.files[path]), "complete": False})
        assert scan(host)["scan"]["job"]["reused"] is False


class TestAttach:
    """A scan that runs is waited for."""

    def test_the_one_that_runs_is_not_doubled_whoever_started_it(self, scan):
        host = with_other_job(scan)
        result = scan(host)
        assert "win_patch_job" not in host.modules()
        assert (result["scan"]["job"]["id"], result["scan"]["job"]["attached"]) == (OTHER, True)
        assert (result["scan"]["complete"], len(result["scan"]["updates"])) == (True, 2)

    def test_refresh_attaches_too_because_what_runs_is_fresh(self, scan):
        host = with_other_job(scan)
        assert scan(host, refresh=True)["scan"]["job"]["attached"] is True

    def test_the_hosts_own_word_counts_where_the_mark_was_not_there_yet(self, scan):
        host = with_other_job(scan)
        mark, host.running = host.running, None
        execute = host.execute

        def late(module_name, module_args, task_vars):
            if module_name.endswith("win_patch_job"):
                host.running = mark
            return execute(module_name, module_args, task_vars)

        host.execute = late
        assert scan(host)["scan"]["job"]["id"] == OTHER

    def test_a_scan_that_was_asked_something_else_is_waited_for_and_followed_by_our_own(self, scan):
        host = with_other_job(scan, criteria="IsInstalled=0")
        result = scan(host)
        assert result["scan"]["job"]["id"] not in (OTHER, host.plans[0]["id"])
        assert host.plans[-1]["scan"]["criteria"] == result["scan"]["asked"]["criteria"]
        assert result["scan"]["complete"] is True

    def test_a_plan_that_cannot_be_read_is_nobodys_question(self, scan):
        host = with_other_job(scan)
        host.denied.add(f"{PLACE}\\jobs\\{OTHER}\\plan.json")
        assert scan(host)["scan"]["job"]["id"] != OTHER

    def test_a_host_that_others_keep_busy_for_ever_ends_with_a_reason(self, scan):
        host = with_other_job(scan, criteria="IsInstalled=0")
        start = host.start
        host.start = lambda job, plan: start(job, plan_of(host, criteria="IsInstalled=1"))

        def somebody_else(module_name, module_args, task_vars):
            answer = execute(module_name, module_args, task_vars)
            return {**answer, "attached": True} if module_name.endswith("win_patch_job") else answer

        execute, host.execute = host.execute, somebody_else
        result = scan(host)
        assert (result["failed"], result["reason"]) == (True, "other_job")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"criteria": "IsInstalled=2"}, "criteria: IsInstalled takes 0 or 1"),
        ({"server_selection": "service"}, "service_id: goes with"),
        ({"service_id": "7971f918-a847-4430-9279-4a52d1efe18d"}, "service_id: goes with"),
        ({"server_selection": "service", "service_id": "mine"}, "service_id: 'mine' is no id"),
        ({"scan_cab": "\\\\server\\share\\wsusscn2.cab"}, "scan_cab: .* is no local path"),
        ({"scan_cab": "C:\\a.cab", "server_selection": "managed_server"}, "scan_cab: an offline catalogue"),
        ({"catalog_max_age": "3d"}, "catalog_max_age: goes with scan_cab"),
        ({"scan_cab": "C:\\a.cab", "catalog_max_age": "3h"}, "catalog_max_age: must be whole days"),
        ({"online": "perhaps"}, "online"),
        ({"history": -1}, "history: must be a number from 0"),
        ({"max_age": "soon"}, "max_age: 'soon' is not a duration"),
        ({"timeout": "soon"}, "timeout: 'soon' is not a duration"),
        ({"jitter": "1h"}, "jitter: at most 5m"),
        ({"poll": 0}, "poll: must be a number of seconds"),
        ({"file_rules": [{"update": "x"}]}, r"file_rules\[0\]\.path"),
        ({"policy": {"file_rules": [{"update": "x"}]}}, r"policy\.file_rules\[0\]\.path"),
        ({"policy": {"expected_source": 7}}, "policy.expected_source"),
        ({"policy": {"requires": []}}, "policy.requires"),
        ({"evidence": "file"}, "evidence_dir: evidence=file needs the folder"),
        ({"signals": ["nothing"]}, "signals: 'nothing' is no signal"),
        ({"unknown_is": "required"}, "unknown_is"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_option_fails_before_the_host_is_asked(scan, options, words):
    host = ScannedHost()
    with pytest.raises(AnsibleError, match=words):
        scan(host, **options)
    assert host.calls == []
