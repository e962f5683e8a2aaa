# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What an install job of a case needs to be played by the shipped worker on a real engine (tests/powershell)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from campaign.model import Job, Story, Words
from campaign.truth import moment, truths_at, waits
from winsim.agent.categories import categories_of

SUCCEEDED, FAILED = 2, 4
BUSY: Final = {"msi": "Global\\_MSIExecute", "servicing": "TiWorker"}
BEHAVIOR: Final = {"never": 0, "always_requires": 1, "can_request": 2}


def replays(story: Story) -> dict[str, dict[str, Any]]:
    """By job: its plan, the agent that tests/powershell/FakeAgent.psm1 plays, and the lines of the journal."""
    return {job.id: _replay(story, job) for job in story.jobs if job.plan}


def _replay(story: Story, job: Job) -> dict[str, Any]:
    return {
        "case": story.case.name,
        "fault": story.case.fault,
        "lives": 1 + len(job.steps("verifying", "started")),
        "plan": job.plan,
        "agent": _agent(story, job),
        "expected": list(job.lines),
    }


def _agent(story: Story, job: Job) -> dict[str, Any]:
    """The agent as the job met it; its searches are those at the job's beginning and at its end."""
    words = story.case.words
    updates = words.get("update_agent", {}).get("updates", [])
    begins, ends = (moment(line["at"]) for line in (job.lines[0], job.lines[-1]))
    return {
        "now": job.lines[0]["at"],
        "boot_time": _boot_time(story, job),
        "searches": [_search(story, updates, begins), _search(story, updates, ends)],
        "services": [],
        "history": [],
        "system_info": {"RebootRequired": False},
        "installer": {
            "IsBusy": bool(words.get("update_agent", {}).get("busy")),
            "RebootRequiredBeforeInstallation": False,
        },
        "registry": {},
        "free_mb": words.get("free_mb", 100_000),
        "downloads": {one["id"]: _downloads(one) for one in updates},
        "installs": {one["id"]: _install(one) for one in updates},
        "busy": _busy(words),
        "jumps": _jumps(words),
        "exit_code": 0,
        "boots": False,
    }


def _busy(words: Words) -> list[dict[str, Any]]:
    """Who else installs, in seconds from the job's begin."""
    second = words.get("second_installer")
    if second is None or second.get("kind", "msi") not in BUSY:
        return []
    begins = second["after_minutes"] * 60
    return [{"who": BUSY[second.get("kind", "msi")], "from": begins, "until": begins + second["minutes"] * 60}]


def _jumps(words: Words) -> list[dict[str, Any]]:
    jump = words.get("clock_jump")
    return [{"after": jump["after_minutes"] * 60, "by": jump["seconds"]}] if jump else []


def _boot_time(story: Story, job: Job) -> str:
    said = [line["boot_time"] for line in job.lines if line.get("boot_time")]
    return str(said[0] if said else story.case.words["os"].get("boot_time", ""))


def _search(story: Story, updates: list[dict[str, Any]], at: Any) -> dict[str, Any]:
    truth = truths_at(story, at, at)[-1]
    things = [_thing(one, installed=one["id"] in truth.installed) for one in updates]
    return {"found": {"ResultCode": SUCCEEDED, "Updates": things, "Warnings": []}}


def _thing(update: Mapping[str, Any], *, installed: bool) -> dict[str, Any]:
    """IUpdate, of which the worker reads these."""
    behavior = {
        "RebootBehavior": BEHAVIOR[update.get("reboot_behavior", "never")],
        "Impact": 0,
        "CanRequestUserInput": bool(update.get("user_input")),
    }
    return {
        "Identity": {"UpdateID": update["id"], "RevisionNumber": update.get("revision", 1)},
        "Categories": [
            {"CategoryID": category["id"], "Name": category["name"], "Type": category["type"]}
            for category in categories_of(dict(update), "en")
        ],
        "Type": 2 if update.get("classification") == "Drivers" else 1,
        "IsInstalled": installed,
        "IsDownloaded": bool(update.get("downloaded")),
        "IsHidden": bool(update.get("hidden")),
        "BrowseOnly": bool(update.get("browse_only")),
        "RebootRequired": False,
        "EulaAccepted": bool(update.get("eula_accepted", True)),
        "InstallationBehavior": behavior,
        **({"RefusesEula": True} if update.get("refuses_eula") else {}),
    }


def _downloads(update: Words) -> list[dict[str, Any]]:
    said = update.get("download", "ok")
    if said == "ok":
        return [{"code": SUCCEEDED}]
    failure = {"code": FAILED, "hresult": _signed(said.partition(":")[2])}
    times = update.get("download_fails")
    return [failure] if times is None else [failure] * times + [{"code": SUCCEEDED}]


def _signed(hresult: str) -> int:
    """As COM hands it out: 32 bits with a sign."""
    number = int(hresult, 16)
    return number - (1 << 32) if number >= 1 << 31 else number


def _install(update: Words) -> dict[str, Any]:
    said = update.get("result", "ok")
    seconds = update.get("run_minutes", 5) * 60
    if said.startswith("fail:"):
        return {"code": FAILED, "hresult": _signed(said.partition(":")[2]), "seconds": seconds}
    return {"code": SUCCEEDED, "reboot": waits(update), "seconds": seconds}
