# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Does the machine as a whole wait for a reboot, and does any evidence say for which update?"""

from __future__ import annotations

from typing import NamedTuple

from .host import HostView


class MachineReboot(NamedTuple):
    """``word`` is reboot_verdict's; ``texts`` say what waits, empty where nothing does.

    ``unattributed``: something waits, and no evidence names an update for it.
    """

    word: str
    texts: tuple[str, ...]
    unattributed: bool


def machine_reboot(host: HostView, check: tuple[str, str] | None = None) -> MachineReboot:
    """Return what waits: by the verdict, by the agent's own answers of a scan since the boot, and by the judge's check.

    ``check`` is the judge's own look at the machine, (state, why).
    """
    verdict, scan, ignored = host.verdict, host.scan, host.ignored
    texts: list[str] = []
    signalled = False
    if verdict is not None and verdict.reboot == "required":
        signalled = bool(verdict.because)
        causes = ", ".join(verdict.because) or "taken for so, as the policy asks, because signals could not be read"
        texts.append(f"the host waits for a reboot ({causes})")
    if not host.outdated and scan.reboot_required is True and "agent_reboot_required" not in ignored:
        signalled = True
        texts.append("the update agent said so when it scanned")
    if not host.outdated and scan.reboot_required_before_installation is True:
        signalled = True
        texts.append("the update agent installs nothing before a reboot")
    if check is not None and check[0] == "pending_reboot":
        signalled = True
        texts.append(check[1])
    return MachineReboot(
        verdict.reboot if verdict is not None else "unknown", tuple(texts), signalled and not names_an_update(host)
    )


def names_an_update(host: HostView) -> bool:
    """Whether any evidence of a pending reboot names an update, under whichever judge."""
    if host.namings.by_id:
        return True
    if host.namings.by_kb and any(host.namings.about(update) for update in host.scan.updates):
        return True
    queue, rules_about = host.queue, host.policy.rules.about
    return queue is not None and any(queue.at(rule.key) for update in host.scan.updates for rule in rules_about(update))
