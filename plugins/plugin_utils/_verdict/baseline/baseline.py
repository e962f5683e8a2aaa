# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What must be installed on a host, and where one update stands against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from ..._evidence.scan import Update
from ..._evidence.times import TimeTextError, format_time, parse_duration
from ..._evidence.wording import type_name
from ..policy import PolicyError
from .entries import Entry, parse_ignored, parse_rejected
from .exclusions import excluded_reason
from .months import Month, parse_months
from .selectors import Selector, parse_selectors
from .values import Mistakes, read_text, read_word

# Plans are made of updates by these; the first is the default.
ORDERS = ("shortest", "servicing_stack_first", "severity", "given")
BASELINE_KEYS = ("name", "install", "approve_after", "rejected", "ignore_updates", "months", "order")
PLACE_WORDS = ("wanted", "out_of_baseline", "excluded", "not_yet_approved", "ignored", "rejected", "superseded")
MOST_KNOWN = 50_000
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an update stands. ``in_baseline`` is true for the word ``wanted`` alone: only such an update is missing.

    ``sure`` is false where the scan does not tell whether the update is meant (it lacks its classification, say): such
    an update counts, but nobody should install it for that. ``expired`` are entries of ignore_updates that no longer
    hold.
    """

    in_baseline: bool
    word: str
    reason: str
    sure: bool = True
    expired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Standing:
    """An update's places over time: worked out once for its metadata, looked up for every host."""

    always: Place | None
    ignored: tuple[tuple[datetime, Place], ...]
    outside: Place | None
    approved_at: datetime | None
    early: Place
    wanted: Place

    def at(self, now: datetime | None) -> Place:
        """Return the place at an instant."""
        if self.always is not None:
            return self.always
        # Without a time nothing that ends is still in force.
        for until, place in self.ignored:
            if now is not None and now < until:
                return place
        if self.outside is not None:
            return self.outside
        if self.approved_at is not None and now is not None and now < self.approved_at:
            return self.early
        return self.wanted


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a policy says of updates. ``install`` None stands for everything that is not excluded."""

    name: str = ""
    install: tuple[Selector, ...] | None = None
    approve_after: timedelta = timedelta()
    rejected: tuple[Entry, ...] = ()
    ignored: tuple[Entry, ...] = ()
    months: tuple[Month, ...] = ()
    order: str = "shortest"
    _standings: dict[Update, _Standing] = field(default_factory=dict, init=False, repr=False, compare=False)

    def place(self, update: Update, now: datetime | None) -> Place:
        """Return where an update stands at an instant, by what is known of the update alone.

        Never ``superseded``: that depends on the other updates of the host's scan, see supersedence.superseded_by.
        Worked out once for equal updates; ``now`` None means that no time is known, and then nothing that ends holds.
        """
        standing = self._standings.get(update)
        if standing is None:
            if len(self._standings) >= MOST_KNOWN:
                self._standings.clear()
            standing = self._standings[update] = self._standing(update)
        return standing.at(now)

    def _standing(self, update: Update) -> _Standing:
        rejected = next((entry for entry in self.rejected if entry.names(update)), None)
        ignoring = [entry for entry in self.ignored if entry.names(update)]
        approved_at = _later(update.released, self.approve_after)
        by_id, fits = self._fits(update)
        excluded = None if by_id else excluded_reason(update)
        outside = None
        if excluded is not None:
            outside = Place(False, "excluded", f"not installed unless a baseline names its id: {excluded}")
        elif fits is False:
            outside = Place(False, "out_of_baseline", f"{self._title()} does not name it")
        return _Standing(
            always=Place(False, "rejected", f"rejected: {rejected.shown()}") if rejected else None,
            ignored=tuple(
                (entry.until, Place(False, "ignored", f"ignored: {entry.shown()}"))
                for entry in ignoring
                if entry.until is not None
            ),
            outside=outside,
            approved_at=approved_at,
            early=Place(
                False, "not_yet_approved", f"approved from {format_time(approved_at)} on" if approved_at else ""
            ),
            wanted=self._wanted(fits is True, ignoring),
        )

    def _fits(self, update: Update) -> tuple[bool, bool | None]:
        """(whether a selector names it by its id, whether any selector means it)"""
        if self.install is None:
            return False, True
        answers = [(selector, selector.fits(update)) for selector in self.install]
        by_id = any(selector.ids and answer is not False for selector, answer in answers)
        if any(answer is True for _selector, answer in answers):
            return by_id, True
        return by_id, None if any(answer is None for _selector, answer in answers) else False

    def _wanted(self, sure: bool, ignoring: list[Entry]) -> Place:
        reason = f"{self._title()} asks for it"
        if not sure:
            reason = f"the scan does not tell whether {self._title()} means it, so it counts"
        expired = tuple(f"{entry.shown()} has expired, so it counts again" for entry in ignoring)
        return Place(True, "wanted", "; ".join([reason, *expired]), sure, expired)

    def _title(self) -> str:
        return f"the baseline {self.name!r}" if self.name else "the baseline"


def parse_baseline(policy: object) -> Baseline:
    """Return the Baseline of a policy mapping, whose other keys are not looked at; a key that is null is not given.

    Raises PolicyError with every mistake, each with its place such as ``policy.install[0].kb[1]``.
    """
    if not isinstance(policy, Mapping):
        raise PolicyError([f"policy: must be a mapping, not {type_name(policy)}"])
    wrong = Mistakes()
    given = {key: policy[key] for key in BASELINE_KEYS if policy.get(key) is not None}

    def read(key: str, reader: Callable[[object, str, Mistakes], _Read | None], default: _Read) -> _Read:
        """Return what a key means, or its default."""
        found = reader(given[key], f"policy.{key}", wrong) if key in given else None
        return default if found is None else found

    baseline = Baseline(
        name=read("name", read_text, ""),
        install=_install(given, wrong),
        approve_after=read("approve_after", _read_span, timedelta()),
        rejected=read("rejected", parse_rejected, ()),
        ignored=read("ignore_updates", parse_ignored, ()),
        months=read("months", parse_months, ()),
        order=read("order", _read_order, ORDERS[0]),
    )
    if wrong:
        raise PolicyError(wrong)
    return baseline


def _install(given: Mapping[str, object], mistakes: Mistakes) -> tuple[Selector, ...] | None:
    return parse_selectors(given["install"], "policy.install", mistakes) if "install" in given else None


def _read_span(value: object, where: str, mistakes: Mistakes) -> timedelta | None:
    try:
        return parse_duration(value)
    except TimeTextError as error:
        mistakes.note(where, str(error))
        return None


def _read_order(value: object, where: str, mistakes: Mistakes) -> str | None:
    return read_word(value, ORDERS, where, mistakes)


def _later(released: datetime | None, span: timedelta) -> datetime | None:
    """When an update counts as approved; None where that is always, or where its release is not known."""
    if released is None or not span:
        return None
    try:
        return released + span
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc)
