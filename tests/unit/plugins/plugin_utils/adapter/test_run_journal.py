# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The journal of a host on the controller: only appended to, whole lines, whoever writes and whoever was killed."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import run_journal
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run_journal import (
    append,
    append_new,
    journal_path,
    read_lines,
)


@pytest.fixture
def path(tmp_path):
    return journal_path(tmp_path / "report", "web01")


def test_lines_are_appended_to_a_file_that_only_its_owner_reads(path):
    append(path, [{"step": "a"}, {"step": "b", "text": "ü\n"}])
    append(path, [{"step": "c"}])
    assert [line["step"] for line in read_lines(path)] == ["a", "b", "c"]
    assert path.read_text(encoding="utf-8").count("\n") == 3
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_names_of_hosts_stay_in_their_folder(tmp_path):
    assert journal_path(tmp_path, "../evil").parent == tmp_path / "journal"
    assert journal_path(tmp_path, ".hidden").name == "%2Ehidden.jsonl"


def test_what_a_killed_controller_left_is_ended_and_spoils_no_other_line(path):
    append(path, [{"step": "a"}])
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"step": "torn", "te')
    assert [line["step"] for line in read_lines(path)] == ["a"]
    append(path, [{"step": "b"}])
    append_new(path, lambda known: [{"step": f"after {len(known)}"}])
    assert [line["step"] for line in read_lines(path)] == ["a", "b", "after 2"]


def test_appending_nothing_leaves_the_file_as_it_is(path):
    append(path, [{"step": "a"}])
    before = path.read_bytes()
    assert append_new(path, lambda _known: []) == 0
    append(path, [])
    assert path.read_bytes() == before


def test_a_host_without_a_journal_has_no_lines(path):
    assert read_lines(path) == []
    path.parent.mkdir(parents=True)
    path.write_text("", encoding="utf-8")
    assert read_lines(path) == []


def test_several_writers_at_once_write_each_line_once_and_whole(path):
    def write(number):
        def news(known):
            have = {line["number"] for line in known}
            return [{"number": wanted, "by": number, "text": "x" * 500} for wanted in range(40) if wanted not in have]

        append(path, [{"number": 1000 + number}])
        append_new(path, news)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    numbers = [json.loads(line)["number"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(numbers) == [*range(40), *range(1000, 1024)]


def test_without_locks_lines_are_still_appended(path, monkeypatch):
    def refuse(_handle, _how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(run_journal.fcntl, "flock", refuse)
    append(path, [{"step": "a"}])
    assert len(read_lines(path)) == 1


def test_of_a_journal_that_is_too_long_the_newest_part_is_read(path, monkeypatch):
    monkeypatch.setattr(run_journal, "MOST_READ", 1000)
    append(path, [{"number": number, "text": "x" * 50} for number in range(100)])
    numbers = [line["number"] for line in read_lines(path)]
    assert numbers == list(range(numbers[0], 100))
    assert 5 < len(numbers) < 20


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_named_and_waited_for_by_nobody(path, make):
    path.parent.mkdir(parents=True)
    make(path)
    for work in (lambda: read_lines(path), lambda: append(path, [{"step": "a"}])):
        with pytest.raises(AnsibleError, match=r"the journal .*web01\.jsonl"):
            work()


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(AnsibleError, match=r"cannot write the journal .*name a folder that the controller may"):
        append(journal_path(tmp_path / "file", "web01"), [{"step": "a"}])
