# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fleet as a table: what needs attention first, nothing left out, and no text of a host that moves the cursor."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.fleet import (
    fleet_document,
    fleet_row,
    unread_row,
)
from ansible_collections.winops.patching.plugins.plugin_utils._report.table import fleet_table
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    client,
    document,
    everything,
    refused,
    verdict,
    with_present,
)


def table(**rows):
    return fleet_table(fleet_document(rows, at="2026-11-18T03:30:00Z", run_id=None))


def row(evidence, **options):
    return fleet_row(verdict(evidence), **options)


def line_of(text, host):
    (line,) = [line for line in text.split("\n") if line.startswith(host)]
    return line


CLEAN = row(document())
WAITS = row(with_present("wu_reboot_required"))
BLIND = row(document({"cbs_reboot_pending": refused()}))


def test_the_table_has_the_five_columns_and_a_line_for_each_host():
    lines = table(web01=CLEAN, web02=WAITS).split("\n")
    assert [head.strip() for head in lines[0].split("  ") if head.strip()] == [
        "host",
        "reboot",
        "safe now",
        "because",
        "not readable",
    ]
    assert set(lines[1]) == {"-", " "}
    assert len(lines) == 6
    assert [len(part) for part in lines[1].split("  ")] == [
        len("web01"),
        len("required"),
        len("safe now"),
        len("wu_reboot_required"),
        len("not readable"),
    ]


def test_what_is_required_comes_first_then_what_is_unknown_then_the_rest_each_by_name():
    lines = table(d=CLEAN, c=BLIND, b=CLEAN, a=BLIND, f=WAITS, e=WAITS).split("\n")[2:8]
    assert [line[0] for line in lines] == ["e", "f", "a", "c", "b", "d"]


def test_a_line_tells_answer_safety_reasons_and_what_was_not_readable():
    text = table(clean=CLEAN, waits=WAITS, blind=BLIND)
    assert line_of(text, "clean").split() == ["clean", "no", "yes", "-", "-"]
    assert line_of(text, "waits").split() == ["waits", "required", "yes", "wu_reboot_required", "-"]
    assert line_of(text, "blind").split() == ["blind", "unknown", "yes", "-", "!", "cbs_reboot_pending"]


def test_hints_are_told_as_such_and_only_where_nothing_decides():
    assert "hints: winsxs_pending_xml" in table(a=row(with_present("winsxs_pending_xml")))
    assert "hints" not in table(a=row(with_present("winsxs_pending_xml", "domain_join")))


def test_a_hard_reboot_and_one_that_is_running_are_told_apart():
    assert "required (hard)" in table(a=row(document({"ccm_reboot": client(hard=True)})))
    assert "required (running)" in table(a=row(with_present("cbs_reboot_in_progress")))
    assert "(soft)" not in table(a=WAITS)


def test_what_decides_stands_before_what_does_not():
    text = table(a=row(document({"dsc_lcm": refused(), "name_next": refused()})))
    assert line_of(text, "a").endswith("! computer_rename, dsc_pending_reboot")
    assert text.endswith("(! without it there is no answer)")


def test_the_sign_of_what_decides_stands_only_where_something_does():
    text = table(a=row(document({"dsc_lcm": refused()})))
    assert line_of(text, "a").endswith(" dsc_pending_reboot")
    assert "!" not in text


def test_one_cause_of_many_refusals_is_told_instead_of_them():
    refusals = {"cbs_reboot_pending": refused(), "dsc_lcm": refused()}
    text = table(a=row(document(refusals, system={"elevated": False})))
    assert line_of(text, "a").endswith("! token not elevated: 2 signals")
    assert line_of(table(a=row(document(system={"elevated": False}))), "a").endswith("token not elevated")


def test_an_unreachable_host_has_a_line_with_its_error_in_few_words():
    error = "unreachable: ntlm: HTTPConnectionPool(host='h'): Max retries (Caused by [Errno 111] Connection refused'))"
    assert line_of(table(dead=unread_row(error)), "dead").endswith("unreachable: Connection refused")
    assert line_of(table(dead=unread_row("the host gave no evidence")), "dead").endswith("the host gave no evidence")


def test_the_totals_add_up_and_one_host_is_no_hosts():
    last = table(a=CLEAN, b=WAITS, c=BLIND, d=unread_row("x")).split("\n")[-1]
    assert last.startswith("4 hosts: reboot required 1, not required 1, unknown 2")
    assert table(a=CLEAN).split("\n")[-1].startswith("1 host: ")
    assert table().split("\n")[-1].startswith("0 hosts: ")


def test_long_cells_are_cut_with_a_sign_and_lines_stay_bounded():
    rows = {"h" * 300: row(everything()), "dead": unread_row("reason " * 100)}
    lines = fleet_table(fleet_document(rows, at="x", run_id=None)).split("\n")
    assert max(len(line) for line in lines) <= 180
    assert "…" in lines[2]
    assert lines[2].count("h" * 29) == 0


@pytest.mark.parametrize(
    "sign",
    [
        "\n",
        "\r",
        "\x1b[2J",
        "\x1b]0;x\x07",
        "\t",
        "\x00",
        "\x85",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u2028",
        "\u2029",
        "\ud800",
    ],
)
def test_no_text_of_a_host_breaks_a_line_or_moves_the_cursor(sign):
    text = table(a=unread_row(f"lost{sign}web99  no  yes"), b=CLEAN)
    assert len(text.splitlines()) == 6
    assert not any(found in text.replace("\n", "") for found in sign[:1])
    assert "web99" in line_of(text, "a")
    text.encode("utf-8")


def test_names_of_other_scripts_are_shown():
    assert line_of(table(**{"café-サーバー": CLEAN}), "café-サーバー")
