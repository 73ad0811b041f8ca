"""Sightings in articles of all languages, as a survey of a site counts them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from imgcache.config import LimitSettings, Settings
from imgcache.config_images import ImagePlace
from imgcache.edge.articles.files import discover
from imgcache.engine.init import Coverage, survey
from imgcache.engine.run.sightings import tally_of


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_all_languages_and_bodies_are_counted(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.md": "---\ncover: a.png\n---\n![](b.png)\n![]({{ c }}.png)\n",
            "b.md": '+++\ncover = "a.png"\n[x]\nimage = "b.png"\n+++\n![](b.png)\n',
            "c.html": '{"cover": "a.png"}\n<img src="b.png">\n',
            "d.yml": "cover: a.png\nnote: '![](b.png)'\n",
            "broken.md": "---\ncover: [\n---\n",
            "README.md": "# No article\n![](b.png)\n",
        },
    )
    found = discover([tmp_path], cache_dir=tmp_path / "cache")
    seen = tally_of(found, LimitSettings(), 100)
    assert seen.images == {"cover": 4, "x.image": 1}
    assert seen.articles == {"cover": 4, "x.image": 1}
    assert (seen.in_bodies, seen.with_bodies, seen.templated) == (3, 3, 1)
    assert seen.total == 8
    assert tally_of(found, LimitSettings(), 2).total < 8


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # The usual folder, or all there is, does.
        (["content/a.md"], ()),
        (["a.md"], ()),
        (["_posts/a.md", "_pages/b.md"], ()),
        (["_posts/a.md", "content/theme.txt"], (".",)),
        (["posts/2024/a.md"], ("posts",)),
        (["src/content/blog/a.md"], ("src/content",)),
        (["site/blog/a.md", "site/docs/b.md"], ("site/blog", "site/docs")),
        ([f"{letter}/a.md" for letter in "abcdefghi"], ()),
        (["blog/a.md", "node_modules/x/a.md"], ("blog",)),
        (["content/a.md", "imgcache-demo/articles/article.md"], ()),
        (["blog/a.md", "imgcache-demo/articles/article.md"], ("blog",)),
    ],
)
def test_folders_are_kept_general(
    tmp_path: Path, files: list[str], expected: tuple[str, ...]
) -> None:
    write(tmp_path, {name: "---\ncover: a.png\n---\n" for name in files if name[-1] == "d"})
    write(tmp_path, {name: "" for name in files if name[-1] != "d"})
    assert survey(tmp_path).fit.articles == expected


def test_a_site_of_data_has_articles_of_data(tmp_path: Path) -> None:
    write(tmp_path, {"data/a.yml": "cover: a.png\n", "blog/a.md": "---\ntitle: x\n---\n"})
    assert survey(tmp_path).fit.articles == ("data",)


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("draft: false", (("draft", True),)),
        ("published: true\ndraft: true", (("draft", True), ("published", False))),
        ("published: 2024-01-01\ndraft: 'true'", ()),
        ("post: {draft: true}", ()),
    ],
)
def test_drafts_are_skipped_where_a_site_knows_them(
    tmp_path: Path, front: str, expected: tuple[tuple[str, bool], ...]
) -> None:
    write(tmp_path, {"a.md": f"---\n{front}\n---\n"})
    assert survey(tmp_path).fit.skip == expected


def test_a_site_of_drafts_alone_is_checked(tmp_path: Path) -> None:
    draft = "---\npublished: false\nimages: [a.png]\n---\n"
    write(tmp_path, {"a.md": draft})
    alone = survey(tmp_path)
    assert (alone.fit.skip, alone.coverage) == ((), Coverage(1, 1))
    write(tmp_path, {"b.md": draft.replace("false", "true")})
    among = survey(tmp_path)
    assert (among.fit.skip, among.coverage) == ((("published", False),), Coverage(1, 1, 1))


def test_the_root_is_the_folder_with_most_of_the_paths(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "blog/a.md": "---\nimages: [/i/a.png, /i/b%20b.png, c.png, ../../etc/d.png]\n---\n",
            "static/i/a.png": "",
            "site/public/i/a.png": "",
            "site/public/i/b b.png": "",
            "blog/c.png": "",
        },
    )
    assert survey(tmp_path).fit.site_root == "site/public"


def test_without_site_paths_there_is_no_root(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "---\nimages: [b.png, https://a.test/c.png]\n---\n", "b.png": ""})
    assert survey(tmp_path).fit.site_root is None


def test_what_is_left_out_is_told_apart(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.md": "---\ncover: a.png\ndraft: false\n---\n![](b.png)\n",
            "b.md": "---\ncover: a.png\ndraft: true\n---\n![](b.png)\n",
        },
    )
    found = survey(tmp_path)
    covered = found.coverage
    assert (covered.checked, covered.articles, covered.in_drafts) == (2, 1, 2)
    assert found.tally.total == 4
    assert found.fit.bodies
    assert found.fit.images == (ImagePlace(at="cover"),)
    assert Settings().images is None


def test_a_usual_folder_is_looked_at_though_git_ignores_it(tmp_path: Path) -> None:
    """As a run does: it is made by a program, or another repository."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    write(tmp_path, {".gitignore": "content/\nout/\n", "content/a.md": "---\ncover: a.png\n---\n"})
    write(tmp_path, {"out/b.md": "---\ncover: b.png\n---\n"})
    assert survey(tmp_path).coverage == Coverage(checked=1, articles=1)
