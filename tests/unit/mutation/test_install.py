# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A mutated module takes the place of the one that others have imported already."""

from __future__ import annotations

import ast
import importlib
import sys

import pytest

from mutation.install import install

TEXT = """\
from dataclasses import dataclass

LIMIT = 3
TABLE = {"a": LIMIT}


def double(number, factor=2, *, more=0):
    return number * factor + more


@dataclass(frozen=True, slots=True)
class Box:
    width: int
    depth: int = 4

    @property
    def area(self):
        return self.width * self.depth

    def grown(self):
        return Box(self.width + 1, self.depth)


def limit():
    return LIMIT
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    name = f"module_under_mutation_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(TEXT, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module(name)
    del sys.modules[name]


def put(module, before, after):
    assert before in TEXT
    install(module, ast.parse(TEXT.replace(before, after)))


def test_a_function_that_others_hold_behaves_like_the_mutant(module):
    held = module.double
    put(module, "number * factor", "number + factor")
    assert (held(5), held is module.double) == (7, True)


def test_defaults_of_parameters_are_those_of_the_mutant(module):
    held = module.double
    put(module, "factor=2, *, more=0", "factor=3, *, more=1")
    assert held(5) == 16


def test_data_is_read_anew_by_functions_that_others_hold(module):
    held = module.limit
    put(module, "LIMIT = 3", "LIMIT = 9")
    assert (held(), module.LIMIT, module.TABLE) == (9, 9, {"a": 9})


def test_data_that_a_module_of_ours_has_imported_is_replaced_there(module, monkeypatch):
    other = type(sys)("tests.imports_table")
    other.TABLE, other.LIMIT = module.TABLE, 4
    monkeypatch.setitem(sys.modules, other.__name__, other)
    put(module, "LIMIT = 3", "LIMIT = 9")
    assert (other.TABLE, other.LIMIT) == ({"a": 9}, 4)


def test_a_class_stays_the_same_class_with_the_methods_of_the_mutant(module):
    held, box = module.Box, module.Box(2)
    put(module, "self.width * self.depth", "self.width + self.depth")
    assert (box.area, held is module.Box, isinstance(box.grown(), held)) == (6, True, True)


def test_fields_get_the_defaults_of_the_mutant(module):
    put(module, "depth: int = 4", "depth: int = 5")
    assert module.Box(2).area == 10


def test_a_mutant_that_cannot_be_imported_raises(module):
    with pytest.raises(NameError):
        put(module, '{"a": LIMIT}', '{"a": LIMITS}')


def test_a_module_in_its_own_place_changes_nothing(module):
    install(module, ast.parse(TEXT))
    assert (module.double(5), module.limit(), module.Box(2) == module.Box(2)) == (10, 3, True)
