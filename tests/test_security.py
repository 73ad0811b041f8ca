"""Each promise of SECURITY.md names tests, and they exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SECURITY = (ROOT / "SECURITY.md").read_text()
MENTION = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
MENTIONED = sorted(set(MENTION.findall(SECURITY)))


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names of the test functions of a file."""
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def promises() -> Iterator[tuple[str, str]]:
    """The rows of all tables: first and last cell."""
    for line in SECURITY.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and set(line) - set("|-: ") and cells[-1] != "test":
            yield cells[0], cells[-1]


@pytest.mark.parametrize(("path", "name"), MENTIONED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in names_in(ROOT / path)


@pytest.mark.parametrize(("promise", "shown_by"), list(promises()))
def test_each_promise_names_a_test(promise: str, shown_by: str) -> None:
    assert MENTION.search(shown_by), promise


def test_there_are_promises() -> None:
    assert len(MENTIONED) > 50
    assert len(list(promises())) > 25
