# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A whole fleet judged and rolled up by several processes: a program of its own, so that its memory can be measured.

`python -m benchmarks.judged_fleet EVIDENCE_FILE HOSTS PROCESSES` prints one line of JSON. Documents are parsed before
the clock starts; each process holds some hundred and judges them again and again under other hosts' names.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final

from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.fleet import Fleet
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    ComplianceJudge,
)

UPDATES: Final = 200
# Operating systems: as many different lists of updates.
KINDS: Final = 5
HELD: Final = 250
LONGEST_SECONDS: Final = 600
POLICY: Final = {
    "name": "security monthly",
    "install": [{"classification": ["Security Updates", "Critical Updates"]}],
    "approve_after": "7d",
    "rejected": [{"kb": "5999999", "reason": "breaks printing"}],
    "expected_source": "https://wsus.example:8531",
}
_CLASSIFICATIONS: Final = (
    ("Security Updates", "0fa1201d-4330-4fa8-8ae9-b877473b6441"),
    ("Critical Updates", "e6cf1350-c01b-414d-a61f-263d14d133b4"),
    ("Updates", "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83"),
    ("Definition Updates", "e0789628-ce08-4437-be74-2495b842f43b"),
)

Document = dict[str, Any]


def scan_of(host: int, scanned_at: str) -> Document:
    """The scan of one host: half of them lack one update in twenty, of which some have failed; a few updates wait."""
    chance = random.Random(host)
    lacking = 0.05 if host // KINDS % 2 else 0.0
    updates = [_update(host % KINDS, number, chance, lacking) for number in range(UPDATES)]
    return {
        "schema": "winops.patching/scan/1",
        "host": f"host{host:05}",
        "scanned_at": scanned_at,
        "complete": True,
        "source": {
            "server_selection": "default",
            "managed": True,
            "server": "https://wsus.example:8531",
            "online": True,
            "policy": {
                "WUServer": "https://wsus.example:8531",
                "WUStatusServer": "https://wsus.example:8531",
                "UseWUServer": 1,
                "AUOptions": 3,
            },
            "policy_state": "ok",
        },
        "coverage": ["all"],
        "files": {},
        "queue": [],
        "updates": updates,
        "reboot_required_updates": [update["id"] for update in updates if update["reboot_required"]],
        "reboot_required": any(update["reboot_required"] for update in updates),
        "reboot_required_before_installation": False,
        "history": [_attempt(update, chance) for update in updates[:30]],
        "errors": [],
        "warnings": [],
    }


def _update(kind: int, number: int, chance: random.Random, lacking: float) -> Document:
    classification, classification_id = _CLASSIFICATIONS[number % 4]
    installed = chance.random() >= lacking
    day = 1 + number % 28
    return {
        "id": f"{kind:08x}-1111-4222-8333-{number:012x}",
        "revision": 200 + number % 3,
        "kb": [str(5000000 + number)],
        "title": f"2026-{1 + number % 11:02} {classification} {number} for Windows Server (KB{5000000 + number})",
        "classification": classification,
        "classification_id": classification_id,
        "products": [{"id": f"569e8e8f-c6cd-42c8-92a3-efbb20a0f6f{kind}", "name": f"Windows Server {2012 + kind}"}],
        "type": "software",
        "severity": ("Critical", "Important", None)[number % 3],
        "cves": [f"CVE-2026-{10000 + number}"] if number % 3 == 0 else [],
        "bulletin": None,
        "size": 1_000_000 * (number + 1),
        "installed": installed,
        "downloaded": installed,
        "hidden": number % 50 == 49,
        "mandatory": False,
        "browse_only": False,
        "reboot_required": installed and chance.random() < 0.0005,
        "reboot_behavior": "can_request",
        "impact": "normal",
        "user_input": False,
        "eula_accepted": True,
        "beta": False,
        "uninstallable": True,
        "deadline": None,
        "released": f"2026-{1 + number % 10:02}-{day:02}T18:00:00Z",
        "supersedes": [f"{kind:08x}-1111-4222-8333-{below:012x}" for below in (1000 + number, 2000 + number)],
        "max_run_minutes": None,
    }


def _attempt(update: Document, chance: random.Random) -> Document:
    failed = not update["installed"] and chance.random() < 0.2
    return {
        "at": "2026-11-12T02:00:00Z",
        "operation": "install",
        "result": "failed" if failed else "succeeded",
        "hresult": "0x80070643" if failed else "0x00000000",
        "title": update["title"],
        "id": update["id"],
        "revision": update["revision"],
        "client": "winops.patching",
        "source": "managed_server",
    }


def documents(evidence: list[Document]) -> list[tuple[Document, Document]]:
    """Scans and evidence as they come from files: no two share a text or a list."""
    at = max(str(document["collected_at"]) for document in evidence)
    texts = [json.dumps((scan_of(host, at), evidence[host % len(evidence)])) for host in range(HELD)]
    return [tuple(json.loads(text)) for text in texts]


def judge_part(evidence_file: Path, hosts: range, start: Barrier, answer: Connection) -> None:
    """Judge the hosts of one process and send their fleet; who cannot begin lets nobody begin."""
    try:
        evidence = json.loads(evidence_file.read_text(encoding="utf-8"))
        held = documents(evidence)
        judge = ComplianceJudge(POLICY, now=max(str(document["collected_at"]) for document in evidence))
    except Exception:
        start.abort()
        raise
    start.wait(LONGEST_SECONDS)
    fleet = Fleet()
    for number in hosts:
        scan, seen = held[number % HELD]
        name = f"host{number:05}"
        fleet.add(name, judge.host({**scan, "host": name}, {**seen, "host": name}))
    answer.send(fleet)


def main(arguments: list[str]) -> int:
    """Print the seconds from the first host to the fleet's answer, and the fleet's totals."""
    evidence_file, hosts, processes = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(processes + 1)
    answers = []
    for part in range(processes):
        answer, sender = context.Pipe(duplex=False)
        work = (evidence_file, range(part, hosts, processes), start, sender)
        context.Process(target=judge_part, args=work, daemon=True).start()
        sender.close()
        answers.append(answer)
    start.wait(LONGEST_SECONDS)
    begun = time.monotonic()
    fleet = Fleet()
    for answer in answers:
        fleet.absorb(answer.recv())
    found = fleet.as_dict()
    seconds = time.monotonic() - begun
    print(json.dumps({"seconds": seconds, "totals": found["totals"], "worst": len(found["worst"])}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
