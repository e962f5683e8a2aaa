# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The way to the proof that updates are there: registry and hotfixes first, then packages and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.catalogue import probes_for
from .._evidence.document import parse_evidence
from .._evidence.scan import FileReading
from .._verdict.compliance.file_rules import FileRule
from .._verdict.compliance.paths import path_key
from .._verdict.proof.demands import Demand, ProofError, parse_demands
from .._verdict.proof.sources import (
    HOTFIX_PROBE,
    PACKAGE_LIST_PROBE,
    PACKAGES,
    listed_packages,
    package_key,
    packages_of,
)
from .._verdict.proof.verify import MAX_PREDICTIONS, Facts, check_predictions, prove, roll_up
from .._verdict.rename_analysis.pending_version import involved_paths, pending_versions
from .._verdict.rename_analysis.queues import read_queues
from .asking import MAX_FILES, Ask, FilesRead, asker, checked_most, read_document, read_files
from .core import ActionFail, checked_options
from .preload import preload_client

preload_client()

VERIFY_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "updates": {"type": "list", "elements": "raw"},
        "builds": {"type": "list", "elements": "str"},
        "file_rules": {"type": "list", "elements": "dict"},
        "scan": {"type": "dict"},
        "prediction": {"type": "dict"},
        "list_packages": {"type": "bool", "default": False},
        "max_files": {"type": "int", "default": MAX_FILES},
    }
)
# Of the packages that a long list names for one update.
MOST_PACKAGES = 300


class VerifyAction(ActionBase):
    """Runs the reader twice, or three times where packages have to be looked up in the host's list."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; what could not be read leaves an update unknown."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = checked_options(self, VERIFY_OPTIONS)
        demands = _demands(options)
        most = checked_most(options["max_files"])
        ask = asker(self, variables)
        host = str(variables.get("inventory_hostname") or "")
        document, failure = read_document(ask, first_probes(demands, list_packages=options["list_packages"]), host=host)
        read = FilesRead({}, ())
        facts = Facts()
        if not failure:
            probes, packages = second_probes(document, demands)
            if probes:
                more, _failed = read_document(ask, probes.values(), host=host)
                document["probes"].update(more["probes"])
            read = _read_files(ask, document, demands, options["prediction"], most)
            ids = {name: str(probe["id"]) for name, probe in probes.items()}
            facts = _facts(document, demands, read, options["prediction"], packages, ids)
        proved = prove(parse_evidence(document), demands, facts, options["scan"])
        predictions = _predictions(options["prediction"], facts, read=not failure)
        result.update(changed=False, **roll_up(proved, predictions))
        result.update(updates={entry.key: entry.as_dict() for entry in proved}, predictions=predictions)
        result["build"] = document["system"].get("os_build")
        if failure:
            message = f"the host was reached, but it could not be read: {failure}"
            result.update(failed=True, msg=message, error=message)
        elif read.told or result["verdict"] == "unknown":
            result["warnings"] = [*read.told, result["sentence"]]
        return result


def _demands(options: Mapping[str, Any]) -> tuple[Demand, ...]:
    try:
        return parse_demands(options["updates"], options["builds"], options["file_rules"])
    except ProofError as error:
        # Files that an analysis has predicted can be looked at without any update.
        given = [options[name] for name in ("updates", "builds", "file_rules")]
        if options["prediction"] is not None and not any(given):
            return ()
        raise ActionFail(str(error)) from error


def first_probes(demands: Sequence[Demand], *, list_packages: bool) -> list[dict[str, Any]]:
    """Return the probes of queue, reboot keys and hotfixes, and of the list of packages where that is wanted."""
    probes = probes_for(["pending_file_rename", "wu_reboot_required", "cbs_reboot_pending"])
    numbers = [demand.kb for demand in demands if demand.kb]
    if numbers:
        probes.append(
            {
                "id": HOTFIX_PROBE,
                "kind": "cim_query",
                "namespace": "root\\cimv2",
                "class": "Win32_QuickFixEngineering",
                "filter": " OR ".join(f"HotFixID='KB{number}'" for number in numbers),
                "properties": ["HotFixID"],
            }
        )
    if list_packages:
        probes.append({"id": PACKAGE_LIST_PROBE, "kind": "registry", "path": PACKAGES, "values": [], "subkeys": True})
    return probes


def second_probes(
    document: Mapping[str, Any], demands: Sequence[Demand]
) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[str, ...]]]:
    """Return (probes of package states by package, packages by update)."""
    listed, _problem = listed_packages(document["probes"])
    packages = {demand.key: packages_of(demand, listed or ()) for demand in demands}
    wanted = list(dict.fromkeys(name for found in packages.values() for name in found))[:MOST_PACKAGES]
    probes = {
        name: {"id": f"package_{place}", "kind": "registry", "path": package_key(name), "values": ["CurrentState"]}
        for place, name in enumerate(wanted)
    }
    return probes, packages


def _rules(demands: Sequence[Demand]) -> list[FileRule]:
    return [rule for demand in demands for rule in demand.rules]


def _predicted_paths(prediction: object) -> list[str]:
    targets = prediction.get("targets") if isinstance(prediction, Mapping) else None
    return [str(path) for path in list(targets)[:MAX_PREDICTIONS]] if isinstance(targets, Mapping) else []


def _read_files(
    ask: Ask, document: Mapping[str, Any], demands: Sequence[Demand], prediction: object, most: int
) -> FilesRead:
    """Files of rules come first, then what the queue would put in their place, then what was predicted."""
    queues = read_queues(document)
    rules = _rules(demands)
    paths = [_plain(rule.path) for rule in rules]
    hashed = [_plain(rule.path) for rule in rules if rule.sha256]
    hashes = frozenset([*hashed, *involved_paths(queues, hashed)])
    predicted = _predicted_paths(prediction)
    wanted = [*paths, *involved_paths(queues, paths), *predicted, *involved_paths(queues, predicted)]
    return read_files(ask, wanted, most=most, hashes=hashes)


def _plain(path: str) -> str:
    """The path without variables: the queue holds none, so Windows is taken to be in its usual place."""
    return path_key(path) if "%" in path else path


def _facts(
    document: Mapping[str, Any],
    demands: Sequence[Demand],
    read: FilesRead,
    prediction: object,
    packages: Mapping[str, Sequence[str]],
    ids: Mapping[str, str],
) -> Facts:
    paths = [*(_plain(rule.path) for rule in _rules(demands)), *_predicted_paths(prediction)]
    readings = {
        key: FileReading(str(entry["state"]), _text(entry["version"]), _text(entry["sha256"]))
        for path, entry in read.files.items()
        for key in (path_key(path), path.lower())
    }
    pending = {
        key: found
        for path, found in zip(paths, pending_versions(document, read.files, paths), strict=True)
        for key in (path_key(path), path.lower())
    }
    return Facts(packages=packages, package_probes=ids, files=readings, pending=pending)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _predictions(prediction: object, facts: Facts, *, read: bool) -> list[dict[str, Any]]:
    return [] if prediction is None else check_predictions(prediction, facts.files, facts.pending, read=read)
