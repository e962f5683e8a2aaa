# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Boots that do not go by the book: each kind does what its word promises, and a next boot ends it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from winsim.denial import CBS
from winsim.misbehaviour import SECOND_BOOT_CAUSE, TIME_SYNC_SHIFT
from winsim.power import Power

INTERFACE = rf"{CBS}\Interface"
RUNNING = {"type": "REG_DWORD", "data": 1}


class Line:
    """The network side of a host: remembers whether it is up."""

    def __init__(self) -> None:
        self.up = True

    def go_down(self) -> None:
        self.up = False

    def come_up(self) -> None:
        self.up = True


@pytest.fixture
def power_of(make_host):
    """`power_of(misbehaves=[…], …)`: a host, its power and its line; its clock runs 600 times as fast."""
    made: list[Power] = []

    def make(**words: object):
        host = make_host(**words)
        host.clock.factor = 600.0
        line = Line()
        made.append(Power(host, line, boot_is_the_last=False))
        return host, made[-1], line

    yield make
    for power in made:
        power.close()


def wait_until(check, seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until
        time.sleep(0.01)


def booted(host, power, line, boots: int = 1) -> None:
    """Boots the host and waits until it has come up again."""
    power.boot_now("test")
    wait_until(lambda: len(host.log) == boots and line.up)


def servicing(host) -> bool:
    value = host.registry.value(INTERFACE, "ServicingInProgress")
    return value is not None and value.data == 2 and "TiWorker" in [process.name for process in host.processes]


def test_a_host_that_behaves_boots_once(power_of):
    host, power, line = power_of()
    booted(host, power, line)
    time.sleep(0.8)
    assert [entry["cause"] for entry in host.log] == ["test"]
    assert not servicing(host)


def test_a_host_boots_a_second_time_by_itself_and_not_a_third_time(power_of):
    host, power, line = power_of(misbehaves=["boots_twice"])
    booted(host, power, line)
    wait_until(lambda: not line.up)
    wait_until(lambda: len(host.log) == 2 and line.up)
    time.sleep(0.8)
    assert [entry["cause"] for entry in host.log] == ["test", SECOND_BOOT_CAUSE]
    assert host.events == []


def test_servicing_runs_while_the_host_answers_and_ends_by_itself(power_of):
    host, power, line = power_of(misbehaves=["services_after_boot"])
    booted(host, power, line)
    assert servicing(host)
    wait_until(lambda: not servicing(host))
    assert host.registry.key(INTERFACE) is None
    assert host.processes == []


def test_servicing_leaves_what_the_file_lists(power_of):
    keys = {INTERFACE: {"values": {"ServicingInProgress": RUNNING}}}
    host, power, line = power_of(
        misbehaves=["services_after_boot"], registry=keys, processes=[{"name": "TiWorker", "id": 812}]
    )
    booted(host, power, line)
    assert servicing(host)
    wait_until(lambda: not servicing(host))
    assert host.registry.value(INTERFACE, "ServicingInProgress").data == 1
    assert [process.id for process in host.processes] == [812]


def test_the_next_boot_ends_servicing_and_begins_it_anew(power_of):
    host, power, line = power_of(misbehaves=["services_after_boot"])
    booted(host, power, line)
    booted(host, power, line, boots=2)
    assert [process.name for process in host.processes] == ["TiWorker"]


def test_the_boot_time_shifts_after_the_host_has_come_up(power_of):
    host, power, line = power_of(misbehaves=["shifts_boot_time"])
    booted(host, power, line)
    first = host.os.boot_time
    wait_until(lambda: host.os.boot_time != first)
    assert host.os.boot_time - first == timedelta(seconds=TIME_SYNC_SHIFT)


def test_an_update_stays_pending_although_its_key_is_gone(power_of):
    key = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
    agent = {"reboot_required": True, "updates": [{"id": "a", "installed": True, "reboot_required": True}]}
    host, power, line = power_of(
        misbehaves=["keeps_update_pending"], update_agent=agent, registry={key: {"volatile": True}}
    )
    booted(host, power, line)
    assert host.registry.key(key) is None
    assert host.update_agent.reboot_required is True
    assert host.update_agent.updates[0]["reboot_required"] is True


def test_nothing_happens_to_a_host_whose_simulator_ends(power_of):
    host, power, line = power_of(misbehaves=["boots_twice", "services_after_boot", "shifts_boot_time"])
    booted(host, power, line)
    before = host.os.boot_time
    power.close()
    time.sleep(0.8)
    assert (len(host.log), host.os.boot_time, servicing(host)) == (1, before, True)


def test_a_boot_that_nobody_announced_overtakes_a_scheduled_one(power_of):
    host, power, line = power_of()
    assert power.schedule(240, "later") is True
    power.boot_now("now")
    wait_until(lambda: len(host.log) == 1 and line.up)
    time.sleep(0.6)
    assert [entry["cause"] for entry in host.log] == ["now"]
