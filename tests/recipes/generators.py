"""Site generators: how each is installed and run, and a small site around its recipe.

What the recipes need is in docs/site-generators.md and taken from there; what stands here is what
any site of that generator has.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec import Struct

PAGE = (Path(__file__).parents[2] / "docs" / "site-generators.md").read_text()
_BLOCK = re.compile(r"^<!-- (\w+): (\S+) -->\n```\S*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# How long an installation may take, in seconds.
PATIENCE = float(os.environ.get("RECIPES_PATIENCE", "600"))


class Generator(Struct, frozen=True):
    """A generator. `articles`: where these lie, `export`: where its recipe exports to.

    `package`: of Debian, or of npm where `program` lies in node_modules. `files`: what else the
    site has. `built`: the page of an article, by its name.
    """

    package: str
    program: str
    words: tuple[str, ...]
    articles: str
    export: str
    built: str
    files: Mapping[str, str]
    head: str = ""


GENERATORS = {
    "hugo": Generator(
        "hugo",
        "hugo",
        (),
        "content",
        "pictures",
        "public/{name}/index.html",
        {
            "layouts/_default/single.html": "<title>{{ .Title }}</title>\n"
            '{{ partial "image.html" (dict "url" .Params.cover "alt" .Title) }}\n',
            "static/robots.txt": "mine",
        },
    ),
    "jekyll": Generator(
        "jekyll",
        "jekyll",
        ("build",),
        "_posts",
        "images",
        "_site/{name}.html",
        {
            "_layouts/post.html": "<title>{{ page.title }}</title>\n"
            "{% include image.html url=page.cover alt=page.title %}\n",
        },
        head="layout: post\npermalink: /{name}.html\n",
    ),
    "eleventy": Generator(
        "@11ty/eleventy",
        "eleventy",
        (),
        "posts",
        "images",
        "_site/posts/{name}/index.html",
        {
            "_includes/post.njk": "<title>{{ title }}</title>\n"
            "{{ cover | image(pictures, title) | safe }}\n",
        },
        head="layout: post.njk\n",
    ),
    "astro": Generator(
        "astro@5",  # later ones need a newer Node.js than many systems have
        "astro",
        ("build",),
        "src/content",
        "public/images",
        "dist/{name}/index.html",
        {
            "src/pages/[name].astro": """---
import Image from "../components/Image.astro";
export const getStaticPaths = () => {
  const posts = Object.values(import.meta.glob("../content/*.md", { eager: true }));
  return posts.map(({ file, frontmatter }) => {
    const name = file.split("/").pop().replace(".md", "");
    return { params: { name }, props: frontmatter };
  });
};
const { title, cover } = Astro.props;
---
<title>{title}</title>
<Image url={cover} alt={title} />
""",
        },
    ),
}


def recipe(name: str) -> dict[str, str]:
    """The files of a recipe as the page shows them; what several blocks say of one is joined."""
    found: dict[str, str] = {}
    blocks = re.findall(
        r"^<!-- (\w+): (\S+) -->\n```\S*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    )
    for of, path, text in blocks:
        if of in ("all", name):
            found[path] = f"{text}{found.get(path, '')}"
    return found


def build(name: str, site: Path, home: Path) -> str:
    """Build the site; returns what was said. The test is skipped where there is no generator."""
    generator = GENERATORS[name]
    program = installed(generator, home)
    if home.joinpath("node_modules").is_dir():
        site.joinpath("node_modules").symlink_to(home / "node_modules")
        (site / "package.json").write_text('{"type": "module"}')
    quiet = {"ASTRO_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [program, *generator.words],
        cwd=site,
        env=os.environ | quiet,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def installed(generator: Generator, home: Path) -> str:
    """The program, installed where it is missing; else the test is skipped, and says why."""
    there = shutil.which(generator.program)
    local = home / "node_modules" / ".bin" / generator.program
    if there is not None and generator.package == generator.program:
        return there
    if local.is_file():
        return str(local)
    if generator.package in ("hugo", "jekyll"):
        line = f"apt-get update -qq && apt-get install -y -qq {generator.package}"
        _install(generator, ["sh", "-ec", line], home)
        return generator.program
    words = ["npm", "install", "--no-audit", "--no-fund", "--silent", generator.package]
    _install(generator, words, home)
    return str(local)


def _install(generator: Generator, words: list[str], home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(words, cwd=home, env=env, capture_output=True, check=True, timeout=PATIENCE)
    except FileNotFoundError:
        pytest.skip(f"{generator.package} needs {words[0]}, which is not here")
    except subprocess.TimeoutExpired:
        pytest.skip(f"{generator.package} was not installed within {PATIENCE:.0f} s")
    except subprocess.CalledProcessError as exc:
        last = exc.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        pytest.skip(f"{generator.package} can't be installed here: {last[:200]}")
