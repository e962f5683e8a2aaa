# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A job's id, its journal read in pieces, and whether it lives."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.patch_job import (
    JobProgress,
    Life,
    complaint_of,
    job_file,
    job_kind,
    json_lines,
    life_of,
    living_job,
    new_job_id,
    piece_of,
    worker_is,
    worker_probe,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.wording import printable
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    ok,
    refused,
    value,
)
from hypothesis import given
from hypothesis import strategies as st

JOB = "scan-20261121T120000Z-1a2b3c4d"
AT = "2026-11-21T12:00:05Z"


def mark(**words):
    values = {"Id": JOB, "Kind": "scan", "ProcessId": 812, "StartedAt": AT, **words}
    return ok(values={name: value(data) for name, data in values.items() if data is not None})


def powershell(number=812, name="powershell", started=AT):
    return ok(running=[{"name": name, "id": number, "started": started}])


class TestId:
    """Only an id becomes part of a path."""

    def test_an_id_is_made_of_kind_time_and_token(self):
        assert new_job_id("scan", datetime(2026, 11, 21, 12, tzinfo=UTC), "1a2b3c4d") == JOB

    def test_an_id_names_its_kind_and_its_files(self):
        assert job_kind(JOB) == "scan"
        assert job_kind(JOB.replace("scan", "install")) == "install"
        assert job_file(JOB, "plan.json") == f"%ProgramFiles%\\winops.patching\\jobs\\{JOB}\\plan.json"

    @pytest.mark.parametrize(
        "text", ["", None, 7, f"{JOB}\n", f"x{JOB}", "..\\..", JOB.upper(), JOB[:-1], f"{JOB}\\.."]
    )
    def test_all_else_is_no_id(self, text):
        assert job_kind(text) is None
        with pytest.raises(ValueError, match="no id of a job"):
            job_file(str(text), "plan.json")


class TestLife:
    """Alive, gone, or nobody knows."""

    @pytest.mark.parametrize(
        ("running_job", "processes", "life"),
        [
            (mark(), powershell(), Life.ALIVE),
            (mark(ProcessId="812"), powershell(name="PowerShell"), Life.ALIVE),
            (mark(StartedAt=None), powershell(), Life.ALIVE),
            (mark(), powershell(started="2026-11-21T12:00:50Z"), Life.ALIVE),
            (ABSENT, powershell(), Life.GONE),
            (mark(), ABSENT, Life.GONE),
            (mark(), powershell(813), Life.GONE),
            (mark(), powershell(name="pwsh"), Life.GONE),
            (mark(), powershell(started="2026-11-21T13:00:00Z"), Life.GONE),
            (refused(), powershell(), Life.UNKNOWN),
            (mark(), refused(), Life.UNKNOWN),
            (mark(), ok(running="x"), Life.UNKNOWN),
            (mark(), ok(running=[7]), Life.UNKNOWN),
            (mark(ProcessId=None), powershell(), Life.UNKNOWN),
            (mark(Id="..\\evil"), powershell(), Life.UNKNOWN),
            (ok(values=7), powershell(), Life.UNKNOWN),
        ],
    )
    def test_the_mark_counts_while_its_process_runs(self, running_job, processes, life):
        found = living_job({"running_job": running_job, "processes": processes})
        assert found[0] is life

    def test_without_the_mark_the_process_that_the_journal_names_counts(self):
        progress = JobProgress().after([{"at": AT, "phase": "scanning", "step": "started", "process_id": 812}])
        assert life_of({"running_job": ABSENT, "processes": powershell()}, JOB, progress) is Life.ALIVE
        assert life_of({"running_job": ABSENT, "processes": powershell(7)}, JOB, progress) is Life.GONE
        assert life_of({"running_job": refused(), "processes": powershell(7)}, JOB, progress) is Life.GONE
        assert life_of({"running_job": refused(), "processes": refused()}, JOB, progress) is Life.UNKNOWN

    def test_the_mark_of_another_job_is_no_life(self):
        other = JOB.replace("1a2b", "ffff")
        probes = {"running_job": mark(), "processes": powershell()}
        assert life_of(probes, other, JobProgress()) is Life.GONE
        assert life_of(probes, JOB.upper(), JobProgress()) is Life.ALIVE


class TestPieces:
    """A growing file is read line by line, nothing twice and nothing lost."""

    def test_a_line_that_is_still_being_written_waits(self):
        piece = piece_of({"text": 'ä\n{"b', "offset": 6, "length": 6}, 0)
        assert (piece.text, piece.offset, piece.at_end) == ("ä\n", 3, True)

    def test_what_is_left_is_said(self):
        assert piece_of({"text": "a\n", "offset": 2, "length": 9}, 0).at_end is False

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"text": None, "offset": 1, "length": 1},
            {"text": "", "offset": "1", "length": 1},
            {"text": "", "offset": 0, "length": -1},
        ],
    )
    def test_damage_is_no_piece(self, data):
        assert piece_of(data, 0) is None

    @given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8), max_size=6), st.data())
    def test_however_the_writer_and_the_reader_meet_each_line_comes_once(self, lines, data):
        content = "".join(f"{line}\n" for line in lines).encode()
        offset, seen = 0, ""
        written = 0
        while written < len(content):
            written = data.draw(st.integers(written + 1, len(content)))
            text = content[offset:written].decode(errors="replace")
            piece = piece_of({"text": text, "offset": written, "length": written}, offset)
            if "\ufffd" not in piece.text or "\ufffd" in content.decode():
                seen += piece.text
                offset = piece.offset
        if "\ufffd" not in content.decode():
            assert seen == content.decode()

    def test_damaged_lines_are_named_and_the_others_are_kept(self):
        lines, problems = json_lines('\ufeff{"a": 1}\n\n[1]\nnull\n{"b": 2}\n{"c"\n' + "[" * 100_000)
        assert lines == [{"a": 1}, {"b": 2}]
        assert [problem.split(" is")[0] for problem in problems] == ["line 3", "line 4", "line 6", "line 7"]


class TestProgress:
    """How far a job is, by its journal."""

    def test_a_journal_tells_it_from_beginning_to_end(self):
        progress = JobProgress()
        sentences = []
        for line in (
            {"phase": "armed", "at": AT},
            {"phase": "scanning", "step": "started", "process_id": 812, "boot_time": AT, "worker_sha256": "ab" * 32},
            {"phase": "scanning", "step": "searching", "attempt": 1},
            {"phase": "scanning", "step": "backing_off", "attempt": 1, "hresult": "0x8024401F", "seconds": 60},
            {"phase": "scanning", "step": "found", "updates": 12},
            {"phase": "done", "outcome": "finished", "error": None},
        ):
            progress = progress.after([{"at": AT, **line}])
            sentences.append(progress.sentence)
        assert sentences == [
            "armed",
            "started",
            "searching, attempt 1",
            "backing_off, attempt 1, for 60 s, 0x8024401F",
            "found, 12 updates",
            "done",
        ]
        assert (progress.outcome, progress.error, progress.process_id) == ("finished", None, 812)
        assert progress.worker_sha256 == "ab" * 32
        assert progress.boot_time == progress.armed_at

    @pytest.mark.parametrize("outcome", ["exploded", None, 7, ["finished"]])
    def test_an_outcome_without_meaning_is_a_failure(self, outcome):
        assert JobProgress().after([{"phase": "done", "outcome": outcome}]).outcome == "failed"

    def test_nothing_of_a_host_moves_a_cursor(self):
        progress = JobProgress().after([{"phase": "sc\x1b[31m\n", "step": "x\u202e" * 90, "attempt": True}])
        assert progress.sentence.isprintable()
        assert len(progress.sentence) < 80

    @given(
        st.lists(
            st.dictionaries(
                st.text(max_size=8) | st.sampled_from(["phase", "step", "at", "outcome", "error"]),
                st.recursive(
                    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
                    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
                ),
                max_size=6,
            ),
            max_size=5,
        )
    )
    def test_no_journal_breaks_it(self, lines):
        progress = JobProgress().after(lines)
        assert progress.sentence == printable(progress.sentence)
        json.dumps(progress.error)


@pytest.mark.parametrize(
    ("answer", "lies_there"),
    [
        (ok(sha256="AB" * 32), True),
        (ok(sha256="cd" * 32), False),
        (ABSENT, False),
        (ok(sha256=None), True),
        (refused(), True),
        (None, True),
    ],
)
def test_a_worker_is_taken_to_lie_there_unless_the_host_is_sure_that_it_does_not(answer, lies_there):
    assert worker_is({"worker": answer} if answer else {}, "ab" * 32) is lies_there
    assert worker_probe()["id"] == "worker"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (None, None),
        ("x", {"step": "job", "hresult": None, "message": "x"}),
        ({}, {"step": "job", "hresult": None, "message": "no message"}),
        (
            {"step": "search", "hresult": "0x8024402C", "message": "a\nb", "type": "T"},
            {"step": "search", "hresult": "0x8024402C", "message": "a b"},
        ),
        ({"hresult": 7, "message": ["x"]}, {"step": "job", "hresult": None, "message": "['x']"}),
        ({"hresult": "0x\x1b"}, {"step": "job", "hresult": None, "message": "no message"}),
    ],
)
def test_a_hosts_complaint_is_kept_bounded_and_printable(told, kept):
    assert complaint_of(told) == kept
