# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rename queue: nothing is lost while reading it, and noise is told from what changes the system."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_place import PLACES, Place
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_queue import (
    PROGRAM_EXTENSIONS,
    RenameEntry,
    RenameQueue,
    RenameQueueError,
    is_significant,
    judge_rename_queue,
    parse_rename_queue,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_rules import (
    OPERATIONS,
    SHIPPED_RULES,
    Operation,
    RenameRule,
    parse_rename_rules,
)
from ansible_collections.winops.patching.tests.unit.work import bounded_work, not_forever
from hypothesis import given
from hypothesis import strategies as st

QUEUE = "PendingFileRenameOperations"
NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)


def parse(*strings: str) -> RenameQueue:
    return parse_rename_queue(list(strings), queue=QUEUE)


def judge(*strings: str, rules: object = None, now: datetime | None = NOW) -> RenameQueue:
    return judge_rename_queue(parse(*strings), parse_rename_rules(rules), now=now)


def only(queue: RenameQueue) -> RenameEntry:
    (entry,) = queue.entries
    return entry


# Reading


def test_a_hotfix_replacing_clbcatq_dll_is_a_significant_replace_in_system32() -> None:
    entry = only(judge(r"\??\C:\WINDOWS\system32\SET31.tmp", r"!\??\C:\WINDOWS\system32\clbcatq.dll"))
    assert entry.as_dict() == {
        "queue": QUEUE,
        "index": 0,
        "operation": "replace",
        "source": r"C:\WINDOWS\system32\SET31.tmp",
        "target": r"C:\WINDOWS\system32\clbcatq.dll",
        "place": "system32",
        "significant": True,
        "rule": None,
        "mark": None,
        "malformed": None,
        "raw": [r"\??\C:\WINDOWS\system32\SET31.tmp", r"!\??\C:\WINDOWS\system32\clbcatq.dll"],
    }


def test_the_marks_of_windows_11_are_read_and_kept() -> None:
    queue = parse(
        r"*1\??\C:\a.tmp", r"*1!\??\C:\Windows\System32\a.dll", r"*2\??\C:\b.tmp", "", r"\??\C:\c", r"*12!\??\C:\d"
    )
    assert [(e.operation, e.source, e.target, e.mark) for e in queue.entries] == [
        ("replace", r"C:\a.tmp", r"C:\Windows\System32\a.dll", "1"),
        ("delete", r"C:\b.tmp", None, "2"),
        ("replace", r"C:\c", r"C:\d", "12"),
    ]
    assert queue.entries[0].significant
    assert [e.malformed for e in queue.entries] == [None, None, None]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (r"\??\C:\a.tmp", r"C:\a.tmp"),
        (r"C:\a.tmp", r"C:\a.tmp"),
        (r"\\?\C:\a.tmp", r"C:\a.tmp"),
        (r"\\.\C:\a.tmp", r"C:\a.tmp"),
        (r"\??\\\?\C:\a.tmp", r"C:\a.tmp"),
        ("*1\\??\\C:\\a.tmp\0", r"C:\a.tmp"),
        (r"\??\UNC\server\share\a", r"UNC\server\share\a"),
        (r"\??\Volume{6e6963}\a", r"Volume{6e6963}\a"),
        (r"\??\GLOBALROOT\Device\HarddiskVolume1\a", r"GLOBALROOT\Device\HarddiskVolume1\a"),
        (r"\SystemRoot\System32\a.dll", r"\SystemRoot\System32\a.dll"),
        ("\\??\\C:\\Пакет\\データ.dll", "C:\\Пакет\\データ.dll"),
        ("\\??\\C:\\{{ lookup('pipe', 'id') }}", "C:\\{{ lookup('pipe', 'id') }}"),
        ("\\??\\C:\\two\nlines", "C:\\two\nlines"),
    ],
)
def test_prefixes_are_taken_off_and_the_rest_is_kept_as_written(text: str, path: str) -> None:
    entry = only(parse(text, ""))
    assert (entry.source, entry.target, entry.raw) == (path, None, (text, ""))
    assert entry.malformed is None
    assert only(parse(r"\??\C:\x", text)).target == path


@pytest.mark.parametrize("signs", ["!", "*1!", "!*1"])
def test_the_replace_sign_counts_on_either_side_of_the_mark(signs: str) -> None:
    assert only(parse(r"\??\C:\a", signs + r"\??\C:\b")).operation == "replace"


def test_embedded_empty_strings_do_not_shift_the_pairs() -> None:
    queue = parse(r"\??\C:\a", "", r"\??\C:\b", "", "", "", r"\??\C:\c", r"\??\C:\d")
    assert [(e.index, e.operation, e.source, e.target) for e in queue.entries] == [
        (0, "delete", r"C:\a", None),
        (1, "delete", r"C:\b", None),
        (3, "rename", r"C:\c", r"C:\d"),
    ]
    assert queue.malformed == ()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 8])
def test_a_queue_of_only_empty_strings_is_empty(count: int) -> None:
    assert parse(*[""] * count) == RenameQueue((), ())


def test_an_odd_count_is_padded_and_flagged() -> None:
    queue = parse(r"\??\C:\a", r"\??\C:\b", r"\??\C:\Windows\System32\c.dll")
    assert [e.operation for e in queue.entries] == ["rename", "delete"]
    assert queue.malformed == (f"{QUEUE} holds 3 strings, an odd number: the last target is missing",)
    assert [e.malformed for e in queue.entries] == [None, "the target is missing; read as a deletion"]
    assert queue.entries[1].raw == (r"\??\C:\Windows\System32\c.dll", "")


@pytest.mark.parametrize(
    ("source", "target", "sentence"),
    [
        ("", r"!\??\C:\Temp\a.txt", "a target without a file to rename"),
        (r"\??" + "\\", "", "the file to rename has a prefix but no path"),
        ("\0", "", "the file to rename has a prefix but no path"),
        (r"\??\C:\Temp\a", "!", "the target has a prefix but no path"),
        (r"\??\C:\Temp\a", r"!\??" + "\\", "the target has a prefix but no path"),
        ("\\??\\C:\\Temp\\a\0C:\\b", "", "a path holds a NUL character"),
        (r"@\??\C:\Temp\a", "", "a sign of unknown meaning stands before \\??\\"),
    ],
)
def test_an_entry_that_nobody_can_judge_is_kept_and_significant(source: str, target: str, sentence: str) -> None:
    entry = only(judge(source, target))
    assert (entry.malformed, entry.significant, entry.rule) == (sentence, True, None)
    assert entry.raw == (source, target)


def test_a_replace_sign_on_the_file_is_flagged_and_the_entry_judged_as_usual() -> None:
    entry = only(parse(r"!\??\C:\Temp\a", ""))
    assert (entry.operation, entry.source, entry.significant) == ("delete", r"C:\Temp\a", False)
    assert entry.malformed == "the sign ! stands on the file instead of the target"


@pytest.mark.parametrize(
    ("strings", "message", "index"),
    [
        ([r"\??\C:\a", None], f"{QUEUE}[1]: must be text, not null", 1),
        (["", "", 7], f"{QUEUE}[2]: must be text, not int", 2),
        ([["a"]], f"{QUEUE}[0]: must be text, not list", 0),
        ([{"a": 1}], f"{QUEUE}[0]: must be text, not mapping", 0),
        ([b"a"], f"{QUEUE}[0]: must be text, not bytes", 0),
        (None, f"{QUEUE}: must be a list of texts, not null", None),
        (r"\??\C:\a", f"{QUEUE}: must be a list of texts, not str", None),
        ({"a": "b"}, f"{QUEUE}: must be a list of texts, not mapping", None),
    ],
)
def test_what_is_no_list_of_texts_is_refused(strings: object, message: str, index: int | None) -> None:
    with pytest.raises(RenameQueueError) as caught:
        parse_rename_queue(strings, queue=QUEUE)
    assert (str(caught.value), caught.value.index) == (message, index)


# Significance


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("extension", [*sorted(PROGRAM_EXTENSIONS), ".DLL", ".hve", ".tmp", ".rbf", ""])
def test_significance_follows_the_fixed_rule(place: Place, operation: Operation, extension: str) -> None:
    program = extension.lower() in {
        ".exe",
        ".dll",
        ".sys",
        ".drv",
        ".ocx",
        ".cpl",
        ".mui",
        ".efi",
        ".cat",
        ".manifest",
    }
    in_system = place in {"system32", "winsxs", "drivers"}
    harmless_place = place in {"temp", "systemtemp", "profile", "spool"}
    expected = in_system or (operation in {"rename", "replace"} and program and not harmless_place)
    assert is_significant(operation, place, r"C:\x\a" + extension) is expected


@pytest.mark.parametrize(
    ("source", "target", "significant"),
    [
        (r"C:\Windows\System32\old.log", "", True),
        (r"C:\Windows\SysWOW64\old.dll", "", True),
        (r"C:\Windows\WinSxS\x\old", "", True),
        (r"C:\Windows\System32\drivers\x.sys", r"!C:\Windows\System32\drivers\y.sys", True),
        (r"C:\Windows\Temp\x.tmp", r"C:\Program Files\Contoso\x.dll", True),
        (r"C:\Windows\Temp\x.tmp", r"C:\data\x.exe.", True),
        (r"C:\Windows\Temp\x.tmp", r"C:\data\x.dll:stream", True),
        (r"C:\Windows\Temp\x.tmp", r"C:\Windows\Temp\..\explorer.exe", True),
        (r"C:\Windows\Temp\..\System32\x.dat", "", True),
        (r"C:\Windows\Temp\x.tmp", r"UNC\server\share\x.dll", True),
        (r"C:\Program Files\Contoso\x.dll", "", False),
        (r"C:\Windows\Temp\x.tmp", r"C:\Program Files\Contoso\x.dat", False),
        (r"C:\Windows\Temp\x.tmp", r"C:\Windows\Temp\x.dll", False),
        (r"C:\Windows\Temp\x.tmp", r"C:\Windows\SystemTemp\x.dll", False),
        (r"C:\Windows\Temp\x.tmp", r"C:\Users\anna\x.exe", False),
        (r"C:\Windows\Temp\x.tmp", r"!C:\Windows\System32\spool\drivers\x64\3\x.dll", False),
        (r"C:\Windows\System32\x.dll", r"C:\Windows\Temp\x.dll", False),
    ],
)
def test_the_target_decides_and_for_a_deletion_the_file(source: str, target: str, significant: bool) -> None:
    assert only(parse(source, target)).significant is significant


# Rules


@pytest.mark.parametrize(
    ("source", "target", "rule"),
    [
        (r"\??\C:\Users\me\AppData\Local\Temp\da3a9f78.tmp", "", "temp_deletions"),
        (r"\??\C:\Windows\Temp\nsu1A.tmp\System.dll", "", "temp_deletions"),
        (r"\??\C:\Windows\SystemTemp\scoped_dir1\a.exe", "", "systemtemp"),
        (r"\??\C:\Program Files\Google\Chrome\Temp\scoped_dir16328_1967781880\old_chrome.exe", "", "browser_updaters"),
        (r"\??\C:\Program Files\Google\Chrome\Temp", "", "browser_updaters"),
        (r"\??\C:\Program Files (x86)\Microsoft\EdgeUpdate\1.3.1\msedgeupdate.dll", "", "browser_updaters"),
        (r"\??\C:\Program Files\Mozilla Firefox\tobedeleted\moz1", "", "browser_updaters"),
        (r"\??\C:\ProgramData\Mozilla-1de4eec8-1241-4177-a864-e594e8d1fb38\updates\x", "", "browser_updaters"),
        (
            r"\??\C:\ProgramData\Microsoft\Windows Defender\Definition Updates\{A}\mpengine.dll",
            "",
            "antivirus_updaters",
        ),
        (r"\??\C:\Program Files\Sophos\AutoUpdate\old.dll", "", "antivirus_updaters"),
        (r"\??\C:\Windows\System32\spool\DRIVERS\x64\3\Old\1\HPZ.DLL", "", "print_spooler"),
        (
            r"\??\C:\Windows\system32\spool\PRTPROCS\x64\1_x.dll",
            r"!\??\C:\Windows\system32\spool\PRTPROCS\x64\x.dll",
            "print_spooler",
        ),
        (r"\??\C:\Config.Msi\5f2c1a.rbf", "", "msi_rollback"),
        (r"\??\C:\Config.Msi", "", "msi_rollback"),
        (
            r"\??\C:\Windows\AppCompat\Programs\Amcache.hve.tmp",
            r"!\??\C:\Windows\AppCompat\Programs\Amcache.hve",
            "amcache",
        ),
        (r"\??\C:\Program Files\Common Files\microsoft shared\ClickToRun\old.dll", "", "office_updater"),
        (r"\??\C:\Users\me\AppData\Local\Microsoft\OneDrive\23.1\FileSync.dll", "", "profile_deletions"),
        (r"\??\C:\Program Files\Microsoft OneDrive\23.1\FileSync.dll", "", "onedrive"),
    ],
)
def test_the_daily_noise_of_healthy_hosts_is_ignored_by_a_named_rule(source: str, target: str, rule: str) -> None:
    entry = only(judge(source, target))
    assert (entry.significant, entry.rule, entry.malformed) == (False, rule, None)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (
            r"\??\C:\Program Files\Google\Chrome\Application\new_chrome.exe",
            r"!\??\C:\Program Files\Google\Chrome\a.exe",
        ),
        (r"\??\C:\Config.Msi\a.rbf", r"\??\C:\Windows\System32\a.dll"),
        (r"\??\C:\Windows\System32\drivers\SophosED.sys", ""),
        (r"\??\C:\Windows\Temp\..\System32\a.dll", ""),
        (r"\??\C:\Program Files\Contoso\old.dll", ""),
        (r"\??\C:\Program Files\Google\Chrome\Temp\..\..\..\Contoso\old.dll", ""),
        (r"\??\D:\data\OneDriver\a.txt", ""),
    ],
)
def test_what_only_looks_like_noise_is_not_ignored(source: str, target: str) -> None:
    assert only(judge(source, target)).rule is None


def test_an_own_rule_may_ignore_a_significant_entry() -> None:
    own = {"id": "contoso", "match": r"\\contoso\\", "operation": "replace", "reason": "restarts itself"}
    queue = judge(
        r"C:\a.tmp",
        r"!C:\Program Files\Contoso\a.dll",
        r"C:\a.tmp",
        r"C:\Program Files\Contoso\a.dll",
        r"C:\Program Files\Contoso\a.tmp",
        r"!C:\Program Files\Fabrikam\a.dll",
        rules=[own],
    )
    assert [(e.significant, e.rule) for e in queue.entries] == [(True, "contoso"), (True, None), (True, None)]


def test_an_own_rule_is_asked_before_the_shipped_ones() -> None:
    own = {"id": "mine", "place": "temp", "reason": "r"}
    assert only(judge(r"C:\Windows\Temp\a", "", rules=[own])).rule == "mine"


def test_an_expired_rule_ignores_nothing() -> None:
    own = {"id": "until", "match": "contoso", "reason": "r", "expires": "2026-11-18T03:20:00Z"}
    strings = (r"C:\Contoso\a", "")
    before = NOW.replace(minute=19)
    assert only(judge(*strings, rules=[own], now=before)).rule == "until"
    assert only(judge(*strings, rules=[own], now=NOW)).rule is None
    assert only(judge(*strings, rules=[own], now=None)).rule is None


def test_judging_again_with_other_rules_forgets_the_first_judgement() -> None:
    first = judge(r"C:\Windows\Temp\a", "")
    again = judge_rename_queue(first, (), now=NOW)
    assert (only(first).rule, only(again).rule) == ("temp_deletions", None)


def test_entries_are_sorted_into_significant_minor_and_ignored() -> None:
    queue = judge(
        r"C:\Windows\System32\a.dll",
        "",
        r"C:\data\a.txt",
        "",
        r"C:\Windows\Temp\a",
        "",
        "lone",
    )
    assert [e.index for e in queue.significant] == [0]
    assert [e.index for e in queue.minor] == [1, 3]
    assert [e.index for e in queue.ignored] == [2]
    assert queue.malformed


# Properties

FOLDERS = st.sampled_from(
    [
        r"C:\Windows\System32",
        r"C:\Windows\SysWOW64\drivers",
        r"C:\Windows\WinSxS",
        r"C:\Windows\System32\spool",
        r"C:\Windows\Temp",
        r"C:\Windows\SystemTemp",
        r"C:\Config.Msi",
        r"C:\Users\me",
        r"C:\Program Files\Google\Chrome",
        r"C:\ProgramData\Sophos",
        r"C:\Windows\AppCompat\Programs",
        r"\SystemRoot\System32",
        r"UNC\server\share",
        r"C:\Windows\Temp\..\System32",
        r"Volume{1}\Windows",
        r"D:\data",
    ]
)
FILES = st.builds(
    "{}{}\\{}{}".format,
    st.sampled_from(["\\??\\", "!\\??\\", "*1\\??\\", "*1!\\??\\", "\\\\?\\", "", "@\\??\\"]),
    FOLDERS,
    st.sampled_from(["a", "Amcache", "old_chrome", "Ünï", "..\\a", ""]),
    st.sampled_from([".dll", ".DLL", ".exe ", ".sys:s", ".rbf", ".hve", ".tmp", ".", "", "\0"]),
)
STRINGS = st.lists(st.one_of(st.just(""), FILES, st.text(max_size=12)), max_size=24)


@given(strings=STRINGS)
def test_no_string_is_lost_and_the_order_is_kept(strings: list[str]) -> None:
    queue = parse(*strings)
    rebuilt = [""] * (len(strings) + len(strings) % 2)
    for entry in queue.entries:
        rebuilt[2 * entry.index : 2 * entry.index + 2] = entry.raw
    assert rebuilt == strings + [""] * (len(strings) % 2)
    indices = [entry.index for entry in queue.entries]
    assert indices == sorted(set(indices))


@given(strings=STRINGS)
def test_an_odd_count_is_said_unless_there_is_nothing_to_lose(strings: list[str]) -> None:
    assert bool(parse(*strings).malformed) is bool(len(strings) % 2 and any(strings))


@given(strings=STRINGS)
def test_shipped_rules_never_touch_a_significant_entry(strings: list[str]) -> None:
    for entry in judge(*strings).entries:
        assert entry.rule is None or not entry.significant


@given(strings=STRINGS, rules=st.permutations(SHIPPED_RULES))
def test_the_order_of_shipped_rules_does_not_decide_whether_an_entry_is_ignored(
    strings: list[str], rules: list[RenameRule]
) -> None:
    shuffled = judge_rename_queue(parse(*strings), rules, now=None)
    assert [e.rule is None for e in shuffled.entries] == [e.rule is None for e in judge(*strings).entries]


@given(strings=STRINGS)
def test_judging_changes_nothing_but_the_rule(strings: list[str]) -> None:
    parsed, judged = parse(*strings), judge(*strings)
    assert parsed.malformed == judged.malformed
    for before, after in zip(parsed.entries, judged.entries, strict=True):
        assert {**before.as_dict(), "rule": after.rule} == after.as_dict()
    assert judge_rename_queue(judged, SHIPPED_RULES, now=NOW) == judged


@given(strings=STRINGS)
def test_case_decides_neither_significance_nor_place_nor_rule(strings: list[str]) -> None:
    def shape(queue: RenameQueue) -> list[tuple[object, ...]]:
        return [(e.index, e.operation, e.place, e.significant, e.rule, e.malformed) for e in queue.entries]

    ascii_only = ["".join(c for c in text if c.isascii()) for text in strings]
    assert shape(judge(*[text.upper() for text in ascii_only])) == shape(judge(*[text.lower() for text in ascii_only]))


@given(strings=STRINGS)
def test_entries_as_data_survive_json(strings: list[str]) -> None:
    data = [entry.as_dict() for entry in judge(*strings).entries]
    assert json.loads(json.dumps(data)) == data


def test_a_hundred_thousand_entries_are_judged_one_by_one() -> None:
    kinds = (
        (r"\??\C:\Windows\Temp\x{}.tmp", ""),
        (r"\??\C:\Program Files\Google\Chrome\Temp\scoped_dir16328\old_chrome{}.exe", ""),
        (r"*1\??\C:\Windows\System32\SET{}.tmp", r"*1!\??\C:\Windows\System32\x{}.dll"),
        (r"\??\C:\Program Files (x86)\Contoso\Product\plugin{}.dat", ""),
    )
    strings = [text.format(number) for number in range(25_000) for pair in kinds for text in pair]
    with bounded_work(calls=10_000_000), not_forever():
        queue = judge(*strings)
    assert (len(queue.significant), len(queue.minor), len(queue.ignored)) == (25_000, 25_000, 50_000)


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 50_000,
        "\\??\\" * 20_000,
        "\\?\\?" * 20_000,
        "globalroot\\" * 10_000,
        "\\.." * 50_000,
        " ." * 50_000,
        "*" * 50_000,
        "*1" * 50_000,
        "C:\\" + "a\\..\\" * 20_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_text_is_read_without_delay(text: str) -> None:
    # Long enough that reading each character once for each other one takes many minutes.
    text *= 10
    with not_forever():
        judge(text, "!" + text)
