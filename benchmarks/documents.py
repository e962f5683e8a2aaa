# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Evidence documents as a run saves them, made without a network: the simulator's reader answers in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import SIGNALS, probes_for
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import build_document

from winsim.build import build_host
from winsim.clock import HostClock
from winsim.host import Access
from winsim.hostfile import load_folder
from winsim.probes.run import run_reader
from winsim.testing import write_hosts

from .hosts import Words, fleet_words

Document = dict[str, Any]


def evidence_documents(hosts: dict[str, Words], folder: Path) -> list[Document]:
    """One document for each host, of all signals, as the reader's double answers for it."""
    asked: list[Mapping[str, Any]] = [*probes_for(SIGNALS)]
    clock = HostClock()
    documents = []
    for words in load_folder(write_hosts(hosts, folder)):
        host = build_host(words, clock)
        answer = run_reader(Access(host, host.identity(None)), asked, None)
        collected_at = answer["system"]["clock"]
        documents.append(build_document(answer, host=host.name, asked=asked, collected_at=collected_at))
    return documents


def document_mix(count: int, folder: Path) -> list[Document]:
    """Documents of `count` different hosts of the simulated fleet."""
    return evidence_documents(fleet_words(count), folder)
