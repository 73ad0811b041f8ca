from __future__ import annotations

from pathlib import Path

import pytest

from imgcache.edge.articles.files import base, check, discover, survey
from imgcache.edge.articles.names import Pattern
from imgcache.errors import ConfigError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder without a repository."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"---\n---\n")


def found(*listed: str, paths: tuple[str, ...] = ()) -> list[str]:
    """What is found at the given paths, else at those that the configuration lists."""
    named = [Path(path) for path in listed]
    search = [Path(path) for path in paths] or named
    return [one.shown for one in discover(search, cache_dir=Path("cache"), listed=named)]


@pytest.mark.parametrize(
    ("pattern", "below", "fits"),
    [
        ("*.json", "a.json", True),
        ("*.json", "b/a.json", False),
        ("**/*.json", "a.json", True),
        ("**/*.json", "b/c/a.json", True),
        ("b/**/a.*", "b/a.json", True),
        ("b/**/a.*", "c/b/a.json", False),
        ("**", "b/a.json", True),
        ("?/[ab].json", "b/a.json", True),
        ("?/[ab].json", "b/c.json", False),
        ("*/posts", "b/posts/c/d.md", True),
        ("*/posts", "b/pages/d.md", False),
        ("*.JSON", "a.json", False),
        ("a/*", "a", False),
    ],
)
def test_patterns_fit_names_one_by_one(place: Path, pattern: str, below: str, fits: bool) -> None:
    known = Pattern.of(Path(pattern))
    assert known is not None
    assert known.fits(below) is fits


def test_toml_and_json_files_are_found_only_where_they_are_named(place: Path) -> None:
    write("d/a.md", "d/b.toml", "d/c.JSON", "d/e/f.json", "g.toml", "d/h.yml")
    assert found("d") == ["d/a.md", "d/h.yml"]
    assert found("d", "d/*.toml") == ["d/a.md", "d/b.toml", "d/h.yml"]
    assert found("d", "d/e/f.json") == ["d/a.md", "d/e/f.json", "d/h.yml"]
    assert found("**/*.json") == ["d/e/f.json"]
    # a folder on the command line: what the configuration names in it
    assert found("x", "**/*.json", "d/b.toml", "g.toml", paths=("d",)) == [
        *("d/a.md", "d/b.toml", "d/e/f.json", "d/h.yml")
    ]
    assert found("d/**") == ["d/a.md", "d/h.yml"]
    assert found(paths=("d/b.toml",)) == ["d/b.toml"]


def test_what_a_pattern_finds_was_not_named(place: Path) -> None:
    write("d/a.toml", "b.toml")
    listed = [Path("d/*.toml"), Path("b.toml")]
    one, two = discover(listed, cache_dir=Path("cache"), listed=listed)
    assert (one.shown, one.named, one.whole, one.root) == ("b.toml", True, True, Path())
    assert (two.shown, two.named, two.whole, two.root) == ("d/a.toml", False, True, Path("d"))


def test_a_pattern_passes_over_what_a_search_does(place: Path) -> None:
    write("imgcache.toml", "a.json", ".h/b.json", "cache/c.json", "d/e.json", "d/f.py")
    assert found("**/*") == found("*.toml") == []
    assert found("**/*.json") == ["a.json", "d/e.json"]
    assert found("*/e.json", "**/*.json") == ["a.json", "d/e.json"]


def test_names_that_are_there_are_no_patterns(place: Path) -> None:
    write("[slug]/a.md", "[slug]/b.json", "s/c.md")
    assert found("[slug]") == ["[slug]/a.md"]
    assert found("[slug]/*.json") == ["[slug]/b.json"]
    assert found("[s]") == ["s/c.md"]
    assert (base(Path("[slug]/*.json")), base(Path("s"))) == (Path("[slug]"), Path("s"))


def test_a_pattern_that_finds_nothing_is_told(place: Path) -> None:
    write("d/a.md")
    paths = [Path("d"), Path("d/*.toml"), place / "no" / "**" / "*.json"]
    notes = survey(paths, cache_dir=Path("cache"), listed=paths).notes
    assert notes == (
        "`articles`: no file in d fits *.toml",
        "`articles`: no file in . fits no/**/*.json",
    )
    check(paths)


def test_a_pattern_on_the_command_line_is_a_path(place: Path) -> None:
    write("d/a.md")
    with pytest.raises(ConfigError, match="does not exist"):
        found("d/*.toml", paths=("d/*.md",))
    with pytest.raises(ConfigError, match=r"^`articles`: gone: does not exist"):
        check([Path("gone")])
    with pytest.raises(ConfigError, match=r"^`articles`: gone: does not exist"):
        found("gone", paths=("gone",))
    with pytest.raises(ConfigError, match=r"^gone: does not exist"):
        found("d", paths=("gone",))
