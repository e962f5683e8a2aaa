# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""There are no entries that switch a rule off or leave a test out; every way of making one has been seen red."""

from __future__ import annotations

import pytest

from house_rules.places import our_files, shown
from house_rules.suppressions import findings


def test_nothing_is_waved_through():
    found = {
        f"{shown(path)}:{finding}"
        for path in our_files()
        if path.suffix not in {".png", ".gz"}
        for finding in findings(shown(path), path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("plugins/filter/a.py", "import os  # noqa\n"),
        ("plugins/filter/a.py", "import os  # noqa: F401\n"),
        ("plugins/filter/a.py", "x = 1  # type: ignore[assignment]\n"),
        ("plugins/filter/a.py", "# pylint: disable=all\n"),
        ("plugins/filter/a.py", "def f():  # pragma: no cover\n    pass\n"),
        ("plugins/filter/a.py", "# fmt: off\n"),
        ("tests/unit/test_a.py", "import pytest\n\npytest.skip('no')\n"),
        ("tests/unit/test_a.py", "import pytest\n\n@pytest.mark.skipif(True, reason='')\ndef test_a(): pass\n"),
        ("tests/unit/test_a.py", "import pytest\n\n@pytest.mark.xfail\ndef test_a(): pass\n"),
        ("tests/unit/test_a.py", "import pytest\n\nyaml = pytest.importorskip('yaml')\n"),
        ("tests/unit/test_a.py", "from unittest import skip\n"),
        ("pyproject.toml", "[tool.ruff.lint]\nignore = ['E501']\n"),
        ("pyproject.toml", "[tool.ruff.lint.per-file-ignores]\n'a' = ['S']\n[x]\nper-file-ignores = {}\n"),
        ("pyproject.toml", "[[tool.mypy.overrides]]\nmodule = 'x'\nignore_missing_imports = true\n"),
        ("tests/simulator/ruff.toml", "extend-exclude = ['a']\n"),
        (".ansible-lint", "---\nskip_list:\n  - name\n"),
        (".ansible-lint", "---\nexclude_paths: [roles]\n"),
        (".yamllint", "---\nignore: |\n  a.yml\n"),
        (".ansible-lint-ignore", "roles/a.yml name\n"),
        ("tests/sanity/ignore-2.19.txt", "\n"),
        ("roles/a/tasks/main.yml", "---\n- name: A  # noqa: name\n"),
        ("roles/a/tasks/main.yml", "---\n- name: A\n  ignore_errors: true\n"),
        ("docs/a.yml", "---\na: 1  # yamllint disable-line\n"),
        ("plugins/modules/a.ps1", "[Diagnostics.CodeAnalysis.SuppressMessageAttribute('x', '')]\n"),
    ],
)
def test_a_planted_way_out_is_found(path, text):
    assert findings(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("plugins/filter/a.py", "text = '# noqa'\npolicy.ignore_signals = skip\n"),
        ("roles/a/tasks/main.yml", "---\n- name: A\n  ignore_unreachable: true\n"),
        ("plugins/modules/a.yml", "---\nDOCUMENTATION:\n  options:\n    skip:\n      description: Signals to skip.\n"),
        ("tests/conftest.py", "import pytest\n\npytest.skip('no pwsh on PATH')\n"),
    ],
)
def test_what_only_looks_like_a_way_out_is_not_found(path, text):
    assert findings(path, text) == []
