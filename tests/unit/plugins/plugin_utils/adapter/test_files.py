# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files on the controller: whole or not at all, for their owner only, and inside the folder that was named."""

from __future__ import annotations

import json
import os
import stat

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import (
    MAX_DOCUMENT_BYTES,
    host_file_name,
    previous,
    read_json,
    set_aside,
    write_json,
)
from hypothesis import given
from hypothesis import strategies as st

ODD_NAMES = [
    "..",
    ".",
    ".ssh",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "C:\\x",
    "a\nb",
    "a\x00b",
    "ü",
    "サーバー",
    "a%2Fb",
    "a b",
    "*",
    "[::1]:5986",
    "web01.example.org",
]


@pytest.mark.parametrize("host", ODD_NAMES)
def test_a_host_of_any_name_gets_a_file_inside_the_folder(host, tmp_path):
    path = tmp_path / f"{host_file_name(host)}.json"
    write_json(path, {"host": host})
    assert path.parent == tmp_path
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    assert not path.name.startswith(".")
    assert read_json(path) == {"host": host}


@pytest.mark.parametrize("host", ["web01", "web01.example.org", "WEB-01_a", "10.0.0.1"])
def test_an_ordinary_name_is_kept(host):
    assert host_file_name(host) == host


def test_different_hosts_get_different_files():
    names = [*ODD_NAMES, "a%b", "a%25b", "%2E", "%2E.", ".%2E", "a:b", "A", "a"]
    assert len({host_file_name(name) for name in names}) == len(set(names))


@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=4, unique=True))
def test_no_two_names_share_a_file_and_none_leaves_the_folder(names):
    encodable = [name for name in names if name.encode("utf-8", "ignore").decode() == name]
    found = [host_file_name(name) for name in encodable]
    assert len(set(found)) == len(encodable)
    assert not any("/" in name or "\0" in name or name.startswith(".") for name in found)


def test_a_document_is_readable_by_its_owner_only_and_so_is_its_folder(tmp_path):
    path = tmp_path / "deep" / "evidence" / "web01.json"
    write_json(path, {"a": 1})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_older_document_of_wider_rights_becomes_private(tmp_path):
    path = tmp_path / "web01.json"
    path.write_text("{}", encoding="utf-8")
    path.chmod(0o644)
    write_json(path, {"a": 1})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_when_writing_fails_the_old_document_stays_and_nothing_is_left_behind(tmp_path):
    path = tmp_path / "web01.json"
    write_json(path, {"old": True})
    circle = {}
    circle["me"] = circle
    with pytest.raises(ValueError, match="Circular"):
        write_json(path, circle)
    assert read_json(path) == {"old": True}
    assert list(tmp_path.iterdir()) == [path]


def test_writing_replaces_the_file_instead_of_following_a_link(tmp_path):
    target = tmp_path / "precious.txt"
    target.write_text("mine", encoding="utf-8")
    link = tmp_path / "web01.json"
    link.symlink_to(target)
    write_json(link, {"a": 1})
    assert target.read_text(encoding="utf-8") == "mine"
    assert read_json(link) == {"a": 1}


@pytest.mark.parametrize("place", ["file/web01.json", "file/deep/web01.json", "folder"])
def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path, place):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(AnsibleActionFail) as caught:
        write_json(tmp_path / place, {"a": 1})
    assert str(caught.value).startswith(f"cannot write {tmp_path / place}: ")
    assert "name a folder that the controller may write to" in str(caught.value)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["file", "folder"]


def test_a_name_too_long_for_the_disk_is_a_clear_error_too(tmp_path):
    with pytest.raises(AnsibleActionFail, match="cannot write"):
        write_json(tmp_path / f"{'h' * 400}.json", {})


def test_host_text_of_any_script_is_kept(tmp_path):
    words = {"text": "ünïcödé サーバー {{ x }} \u2028 \ud800"}
    write_json(tmp_path / "a.json", words)
    assert read_json(tmp_path / "a.json") == words
    assert (tmp_path / "a.json").read_bytes().isascii()


@pytest.mark.parametrize("content", ["", "{", '{"a": 1', "junk {}", "\xff\xfe", "[" * 100_000])
def test_a_damaged_file_is_a_value_error(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match=r"."):
        read_json(path)


def test_a_huge_file_is_not_even_opened(tmp_path):
    path = tmp_path / "a.json"
    with path.open("wb") as stream:
        stream.truncate(MAX_DOCUMENT_BYTES + 1)
    with pytest.raises(ValueError, match="larger than"):
        read_json(path)


def test_nobody_waits_for_a_pipe_that_looks_like_a_document(tmp_path):
    os.mkfifo(tmp_path / "web01.json")
    with pytest.raises(ValueError, match=r"web01\.json is not a regular file"):
        read_json(tmp_path / "web01.json")


def test_an_earlier_report_is_set_aside_and_replaces_only_the_one_before_it(tmp_path):
    report = tmp_path / "gate.json"
    for number in range(3):
        write_json(report, {"run": number})
        set_aside(report)
    set_aside(report)
    assert [path.name for path in tmp_path.iterdir()] == ["gate-previous.json"]
    assert read_json(previous(report)) == {"run": 2}


def test_a_missing_file_is_told_as_such(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "a.json")


def test_a_document_can_be_read_by_people(tmp_path):
    write_json(tmp_path / "a.json", {"a": {"b": 1}})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert text.count("\n") > 2
    assert json.loads(text) == {"a": {"b": 1}}
