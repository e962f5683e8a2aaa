# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The fault campaign finds what is put in on purpose, on the whole way from the playbook to the simulator."""

from __future__ import annotations

from campaign import batches, hosts, plants
from campaign.batches import Batch, Settings
from campaign.model import ALWAYS, Case, Ends


def case(name, words):
    """A host without a fault of its own."""
    return Case(name, "none", "planted", Ends.PATCHED, words, {}, ALWAYS)


def test_a_worker_that_installs_twice_and_a_report_that_drops_a_host_are_found(tmp_path):
    cases = (case("alpha", hosts.quiet()), case("beta", hosts.host(hosts.update(1))))
    planted = Settings(tmp_path, hook=plants.HOOKS["installs_twice"], spoil=plants.SPOILS["drops_host"])
    done = batches.run(Batch("planted", "runs", cases), planted)
    found = {(violation.case, violation.check) for violation in done.violations}
    assert {("alpha", "installed_once"), ("beta", "installed_once"), ("alpha", "in_every_report")} <= found
    assert ("beta", "in_every_report") not in found
    assert {story.worker for story in done.stories} == {"double"}
    assert all(job.plan for story in done.stories for job in story.jobs)
    assert {len(story.jobs) for story in done.stories} == {1}
