# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Properties of the rename queue on paper: a simulated boot makes the same files, and normalising loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.analysis import analyse
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.facts import Content, Doubt
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.normal import normalise
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.pending_version import (
    involved_paths,
    pending_versions,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.queues import read_queues
from hypothesis import given
from hypothesis import strategies as st

from winsim import boot
from winsim.clock import HostClock
from winsim.denial import SESSION_MANAGER
from winsim.host import Host
from winsim.model import File, OperatingSystem
from winsim.registry import Key, Value

NAMES = ("PendingFileRenameOperations", "PendingFileRenameOperations2")
NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
PATHS = [rf"C:\{letter}.dll" for letter in "abcdef"]
VERSIONS = st.sampled_from(["0.1", "0.2", "0.2.0.0", "0.3", "1.0", "10.0.1.2"])
DISKS = st.dictionaries(st.sampled_from(PATHS), VERSIONS)
SPELLINGS = st.sampled_from(["\\??\\", "*1\\??\\", ""])


@st.composite
def entries(draw):
    """One entry: a deletion, a rename or a replacement, in the spellings of Windows, and in any case."""
    source = draw(SPELLINGS) + draw(st.sampled_from(PATHS))
    if draw(st.booleans()):
        source = source.upper()
    operation = draw(st.sampled_from(["delete", "rename", "replace", "replace"]))
    if operation == "delete":
        return [source, ""]
    prefix = draw(st.sampled_from(["\\??\\", "*1\\??\\"]))
    if operation == "replace":
        prefix = prefix.replace("\\??", "!\\??")
    return [source, prefix + draw(st.sampled_from(PATHS))]


ODD = st.sampled_from(
    [["", "\\??\\C:\\a.dll"], ["\\??\\C:\\x\\..\\a.dll", ""], ["!\\??\\C:\\a.dll", "\\??\\C:\\b.dll"], ["", ""]]
)
QUEUES = st.lists(entries(), max_size=8).map(lambda found: [text for entry in found for text in entry])
ODD_QUEUES = st.lists(st.one_of(entries(), ODD), max_size=8).map(lambda found: [text for one in found for text in one])


def facts(disk):
    return {path: {"version": disk[path]} if path in disk else {"state": "absent"} for path in PATHS}


def booted(disk, values):
    """The files of a simulated host after a boot: version by path in lower case."""
    system = OperatingSystem("Microsoft Windows Server 2022 Datacenter", "20348.2700", NOW, "UTC")
    host = Host("web01", system, HostClock(start=NOW, ticks=lambda: 0.0))
    host.files = {path.lower(): File(path, version=version) for path, version in disk.items()}
    key = host.registry.add(Key(SESSION_MANAGER))
    for name, strings in values.items():
        key.put(Value(name, "REG_MULTI_SZ", list(strings)))
    boot.carry_out(host, "test", NOW)
    return {path.lower(): file.version for path, file in host.files.items()}


def on_paper(analysis):
    """What lies at each path afterwards; paths that nobody knows are left out."""
    later = {path.lower(): analysis.paper.later(path.lower()) for path in PATHS}
    return {path: place for path, place in later.items() if not isinstance(place, Doubt)}


@given(disk=DISKS, first=QUEUES, second=QUEUES)
def test_carrying_a_queue_out_on_paper_and_by_a_boot_gives_the_same_files(disk, first, second):
    values = dict(zip(NAMES, (first, second), strict=True))
    paper = on_paper(analyse(values, facts(disk)))
    assert set(paper) == {path.lower() for path in PATHS}
    found = {path: place.version for path, place in paper.items() if isinstance(place, Content)}
    assert found == booted(disk, values)


@given(disk=DISKS, known=st.sets(st.sampled_from(PATHS)), strings=ODD_QUEUES)
def test_what_is_said_with_little_knowledge_and_of_odd_entries_is_still_so_after_the_boot(disk, known, strings):
    files = {path: fact for path, fact in facts(disk).items() if path in known}
    after = booted(disk, {NAMES[0]: strings})
    for path, place in on_paper(analyse(strings, files)).items():
        assert (place.version if isinstance(place, Content) else None) == after.get(path)
        assert (place is None) == (path not in after)


@given(disk=DISKS, strings=QUEUES, path=st.sampled_from(PATHS))
def test_the_facts_that_one_file_needs_are_enough_to_tell_what_becomes_of_it(disk, strings, path):
    involved = involved_paths(read_queues(strings), [path])
    some = {name: fact for name, fact in facts(disk).items() if name.lower() in {one.lower() for one in involved}}
    (found,) = pending_versions(strings, some, [path])
    assert found == pending_versions(strings, facts(disk), [path])[0]
    assert found.pending_version == booted(disk, {NAMES[0]: strings}).get(path.lower())


def targets_in(values):
    """The paths that entries rename something to."""
    texts = [text for strings in values.values() for text in strings[1::2] if text]
    return {text.lstrip("*1!").lower() for text in texts}


def numbers(version):
    return tuple(int(part) for part in version.split(".")) + (0,) * (3 - version.count("."))


@given(disk=DISKS, first=QUEUES, second=QUEUES)
def test_normalising_never_lowers_a_version_never_loses_a_target_and_is_the_same_when_done_twice(disk, first, second):
    values = dict(zip(NAMES, (first, second), strict=True))
    once = normalise(values, facts(disk))
    better = {**values, **once.values}
    before, after = booted(disk, values), booted(disk, better)
    for path, version in before.items():
        assert path in after
        assert numbers(after[path]) >= numbers(version)
    assert targets_in(values) == targets_in(better)
    again = normalise(better, facts(disk))
    assert not again.values


@given(disk=DISKS, first=QUEUES, second=QUEUES)
def test_after_normalising_no_target_that_was_not_refused_is_older_than_an_entry_of_it(disk, first, second):
    values = dict(zip(NAMES, (first, second), strict=True))
    found = normalise(values, facts(disk))
    refused = {entry["target"].lower() for entry in found.refused if entry["target"]}
    left = analyse({**values, **found.values}, facts(disk)).as_dict()["downgrades"]
    older = {entry["target"].lower() for entry in left if entry["kind"] == "A"}
    assert older <= refused


@given(disk=DISKS, first=QUEUES, second=QUEUES)
def test_normalising_keeps_every_string_of_the_entries_that_stay(disk, first, second):
    values = dict(zip(NAMES, (first, second), strict=True))
    found = normalise(values, facts(disk))
    for name, strings in found.values.items():
        gone = {
            entry["index"]
            for entry in found.dropped
            if (entry["queue"] == "pending_file_rename_2") == (name == NAMES[1])
        }
        pairs = list(zip(values[name][::2], values[name][1::2], strict=True))
        kept = [pair for place, pair in enumerate(pairs) if place not in gone]
        assert list(strings) == [text for pair in kept for text in pair]
