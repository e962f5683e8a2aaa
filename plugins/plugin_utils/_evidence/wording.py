# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How complaints name what they were given and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

_TYPES = (bool, int, float, str, datetime, date, Mapping, list, tuple)


# Control characters, line separators, marks of direction and lone surrogates: none may reach a terminal.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def printable(text: str) -> str:
    """Return host text in which nothing moves the cursor, begins a line or turns the direction of reading."""
    return _CONTROL.sub(" ", text)


def nearest(word: str, words: Sequence[str]) -> str:
    """Return `` (did you mean X?)`` for a word that is nearly one of the words, else an empty text."""
    close = difflib.get_close_matches(word, words, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def type_name(value: object) -> str:
    """Return the plain name of a value's type, without the wrappers that Ansible puts around its data."""
    if value is None:
        return "null"
    plain = next((kind for kind in _TYPES if isinstance(value, kind)), type(value))
    return "mapping" if plain is Mapping else str(plain.__name__)
