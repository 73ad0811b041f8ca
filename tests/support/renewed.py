"""Files that are made from the program: pages of docs and golden reports (`make renew`).

Look at what has changed in them before you commit it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from imgcache.render import github, junit, markdown, sarif, text, verdict_page
from imgcache.version import VERSION
from tests.render import sample
from tests.support import man_page

ROOT = Path(__file__).parents[2]


def _sarif() -> str:
    return "".join(sarif.render(sample.troubled())).replace(f'"{VERSION}"', '"VERSION"')


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/verdicts.md": lambda: "".join(verdict_page.render()),
    "docs/imgcache.1": man_page.render,
}
# What tests/render compares with, each beside how it is made.
GOLDEN: Mapping[str, Callable[[], str]] = {
    "ruled.github": lambda: "".join(github.render(sample.ruled())),
    "ruled.md": lambda: "".join(markdown.render(sample.ruled())),
    "ruled.txt": lambda: "".join(text.render(sample.ruled())),
    "ruled.xml": lambda: "".join(junit.render(sample.ruled())),
    "troubled.github": lambda: "".join(github.render(sample.troubled())),
    "troubled.md": lambda: "".join(markdown.render(sample.troubled())),
    "troubled.sarif": _sarif,
    "troubled.txt": lambda: "".join(text.render(sample.troubled())),
    "troubled.xml": lambda: "".join(junit.render(sample.troubled())),
}
FILES = {**PAGES, **{f"tests/render/golden/{name}": made for name, made in GOLDEN.items()}}


def renew() -> list[str]:
    """Write those that are not as they are made now; returns their names."""
    changed = [name for name, made in FILES.items() if not is_fresh(name, made())]
    for name in changed:
        (ROOT / name).write_text(FILES[name](), "utf-8")
    return changed


def is_fresh(name: str, text: str) -> bool:
    """Whether the file of this name, from the repository's root, holds this text."""
    path = ROOT / name
    return path.is_file() and path.read_text("utf-8") == text


if __name__ == "__main__":
    print("\n".join(renew()) or "all of them are as they are made")  # noqa: T201  a tool's answer
