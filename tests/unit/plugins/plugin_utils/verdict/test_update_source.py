# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Did the scan use the source that was expected? And what would Automatic Updates do by itself?"""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.automatic_updates import automatic_updates
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.expected_source import (
    ExpectedSourceError,
    parse_expected_source,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.update_source import (
    source_findings,
    source_trust,
)
from hypothesis import given
from hypothesis import strategies as st

URL = "https://wsus.example:8531"
WSUS = "3da21691-e39d-4da6-8a4b-b43877bcb1b7"
WINDOWS_UPDATE = "9482f4b4-e343-43b6-b170-9a65bc822c77"
MICROSOFT_UPDATE = "7971f918-a847-4430-9279-4a52d1efe18d"
WORDS = [URL, "managed_server", "windows_update", "microsoft_update"]
GOOD_POLICY = {"WUServer": URL, "WUStatusServer": URL, "UseWUServer": 1}


def scan(**source):
    """A scan with that source."""
    return {"source": source}


def managed(**more):
    """A scan that used the WSUS."""
    return scan(**{"server_selection": "default", "service_id": WSUS, "managed": True, "server": URL, **more})


@pytest.mark.parametrize(
    "spelled",
    [URL, "HTTPS://WSUS.EXAMPLE:8531/", " https://wsus.example:8531 ", "https://wsus.example.:8531/ClientWebService"],
)
def test_two_spellings_of_one_server_are_one_server(spelled):
    assert source_trust(managed(server=spelled), URL).trusted
    assert source_trust(managed(), spelled).trusted


@pytest.mark.parametrize(
    ("left", "right"), [("http://a", "http://A:80/"), ("https://[FE80::1]", "https://[fe80::1]:443")]
)
def test_the_usual_port_need_not_be_spelled(left, right):
    assert source_trust(managed(server=left), right).trusted


@pytest.mark.parametrize(
    "other",
    ["http://wsus.example:8531", "https://wsus.example:8530", "https://wsus2.example:8531", "https://wsus.example"],
)
def test_another_scheme_port_or_host_is_another_server(other):
    trust = source_trust(managed(server=other), URL)
    assert (trust.state, trust.trusted) == ("other", False)
    assert other in trust.reason


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (managed(), "managed_server"),
        (managed(service_id=None), "managed_server"),
        (managed(managed=None), "managed_server"),
        (scan(managed=True), "managed_server"),
        (scan(server_selection="managed_server"), "managed_server"),
        (scan(service_id=WINDOWS_UPDATE, managed=False), "windows_update"),
        (scan(service_id=WINDOWS_UPDATE.upper()), "windows_update"),
        (scan(service_id="{" + MICROSOFT_UPDATE + "}", managed=False), "microsoft_update"),
    ],
)
def test_a_scan_is_trusted_for_its_own_source_and_for_no_other(source, word):
    states = {expected: source_trust(source, expected).state for expected in WORDS[1:]}
    assert states == {expected: "expected" if expected == word else "other" for expected in WORDS[1:]}


def test_an_unmanaged_source_is_not_the_managed_server_though_it_has_no_name():
    source = scan(managed=False)
    assert source_trust(source, URL).state == "other"
    assert source_trust(source, "managed_server").state == "other"
    assert source_trust(source, "windows_update").state == "unknown"


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"source": None},
        {"source": "junk"},
        scan(server_selection="default", service_id=None, managed=None, server=None),
        scan(server_selection="windows_update", managed=None),
        scan(managed=True, service_id=WINDOWS_UPDATE),
        scan(managed=False, service_id=WSUS),
        scan(managed="yes", service_id=5, server=5),
    ],
)
@pytest.mark.parametrize("expected", WORDS)
def test_a_scan_that_does_not_name_its_source_is_not_trusted_and_says_why(source, expected):
    trust = source_trust(source, expected)
    assert (trust.state, trust.trusted) == ("unknown", False)
    assert trust.reason
    (finding,) = [entry for entry in source_findings(source, expected) if entry.id == "source_unknown"]
    assert (finding.level, trust.reason in finding.text) == ("check", True)


def test_without_an_expectation_every_source_is_trusted():
    assert source_trust({}, None).trusted
    assert source_findings(managed()) == ()


def test_a_managed_server_without_address_is_the_one_of_the_policy():
    source = managed(server=None, policy=GOOD_POLICY)
    assert source_trust(source, URL).trusted
    assert source_trust(managed(server=None), URL).state == "unknown"
    unused = managed(server=None, policy={"WUServer": URL, "UseWUServer": 0})
    assert source_trust(unused, URL).state == "unknown"


def test_a_server_that_the_policy_names_is_the_managed_one():
    assert source_trust(scan(server=URL, policy=GOOD_POLICY), "managed_server").trusted


@pytest.mark.parametrize("expected", WORDS)
def test_an_offline_catalogue_is_none_of_the_sources(expected):
    source = managed(scan_cab="C:\\wsusscn2.cab")
    assert source_trust(source, expected).state == "other"
    (finding, *_) = source_findings(source, expected)
    assert "offline catalogue" in finding.causes[0]


def test_another_source_is_a_conflict_that_names_the_higher_authority_and_its_likely_causes():
    (finding,) = source_findings(scan(service_id=WINDOWS_UPDATE, managed=False), URL)
    assert (finding.id, finding.level) == ("source_overwritten", "conflict")
    assert "overwritten by a higher authority" in finding.text
    causes = " ".join(finding.causes)
    for words in ("Group Policy", "dual scan", "DisableDualScan", "UseWUServer", "gpupdate"):
        assert words in causes


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({**GOOD_POLICY, "WUServer": "http://old.example:8530"}, "WUServer is http://old.example:8530"),
        ({"WUServer": URL, "WUStatusServer": URL}, "UseWUServer is missing"),
        ({**GOOD_POLICY, "DeferQualityUpdates": 1}, "dual scan"),
        ({"TargetGroup": "a"}, "gpupdate"),
    ],
)
def test_the_cause_that_the_policy_shows_comes_first(policy, words):
    (finding, *_) = source_findings(scan(service_id=WINDOWS_UPDATE, managed=False, policy=policy), URL)
    assert finding.id == "source_overwritten"
    assert words in finding.causes[0]


def test_a_scan_that_was_told_where_to_look_is_not_blamed_on_a_policy():
    source = scan(server_selection="windows_update", service_id=WINDOWS_UPDATE, managed=False, policy=GOOD_POLICY)
    (finding, *_) = source_findings(source, "managed_server")
    assert "server_selection" in finding.causes[0]


def test_an_answer_from_the_local_store_is_to_be_looked_at():
    (finding,) = source_findings(managed(online=False), URL)
    assert (finding.id, finding.level) == ("local_store", "check")
    assert source_findings(managed(online=True), URL) == ()


@pytest.mark.parametrize(
    "wrong",
    ["", "wsus.example:8531", "ftp://wsus.example", "https://", "https://a:99999999", "windows-update", 5, None, []],
)
def test_an_expectation_that_can_be_compared_with_nothing_is_refused(wrong):
    with pytest.raises(ExpectedSourceError, match=r"https://wsus\.example:8531|must be a URL"):
        parse_expected_source(wrong)


def test_a_word_that_is_nearly_right_is_guessed():
    with pytest.raises(ExpectedSourceError, match="did you mean windows_update"):
        parse_expected_source("windows-update")


def test_texts_of_the_host_are_bounded_and_printable():
    (finding, *_) = source_findings(managed(server="http://\x1b[2J" + "a" * 900), URL)
    shown = finding.as_dict()
    assert "\x1b" not in shown["text"]
    assert len(shown["text"]) <= 400
    assert set(shown) == {"id", "level", "text", "causes", "values"}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([URL, WSUS, WINDOWS_UPDATE]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = ["server_selection", "service_id", "managed", "server", "online", "scan_cab", "policy", "policy_state"]


@given(source=st.dictionaries(st.sampled_from(KEYS), JUNK), expected=st.sampled_from(WORDS))
def test_a_damaged_source_never_stops_anything_and_is_trusted_only_for_what_it_names(source, expected):
    trust = source_trust({"source": source}, expected)
    found = source_findings({"source": source}, expected)
    assert trust.trusted == (not {finding.id for finding in found} & {"source_overwritten", "source_unknown"})
    if trust.trusted:
        assert any(
            str(source.get(key)).strip("{}").lower() in (URL, WSUS, WINDOWS_UPDATE) or source.get(key) is True
            for key in ("service_id", "managed", "server")
        )


@pytest.mark.parametrize(
    ("policy", "installs", "words"),
    [
        ({"NoAutoUpdate": 1, "AUOptions": 4}, "no", "switched off"),
        ({"AUOptions": 2}, "no", "notifies before it downloads"),
        ({"AUOptions": "3"}, "no", "downloads by itself and notifies"),
        ({"AUOptions": 5}, "unknown", "local administrator"),
        ({"AUOptions": 7}, "no", "before it restarts"),
        ({"AUOptions": 9}, "unknown", "AUOptions 9"),
        ({"AUOptions": None}, "unknown", "AUOptions None"),
        ({"NoAutoUpdate": "x", "AUOptions": 4}, "unknown", "NoAutoUpdate x"),
        ({}, "unknown", "by default"),
    ],
)
def test_automatic_updates_are_decoded(policy, installs, words):
    found = automatic_updates(scan(policy=policy))
    assert found["installs"] == installs
    assert words in found["sentence"]
    assert (found["when"], found["restarts"]) == (None, None)


@pytest.mark.parametrize(
    ("policy", "when"),
    [
        ({"ScheduledInstallDay": 0, "ScheduledInstallTime": 3}, "every day at 03:00"),
        ({"ScheduledInstallDay": 1, "ScheduledInstallTime": 23}, "Sundays at 23:00"),
        ({"ScheduledInstallDay": 7, "ScheduledInstallTime": 0}, "Saturdays at 00:00"),
        ({"ScheduledInstallDay": 9, "ScheduledInstallTime": 24}, "on days that are not set at an hour that is not set"),
        ({}, "on days that are not set at an hour that is not set"),
    ],
)
def test_the_schedule_of_automatic_updates_is_told(policy, when):
    assert automatic_updates(scan(policy={"AUOptions": 4, **policy}))["when"] == when


@pytest.mark.parametrize(
    ("policy", "restarts"),
    [
        (
            {"AlwaysAutoRebootAtScheduledTime": 1, "AlwaysAutoRebootAtScheduledTimeMinutes": 15},
            "always restarts 15 minutes",
        ),
        ({"AlwaysAutoRebootAtScheduledTime": 1}, "always restarts after it"),
        ({"NoAutoRebootWithLoggedOnUsers": 1}, "only while nobody is logged on"),
        ({}, "when an update asks for it"),
    ],
)
def test_what_automatic_updates_do_about_a_restart_is_told(policy, restarts):
    assert restarts in automatic_updates(scan(policy={"AUOptions": 4, **policy}))["restarts"]


@pytest.mark.parametrize("source", [{}, {"source": {"policy": {"WUServer": URL}, "policy_state": "denied"}}])
def test_what_was_not_readable_says_nothing_about_automatic_updates(source):
    found = automatic_updates(source)
    assert (found["installs"], "not readable" in found["sentence"]) == ("unknown", True)
