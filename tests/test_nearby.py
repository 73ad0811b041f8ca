"""The fast loop runs the tests that lie nearest to a changed file."""

from __future__ import annotations

import pytest

from tests.support.nearby import ALWAYS, ROOT, nearest


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        (["imgcache/core/verdicts/messages.py"], ["tests/core/verdicts/test_messages.py"]),
        (["imgcache/core/verdicts/texts/reach.py"], ["tests/core/verdicts"]),
        (["imgcache/render/phrases.py", "imgcache/render/text.py"], ["tests/render"]),
        (["imgcache/config.py", "imgcache/model.py"], ["tests/test_config.py"]),
        (["tests/cli/test_app.py", "tests/support/origin.py"], ["tests/cli/test_app.py"]),
        (["README.md", "docs/ci.md", "imgcache/cli/starter.toml", "tests/gone/test_x.py"], []),
        (["benchmarks/beside/peers.py"], []),
    ],
)
def test_the_tests_of_a_file_are_found_by_its_path(changed: list[str], tests: list[str]) -> None:
    assert nearest(changed) == [*tests, *ALWAYS]


def test_every_module_of_a_folder_has_tests_nearby() -> None:
    for path in (ROOT / "imgcache").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        for one in nearest([name]):
            assert (ROOT / one).exists(), name
