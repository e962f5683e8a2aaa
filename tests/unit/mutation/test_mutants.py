# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The small mistakes: which ones are made, where, and what is left alone."""

from __future__ import annotations

import ast

import pytest

from mutation import targets
from mutation.mutants import MODULE, mutants_of, sample

EVERY_FILE = [file for group in targets.GROUPS for file in group.files]


def changes(text):
    return [mutant.change for mutant in mutants_of("a.py", text)[1]]


def in_function(body):
    """Changes within a function; what they are called is not asked."""
    return set(changes(f"def f(a, b, c):\n    {body}\n"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = a == b", {"a == b => a != b"}),
        ("x = a <= b", {"a <= b => a < b", "a <= b => a > b"}),
        ("x = a > b", {"a > b => a >= b", "a > b => a <= b"}),
        ("x = a is not b", {"a is not b => a is b"}),
        ("x = a not in b", {"a not in b => a in b"}),
        ("x = not a", {"not a => a"}),
        ("x = a and b", {"a and b => a or b", "a and b => a", "a and b => b"}),
        ("x = a or b or c", {f"a or b or c => {text}" for text in ("a and b and c", "b or c", "a or c", "a or b")}),
        ("x = True", {"True => False"}),
        ("x = 41", {"41 => 42"}),
        ("x = 'present'", {"'present' => 'present_mutated'"}),
        ("x = ''", {"'' => 'mutated'"}),
        ("return a", {"return a => return None"}),
        ("x = a + b", {"a + b => a"}),
        ("x = a[b:c]", {"a[b:c] => a[:c]", "a[b:c] => a[b:]"}),
        ("x = a[:300]", {"a[:300] => a[:]"}),
        ("x = a[:3]", {"a[:3] => a[:]", "a[:3] => a[:4]"}),
        ("x = a[3]", {"a[3] => a[4]"}),
        ("x = b if a else c", {"b if a else c => b if not a else c"}),
        ("x = [b for b in a if b]", {"[b for b in a if b] => [b for b in a]"}),
        ("x = any(a)", {"any(a) => all(a)"}),
        ("x = min(a)", {"min(a) => max(a)"}),
        ("x = sorted(a)", {"sorted(a) => list(a)"}),
        ("x = a.casefold()", {"a.casefold() => a"}),
        ("x = b(a, key=c)", {"b(a, key=c) => b(a)"}),
        ("a.append(b)", {"a.append(b) => pass"}),
        ("a += b", {"a += b => pass"}),
        ("x = f'{a}{b}\\n'", {r"f'{a}{b}\n' => f'{a}{b}\n_mutated'"}),
    ],
)
def test_a_mistake_is_made(body, expected):
    assert in_function(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if a:\n        raise b", {"if a: => if not a:", "raise b => pass"}),
        ("for x in a:\n        continue", {"continue => pass", "continue => break"}),
        ("while a:\n        break", {"while a: => while not a:", "break => pass"}),
    ],
)
def test_a_statement_is_shown_by_its_head(body, expected):
    assert in_function(body) == expected


@pytest.mark.parametrize(
    "text",
    [
        '"""Words."""\n',
        "def f():\n    'words'\n",
        "x = 'a sentence'\n",
        "def f(a):\n    x = f'{a or 1} sentences'\n",
        "Place = Literal['a', 'b']\n",
        "def f(a: int | None, *, b: Literal['x']) -> Literal['y']:\n    c: Literal['z']\n",
        "class A:\n    __slots__ = ('x', 'y')\n",
        "@dataclass(frozen=True)\nclass A:\n    x: int\n",
        "from a import b\n",
        "def f(a):\n    return None\n",
        "def f(a):\n    return\n",
        "def f(a):\n    x = Signal(a, kind=a)\n",
    ],
)
def test_types_prose_and_what_a_class_requires_are_left_alone(text):
    assert changes(text) == []


def test_the_quantifiers_and_flags_of_a_regular_expression_are_mistaken():
    found = changes("X = re.compile(r'a*(?:b)?c+\\*\\Z', re.I)\n")
    assert found == [
        "re.compile('a*(?:b)?c+\\\\*\\\\Z', re.I) => re.compile('a+(?:b)?c+\\\\*\\\\Z', re.I)",
        "re.compile('a*(?:b)?c+\\\\*\\\\Z', re.I) => re.compile('a*(?:b)c+\\\\*\\\\Z', re.I)",
        "re.compile('a*(?:b)?c+\\\\*\\\\Z', re.I) => re.compile('a*(?:b)?c*\\\\*\\\\Z', re.I)",
        "re.compile('a*(?:b)?c+\\\\*\\\\Z', re.I) => re.compile('a*(?:b)?c+\\\\*', re.I)",
        "re.compile('a*(?:b)?c+\\\\*\\\\Z', re.I) => re.compile('a*(?:b)?c+\\\\*\\\\Z')",
    ]


def test_a_long_change_shows_what_differs_and_a_little_around_it():
    words = ", ".join(f"word{number}" for number in range(40))
    assert changes(f"X = f({words}, key=value)\n") == [
        "…, word37, word38, word39, key=value) => …, word37, word38, word39)"
    ]


PLACES = """\
LIMIT = 10

def outer(a=1):
    if (
        a
        == 2
    ):
        return [
            a,
            3,
        ]

class A:
    b: int = 4

    def inner(self):
        return 5
"""


def test_a_mutant_knows_its_function_and_the_lines_that_must_run():
    found = {
        mutant.change.partition(" ")[0]: (mutant.function, mutant.line, list(mutant.lines))
        for mutant in mutants_of("a.py", PLACES)[1]
        if mutant.mistake == "number"
    }
    assert found == {
        "10": (MODULE, 1, []),
        "1": (MODULE, 3, []),
        "a": ("outer", 6, [4, 5, 6, 7]),
        "[a,": ("outer", 10, [8, 9, 10, 11]),
        "4": ("A", 14, []),
        "5": ("A.inner", 17, [17]),
    }


def test_looking_for_mutants_leaves_the_tree_as_it_was():
    tree, _mutants = mutants_of("a.py", PLACES)
    assert ast.unparse(tree) == ast.unparse(ast.parse(PLACES))


@pytest.mark.parametrize("file", EVERY_FILE)
def test_every_file_has_mutants_and_none_of_them_is_the_file_itself(file):
    tree, mutants = mutants_of(file, targets.text_of(file))
    assert len(mutants) > 20
    for mutant in mutants:
        before, after = ast.dump(mutant.old), ast.dump(mutant.new)
        assert before != after
        mutant.place.put(mutant.new)
        compile(ast.fix_missing_locations(tree), file, "exec")
        mutant.place.put(mutant.old)


def test_a_sample_is_the_same_each_time_and_keeps_the_order():
    _tree, mutants = mutants_of("a.py", "\n".join(f"X{number} = {number}" for number in range(50)))
    drawn = sample(mutants, 10)
    assert drawn == sample(list(mutants), 10)
    assert [mutant.line for mutant in drawn] == sorted(mutant.line for mutant in drawn)
    assert len(drawn) == 10
    assert drawn != mutants[:10]


def test_few_mutants_are_not_sampled():
    _tree, mutants = mutants_of("a.py", "X = 1\nY = 2\n")
    assert sample(mutants, 2) == mutants
