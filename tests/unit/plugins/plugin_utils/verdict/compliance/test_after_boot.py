# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which file stands at a path after the boot."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import QueuedMove
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.after_boot import QueuePicture
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.paths import file_name, path_key

A, B, C, D = (f"c:\\windows\\{name}.dll" for name in "abcd")


def move(source, target, operation="replace"):
    """One operation."""
    return QueuedMove(operation, source, target)


@pytest.mark.parametrize(
    ("moves", "source"),
    [
        ([move(B, A)], B),
        ([move(B, A), move(C, A)], C),
        ([move(C, B), move(B, A)], C),
        ([move(A, None, "delete")], None),
        ([move(A, B)], None),
        ([move(B, A), move(A, None, "delete")], None),
        ([move(A, None, "delete"), move(B, A, "rename")], B),
        ([move(A, C), move(B, A, "rename")], B),
        ([move("\\??\\C:\\Windows\\B.dll", "!\\??\\C:\\WINDOWS\\a.DLL")], B),
    ],
    ids=[
        "replaced",
        "the last wins",
        "a chain",
        "deleted",
        "moved away",
        "replaced and deleted",
        "freed by deletion",
        "freed by a move",
        "as the registry writes it",
    ],
)
def test_the_queue_is_carried_out_in_order(moves, source):
    found = QueuePicture(moves).at(A)
    assert (found.source, found.sure) == (source, True)


def test_a_rename_onto_a_file_that_is_there_may_fail():
    found = QueuePicture([move(B, A, "rename")]).at(A)
    assert (found.source, found.sure) == (None, False)


def test_what_no_operation_is_aimed_at_stays():
    assert QueuePicture([move(B, A)]).at(D) is None
    assert QueuePicture([]).at(A) is None


def test_the_last_operation_is_named():
    assert QueuePicture([move(B, A), move(C, A)]).at(A).entry == "c.dll -> a.dll"
    assert QueuePicture([move(A, None, "delete")]).at(A).entry == "deletion of a.dll"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("C:\\Windows\\A.dll", "c:\\windows\\a.dll"),
        ("!\\??\\C:\\Windows\\A.dll", "c:\\windows\\a.dll"),
        ("*1\\??\\C:\\Windows\\A.dll", "c:\\windows\\a.dll"),
        ("\\\\?\\C:\\Windows\\.\\x\\..\\A.dll", "c:\\windows\\a.dll"),
        ("%SystemRoot%\\System32\\a.dll", "c:\\windows\\system32\\a.dll"),
        ("%windir%\\Sysnative\\a.dll", "c:\\windows\\system32\\a.dll"),
        ("%ProgramFiles%\\x\\a.exe", "c:\\program files\\x\\a.exe"),
        ("%SystemRootX%\\a.dll", "%systemrootx%\\a.dll"),
    ],
)
def test_texts_of_one_file_have_one_key(path, key):
    assert path_key(path) == key


def test_a_file_is_named_by_its_last_part():
    assert file_name("C:/Windows\\a.dll") == "a.dll"
