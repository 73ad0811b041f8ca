"""A password in a URL is shown nowhere: not in reports, logs, the index, pages, or the API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.behaviours import raw
from tests.support.service import service
from tests.support.world import World, run

SECRET = "hunter2"  # noqa: S105  what must not be found
HIDDEN = "https://alice:***@img.test/a.jpg"
REPORTS = ("text", "json", "junit", "sarif", "github", "markdown")
ARTICLE = f"""\
---
images:
  - url: https://alice:{SECRET}@img.test/a.jpg
  - url: "//alice:{SECRET}@img.test/b.jpg"
  - {{url: 'http:\\\\alice:{SECRET}@img.test\\c.jpg', width: 1}}
  - [{{url: "https://al\\tice:{SECRET}@img.test/d.jpg"}}]
  - {{url: "https://alice:hun\\x74er2@img.test/e.jpg", isCached: true}}
  - {{images: [{{url: "https://a:{SECRET}@img.test/f.jpg"}}, {{url: "", other: ftp://a:{SECRET}@h}}]}}
  - url: ["https://alice:{SECRET}{"x" * 60}@img.test/g.jpg"]
  - url: ftp://alice:{SECRET}@img.test/h.jpg
  - url: https://alice:{SECRET}/{SECRET}@img.test/i.jpg
  - url: https://{SECRET}@img.test/j.jpg
  - url: |
      https://alice:{SECRET}
      {SECRET}@img.test/k.jpg
  - url: REDIRECTING
  - url: SOUND
---
"""
BROKEN = f"---\nimages:\n  - url: https://alice:{SECRET}@img.test/a.jpg: b: c\n---\n"
TWICE = f"---\nimages:\n  - url: https://alice:{SECRET}@img.test/a.jpg\n    url: b\n---\n"


@pytest.fixture
def guarded(world: World) -> World:
    """A world with passwords in all places that an article or an answer has for them."""
    location = b"Location: //alice:%b@127.0.0.1/a\r\n" % SECRET.encode()
    head = b"HTTP/1.1 302 Found\r\n" + location + b"Content-Length: 0\r\n\r\n"
    redirecting = world.origin.route("/redirecting", raw(head))
    sound = world.origin.route("/sound", body=b"GIF89a")
    text = ARTICLE.replace("REDIRECTING", redirecting).replace("SOUND", sound)
    for name, content in (("a.md", text), ("broken.md", BROKEN), ("twice.md", TWICE)):
        (world.articles / name).write_text(content)
    return world


def leaks(folder: Path, *texts: str) -> list[str]:
    """Where the secret stands: in texts, and in files other than articles."""
    found = [text[max(0, text.index(SECRET) - 60) :][:100] for text in texts if SECRET in text]
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")
    return found + [str(path) for path in files if SECRET.encode() in path.read_bytes()]


async def test_no_report_log_or_file_shows_a_password(guarded: World) -> None:
    allow = ("--allow-private", guarded.origin.allow)
    outputs = [word for name in REPORTS for word in ("--output", f"{name}=out.{name}.txt")]
    texts: list[str] = []
    for words in (
        ("refresh", "-v", "--log-format", "json", "--metrics-file", "m.prom", *outputs, *allow),
        ("refresh", "--dry-run", "--force", "--diff", "--format", "text", *allow),
        ("refresh", "--dry-run", "--force", "--diff", "--format", "json", *allow),
        ("refresh", "-v", "--format", "text", *allow),
        ("verify", "-v", *allow, "--baseline", "known.json", "--update-baseline"),
        ("verify", "--offline", "--format", "json", "--baseline", "known.json"),
        ("report", "-v", "--output", "pages"),
        ("cache", "gc", "--dry-run", "-v"),
        ("explain", f"https://alice:{SECRET}@img.test/a.jpg"),
        ("explain", f" http:\\\\{SECRET}@img.test", "--format", "json"),
        ("explain", guarded.origin.url("/redirecting"), *allow),
    ):
        done = await run(*words, cwd=guarded.folder)
        assert "Traceback" not in done.stderr
        texts += [done.stdout, done.stderr]
    assert leaks(guarded.folder, *texts) == []
    assert f"(IMG213) {HIDDEN}" in texts[2]
    assert any("Location: //alice:***@127.0.0.1/a" in text for text in texts)
    article = (guarded.articles / "a.md").read_text()
    assert article.count(SECRET) == ARTICLE.count(SECRET)


async def test_a_masked_finding_is_known_by_the_baseline(guarded: World) -> None:
    words = ("verify", "articles/a.md", "--format", "json", "--baseline", "known.json")
    allow = ("--allow-private", guarded.origin.allow)
    await run(*words, "--update-baseline", *allow, cwd=guarded.folder)
    known = json.loads((guarded.folder / "known.json").read_text())
    assert HIDDEN in {line["url"] for line in known["findings"]}
    for line in known["findings"]:  # as an older version wrote it
        line["url"] = line["url"].replace(HIDDEN, HIDDEN.replace("***", SECRET))
    (guarded.folder / "known.json").write_text(json.dumps(known))
    done = await run(*words, *allow, cwd=guarded.folder)
    assert (done.status, done.report["summary"]["errors"]) == (0, 0)
    assert SECRET not in done.stdout + done.stderr


async def test_no_page_or_answer_of_the_service_shows_a_password(guarded: World) -> None:
    await guarded.refresh()
    spelt = f"https://alice:{SECRET}@img.test/a.jpg"
    async with service(guarded) as served:
        paths = ("/", "/articles", "/article?path=articles/a.md", "/metrics", "/api/entries")
        pages = [(await served.get(path)).text for path in (*paths, "/api/articles")]
        asked = await served.get("/api/url", params={"url": spelt})
        entries = await served.verify({"entries": [{"url": spelt, "width": 1, "height": 1}]})
        article = await served.verify({"article": ARTICLE})
        broken = await served.verify({"article": BROKEN})
    answers = [asked.text, entries.text, article.text, broken.text, str(served.heard)]
    assert leaks(guarded.cache, *pages, *answers) == []
    assert entries.json()["entries"][0]["url"] == HIDDEN
    assert HIDDEN in pages[0]


async def test_settings_with_a_password_are_not_quoted(world: World) -> None:
    for proxy in (f"http://alice:{SECRET}@proxy.test/path", f"alice:{SECRET}@proxy.test:3128"):
        (world.folder / "imgcache.toml").write_text(f'fetch.proxy = "{proxy}"\n')
        done = await run("verify", cwd=world.folder)
        assert (done.status, SECRET in done.stderr) == (2, False)
        assert "alice:***@proxy.test" in done.stderr
