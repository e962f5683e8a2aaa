# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which updates a baseline asks for: selectors, exclusions, and lists with reasons and days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.baseline import (
    CLASSIFICATIONS,
    PLACE_WORDS,
    Baseline,
    excluded_reason,
    parse_baseline,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 18, tzinfo=UTC)
SECURITY = CLASSIFICATIONS["Security Updates"]
UPDATE = {
    "id": "9306cdfc-c4a1-4a22-9996-848cb67eddc3",
    "kb": ["5030216"],
    "title": "2026-11 Cumulative Update for Microsoft server operating system (KB5030216)",
    "classification": "Security Updates",
    "classification_id": SECURITY,
    "products": [{"id": "fdfe8200-9d98-44ba-a12a-772282bf60ef", "name": "Windows Server 2022"}],
    "type": "software",
    "severity": "Critical",
    "cves": ["CVE-2026-12345"],
    "released": "2026-11-10T18:00:00Z",
}


def update(**words):
    """One update of a scan as judges see it."""
    return parse_scan({"updates": [{**UPDATE, **words}]}).updates[0]


def place(policy, now=NOW, **words):
    return parse_baseline(policy).place(update(**words), now)


def word(selectors, **words):
    return place({"install": selectors}, **words).word


FITTING = [
    {"classification": ["Security Updates"]},
    {"classification": "security updates"},
    {"classification": [SECURITY.upper()]},
    {"classification": [f"{{{SECURITY}}}"]},
    {"severity": ["Low", "critical"]},
    {"product": ["Windows Server 2022"]},
    {"product": ["WINDOWS SERVER 2022"]},
    {"product": ["fdfe8200-9d98-44ba-a12a-772282bf60ef"]},
    {"kb": ["5030216"]},
    {"kb": ["KB1234567", "kb5030216"]},
    {"kb": 5030216},
    {"cve": ["cve-2026-12345"]},
    {"id": "9306CDFC-C4A1-4A22-9996-848CB67EDDC3"},
    {"id": ["{9306cdfc-c4a1-4a22-9996-848cb67eddc3}"]},
    {"title": "cumulative update"},
    {"title": ["^2025-", "^2026-11 "]},
    {"classification": ["Updates", "Security Updates"], "severity": ["Critical"], "title": "Cumulative"},
]
OTHERS = [
    {"classification": ["Updates"]},
    {"classification": ["11111111-2222-3333-4444-555555555555"]},
    {"severity": ["Important", "Unspecified"]},
    {"product": ["Windows Server 2019", "Windows Server"]},
    {"kb": ["5030217"]},
    {"cve": ["CVE-2026-12346"]},
    {"id": ["9306cdfc-c4a1-4a22-9996-848cb67eddc4"]},
    {"title": "^Cumulative"},
    {"classification": ["Security Updates"], "severity": ["Low"]},
    {"kb": ["5030216"], "title": "Preview"},
]


@pytest.mark.parametrize("selector", FITTING)
def test_an_update_that_fits_all_words_of_a_selector_is_in_the_baseline(selector):
    assert word([selector]) == "wanted"


@pytest.mark.parametrize("selector", OTHERS)
def test_an_update_that_one_word_of_every_selector_speaks_against_is_not(selector):
    assert word([selector]) == "out_of_baseline"


@pytest.mark.parametrize("selector", OTHERS)
def test_one_selector_that_fits_is_enough(selector):
    assert word([selector, {"kb": ["5030216"]}]) == "wanted"


def test_without_install_everything_is_asked_for():
    assert place({}).in_baseline is True
    assert place({"install": None}).in_baseline is True


def test_only_a_wanted_update_is_in_the_baseline():
    baseline = parse_baseline({"install": [{"kb": ["1111111"]}]})
    assert baseline.place(update(), NOW).in_baseline is False
    assert {"wanted", "out_of_baseline", "excluded", "superseded"} < set(PLACE_WORDS)


def test_a_name_in_another_language_is_told_by_its_id():
    german = {"classification": "Sicherheitsupdates", "classification_id": SECURITY}
    assert word([{"classification": ["Security Updates"]}], **german) == "wanted"
    assert word([{"classification": ["Critical Updates"]}], **german) == "out_of_baseline"


@pytest.mark.parametrize(
    ("selector", "unknown"),
    [
        ({"classification": ["Updates"]}, {"classification": None, "classification_id": None}),
        ({"classification": ["Updates"]}, {"classification": "Sicherheitsupdates", "classification_id": None}),
        ({"product": ["x"]}, {"products": []}),
        ({"title": "x"}, {"title": ""}),
        ({"kb": ["1111111"]}, {"kb": ["damaged"]}),
        ({"cve": ["CVE-2026-1111"]}, {"cves": 7}),
        ({"severity": ["Low"]}, {"severity": 7}),
    ],
)
def test_what_a_scan_does_not_tell_never_takes_an_update_out_of_the_baseline(selector, unknown):
    found = place({"install": [selector]}, **unknown)
    assert (found.word, found.in_baseline, found.sure) == ("wanted", True, False)
    assert "does not tell" in found.reason
    known_to_differ = {**selector, "id": ["11111111-0000-0000-0000-000000000000"]}
    assert word([known_to_differ], **unknown) == "out_of_baseline"


@pytest.mark.parametrize("severity", [None, "", "Unspecified"])
def test_a_missing_severity_is_an_answer(severity):
    assert word([{"severity": ["Unspecified"]}], severity=severity) == "wanted"
    assert word([{"severity": ["Critical"]}], severity=severity) == "out_of_baseline"


EXCLUDED = {
    "a feature upgrade by id": (
        {"classification": "Aktualisierungen", "classification_id": CLASSIFICATIONS["Upgrades"]},
        "feature",
    ),
    "a feature upgrade by name": ({"classification": "Upgrades", "classification_id": None}, "feature"),
    "a feature upgrade by title": ({"title": "Feature update to Windows 11, version 25H2"}, "build line"),
    "an enablement package": ({"title": "Windows 11, version 23H2 x64 (KB1) Enablement Package"}, "build line"),
    "an enablement package in any language": ({"title": "Fonctionnalité", "kb": ["5027397"]}, "build line"),
    "a driver by type": ({"type": "driver"}, "driver"),
    "a driver by classification": ({"classification": "Drivers", "classification_id": None}, "driver"),
    "a preview": ({"title": "2026-11 Cumulative Update Preview for Windows 11"}, "preview"),
    "a preview in another language": ({"title": "2026-11 Vorschau des kumulativen Updates"}, "preview"),
    "a preview in another alphabet": ({"title": "2026-11 累積更新プログラム (プレビュー)"}, "preview"),
    "a beta": ({"beta": True}, "preview"),
    "a hidden update": ({"hidden": True}, "hidden"),
    "an optional update": ({"browse_only": True}, "optional"),
    "what asks a person": ({"user_input": True}, "ask a person"),
}


@pytest.mark.parametrize(("words", "reason"), EXCLUDED.values(), ids=list(EXCLUDED))
def test_some_kinds_are_never_asked_for_unless_their_id_is_named(words, reason):
    assert reason in excluded_reason(update(**words))
    for policy in ({}, {"install": [{"title": "."}]}, {"install": [{"kb": ["5030216", "5027397"]}]}):
        assert place(policy, **words).word == "excluded"
    by_id = {"install": [{"title": "."}, {"id": [UPDATE["id"]]}]}
    assert place(by_id, **words).word == "wanted"
    other_id = {"install": [{"title": "."}, {"id": ["11111111-0000-0000-0000-000000000000"]}]}
    assert place(other_id, **words).word == "excluded"


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"beta": None, "hidden": None, "browse_only": None, "user_input": None, "type": None},
        {"beta": False, "hidden": False, "browse_only": False, "user_input": False},
        {"classification": None, "classification_id": None},
        {"title": "Cumulative Update for Windows 11, version 25H2"},
        {"title": "Security update for Previewer"},
    ],
)
def test_an_unread_property_excludes_nothing(words):
    assert excluded_reason(update(**words)) is None


@pytest.mark.parametrize(
    ("after", "expected"),
    [("7d", "wanted"), ("7d6h", "wanted"), ("7d6h1s", "not_yet_approved"), ("60d", "not_yet_approved"), (0, "wanted")],
)
def test_an_update_is_approved_so_long_after_its_release(after, expected):
    assert place({"approve_after": after}).word == expected


def test_an_update_without_a_release_time_and_a_question_without_a_time_wait_for_nothing():
    assert place({"approve_after": "60d"}, released=None).word == "wanted"
    assert place({"approve_after": "60d"}, now=None).word == "wanted"


def test_a_span_beyond_the_calendar_is_never_over():
    assert place({"approve_after": "99999999d"}).word == "not_yet_approved"


def test_the_reason_says_from_when_on():
    assert "2027-01-09T18:00:00Z" in place({"approve_after": "60d"}).reason


@pytest.mark.parametrize("entry", [{"kb": "KB5030216"}, {"id": UPDATE["id"]}, {"title": "cumulative"}])
def test_a_rejected_update_is_rejected_whatever_else_is_said_of_it(entry):
    policy = {
        "rejected": [{"kb": "4444444"}, {**entry, "reason": "breaks printing"}],
        "install": [{"kb": ["5030216"]}, {"id": [UPDATE["id"]]}],
        "ignore_updates": [{**entry, "reason": "later", "until": "2027-01-31"}],
    }
    found = place(policy, hidden=True)
    assert (found.word, found.in_baseline) == ("rejected", False)
    assert "breaks printing" in found.reason
    assert "policy.rejected[1]" in found.reason


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-11-18", "wanted"),
        ("2026-11-19", "ignored"),
        ("2026-11-18T00:00:01Z", "ignored"),
        (datetime(2026, 11, 19, 1, tzinfo=timezone(timedelta(hours=2))), "ignored"),
        ((NOW + timedelta(days=1)).date(), "ignored"),
        (NOW.date(), "wanted"),
    ],
)
def test_an_ignored_update_counts_again_from_its_day_on(until, expected):
    policy = {"ignore_updates": [{"kb": "5030216", "reason": "vendor case 12", "until": until}]}
    found = place(policy)
    assert found.word == expected
    assert "vendor case 12" in found.reason
    assert bool(found.expired) == (expected == "wanted")


def test_an_expired_entry_is_named_and_one_that_still_holds_wins():
    entry = {"kb": "5030216", "reason": "vendor case 12", "until": "2026-11-01"}
    found = place({"ignore_updates": [entry]})
    assert "has expired, so it counts again" in found.reason
    assert found.expired[0].endswith("has expired, so it counts again")
    both = place({"ignore_updates": [entry, {**entry, "reason": "case 13", "until": "2026-12-01"}]})
    assert (both.word, "case 13" in both.reason) == ("ignored", True)


def test_without_a_time_nothing_that_ends_still_holds():
    policy = {"ignore_updates": [{"kb": "5030216", "reason": "x", "until": "2999-01-01"}]}
    assert place(policy, now=None).word == "wanted"


def test_what_cannot_be_compared_is_neither_rejected_nor_ignored():
    entry = {"title": "cumulative", "reason": "x"}
    assert place({"rejected": [entry]}, title="").word == "wanted"
    assert place({"ignore_updates": [{**entry, "until": "2999-01-01"}]}, title="").word == "wanted"


def test_a_baseline_can_be_kept_by_what_it_says_and_gives_the_same_place_again():
    policy = {"name": "n", "install": [{"title": "x", "kb": ["5030216"]}], "rejected": [], "approve_after": "7d"}
    first, second = parse_baseline(policy), parse_baseline(dict(policy))
    assert (first, hash(first)) == (second, hash(second))
    assert first.place(update(), NOW) is first.place(update(), NOW + timedelta(days=1))
    assert "'n'" in first.place(update(), NOW).reason


def test_the_place_hangs_on_nothing_but_the_description_and_the_time():
    baseline = Baseline()
    assert baseline.place(update(installed=True, downloaded=True, revision=3), NOW).word == "wanted"
    assert baseline.place(update(installed=False), NOW).word == "wanted"


MISTAKES = [
    ({"install": {}}, "policy.install: must be a list of selectors, not mapping"),
    ({"install": []}, "policy.install: holds nothing"),
    ({"install": [{}]}, "policy.install[0]: names no word"),
    ({"install": ["x"]}, "policy.install[0]: must be a mapping"),
    (
        {"install": [{"clasification": "x"}]},
        "policy.install[0].clasification: no such key (did you mean classification?)",
    ),
    ({"install": [{"classification": ["Securty Updates"]}]}, "(did you mean Security Updates?)"),
    ({"install": [{"classification": []}]}, "policy.install[0].classification: holds nothing"),
    ({"install": [{"severity": ["High"]}]}, "policy.install[0].severity[0]: 'High' is not one of Critical"),
    ({"install": [{"kb": ["5030216", "KB12x"]}]}, "policy.install[0].kb[1]: 'KB12x' is not a KB number"),
    ({"install": [{"kb": True}]}, "policy.install[0].kb: 'True' is not a KB number"),
    ({"install": [{"cve": "2026-1"}]}, "policy.install[0].cve: '2026-1' is not a CVE id"),
    ({"install": [{"id": "a b"}]}, "policy.install[0].id: 'a b' is not the id of an update"),
    ({"install": [{"id": "KB5030216"}]}, "is a KB number, not the id of an update; write it as kb"),
    ({"install": [{"id": "5030216"}]}, "is a KB number, not the id of an update; write it as kb"),
    ({"install": [{"title": "("}]}, "policy.install[0].title: not a regular expression"),
    ({"install": [{"title": "(a+)+"}]}, "may take for ever"),
    ({"install": [{"title": "x" * 201}]}, "longer than 200 characters"),
    ({"install": [{"product": ""}]}, "policy.install[0].product: must not be empty"),
    ({"install": [{"kb": ["5030216"]}] * 2001}, "holds 2001 entries; 2000 are allowed"),
    ({"approve_after": "soon"}, "policy.approve_after: 'soon' is not a duration"),
    ({"order": "fastest"}, "policy.order: 'fastest' is not one of shortest, servicing_stack_first, severity, given"),
    ({"name": 7}, "policy.name: must be text, not int"),
    ({"rejected": [{}]}, "policy.rejected[0]: needs exactly one of kb, id and title, not none of them"),
    ({"rejected": [{"kb": "5030216", "id": "x"}]}, "not kb and id"),
    ({"rejected": [{"kb": "5030216", "until": "2027-01-01"}]}, "policy.rejected[0].until: no such key"),
    ({"rejected": "5030216"}, "policy.rejected: must be a list of updates, not str"),
    ({"ignore_updates": [{"kb": "5030216", "until": "2027-01-01"}]}, "policy.ignore_updates[0].reason: is required"),
    ({"ignore_updates": [{"kb": "5030216", "reason": "x"}]}, "policy.ignore_updates[0].until: is required"),
    (
        {"ignore_updates": [{"kb": "5030216", "reason": "x", "until": "soon"}]},
        "policy.ignore_updates[0].until: 'soon' is not a date",
    ),
    ({"ignore_updates": [{"kb": "5030216", "reason": " ", "until": "2027-01-01"}]}, "reason: must not be empty"),
    ({"months": [{"any_of": [{"kb": "5030216"}]}]}, "policy.months[0].name: must be text, not null"),
    ({"months": [{"name": "m"}]}, "policy.months[0].any_of: must be a list of KB numbers and builds, not null"),
    ({"months": [{"name": "m", "any_of": [{}]}]}, "policy.months[0].any_of[0]: needs exactly one of kb and build"),
    ({"months": [{"name": "m", "any_of": [{"build": 20348.44}]}]}, "'20348.44' is not a build such as '20348.4405'"),
    (
        {"months": [{"name": "m", "any_of": [{"kb": "1111111"}]}] * 2},
        "policy.months[1].name: 'm' is the name of another",
    ),
    ([], "policy: must be a mapping, not list"),
]


@pytest.mark.parametrize(("policy", "words"), MISTAKES)
def test_a_mistake_is_named_with_its_place(policy, words):
    with pytest.raises(PolicyError) as caught:
        parse_baseline(policy)
    assert words in str(caught.value)


def test_all_mistakes_are_named_at_once():
    with pytest.raises(PolicyError) as caught:
        parse_baseline({"name": "", "order": 1, "install": [{"kb": "x", "id": ""}], "rejected": [3]})
    assert [mistake.split(":")[0] for mistake in caught.value.mistakes] == [
        "policy.name",
        "policy.install[0].kb",
        "policy.install[0].id",
        "policy.rejected[0]",
        "policy.order",
    ]


def test_keys_of_other_doors_are_left_alone():
    assert parse_baseline({"require": [], "file_rules": 7, "x": 1}) == Baseline()


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kb", "id", "title", "reason", "until", "name", "any_of", "build", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(["name", "install", "approve_after", "rejected", "ignore_updates", "months", "order"])


@given(st.dictionaries(KEYS, ANY, max_size=4))
def test_whatever_a_policy_holds_it_is_a_baseline_or_a_named_mistake(policy):
    mistakes = []
    try:
        assert parse_baseline(policy).place(update(), NOW).word in PLACE_WORDS
    except PolicyError as error:
        mistakes.extend(error.mistakes)
    assert [mistake for mistake in mistakes if not mistake.startswith("policy.")] == []


@given(st.lists(st.sampled_from(FITTING + OTHERS), min_size=1, max_size=4), st.sampled_from(FITTING + OTHERS))
def test_a_further_selector_never_takes_an_update_out(selectors, further):
    if word(selectors) == "wanted":
        assert word([*selectors, further]) == "wanted"
