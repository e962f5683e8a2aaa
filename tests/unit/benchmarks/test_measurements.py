# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Measurements: none is forgotten, one that fails hides nothing, and what they measure with is what they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest
from ansible_collections.winops.patching.benchmarks import (
    __main__ as program,
)
from ansible_collections.winops.patching.benchmarks import (
    hosts,
    measurements,
)
from ansible_collections.winops.patching.benchmarks.bench import Measurement, spread
from ansible_collections.winops.patching.benchmarks.documents import document_mix
from ansible_collections.winops.patching.benchmarks.measurements.wire_bytes import MOST_BYTES
from ansible_collections.winops.patching.benchmarks.measurements.wire_bytes_newer_core import newest
from ansible_collections.winops.patching.benchmarks.memory import held, tree, watched
from ansible_collections.winops.patching.benchmarks.rows import Row
from ansible_collections.winops.patching.benchmarks.running import Ansible, RunError, answer_of
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_queue import parse_rename_queue

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(path.stem for path in (ROOT / "benchmarks" / "measurements").glob("[!_]*.py"))


def test_every_file_of_measurements_is_registered_under_its_name():
    assert sorted(measurement.name.replace("-", "_") for measurement in measurements.ALL) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_measurements_says_what_it_measures(name):
    measurement = import_module(f"{measurements.__name__}.{name}").MEASUREMENT
    assert measurement in measurements.ALL
    assert measurement.title


def test_the_bounds_of_the_wire_are_those_of_the_design():
    assert MOST_BYTES == {"2.19": 90_000, "2.21": 98_000}


def test_the_newest_complete_core_of_a_line_is_measured(tmp_path):
    for name in ("2.21.5", "2.21.12", "2.21.13rc1", "2.2.99"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "ansible").touch()
    (tmp_path / "2.21.14").mkdir()
    assert newest(tmp_path, "2.21") == tmp_path / "2.21.12" / "bin"
    assert newest(tmp_path, "2.20") is None


def made(name, *rows, error=None):
    """A measurement that gives these rows and then fails with `error`, if there is one."""

    def measure(bench):
        yield from rows
        if error:
            raise error

    return Measurement(name, f"the title of {name}", measure)


def results_of(*made_ones):
    results = program.Results()
    for measurement in made_ones:
        program.measure_one(measurement, None, results)
    return results


def test_what_could_not_be_measured_is_named_and_the_rest_is_there():
    one, two, three = (Row(name, "s", 1) for name in ("one", "two", "three"))
    results = results_of(made("a", one, two, error=RunError("no answer")), made("b", three))
    assert (results.rows, results.failures) == ([one, two, three], ["a: no answer"])


def test_two_rows_of_one_name_are_a_failure():
    results = results_of(made("a", Row("one", "s", 1)), made("b", Row("one", "s", 2)))
    assert results.failures == ["b: there are two rows of the name 'one'"]


def test_a_defect_of_a_measurement_is_not_taken_for_a_failure_to_measure():
    with pytest.raises(ZeroDivisionError):
        results_of(made("a", error=ZeroDivisionError()))


@pytest.fixture
def run_main(tmp_path, monkeypatch, capsys):
    """`run_main(measurement, …)`: exit code, `bench.json` and what was printed, without simulator and Ansible."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run(*made_ones):
        output = tmp_path / "new" / "bench.json"
        monkeypatch.setattr(program, "measure_all", lambda *_: results_of(*made_ones))
        code = program.main(["--output", str(output)])
        captured = capsys.readouterr()
        return code, json.loads(output.read_text(encoding="utf-8")), captured.out + captured.err

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_missed_bound_is_printed_and_the_exit_code_stays_0(run_main):
    code, rows, said = run_main(made("a", Row("one", "s", 2, 1, "ratio <= 1.0"), Row("two", "s", 1, 1, "ratio <= 1.0")))
    assert (code, [row["name"] for row in rows]) == (0, ["one", "two"])
    assert "2 rows, 1 of 2 bounds met" in said
    assert "MISSED: one\n" in said


def test_a_measurement_that_failed_makes_the_exit_code_1_and_is_named(run_main):
    code, rows, said = run_main(made("a", Row("one", "s", 1), error=RunError("no answer")))
    assert (code, len(rows)) == (1, 1)
    assert "NOT MEASURED: a: no answer" in said


def test_without_any_figure_there_is_an_empty_list(run_main):
    code, rows, said = run_main(made("a", error=RunError("no answer")))
    assert (code, rows) == (1, [])
    assert "Nothing was measured." in said


def test_the_spread_names_smallest_median_and_largest():
    assert spread([3.0, 1.0, 2.0], "s") == "1 / 2 / 3 s"


def test_the_documents_are_of_different_hosts_and_hold_what_the_mix_promises(tmp_path):
    documents = document_mix(10, tmp_path)
    verdicts = {document["host"]: reboot_verdict(document) for document in documents}
    assert [name for name, verdict in verdicts.items() if verdict.reboot == "required"] == ["bench-001"]
    assert {verdict.reboot for name, verdict in verdicts.items() if name != "bench-001"} == {"not_required"}
    assert "pending_file_rename" in dict(verdicts["bench-004"].ignored)
    assert {entry.id for entry in verdicts["bench-007"].unknown} > {"domain_join", "ccm_reboot_pending"}
    assert {verdict.update_agent for verdict in verdicts.values()} == {"denied"}


@pytest.mark.parametrize(("strings", "significant"), [(hosts.noise(40), 0), (hosts.work(40), 40)])
def test_a_queue_has_the_entries_that_were_asked_for(strings, significant):
    queue = parse_rename_queue(strings, queue="q")
    assert (len(queue.entries), len(queue.significant), queue.malformed) == (40, significant, ())


def test_the_memory_of_a_process_counts_that_of_its_children():
    sleeper = "import time; time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sleeper!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], start_new_session=True)
    try:
        with watched(process.pid) as peak:
            until = time.monotonic() + 20
            while len(list(tree(process.pid))) < 2 or not peak.bytes:
                assert time.monotonic() < until
                time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert min(peak.bytes, peak.first) > 1 << 20
    assert held(process.pid) == 0


def tool(folder, text):
    """A stand-in for `ansible`."""
    file = folder / "ansible"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return Ansible(tools=folder, work=folder)


def test_the_version_of_ansible_core_is_read(tmp_path):
    assert tool(tmp_path, "echo 'ansible [core 2.19.14]'; echo '  python version = 3'").core() == "2.19.14"


def test_a_run_that_fails_is_no_figure(tmp_path):
    with pytest.raises(RunError, match=r"ended with 3 after .* s:\nthe reason\n"):
        tool(tmp_path, "echo the reason; exit 3").ad_hoc(tmp_path, "a", "b")


def test_settings_of_the_user_do_not_reach_ansible(tmp_path, monkeypatch):
    monkeypatch.setenv("ANSIBLE_GATHERING", "explicit")
    run = tool(tmp_path, 'echo "=> {\\"gathering\\": \\"$ANSIBLE_GATHERING\\", \\"forks\\": \\"$5\\"}"').ad_hoc(
        tmp_path, "a", "b"
    )
    assert answer_of(run) == {"gathering": "", "forks": "b"}


@pytest.mark.parametrize("said", ["a | UNREACHABLE!", "a => ", "a => [1]"])
def test_output_without_a_result_is_no_answer(tmp_path, said):
    with pytest.raises(RunError):
        answer_of(tool(tmp_path, f"echo '{said}'").ad_hoc(tmp_path, "a", "b"))
