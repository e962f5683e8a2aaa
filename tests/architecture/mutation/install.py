# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Putting a mutated module in the place of the one that every test has already imported."""

from __future__ import annotations

import ast
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import CodeType, FunctionType, ModuleType

# The collection, and the tests as pytest names them.
OURS = ("ansible_collections.winops.patching.", "tests.")


class _Mutated(SourceFileLoader):
    """Loads a module from code at hand instead of its file."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self.code = code

    def get_code(self, fullname: str) -> CodeType:
        return self.code


def install(old: ModuleType, tree: ast.Module) -> None:
    """Let `old` behave like the tree, for all who imported it or a name of it.

    Functions and methods keep their identity and get new code; data is replaced in every module and test of the
    collection that holds it under the same name. A table of functions of its own module keeps the old ones elsewhere.
    """
    new = _load(old, tree)
    for name, fresh in vars(new).items():
        stale = vars(old).get(name)
        if name.startswith("__") or fresh is stale:
            continue
        if isinstance(fresh, FunctionType) and isinstance(stale, FunctionType):
            _transplant(stale, fresh)
        elif isinstance(fresh, type) and isinstance(stale, type):
            _transplant_class(stale, fresh)
        else:
            setattr(old, name, fresh)
            _replace(name, stale, fresh)


def _load(old: ModuleType, tree: ast.Module) -> ModuleType:
    path = str(old.__file__)
    code = compile(ast.fix_missing_locations(tree), path, "exec")
    loader = _Mutated(old.__name__, path, code)
    spec = spec_from_loader(old.__name__, loader, origin=path)
    if spec is None:
        raise ImportError(f"no spec for {old.__name__}")
    new = module_from_spec(spec)
    loader.exec_module(new)
    return new


def _transplant(stale: FunctionType, fresh: FunctionType) -> None:
    # What closes over something keeps its code: it is made by dataclass or calls super().
    if not fresh.__closure__:
        stale.__code__ = fresh.__code__
    stale.__defaults__ = fresh.__defaults__
    stale.__kwdefaults__ = fresh.__kwdefaults__


def _transplant_class(stale: type, fresh: type) -> None:
    for name, entry in vars(fresh).items():
        method, own = _method(entry), _method(vars(stale).get(name))
        if method is not None and own is not None:
            _transplant(own, method)


def _method(entry: object) -> FunctionType | None:
    found = entry.fget if isinstance(entry, property) else entry
    return found if isinstance(found, FunctionType) else None


def _replace(name: str, stale: object, fresh: object) -> None:
    for module in list(sys.modules.values()):
        holds = getattr(module, "__name__", "").startswith(OURS) and name in vars(module)
        if holds and vars(module)[name] is stale:
            setattr(module, name, fresh)
