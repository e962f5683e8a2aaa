# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The border between host and brain as shapes: what the reader answers, and the documents that are made of it.

A shape is a type, a set of words, a pattern, a list with the shape of its items, a map of keys (`key?` may be missing,
any other key is a problem), `Mapped` for maps with any keys, or an `Either` of shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WHOLE, TEXT, FLAG, NULL, ANY = int, str, bool, type(None), object


@dataclass(frozen=True)
class Mapped:
    """A map whose keys are data."""

    inner: Any


class Either:
    """Any of several shapes."""

    def __init__(self, *shapes: Any) -> None:
        self.shapes = shapes


def problems(shape: Any, value: Any, where: str = "$") -> Iterator[str]:
    """Every place where a value departs from its shape."""
    if isinstance(shape, Either):
        if all(any(problems(one, value, where)) for one in shape.shapes):
            yield f"{where}: {value!r} has none of its {len(shape.shapes)} shapes"
    elif isinstance(shape, Mapped | Mapping):
        yield from problems_of_map(shape, value, where)
    elif isinstance(shape, list):
        yield from problems_of_list(shape, value, where)
    elif not fits(shape, value):
        yield f"{where}: {value!r} is not {shape}"


def fits(shape: Any, value: Any) -> bool:
    """Whether a single value has its type, is one of the words, or is like the pattern."""
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if isinstance(shape, frozenset):
        return isinstance(value, str) and value in shape
    return isinstance(value, shape) and not (shape is WHOLE and isinstance(value, bool))


def problems_of_list(shape: Any, value: Any, where: str) -> Iterator[str]:
    """The same for lists, whose items have one shape."""
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for place, item in enumerate(value):
        yield from problems(shape[0], item, f"{where}[{place}]")


def problems_of_map(shape: Any, value: Any, where: str) -> Iterator[str]:
    """The same for maps, whose keys are fixed or data."""
    if not isinstance(value, Mapping):
        yield f"{where}: {value!r} is no map"
        return
    if isinstance(shape, Mapped):
        for key, item in value.items():
            yield from problems(shape.inner, item, f"{where}.{key}")
        return
    known = {key.removesuffix("?"): key for key in shape}
    yield from (f"{where}.{key}: is missing" for key in known if not known[key].endswith("?") and key not in value)
    for key, item in value.items():
        if key in known:
            yield from problems(shape[known[key]], item, f"{where}.{key}")
        else:
            yield f"{where}.{key}: is not in the contract"


def words(text: str) -> frozenset[str]:
    """A set of words."""
    return frozenset(text.split())


TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
HEX = re.compile(r"([0-9a-f]{2})*")
HRESULT = re.compile(r"0x[0-9A-F]{8}")
TIME_OR_NULL, TEXT_OR_NULL, FLAG_OR_NULL = Either(TIME, NULL), Either(TEXT, NULL), Either(FLAG, NULL)


def kind(name: str, data: Any) -> dict[str, Any]:
    """A registry value of one type."""
    return {"kind": words(name), "data": data}


VALUE = Either(
    kind("REG_SZ REG_EXPAND_SZ", TEXT),
    kind("REG_DWORD REG_QWORD", WHOLE),
    kind("REG_MULTI_SZ", [TEXT]),
    kind("REG_BINARY REG_NONE", HEX),
)
SERVICE_STATES = words("running stopped paused start_pending stop_pending continue_pending pause_pending")
SERVICE_STARTS = words("auto manual disabled boot system")

# `data` of an answer, by the kind of its probe.
DATA: Mapping[str, Any] = {
    "registry": {"values": Mapped(VALUE), "subkeys?": [TEXT], "write_time?": TIME_OR_NULL},
    "cim_query": {"instances": [Mapped(ANY)]},
    "cim_method": Mapped(ANY),
    "com_property": {"value": Either(TEXT, FLAG, WHOLE, NULL)},
    "file": {
        "length": Either(WHOLE, NULL),
        "modified": TIME,
        "version": Either(re.compile(r"\d+\.\d+\.\d+\.\d+"), NULL),
        "sha256": Either(re.compile("[0-9a-f]{64}"), NULL),
    },
    "text_tail": {"text": TEXT, "offset": WHOLE, "length": WHOLE},
    "process": {"running": [{"name": re.compile(r"(?!.*\.exe$).+"), "id": WHOLE, "started": TIME_OR_NULL}]},
    "service": {"services": [{"name": TEXT, "state": SERVICE_STATES, "start": SERVICE_STARTS}]},
    "mutex": {"exists": FLAG},
    "event": {
        "events": [{"id": WHOLE, "time": TIME_OR_NULL, "provider": TEXT, "message": TEXT_OR_NULL, "data": [TEXT]}]
    },
}
ERROR = {"type": TEXT, "hresult": HRESULT, "message": TEXT}


def answer_shape(kind_of_probe: str) -> Either:
    """An answer to a probe of a kind: data, nothing there, or why not."""
    return Either(
        {"state": words("ok"), "data": DATA[kind_of_probe], "ms": WHOLE},
        {"state": words("absent"), "ms": WHOLE},
        {"state": words("denied timeout error"), "error": ERROR, "ms": WHOLE},
    )


SYSTEM = {
    "computer_name": TEXT_OR_NULL,
    "os_caption": TEXT_OR_NULL,
    "os_build": Either(re.compile(r"\d+(\.\d+)?"), NULL),
    "product_type": Either(WHOLE, NULL),
    "boot_time": TIME_OR_NULL,
    "time_zone": TEXT_OR_NULL,
    "powershell": TEXT_OR_NULL,
    "is_64bit": FLAG_OR_NULL,
    "user": TEXT_OR_NULL,
    "elevated": FLAG_OR_NULL,
    "is_system": FLAG_OR_NULL,
    "language_mode": TEXT_OR_NULL,
    "execution_policy": TEXT_OR_NULL,
    "clock": TIME_OR_NULL,
    "errors": [{"field": TEXT, "error": ERROR}],
}
READER_RESULT = {"changed": FLAG, "probes": Mapped(Mapped(ANY)), "system": SYSTEM}

SAVED_PROBE = {
    "asked": {
        "kind": frozenset(DATA) | {"scan"},
        "path?": TEXT,
        "values?": [TEXT],
        "subkeys?": FLAG,
        "write_time?": FLAG,
    }
    | {f"{name}?": TEXT for name in "namespace class method progid property name log provider filter job".split()}
    | {"names?": [TEXT], "ids?": [WHOLE], "max?": WHOLE},
    "state": words("ok absent denied timeout error"),
    "data?": Mapped(ANY),
    "error?": Mapped(ANY),
    "ms?": WHOLE,
}
EVIDENCE = {
    "schema": words("winops.patching/evidence/1"),
    "host": TEXT,
    "collected_at": TIME,
    "boot_time": TIME_OR_NULL,
    "run_id": TEXT_OR_NULL,
    "since": FLAG,
    "error": TEXT_OR_NULL,
    "policy?": Mapped(ANY),
    "scan?": Mapped(ANY),
    "custom_signals": [Mapped(ANY)],
    "asked_signals": Either([TEXT], NULL),
    "system": SYSTEM,
    "probes": Mapped(SAVED_PROBE),
}
STRENGTHS = words("conclusive strong weak informational")
SIGNAL = {
    "id": TEXT,
    "state": words("present absent unknown not_asked"),
    "scope": words("machine update"),
    "strength": STRENGTHS,
    "kind": words("soft hard in_progress"),
    "updates": [TEXT],
    "entries": [Mapped(ANY)],
    "read_from": [TEXT],
    "detail": TEXT,
    "error": Either(Mapped(ANY), NULL),
    "stale": FLAG,
}
UNKNOWN = [{"id": TEXT, "reason": TEXT, "decisive": FLAG}]
JUDGED = {
    "reboot": words("required not_required unknown"),
    "kind": words("none soft hard in_progress"),
    "because": [TEXT],
    "hints": [TEXT],
    "unknown": UNKNOWN,
    "busy": [words("cbs_reboot_in_progress servicing_in_progress installer_running patch_job_running agent_busy")],
    "safe_to_reboot": words("yes no unknown"),
    "since": TIME_OR_NULL,
    "sentence": TEXT,
    "limits": [{"id": TEXT, "reason": TEXT}],
}
VERDICT = JUDGED | {
    "informational": [TEXT],
    "ignored": [{"id": TEXT, "rule": TEXT}],
    "update_agent": words("read denied error not_asked"),
    "signals": [SIGNAL],
}
MACHINES = words("compliant non_compliant pending_reboot unknown")
UPDATES = words("installed needed not_needed soft_reboot hard_reboot failed rejected unknown")
ROW = JUDGED | {
    "machine": Either(MACHINES, NULL),
    "updates": {f"{state}?": WHOLE for state in UPDATES},
    "window": Either(Mapped(ANY), NULL),
    "error": TEXT_OR_NULL,
}
FLEET = {
    "schema": words("winops.patching/fleet/1"),
    "at": TIME,
    "run_id": TEXT_OR_NULL,
    "hosts": Mapped(ROW),
    "totals": {
        "hosts": WHOLE,
        "reboot": dict.fromkeys(JUDGED["reboot"], WHOLE),
        "safe_to_reboot": dict.fromkeys(JUDGED["safe_to_reboot"], WHOLE),
        "machine": dict.fromkeys(MACHINES, WHOLE),
        "failed": WHOLE,
    },
}

# Jobs (docs/patch_job.md): what a job writes on the host, and what win_patch_job answers.
JOB_ID = re.compile(r"(scan|install)-\d{8}T\d{6}Z-[0-9a-f]{8}")
JOB_KIND = words("scan install")
SHA256_OR_NULL = Either(re.compile("[0-9a-f]{64}"), NULL)
WHOLE_OR_NULL, TEXTS_OR_NULL = Either(WHOLE, NULL), Either([TEXT], NULL)
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CATALOG_DATES = {"catalog_date": TIME_OR_NULL, "catalog_file_date": TIME_OR_NULL}
JOB_ERROR = {"step": TEXT, "type": TEXT, "hresult": Either(HRESULT, NULL), "message": TEXT}


def scanning(step: str, **facts: Any) -> dict[str, Any]:
    """A line of the journal while a scan runs."""
    return {"at": TIME, "phase": words("scanning"), "step": words(step), **facts}


DONE = {"at": TIME, "phase": words("done"), "error": Either(JOB_ERROR, NULL)}
# Of a scan, by the step of a line; `armed` and `done` are phases of their own.
JOURNAL: Mapping[str, Any] = {
    "armed": {"at": TIME, "phase": words("armed"), "id": JOB_ID, "kind": words("scan"), "created_at": TIME},
    "started": scanning("started", process_id=WHOLE, worker_sha256=SHA256_OR_NULL, boot_time=TIME_OR_NULL, engine=TEXT),
    "waiting": scanning("waiting", seconds=WHOLE),
    "catalog": scanning("catalog", **CATALOG_DATES),
    "searching": scanning(
        "searching", attempt=WHOLE, criteria=TEXT, server_selection=TEXT, service_id=TEXT_OR_NULL, online=FLAG
    ),
    "backing_off": scanning("backing_off", attempt=WHOLE, hresult=HRESULT, seconds=WHOLE),
    "found": scanning("found", updates=WHOLE, result_code=WHOLE),
    "history": scanning("history", entries=WHOLE),
    "done": DONE | {"outcome": words("finished failed stopped")},
}


SCAN_PLAN = {
    "criteria": TEXT,
    "server_selection": words("default managed_server windows_update microsoft_update service"),
    "service_id": TEXT_OR_NULL,
    "scan_cab": TEXT_OR_NULL,
    "catalog_max_age_days": Either(WHOLE, float, NULL),
    "online": words("auto true false"),
    "history": WHOLE,
    "attempts": WHOLE,
}
PLAN = {
    "schema": words("winops.patching/plan/1"),
    "id": JOB_ID,
    "kind": JOB_KIND,
    "run_id": TEXT_OR_NULL,
    "created_at?": TIME,
    "delay_seconds": WHOLE,
    "scan": SCAN_PLAN,
}
WINDOW = {"not_before": TIME_OR_NULL, "deadline": TIME_OR_NULL, "reserve_minutes": WHOLE}
INSTALL_PLAN = {
    "schema": words("winops.patching/plan/1"),
    "id": JOB_ID,
    "kind": words("install"),
    "run_id": TEXT_OR_NULL,
    "created_at?": TIME,
    "delay_seconds": WHOLE,
    "source": {name: SCAN_PLAN[name] for name in ("server_selection", "service_id", "online", "attempts")},
    "updates": [{"id": GUID, "revision": WHOLE, "title": TEXT, "run_minutes": WHOLE, "named": FLAG}],
    "phases": [words("download install")],
    "start_before": TIME_OR_NULL,
    "min_free_mb": WHOLE,
    "busy_wait_minutes": WHOLE,
    "reboot": WINDOW
    | {"mode": words("never if_required"), "max_reboots": WHOLE, "warn_seconds": WHOLE, "message": TEXT},
    **WINDOW,
}
# By `line`.
RESULT: Mapping[str, Any] = {
    "scan": {
        "line": words("scan"),
        "scanned_at": TIME,
        "online": FLAG,
        "result_code": WHOLE,
        "server_selection": TEXT,
        "service_id": TEXT_OR_NULL,
        "service_name": TEXT_OR_NULL,
        "service_managed": FLAG_OR_NULL,
        "service_server": TEXT_OR_NULL,
        **CATALOG_DATES,
        "agent_version": TEXT_OR_NULL,
        "reboot_required": FLAG_OR_NULL,
        "busy": FLAG_OR_NULL,
        "reboot_required_before_installation": FLAG_OR_NULL,
        "warnings": [{"context": Either(WHOLE, TEXT, NULL), "hresult": Either(HRESULT, NULL), "message": TEXT_OR_NULL}],
        "errors": [{"step": TEXT, "hresult": HRESULT, "message": TEXT}],
    },
    "update": {
        "line": words("update"),
        "id": GUID,
        "title": TEXT_OR_NULL,
        "severity": TEXT_OR_NULL,
        "deadline": TIME_OR_NULL,
        "last_deployment_change": TIME_OR_NULL,
        "categories": Either([{"id": GUID, "name": TEXT, "type": TEXT}], NULL),
        **dict.fromkeys(("kb", "cves", "bulletins", "supersedes"), TEXTS_OR_NULL),
        **dict.fromkeys(
            "revision type min_size max_size reboot_behavior impact deployment_action".split(), WHOLE_OR_NULL
        ),
        **dict.fromkeys(
            "installed downloaded hidden mandatory present beta uninstallable browse_only reboot_required "
            "can_request_user_input eula_accepted".split(),
            FLAG_OR_NULL,
        ),
    },
    "history": {
        "line": words("history"),
        "date": TIME_OR_NULL,
        "hresult": Either(HRESULT, NULL),
        "id": Either(GUID, NULL),
        "service_id": Either(GUID, NULL),
        **dict.fromkeys(("title", "client"), TEXT_OR_NULL),
        **dict.fromkeys("operation result_code unmapped_result_code revision server_selection".split(), WHOLE_OR_NULL),
    },
    "end": {"line": words("end"), "updates": WHOLE, "history": WHOLE},
}
LAST_SCAN = {
    "id": JOB_ID,
    "scanned_at": TIME,
    "reboot_required": FLAG_OR_NULL,
    "updates_pending_reboot": Either([GUID], NULL),
    "asked": SCAN_PLAN,
    "updates": WHOLE,
    "boot_time": TIME_OR_NULL,
    "complete": FLAG,
}
JOB_STATES = words("running finished failed stopped expired interrupted armed")
JOB_STARTED = {
    "changed": FLAG,
    "id": JOB_ID,
    "attached": FLAG,
    "folder": TEXT_OR_NULL,
    "started_at": TIME_OR_NULL,
    "interrupted?": JOB_ID,
    "warnings?": [TEXT],
}
JOB_WANTS_WORKER = {"changed": FLAG, "id": JOB_ID, "worker_wanted": FLAG}
JOB_STOPPED = {"changed": FLAG, "id": JOB_ID, "state": JOB_STATES}
JOB_LIST = {
    "changed": FLAG,
    "jobs": [
        {"id": JOB_ID, "kind": JOB_KIND, "state": JOB_STATES, "started_at": TIME_OR_NULL, "ended_at": TIME_OR_NULL}
    ],
}
JOB_REFUSED = {
    "changed": FLAG,
    "failed": FLAG,
    "msg": TEXT,
    "reason": words(
        "not_elevated constrained_language signed_scripts_only foreign_owner reparse_point other_job worker_hash "
        "task_failed error"
    ),
}


def during(phase: str, step: str, **facts: Any) -> tuple[str, dict[str, Any]]:
    """A line of the journal of an installation, with its name."""
    return f"{phase}/{step}", {"at": TIME, "phase": words(phase), "step": words(step), **facts}


WHICH = {"id": GUID, "revision": WHOLE}
BEGUN = {"process_id": WHOLE, "worker_sha256": SHA256_OR_NULL, "boot_time": TIME_OR_NULL, "engine": TEXT}
AGAIN = {"attempt": WHOLE, "hresult": HRESULT, "seconds": WHOLE}
TOLD = {"result_code": WHOLE_OR_NULL, "hresult": Either(HRESULT, NULL), "date": TIME_OR_NULL}
AWAITS = {"until": TIME, "reason": words("not_before other_installer"), "text?": TEXT}
PHASES = ("downloading", "installing", "rebooting", "verifying")
SKIPS = (
    "does_not_fit stopped hard_reboot not_offered revision_changed excluded download_failed eula disk_space "
    "other_installer too_late installed unknown"
)
# Of an installation, by phase and step.
INSTALL_JOURNAL: Mapping[str, Any] = dict(
    (
        during("downloading", "started", **BEGUN),
        during("downloading", "waiting", seconds=WHOLE),
        during("downloading", "searching", attempt=WHOLE, online=FLAG),
        during("downloading", "backing_off", **AGAIN, **{"id?": GUID}),
        during("downloading", "found", offered=WHOLE),
        during("downloading", "begin", **WHICH),
        during("downloading", "end", **WHICH, result=words("ok present failed"), hresult=Either(HRESULT, NULL)),
        *(during(phase, "waiting", **AWAITS) for phase in ("installing", "rebooting", "verifying")),
        *(during(phase, "clock_jump", seconds=WHOLE) for phase in PHASES),
        during("installing", "begin", **WHICH, needs_seconds=WHOLE, remaining_seconds=WHOLE_OR_NULL),
        during(
            "installing",
            "end",
            **WHICH,
            result=words("succeeded succeeded_with_errors failed aborted"),
            hresult=Either(HRESULT, NULL),
            reboot_required=FLAG_OR_NULL,
            seconds=WHOLE,
            queue=Either({"before": WHOLE, "after": WHOLE, "lost": [[TEXT]]}, NULL),
            run_once=Either({"lost": [TEXT]}, NULL),
            reboot_signals={"wu_reboot_required": FLAG_OR_NULL, "cbs_reboot_pending": FLAG_OR_NULL},
        ),
        during("installing", "skipped", **WHICH, reason=words(SKIPS), text=TEXT),
        during("rebooting", "begin", number=WHOLE),
        during(
            "rebooting",
            "skipped",
            reason=words("unknown never not_required stopped persistent outside_window max_reboots busy"),
            text=TEXT,
        ),
        during("rebooting", "failed", exit_code=WHOLE_OR_NULL, text=TEXT),
        during("verifying", "started", **BEGUN, expected=FLAG, reboots=WHOLE),
        during("verifying", "searching", attempt=WHOLE, online=FLAG),
        during(
            "verifying",
            "update",
            **WHICH,
            offered=FLAG_OR_NULL,
            installed=FLAG_OR_NULL,
            reboot_required=FLAG_OR_NULL,
            history=Either(TOLD, NULL),
        ),
        during("verifying", "reboot", required=FLAG_OR_NULL),
        ("done", DONE | {"outcome": words("finished failed stopped expired"), "reboot_required": FLAG_OR_NULL}),
        (
            "armed",
            JOURNAL["armed"]
            | {
                "kind": words("install"),
                "armed": FLAG,
                "not_before": TIME_OR_NULL,
                "deadline": TIME_OR_NULL,
                "updates": WHOLE,
            },
        ),
    )
)


def install_problems(line: Mapping[str, Any]) -> list[str]:
    """Where a line of the journal of an installation departs from its shape."""
    name = f"{line.get('phase')}/{line['step']}" if "step" in line else str(line.get("phase"))
    shape = INSTALL_JOURNAL.get(name)
    return list(problems(shape, line)) if shape else [f"$: there is no line {name!r}"]


def journal_problems(line: Mapping[str, Any]) -> list[str]:
    """Where a line of the journal of a scan departs from its shape."""
    name = str(line.get("step", line.get("phase")))
    return list(problems(JOURNAL[name], line)) if name in JOURNAL else [f"$: there is no line {name!r}"]


def result_problems(line: Mapping[str, Any]) -> list[str]:
    """The same for a line of a result."""
    name = str(line.get("line"))
    return list(problems(RESULT[name], line)) if name in RESULT else [f"$: there is no line {name!r}"]
