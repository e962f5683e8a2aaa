# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All specs of a host, compiled once: sorted, disjoint, half-open intervals in UTC for every purpose."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..._evidence.wording import type_name
from .occurrences import Span
from .plain import Plain, TooMuchError, named, plain
from .specs import Mistake, Spec, parse_spec

# The calendar is worked out piece by piece, so that no question ever searches further than it must.
PIECE = 64 * 86400
# Further ahead (or back) nobody looks: 50 years.
HORIZON = 50 * 366 * 86400
MOST_SPECS = 1000
_MOST_PIECES = 20_000
_MOST_PIECES_OF_A_SPEC = 1000
_ALL_PURPOSES = frozenset({"install", "reboot"})


@dataclass(frozen=True, slots=True)
class Window:
    """An interval [start, end) in seconds since 1970; ``end`` None: not within 50 years."""

    start: int
    end: int | None
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the names of all specs that make it up, highest priority first."""
        return ", ".join(self.names)


_Piece = tuple[int, int, tuple[int, ...]]


def _merged(spans: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, tuple[tuple[int, int, int], ...]]]:
    """Return the union of spans (start, end, number of spec); overlapping and touching ones become one."""
    merged: list[tuple[int, int, tuple[tuple[int, int, int], ...]]] = []
    for span in sorted(spans):
        if merged and span[0] <= merged[-1][1]:
            start, end, members = merged[-1]
            merged[-1] = (start, max(end, span[1]), (*members, span))
        else:
            merged.append((span[0], span[1], (span,)))
    return merged


def _without(span: Span, holes: Sequence[Span]) -> Iterator[Span]:
    """Return what is left of a span when sorted, disjoint holes are cut out of it."""
    start, end = span
    for hole_start, hole_end in holes:
        if hole_end <= start or hole_start >= end:
            continue
        if hole_start > start:
            yield start, hole_start
        start = max(start, hole_end)
    if start < end:
        yield start, end


def spans_in_piece(spec: Spec, piece: int) -> tuple[Span, ...]:
    """Return every interval of a spec that shares an instant with a piece; for all lists it is worked out once."""
    if piece not in spec.pieces:
        if len(spec.pieces) >= _MOST_PIECES_OF_A_SPEC:
            spec.pieces.clear()
        low, high = piece * PIECE, (piece + 1) * PIECE
        spec.pieces[piece] = tuple(span for occurrence in spec.occurrences for span in occurrence.spans(low, high))
    return spec.pieces[piece]


@dataclass(slots=True)
class Calendar:
    """Windows and blackouts, ready for questions. Where there are mistakes it is closed, and they are the reason."""

    specs: tuple[Spec, ...]
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()
    _pieces: dict[tuple[str, bool, int], list[_Piece]] = field(default_factory=dict, repr=False)

    @property
    def has_windows(self) -> bool:
        """Return whether any window was given; blackouts alone are none."""
        return any(not spec.blackout for spec in self.specs)

    def numbers(self, purpose: str, *, blackout: bool) -> list[int]:
        """Return which specs count for a purpose.

        A window counts for ``any`` when it is for everything; a blackout counts for ``any`` whatever it is for.
        """
        found = []
        for number, spec in enumerate(self.specs):
            meant = "any" in spec.purposes or purpose in spec.purposes
            if purpose == "any":
                meant = blackout or "any" in spec.purposes or spec.purposes >= _ALL_PURPOSES
            if spec.blackout is blackout and meant:
                found.append(number)
        return found

    def spans(self, numbers: Sequence[int], low: int, high: int) -> list[tuple[int, int, int]]:
        """Return every interval of some specs that shares an instant with [low, high), and whose it is."""
        return [
            (start, end, number)
            for number in numbers
            for occurrence in self.specs[number].occurrences
            for start, end in occurrence.spans(low, high)
        ]

    def _piece(self, purpose: str, always: bool, number: int) -> list[_Piece]:
        key = (purpose, always, number)
        if key not in self._pieces:
            if len(self._pieces) >= _MOST_PIECES:
                self._pieces.clear()
            self._pieces[key] = self._worked_out(purpose, always, number)
        return self._pieces[key]

    def _piece_spans(self, purpose: str, blackout: bool, piece: int) -> list[tuple[int, int, int]]:
        return [
            (start, end, number)
            for number in self.numbers(purpose, blackout=blackout)
            for start, end in spans_in_piece(self.specs[number], piece)
        ]

    def _worked_out(self, purpose: str, always: bool, piece: int) -> list[_Piece]:
        low, high = piece * PIECE, (piece + 1) * PIECE
        spans = self._piece_spans(purpose, False, piece)
        clipped = [(max(start, low), min(end, high), number) for start, end, number in spans]
        if always:
            clipped = [(low, high, -1)]
        if not clipped:
            return []
        holes = [(start, end) for start, end, _ in _merged(self._piece_spans(purpose, True, piece))]
        found: list[_Piece] = []
        for start, end, members in _merged(clipped):
            for left, right in _without((start, end), holes):
                owners = {number for first, last, number in members if first < right and last > left and number >= 0}
                found.append((left, right, tuple(sorted(owners))))
        return found

    def is_open(self, second: int, purpose: str, *, always: bool = False) -> bool:
        """Return whether it is open in this second; ``always``: without windows it is, except in blackouts."""
        pieces = self._piece(purpose, always, second // PIECE)
        place = bisect_right(pieces, second, key=lambda piece: piece[0]) - 1
        return place >= 0 and second < pieces[place][1]

    def windows(self, second: int, purpose: str, *, always: bool = False) -> Iterator[Window]:
        """Return the windows that end after a second, in order, the one that is open first and with its true start."""
        first = second // PIECE
        last = (second + HORIZON) // PIECE
        start = self._true_start(second, purpose, always)
        open_piece: _Piece | None = None
        for number in range(first, last + 1):
            for left, right, owners in self._piece(purpose, always, number):
                if right <= second:
                    continue
                if open_piece and open_piece[1] == left:
                    open_piece = (open_piece[0], right, tuple(sorted({*open_piece[2], *owners})))
                    continue
                if open_piece:
                    yield self._window(open_piece)
                begins = start if left <= second and start is not None else left
                open_piece = (begins, right, owners)
        if open_piece:
            yield self._window(open_piece, endless=open_piece[1] == (last + 1) * PIECE)

    def _true_start(self, second: int, purpose: str, always: bool) -> int | None:
        """Return when the window began that is open in a second; None where none is."""
        number = second // PIECE
        found = next((left for left, right, _ in self._piece(purpose, always, number) if left <= second < right), None)
        while found is not None and found == number * PIECE and second - found < HORIZON:
            number -= 1
            before = self._piece(purpose, always, number)
            if not before or before[-1][1] != found:
                break
            found = before[-1][0]
        return found

    def _window(self, piece: _Piece, *, endless: bool = False) -> Window:
        owners = sorted(piece[2], key=lambda number: (-self.specs[number].priority, number))
        names = tuple(dict.fromkeys(self.specs[number].name for number in owners))
        return Window(piece[0], None if endless else piece[1], names)

    def blackouts_at(self, second: int, purpose: str) -> list[tuple[int, Spec]]:
        """Return the blackouts that hold in a second, with the second each ends; the one that ends last comes last."""
        spans = self.spans(self.numbers(purpose, blackout=True), second, second + 1)
        return [(end, self.specs[number]) for _, end, number in sorted(spans, key=lambda span: (span[1], span[2]))]


@lru_cache(maxsize=4096)
def _parsed(given: Plain, position: int) -> tuple[Spec | None, tuple[Mistake, ...]]:
    spec, notes = parse_spec(given.data, position)
    return spec, tuple(notes)


@lru_cache(maxsize=1024)
def _compiled(whole: Plain) -> Calendar:
    given = whole.data
    if given is None:
        given = []
    if isinstance(given, dict):
        given = [given]
    if not isinstance(given, list):
        return _unusable(f"must be a list of specs, not {type_name(given)}")
    if len(given) > MOST_SPECS:
        return _unusable(f"{len(given)} specs; {MOST_SPECS} are allowed")
    specs: list[Spec] = []
    notes: list[Mistake] = []
    for position, entry in enumerate(given, start=1):
        spec, found = _parsed(named(entry), position)
        notes += found
        specs += [spec] if spec else []
    return Calendar(
        tuple(specs),
        tuple(note for note in notes if not note.warning),
        tuple(note for note in notes if note.warning),
    )


def compile_windows(specs: object) -> Calendar:
    """Return the calendar of a list of specs (None: no spec at all). Equal specs are compiled once, lists too.

    It never raises: what cannot be read stands in ``mistakes``, and then no question answers open.
    """
    if isinstance(specs, Calendar):
        return specs
    try:
        return _compiled(plain(specs))
    except TooMuchError as error:
        return _unusable(str(error))


def _unusable(text: str) -> Calendar:
    return Calendar((), (Mistake("windows", "", text),))
